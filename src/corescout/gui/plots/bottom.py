"""The dock below the canvas: latent space on the left, candidates on the right."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QSplitter

from corescout.gui.canvas.canvas import Canvas
from corescout.gui.jobs.work import Work
from corescout.gui.model.workspace import Workspace
from corescout.gui.plots.candidate_panel import CandidatePanel
from corescout.gui.plots.latent_panel import LatentPanel

BOTTOM_NAME = "Corescout: latent space and candidates"
PLOTS_PX = 330  # height of the dock: the latent space has 250 of it


class Bottom(QSplitter):
    """Both plots side by side.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work

    Attributes
    ----------
    latent_panel : LatentPanel
    candidate_panel : CandidatePanel
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._canvas = canvas
        self.latent_panel = LatentPanel(workspace, canvas, work)
        self.candidate_panel = CandidatePanel(workspace, work)
        self.addWidget(self.latent_panel)
        self.addWidget(self.candidate_panel)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 2)
        self.setSizes([640, 360])

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the scan its place."""
        return QSize(640, PLOTS_PX)

    def show_in(self, viewer: Any) -> None:
        """Show the dock below the canvas, also after it was closed."""
        if self.parent() is None:
            viewer.window.add_dock_widget(self, name=BOTTOM_NAME, area="bottom")
        self.parentWidget().show()
        self.show()

    def make_room(self) -> None:
        """Give the plots a height that a lasso can be drawn in; the operator may change it."""
        window, dock = self.window(), self.parent()
        if isinstance(window, QMainWindow) and isinstance(dock, QDockWidget):
            window.resizeDocks([dock], [PLOTS_PX], Qt.Orientation.Vertical)
            QTimer.singleShot(0, self._canvas.fit)
