"""The one button that does it all, Stop, and how far it is."""

from __future__ import annotations

import math

from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from corescout.data import Progress
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.explore.result_list import ResultList
from corescout.gui.steps.explore.running import Running

_EXPLORE = "Find key points, compare representations, choose one, and show types and targets"
_PAUSED = "paused  %p%"
_BARRED = "Key points are missing: see step 2"


class RunBar(QWidget):
    """Stands above the steps and is never scrolled away.

    Parameters
    ----------
    workspace : Workspace
    running : Running
    """

    def __init__(self, workspace: Workspace, running: Running) -> None:
        super().__init__()
        self._workspace, self._running = workspace, running
        self._left_s = math.inf  # as it was last said
        self.explore_button = QPushButton("Explore this scan")
        self.explore_button.setMinimumHeight(30)
        self.explore_button.setToolTip(_EXPLORE)
        self.stop_button = QPushButton("Stop")
        self.stop_button.setMinimumHeight(30)
        self.stop_button.setEnabled(False)
        self.stop_button.setToolTip("Stop the search within about a second")
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(True)
        self.progress.setFormat("")
        buttons = QHBoxLayout()
        self.pause_button = QPushButton("Pause")
        self.pause_button.setMinimumHeight(30)
        self.pause_button.setCheckable(True)
        self.pause_button.setVisible(False)
        self.pause_button.setToolTip("Pause the search or resume it; Stop works while it is paused")
        buttons.addWidget(self.explore_button, stretch=3)
        buttons.addWidget(self.pause_button, stretch=1)
        buttons.addWidget(self.stop_button, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        self.results = ResultList(workspace)
        layout.addWidget(self.results)
        self.progress.setVisible(False)
        self.explore_button.clicked.connect(lambda: workspace.ask_for_search())
        self.stop_button.clicked.connect(lambda: running.stop())
        self.pause_button.toggled.connect(running.pause)
        workspace.chosen_changed.connect(self._show_possible)
        workspace.workflow.changed.connect(self._show_possible)
        workspace.running_changed.connect(self.show_running)
        running.moved.connect(self.show_progress)
        running.paused.connect(self.show_paused)
        running.stopping.connect(self.show_stopping)
        self._show_possible()

    def say_scans(self, count: int) -> None:
        """Say how many scans the button explores."""
        self.explore_button.setText("Explore this scan" if count == 1 else f"Explore {count} scans")

    def _show_possible(self, *_: object) -> None:
        """Enable Explore where there is something to explore."""
        workspace = self._workspace
        barred = workspace.workflow.state("key_points") is StepState.PROBLEM
        possible = workspace.chosen is not None and not barred
        self.explore_button.setEnabled(possible and not workspace.running)
        self.explore_button.setToolTip(_BARRED if barred else _EXPLORE)

    def show_running(self, running: bool) -> None:
        """Enable what can be done now."""
        self._show_possible()
        self.stop_button.setEnabled(running)
        self.pause_button.setVisible(running)
        self.show_paused(False)
        self.progress.setVisible(running)
        self._left_s = math.inf
        self._show(0, "finding key points" if running else "")

    def show_progress(self, progress: Progress) -> None:
        """Show how far a run is and how long it still takes."""
        left = ""
        if progress.seconds_left is not None:  # it never grows: what is late is not yet to come
            self._left_s = min(self._left_s, progress.seconds_left)
            left = f", {_minutes(self._left_s)} left"
        words = f"{progress.stage}{left}  %p%"
        if self.pause_button.isChecked():
            words = _PAUSED
        if self._running.asked_to_stop:
            words = "stopping ..."
        self._show(round(100 * progress.fraction), words)

    def show_paused(self, paused: bool) -> None:
        """Say whether it is held."""
        self.pause_button.blockSignals(True)
        self.pause_button.setChecked(paused)
        self.pause_button.blockSignals(False)
        self.pause_button.setText("Resume" if paused else "Pause")
        self.progress.setFormat(_PAUSED if paused else "")

    def show_stopping(self) -> None:
        """Say that it is on its way to stop."""
        self.progress.setFormat("stopping ...")

    def _show(self, percent: int, words: str) -> None:
        """Change both, drawn once: Qt draws a bar at once, and without a graphics card all else."""
        self.progress.setUpdatesEnabled(False)
        self.progress.setValue(percent)
        self.progress.setFormat(words)
        self.progress.setUpdatesEnabled(True)


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
