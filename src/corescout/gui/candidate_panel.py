"""The candidates as they finish, and a way back to the winner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from corescout.data import Progress, Result
from corescout.gui.tables import CandidateTable

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class CandidatePanel(QWidget):  # type: ignore[misc]
    """Right half of the dock at the bottom."""

    picked = Signal(int)  # number of the trial
    winner_wanted = Signal()

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.table = CandidateTable()
        self.winner_button = QPushButton("Show the winner")
        self.winner_button.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table, stretch=1)
        layout.addWidget(self.winner_button)
        self.table.picked.connect(self.picked)
        self.winner_button.clicked.connect(self.winner_wanted)

    def show_progress(self, progress: Progress) -> None:
        """Add the candidates that have finished since."""
        self.table.add_trials(progress.trials)

    def show_result(self, result: Result | None) -> None:
        """Show all candidates of a result, the winner with a star; nothing if None."""
        self.table.clear_trials()
        self.winner_button.setEnabled(result is not None)
        if result is not None:
            self.table.add_trials(result.trials)
            self.table.mark_winner(result.winner, result.trials)

    def set_dark(self, dark: bool) -> None:
        """The theme is dark or light now."""

    def leave(self) -> None:
        """The window closes: let go of the viewer's events."""
