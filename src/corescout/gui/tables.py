"""The tables of the dock: candidates and targets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from corescout.colors import type_color
from corescout.data import Candidate, Target, Trial


class _Table(QTableWidget):  # type: ignore[misc]
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

    def _set_row(self, row: int, texts: Sequence[str], tooltip: str = "") -> None:
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(tooltip)
            self.setItem(row, column, item)


class CandidateTable(_Table):
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
                self._set_row(len(self._numbers) - 1, _cells(trial), trial.reason or "")
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


class TargetTable(_Table):
    """Targets in the order of their priority."""

    columns = ("no.", "type", "X (µm)", "Y (µm)")

    def set_targets(self, targets: Sequence[Target]) -> None:
        """Show targets; pixels stand in brackets where the scan has no scale."""
        self.setRowCount(len(targets))
        for row, target in enumerate(targets):
            if target.xy_m is None:
                places = [f"({target.yx_px[1]:.1f} px)", f"({target.yx_px[0]:.1f} px)"]
            else:
                places = [f"{value * 1e6:+.4f}" for value in target.xy_m]
            self._set_row(row, [str(target.priority), str(target.type), *places])
            self.item(row, 1).setForeground(QBrush(QColor(type_color(target.type))))


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
