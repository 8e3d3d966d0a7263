"""The candidates as they finish, as a plot and a table, and a way back to the winner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt
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
from corescout.gui.jobs.work import Work
from corescout.gui.look import tint
from corescout.gui.model.candidates import candidates_of, show_candidate, show_winner
from corescout.gui.model.workspace import Workspace
from corescout.gui.plots.candidate_plot import CandidatePlot
from corescout.gui.plots.candidate_table import CandidateTable
from corescout.rewards.words import NAMES, reward_words
from corescout.square_grid import square_grid

_TOP_RIGHT = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
_BOTH_PX = 600  # narrower, the table takes the place of the plot
_EMPTY = (
    "No candidate yet.\n\nEach window and invariance appears here as it finishes, with its reward"
    " and error bars from the seeds. Click one to see its latent space."
)
_FOUND_AGAIN = (
    "No candidates here: these types are of an earlier exploration, found again on this scan."
    "\n\nExplore this scan trains candidates of its own."
)


class CandidatePanel(QWidget):
    """Right half of the dock at the bottom.

    Parameters
    ----------
    workspace : Workspace
    work : Work
        Shows the best candidate so far in a turn of its own.
    """

    def __init__(self, workspace: Workspace, work: Work) -> None:
        super().__init__()
        self._workspace, self._work = workspace, work
        self._trials: tuple[Trial, ...] = ()
        self._result: Result | None = None
        self._decided_by = ""
        self._picked = False  # the operator looks into a candidate: it is not taken away
        self._seen_best: int | None = None
        self._number: int | None = None  # of the trial that was picked
        self.plot = CandidatePlot()
        self.table = CandidateTable()
        self.reward = QComboBox()
        self.reward.setToolTip("Reward plotted over the window size; ★ is the one that decides")
        self.reward.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.reward.setMinimumContentsLength(5)
        self.reward.setMinimumWidth(80)
        self.looked_at = QLabel()
        self.looked_at.setMinimumWidth(40)
        self.looked_at.setWordWrap(True)
        self.use_button = QPushButton("Use this")
        self.use_button.setToolTip(
            "Take this candidate in place of the one decided on: a new result with its types and"
            " targets; the present one stays in the list"
        )
        self.winner_button = QPushButton("Back")
        self.winner_button.setToolTip("Show the result again, or the best so far (the star)")
        self.table_button = QPushButton("Table")
        self.table_button.setCheckable(True)
        self.table_button.setToolTip("Show the candidates as a table")
        self.table_button.toggled.connect(self._share_room)
        self.legend = QLabel()
        self.legend.setMinimumWidth(40)
        self.legend.setWordWrap(True)
        self._lay_out()
        self.plot.picked.connect(self._pick)
        self.table.picked.connect(self._pick)
        self.winner_button.clicked.connect(self._leave)
        self.use_button.clicked.connect(self._use)
        workspace.view_changed.connect(self._show_looked_at)
        self._show_looked_at()
        self.reward.currentIndexChanged.connect(self._draw)
        workspace.running_changed.connect(self._running)
        workspace.progressed.connect(self.show_progress)
        workspace.result_changed.connect(self._result_changed)
        workspace.candidates_changed.connect(self.show_result)

    def _lay_out(self) -> None:
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self.plot)
        self._split.addWidget(self.table)
        self._split.setChildrenCollapsible(False)
        self._split.setSizes([320, 240])
        self.empty = QLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        tint(self.empty, "hint")
        row = QHBoxLayout()
        row.addWidget(self.legend, stretch=1)
        row.addWidget(self.table_button, alignment=_TOP_RIGHT)
        self._strip = QWidget()
        strip = QHBoxLayout(self._strip)
        strip.setContentsMargins(0, 0, 0, 0)
        strip.addWidget(self.looked_at, stretch=1)
        strip.addWidget(self.use_button)
        strip.addWidget(self.winner_button)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.reward)
        column.addWidget(self._strip)
        column.addLayout(row)
        column.addWidget(self._split, stretch=1)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(4, 0, 2, 2)
        self._stack.addWidget(self.empty)
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

    def _running(self, running: bool) -> None:
        """A search begins: forget the last candidates."""
        if running and not self._workspace.choosing:
            self._decided_by = self._workspace.plan().decision.reward
            self._picked, self._seen_best = False, None
            self.show_result(None)
        self._show_looked_at()

    def show_progress(self, progress: Progress) -> None:
        """Add the candidates that have finished since.

        If none was picked, show the provisional types; the best so far where there are none.
        """
        if len(progress.trials) != len(self._trials):
            self._show_trials(progress.trials)
        first = progress.provisional
        best = self.plot.best if first is None else first.number
        free = not self._picked and self._workspace.result is None  # what was found stays in view
        if free and best is not None and best != self._seen_best:
            self._seen_best = best
            self._work.later("candidate", lambda: show_candidate(self._workspace, best))

    def _result_changed(self, result: Result | None) -> None:
        if not self._workspace.running:  # else the candidates of the search under way stay
            self.show_result(result)

    def show_result(self, result: Result | None) -> None:
        """Show all candidates of a result, the winner with a star; nothing if None."""
        self._result = result
        self.table.clear_trials()
        self.plot.mark(None)
        if result is not None:
            self._decided_by = _decided_by(result)
        self._show_trials(result.trials if result is not None else ())
        if result is not None:
            self.table.mark_winner(result.winner, result.trials, self._pitch_m)

    def set_dark(self, dark: bool) -> None:
        """The theme is dark or light now."""
        self.plot.set_dark(dark)
        self._draw()

    @property
    def _pitch_m(self) -> float | None:
        """Of the pixels that the windows of what is listed count in."""
        scan = self._workspace.searched
        if self._result is not None:
            return self._result.analysis_pitch_m
        return None if scan is None else square_grid(scan.shape_px, scan.frame).pitch_m

    def _show_trials(self, trials: Sequence[Trial]) -> None:
        self._trials = tuple(trials)
        self.empty.setText(_EMPTY if self._result is None else _FOUND_AGAIN)
        self._stack.setCurrentIndex(1 if trials else 0)
        self.table.add_trials(trials, self._pitch_m)
        self._offer_rewards()
        self._draw()

    def _offer_rewards(self) -> None:
        """Offer the rewards that the candidates have, the deciding one first."""
        names = {name for trial in self._trials for name in trial.rewards}
        first = [self._decided_by] if self._decided_by in names else []
        ordered = first + [n for n in NAMES if n in names and n not in first]
        ordered += sorted(names - set(ordered))
        if ordered == [self.reward.itemData(i) for i in range(self.reward.count())]:
            return
        chosen = self.reward.currentData()
        self.reward.blockSignals(True)
        self.reward.clear()
        for name in ordered:
            decides = "★ " if name == self._decided_by else ""
            self.reward.addItem(decides + reward_words(name), name)
            whole = reward_words(name, unit=True)
            self.reward.setItemData(self.reward.count() - 1, whole, Qt.ItemDataRole.ToolTipRole)
        self.reward.setCurrentIndex(max(0, self.reward.findData(chosen)))
        self.reward.blockSignals(False)

    def _draw(self, *_: object) -> None:
        name = self.reward.currentData()
        result = self._result
        self.plot.show_trials(
            self._trials if name else (),
            name or "",
            pitch_m=self._pitch_m,
            winner=result.winner if result is not None else None,
        )
        self.legend.setText(self.plot.legend())

    def _show_looked_at(self, *_: object) -> None:
        """Say which candidate is looked at where it is not the result, and how to leave it."""
        workspace = self._workspace
        view, result = workspace.view, workspace.result
        if result is None:
            away = view is not None and self._picked
            seen = "not at the best so far"
        else:
            shown = view.result if view is not None else None
            away = view is not None if shown is None else shown.fit is not result.fit
            seen = f"not at {result.winner.in_nm(result.analysis_pitch_m)}"
        self._strip.setVisible(away)
        self.legend.setVisible(not away)
        if view is None or not away:
            return
        self.looked_at.setText(f"You see <b>{view.label}</b>")
        self.looked_at.setToolTip(f"You look at {view.label}, {seen}")
        usable = candidates_of(workspace) is result and not workspace.running
        self.use_button.setEnabled(usable and self._number is not None)

    def _leave(self) -> None:
        """Back to the result, or to what a search under way has shown by itself."""
        self._picked = False
        self.plot.mark(None)
        if self._workspace.result is not None:
            show_winner(self._workspace)
        elif self._seen_best is not None:
            show_candidate(self._workspace, self._seen_best)

    def _use(self) -> None:
        if self._number is not None:
            self._workspace.choice_wanted.emit(self._number)

    def _pick(self, number: int) -> None:
        self._picked, self._number = True, number
        self.plot.mark(number)
        show_candidate(self._workspace, number)


def _decided_by(result: Result) -> str:
    decision = result.plan.get("decision")
    return str(decision.get("reward", "")) if isinstance(decision, dict) else ""
