"""The verdict in words, on top of the steps that it is about."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from corescout.data import Result
from corescout.gui.look import VERDICT_COLORS


class Verdict(QLabel):  # type: ignore[misc]
    """What was found and how sure it is; before that, what to do first."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def say(self, text: str, state: str) -> None:
        """Show words, marked with the colour of the state."""
        self.setText(text)
        self.setToolTip("")
        color = VERDICT_COLORS[state]
        self.setStyleSheet(f"border-left: 4px solid {color}; padding: 4px 6px;")

    def show_result(self, result: Result) -> None:
        """Show what was decided; the tooltip has all of it and the notes."""
        verdict = result.verdict
        self.say(verdict.summary, "types" if verdict.found else "none")
        self.setToolTip("\n".join([f"Why: {verdict.why}", *result.notes]))
