"""The latent space of the result, or of the candidate that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QVBoxLayout, QWidget

from corescout.gui.candidate_view import CandidateView
from corescout.gui.latent_plot import LatentPlot
from corescout.gui.look import text_color

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class LatentPanel(QWidget):  # type: ignore[misc]
    """Left half of the dock at the bottom."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.plot = LatentPlot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)

    def show_view(self, view: CandidateView | None) -> None:
        """Show the codes of a candidate; nothing if None."""
        if view is None:
            self.plot.clear_codes()
        else:
            self.plot.show_codes(view.z, view.mixture, view.type_of_component, view.core)

    def set_dark(self, dark: bool) -> None:
        """The theme is dark or light now."""
        self.plot.set_text_color(text_color(dark))

    def leave(self) -> None:
        """The window closes: let go of the viewer's events."""
