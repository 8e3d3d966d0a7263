"""The dock below the canvas: latent space on the left, candidates on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QSplitter

from corescout.gui.plots.candidate_panel import CandidatePanel
from corescout.gui.plots.latent_panel import LatentPanel

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

BOTTOM_NAME = "Corescout: latent space and candidates"


class Bottom(QSplitter):  # type: ignore[misc]
    """Both plots side by side.

    Attributes
    ----------
    latent_panel : LatentPanel
    candidate_panel : CandidatePanel
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.latent_panel = LatentPanel(explorer)
        self.candidate_panel = CandidatePanel(explorer)
        self.addWidget(self.latent_panel)
        self.addWidget(self.candidate_panel)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 1)
        self.setSizes([500, 500])

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the scan its place."""
        return QSize(640, 240)
