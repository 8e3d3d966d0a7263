"""Step 4: the types that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel

from corescout.data import Result
from corescout.gui.steps.step import Step

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class TypesStep(Step):
    """How many points and core points each type has."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "types")
        self.counts = QLabel("Explore a scan: its types stand here.")
        self.counts.setWordWrap(True)
        self.body.addWidget(self.counts)
        explorer.result_changed.connect(self._show)

    def _show(self, result: Result | None) -> None:
        if result is None:
            self.counts.setText("Explore a scan: its types stand here.")
            return
        kinds = result.core_points.type
        lines = [
            f"{name}: {int((kinds == number).sum())} core points"
            for number, name in enumerate(result.core_points.type_names, start=1)
        ]
        self.counts.setText("\n".join(lines))
