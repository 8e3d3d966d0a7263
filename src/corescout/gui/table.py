"""The table of the candidates, and what every table of the dock has."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from corescout.data import Candidate, Trial


class Table(QTableWidget):  # type: ignore[misc]
    """Rows that are selected as a whole and not edited."""

    columns: tuple[str, ...] = ()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(self.columns), parent)
        self.setHorizontalHeaderLabels(list(self.columns))
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(21)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        first = QHeaderView.ResizeMode.ResizeToContents
        self.horizontalHeader().setSectionResizeMode(0, first)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the scan its place."""
        return QSize(380, 150)

    def set_row(self, row: int, texts: Sequence[str], tooltip: str = "") -> None:
        """Fill a row; all columns but the first are numbers."""
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(tooltip)
            self.setItem(row, column, item)


class CandidateTable(Table):
    """Candidates as they finish; a row that is picked is shown at once."""

    picked = Signal(int)  # number of the trial
    columns = ("candidate", "gain", "context", "K", "s")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: list[int] = []
        self.currentCellChanged.connect(self._pick)

    def clear_trials(self) -> None:
        """Empty the table."""
        self._numbers = []
        self.setRowCount(0)

    def add_trials(self, trials: Sequence[Trial]) -> None:
        """Append those that are not in the table yet; the rows that are there stay."""
        for trial in trials:
            if trial.number not in self._numbers:
                self._numbers.append(trial.number)
                self.setRowCount(len(self._numbers))
                self.set_row(len(self._numbers) - 1, _cells(trial), trial.reason or "")
                if trial.state != "done":
                    self._grey(len(self._numbers) - 1)

    def mark_winner(self, winner: Candidate, trials: Sequence[Trial]) -> None:
        """Set a star before the winner."""
        for trial in trials:
            if trial.candidate == winner and trial.number in self._numbers:
                item = self.item(self._numbers.index(trial.number), 0)
                item.setText(f"★ {trial.candidate.label}")
                font = item.font()
                font.setBold(True)
                item.setFont(font)
                self.scrollToItem(item)

    def _pick(self, row: int, *_: int) -> None:
        if 0 <= row < len(self._numbers):
            self.picked.emit(self._numbers[row])

    def _grey(self, row: int) -> None:
        for column in range(self.columnCount()):
            self.item(row, column).setForeground(QBrush(QColor("#8A8A8A")))


def _cells(trial: Trial) -> list[str]:
    gain = trial.rewards.get("gain")
    k = gain.parts.get("n_components") if gain is not None else None
    mark = "" if trial.state == "done" else "○ "
    seed = f" (seed {trial.candidate.seed})" if trial.candidate.seed >= 100 else ""
    return [
        f"{mark}{trial.candidate.label}{seed}",
        _number(trial, "gain"),
        _number(trial, "context_retention"),
        "" if k is None else f"{k:.0f}",
        f"{trial.seconds:.1f}",
    ]


def _number(trial: Trial, name: str) -> str:
    reward = trial.rewards.get(name)
    return "" if reward is None or not math.isfinite(reward.value) else f"{reward.value:.2f}"
