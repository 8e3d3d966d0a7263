"""The table of the candidates as they finish."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from corescout.data import Candidate, Trial
from corescout.gui.look import tint_item
from corescout.gui.table import Table

_REPEAT = 100  # seeds from here on are of a finalist that was trained again


class CandidateTable(Table):
    """Candidates as they finish; a row that is picked is shown at once."""

    picked = Signal(int)  # number of the trial
    columns = ("candidate", "gain", "context", "K", "s")
    tips: Mapping[str, str] = {
        "candidate": "Window, and what counts as the same: r walls of any direction, t walls at any"
        " place in the window, rt both, none neither",
        "gain": "Gain of this one seed; the verdict has the mean over the seeds",
        "context": "Context retention of this one seed",
        "K": "Components of the mixture; several may be one type",
        "s": "Seconds that it took",
    }

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: list[int] = []
        self.currentCellChanged.connect(self._pick)

    def clear_trials(self) -> None:
        """Empty the table."""
        self._numbers = []
        self.setRowCount(0)

    def add_trials(self, trials: Sequence[Trial], pitch_m: float | None = None) -> None:
        """Append those that are not in the table yet; the rows that are there stay.

        Parameters
        ----------
        pitch_m : float, optional
            Of the pixels that windows count in.
        """
        for trial in trials:
            if trial.number not in self._numbers:
                self._numbers.append(trial.number)
                self.setRowCount(len(self._numbers))
                self.set_row(len(self._numbers) - 1, _cells(trial, pitch_m), _tip(trial))
                if trial.state != "done":
                    self._grey(len(self._numbers) - 1)

    def mark_winner(
        self, winner: Candidate, trials: Sequence[Trial], pitch_m: float | None = None
    ) -> None:
        """Set a star before the winner, with its seed; its tip has the mean that was decided by."""
        for trial in trials:
            if trial.candidate == winner and trial.number in self._numbers:
                item = self.item(self._numbers.index(trial.number), 0)
                item.setText(f"★ {trial.candidate.in_nm(pitch_m)}{_seed(trial)}")
                item.setToolTip(_mean_of_seeds(trial, trials))
                font = item.font()
                font.setBold(True)
                item.setFont(font)
                self.scrollToItem(item)

    def _pick(self, row: int, *_: int) -> None:
        if 0 <= row < len(self._numbers):
            self.picked.emit(self._numbers[row])

    def _grey(self, row: int) -> None:
        for column in range(self.columnCount()):
            tint_item(self.item(row, column), "hint")


def _cells(trial: Trial, pitch_m: float | None) -> list[str]:
    gain = trial.rewards.get("gain")
    k = gain.parts.get("n_components") if gain is not None else None
    mark = "" if trial.state == "done" else "○ "
    return [
        f"{mark}{trial.candidate.in_nm(pitch_m)}{_seed(trial)}",
        _number(trial, "gain"),
        _number(trial, "context_retention"),
        "" if k is None else f"{k:.0f}",
        f"{trial.seconds:.1f}",
    ]


def _tip(trial: Trial) -> str:
    """The window in pixels, and why a candidate is not compared."""
    pixels = f"window of {trial.candidate.window_px} px"
    return f"{pixels}; not compared: {trial.reason}" if trial.reason else pixels


def _seed(trial: Trial) -> str:
    return f" (seed {trial.candidate.seed})" if trial.candidate.seed >= _REPEAT else ""


def _mean_of_seeds(trial: Trial, trials: Sequence[Trial]) -> str:
    """Say the gain that the verdict names: the mean over the seeds, of which this row is one."""
    same = [
        t.rewards["gain"].value for t in trials
        if t.state == "done" and "gain" in t.rewards
        and replace(t.candidate, seed=0) == replace(trial.candidate, seed=0)
    ]  # fmt: skip
    found = [value for value in same if math.isfinite(value)]
    if len(found) < 2:
        return ""
    return f"One seed of {len(found)}; the mean of their gains is {sum(found) / len(found):.2f}"


def _number(trial: Trial, name: str) -> str:
    reward = trial.rewards.get(name)
    return "" if reward is None or not math.isfinite(reward.value) else f"{reward.value:.2f}"
