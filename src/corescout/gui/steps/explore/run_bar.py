"""The one button that does it all, Stop, and how far it is."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from corescout.data import Progress


class RunBar(QWidget):  # type: ignore[misc]
    """Stands above the steps and is never scrolled away."""

    explore_wanted = Signal()
    stop_wanted = Signal()
    pause_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.explore_button = QPushButton("Explore this scan")
        self.explore_button.setMinimumHeight(30)
        self.explore_button.setToolTip(
            "Find key points, try the representations, choose one, name the types and the targets"
        )
        self.stop_button = QPushButton("Stop")
        self.stop_button.setMinimumHeight(30)
        self.stop_button.setEnabled(False)
        self.stop_button.setToolTip("End the search within about a second")
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(True)
        self.progress.setFormat("")
        buttons = QHBoxLayout()
        self.pause_button = QPushButton("Pause")
        self.pause_button.setMinimumHeight(30)
        self.pause_button.setCheckable(True)
        self.pause_button.setVisible(False)
        self.pause_button.setToolTip("Hold the search and let it go on; Stop works meanwhile")
        buttons.addWidget(self.explore_button, stretch=3)
        buttons.addWidget(self.pause_button, stretch=1)
        buttons.addWidget(self.stop_button, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        self.progress.setVisible(False)
        self.explore_button.clicked.connect(self.explore_wanted)
        self.stop_button.clicked.connect(self.stop_wanted)
        self.pause_button.toggled.connect(self.pause_wanted)

    def show_possible(self, possible: bool) -> None:
        """Enable Explore where there is something to explore."""
        self.explore_button.setEnabled(possible)

    def show_running(self, running: bool) -> None:
        """Enable what can be done now."""
        self.explore_button.setEnabled(not running)
        self.stop_button.setEnabled(running)
        self.pause_button.setVisible(running)
        self.show_paused(False)
        self.progress.setVisible(running)
        self._show(0, "finding key points" if running else "")

    def show_progress(self, progress: Progress, *, stopping: bool) -> None:
        """Show how far a run is and how long it still takes."""
        left = "" if progress.seconds_left is None else f", {_minutes(progress.seconds_left)} left"
        words = "stopping ..." if stopping else f"{progress.stage}{left}  %p%"
        self._show(round(100 * progress.fraction), words)

    def show_paused(self, paused: bool) -> None:
        """Say whether it is held."""
        self.pause_button.blockSignals(True)
        self.pause_button.setChecked(paused)
        self.pause_button.blockSignals(False)
        self.pause_button.setText("Resume" if paused else "Pause")
        self.progress.setFormat("paused  %p%" if paused else "")

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
