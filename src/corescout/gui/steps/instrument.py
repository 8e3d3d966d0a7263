"""Step 6: the instrument that goes to the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel

from corescout.gui.steps.step import Step

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class InstrumentStep(Step):
    """Says how an instrument is reached from here."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "instrument")
        self.note = QLabel("No instrument is connected. Export the run to take its targets along.")
        self.note.setWordWrap(True)
        self.body.addWidget(self.note)
