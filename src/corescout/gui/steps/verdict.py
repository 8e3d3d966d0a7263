"""The verdict in words, on top of the steps that it is about."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from corescout.data import Result
from corescout.gui.look import VERDICT_COLORS
from corescout.gui.model.workspace import Workspace


class Verdict(QLabel):
    """What was found and how sure it is; before that, what to do first.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        workspace.said.connect(self.say)
        workspace.result_changed.connect(self._tell_all)
        self.say(*workspace.words)

    def say(self, text: str, state: str) -> None:
        """Show words, marked with the colour of the state."""
        self.setText(text)
        self.setToolTip("")
        color = VERDICT_COLORS[state]
        self.setStyleSheet(f"border-left: 4px solid {color}; padding: 4px 6px;")

    def _tell_all(self, result: Result | None) -> None:
        """All of the verdict and its notes, under the mouse."""
        if result is not None:
            self.setToolTip("\n".join([f"Why: {result.verdict.why}", *result.notes]))
