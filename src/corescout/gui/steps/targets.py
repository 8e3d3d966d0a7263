"""Step 5: where to measure next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corescout.data import Result
from corescout.gui.steps.step import Step
from corescout.gui.tables import TargetTable

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class TargetsStep(Step):
    """The table of the targets."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "targets")
        self.table = TargetTable()
        self.body.addWidget(self.table)
        explorer.result_changed.connect(self._show)

    def _show(self, result: Result | None) -> None:
        self.table.set_targets(result.targets if result is not None else ())
