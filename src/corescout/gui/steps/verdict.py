"""The verdict in words, on top of the steps that it is about."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from corescout.data import Result
from corescout.data.counted import counted
from corescout.gui.look import PROBLEM, VERDICT_COLORS
from corescout.gui.model.workspace import Workspace


class Notice(QLabel):
    """Why the last search has no result, above the verdict of the one that is shown.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        _to_be_read(self)
        self.setStyleSheet(f"border-left: 4px solid {PROBLEM}; padding: 4px 6px;")
        self.setVisible(False)
        workspace.search_failed.connect(self._say)
        workspace.running_changed.connect(self._forget)
        workspace.result_changed.connect(self._forget)

    def _say(self, why: str) -> None:
        if self._workspace.result is not None:
            self.setText(f"{why} The result that was shown stays.")
            self.setVisible(True)

    def _forget(self, *_: object) -> None:
        self.setVisible(False)


class VerdictLabel(QLabel):
    """What was found and how sure it is; before that, what to do first.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        _to_be_read(self)
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
            self.setToolTip(f"Why: {_all_reasons(result)}")


class Reasons(QWidget):
    """Below the verdict: another candidate that does as well, at a click; the figures, folded.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.why_button = QPushButton("Why")
        self.why_button.setCheckable(True)
        self.why_button.setToolTip("Show the reasons with their figures")
        self.use_button = QPushButton()
        self.use_button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.why = QLabel()
        _to_be_read(self.why)
        row = QHBoxLayout()
        row.addWidget(self.why_button)
        row.addWidget(self.use_button, stretch=1)
        row.addStretch(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.why)
        self._number: int | None = None
        self.why_button.toggled.connect(self.why.setVisible)
        self.use_button.clicked.connect(self._use)
        workspace.result_changed.connect(self._show)
        workspace.running_changed.connect(self._show_possible)
        self._show(workspace.result)

    def _show(self, result: Result | None) -> None:
        self.setVisible(result is not None)
        self.why.setVisible(self.why_button.isChecked())
        if result is None:
            return
        self.why.setText(_all_reasons(result))
        tied = simplest_tied(result)
        self._number = None if tied is None else tied[0]
        self.use_button.setVisible(tied is not None)
        if tied is not None:
            self.use_button.setText(f"As good: {tied[1]}, {counted(tied[2], 'type')}")
            self.use_button.setToolTip(
                "Use this one: its reward is as good as that of the one decided on. It becomes a"
                " result of its own; the present one stays in the list"
            )
        self._show_possible()

    def _show_possible(self, *_: object) -> None:
        self.use_button.setEnabled(not self._workspace.running)

    def _use(self) -> None:
        if self._number is not None:
            self._workspace.choice_wanted.emit(self._number)


def simplest_tied(result: Result) -> tuple[int, str, int] | None:
    """Return number, label and components of the tied candidate with the fewest; None if none."""
    tied = {tie.candidate for tie in result.tied}
    found = [
        (
            t.number,
            t.candidate.in_nm(result.analysis_pitch_m),
            result.mixture_by_trial[t.number].n_components,
        )
        for t in result.trials
        if t.candidate in tied and t.number in result.mixture_by_trial
    ]
    return min(found, key=lambda f: (f[2], f[0])) if found else None


def _all_reasons(result: Result) -> str:
    """The figures behind a verdict, then a line for each note."""
    lines = [result.verdict.why, *(f"• {note}" for note in result.notes)]
    return "\n".join(lines).replace("+-", "±").replace("<=", "≤")


def _to_be_read(label: QLabel) -> None:
    """Break its lines, and let its text be marked and copied."""
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
