"""The candidates as they finish, as a plot and a table, and a way back to the winner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from corescout.data import Progress, Result, Trial
from corescout.gui.model.reward_words import REWARD_WORDS, reward_words
from corescout.gui.plots.candidate_plot import CandidatePlot
from corescout.gui.table import CandidateTable

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_BOTH_PX = 600  # narrower, the table takes the place of the plot
_EMPTY = (
    "No candidate yet.\n\nEach window and invariance that is tried stands here as it finishes:"
    " its reward, with bars from the seeds. Click one to look into it."
)


class CandidatePanel(QWidget):  # type: ignore[misc]
    """Right half of the dock at the bottom."""

    picked = Signal(int)  # number of the trial
    winner_wanted = Signal()

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self._trials: tuple[Trial, ...] = ()
        self._result: Result | None = None
        self._decided_by = ""
        self._picked = False  # the operator looks into a candidate: it is not taken away
        self._seen_best: int | None = None
        self.plot = CandidatePlot()
        self.table = CandidateTable()
        self.reward = QComboBox()
        self.reward.setToolTip("The reward that is plotted over the window")
        self.reward.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.reward.setMinimumContentsLength(14)
        self.winner_button = QPushButton("Winner")
        self.winner_button.setEnabled(False)
        self.winner_button.setToolTip("Back to what was decided on, the star")
        self.table_button = QPushButton("Table")
        self.table_button.setCheckable(True)
        self.table_button.setToolTip("The candidates as a table instead of a plot")
        self.table_button.toggled.connect(self._share_room)
        self.legend = QLabel()
        self.legend.setMinimumWidth(40)
        self._lay_out()
        self.plot.picked.connect(self._pick)
        self.table.picked.connect(self._pick)
        self.winner_button.clicked.connect(self.winner_wanted)
        self.reward.currentIndexChanged.connect(self._draw)

    def _lay_out(self) -> None:
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self.plot)
        self._split.addWidget(self.table)
        self._split.setChildrenCollapsible(False)
        self._split.setSizes([320, 240])
        empty = QLabel(_EMPTY)
        empty.setWordWrap(True)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setEnabled(False)
        row = QHBoxLayout()
        row.addWidget(self.reward, stretch=1)
        row.addWidget(self.table_button)
        row.addWidget(self.winner_button)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.legend)
        column.addWidget(self._split, stretch=1)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(4, 0, 2, 2)
        self._stack.addWidget(empty)
        self._stack.addWidget(full)
        self._share_room()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Show plot and table beside each other where there is room for both."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        wide = self.width() >= _BOTH_PX
        self.table_button.setVisible(not wide)
        self.table.setVisible(wide or self.table_button.isChecked())
        self.plot.setVisible(wide or not self.table_button.isChecked())

    def news(self) -> int | None:
        """Return the best candidate so far if it is another than before and none was picked."""
        best = self.plot.best
        if self._picked or best is None or best == self._seen_best:
            return None
        self._seen_best = best
        return best

    def begin(self, reward: str) -> None:
        """Forget the last candidates: a search begins that decides by a reward."""
        self._decided_by = reward
        self._picked, self._seen_best = False, None
        self.show_result(None)

    def show_progress(self, progress: Progress) -> None:
        """Add the candidates that have finished since."""
        if len(progress.trials) != len(self._trials):
            self._show_trials(progress.trials)

    def show_result(self, result: Result | None) -> None:
        """Show all candidates of a result, the winner with a star; nothing if None."""
        self._result = result
        self.table.clear_trials()
        self.winner_button.setEnabled(result is not None)
        if result is not None:
            self._decided_by = _decided_by(result)
        self._show_trials(result.trials if result is not None else ())
        if result is not None:
            self.table.mark_winner(result.winner, result.trials)

    def set_dark(self, dark: bool) -> None:
        """The theme is dark or light now."""
        self.plot.set_dark(dark)
        self._draw()

    def leave(self) -> None:
        """The window closes: let go of the viewer's events."""

    def _show_trials(self, trials: Sequence[Trial]) -> None:
        self._trials = tuple(trials)
        self._stack.setCurrentIndex(1 if trials else 0)
        self.table.add_trials(trials)
        self._offer_rewards()
        self._draw()

    def _offer_rewards(self) -> None:
        """Offer the rewards that the candidates have, the deciding one first."""
        names = {name for trial in self._trials for name in trial.rewards}
        first = [self._decided_by] if self._decided_by in names else []
        ordered = first + [n for n in REWARD_WORDS if n in names and n not in first]
        ordered += sorted(names - set(ordered))
        if ordered == [self.reward.itemData(i) for i in range(self.reward.count())]:
            return
        chosen = self.reward.currentData()
        self.reward.blockSignals(True)
        self.reward.clear()
        for name in ordered:
            decides = " (decides)" if name == self._decided_by else ""
            self.reward.addItem(reward_words(name) + decides, name)
        self.reward.setCurrentIndex(max(0, self.reward.findData(chosen)))
        self.reward.blockSignals(False)

    def _draw(self, *_: object) -> None:
        name = self.reward.currentData()
        result = self._result
        self.plot.show_trials(
            self._trials if name else (),
            name or "",
            pitch_m=result.analysis_pitch_m if result is not None else None,
            winner=result.winner if result is not None else None,
        )
        self.legend.setText(self.plot.legend())

    def _pick(self, number: int) -> None:
        self._picked = True
        self.plot.mark(number)
        self.picked.emit(number)


def _decided_by(result: Result) -> str:
    decision = result.plan.get("decision")
    return str(decision.get("reward", "")) if isinstance(decision, dict) else ""
