"""The dock: lays the parts of the window out, opens them on a viewer, and closes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
from pyqtgraph import PlotWidget
from qtpy.QtCore import QTimer
from qtpy.QtGui import QUndoStack
from qtpy.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from corescout.data import Result
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.canvas_context import CanvasContext
from corescout.gui.canvas.doubted_lines import DoubtedLines
from corescout.gui.canvas.first_use import LoadedAhead
from corescout.gui.canvas.result_layers import ResultLayers
from corescout.gui.docked import Docked, give_way, other_in
from corescout.gui.fields import PlainFields
from corescout.gui.jobs.work import Work
from corescout.gui.kept.diagnostic import LogTail, diagnostic
from corescout.gui.kept.exporting import Exporter
from corescout.gui.kept.session_bar import SessionBar
from corescout.gui.kept.window_session import WindowSession
from corescout.gui.keys import Keys
from corescout.gui.look import background, follow_theme
from corescout.gui.model.workspace import Workspace
from corescout.gui.plots.bottom import Bottom
from corescout.gui.steps.column import StepColumn
from corescout.gui.steps.explore.run_bar import RunBar
from corescout.gui.steps.explore.running import Running


class Explorer(Docked):
    """The six steps, the verdict, and the plots below the canvas.

    Parameters
    ----------
    viewer : napari.Viewer
    keep_session : bool
        Save what is done as it changes; off for measurements and pictures.

    Attributes
    ----------
    viewer : napari.Viewer
    workspace : Workspace
        What the panels share.
    canvas : Canvas
    work : Work
        Runs jobs off the GUI thread, shows layers one at a time.
    latent_panel, candidate_panel : QWidget
        The halves of the dock at the bottom.
    """

    _has_room = False

    def __init__(self, viewer: napari.viewer.Viewer, *, keep_session: bool = True) -> None:
        super().__init__()
        self.viewer = viewer
        self.workspace = Workspace()
        self.work = Work(self)
        self.canvas = Canvas(viewer, self.workspace, self.work)
        self._context = CanvasContext(viewer, self.canvas.connections, self)
        self._result_layers = ResultLayers(self.workspace, self.canvas)
        self._doubted_lines = DoubtedLines(self.workspace, self.canvas)
        self.keys = Keys(viewer)
        self.keys.bind("Control-Z", "Undo", self.undo_stack, QUndoStack.undo)
        self.keys.bind("Control-Shift-Z", "Redo", self.undo_stack, QUndoStack.redo)
        self._running = Running(self.workspace, self.work)
        self.exporter = Exporter(self.workspace, self.work, self)
        self._log = LogTail()
        self._build()
        self._connect()
        self.session = WindowSession(
            self.workspace, self.canvas, self.work, self, self.disconnect_viewer, keep=keep_session
        )
        self.session.offered.connect(self.show_offer)
        self._running.keep = self.session.keep_search
        self.column.serve(self._running, self.run_bar.say_scans)
        self.scan_step.refresh()
        self.session.offer()
        self._loaded = LoadedAhead()

    # -- what the operator does -----------------------------------------------------------

    def start(self) -> None:
        """Explore the chosen channel with the settings of the steps: steps 1 to 5."""
        for step in self.steps.values():
            step.publish()  # a line may be half typed
        self.key_points_step.editor.take_edits()
        self._running.start()

    def stop(self) -> None:
        """End the run within about a second; what was finished stays in the table."""
        self._running.stop()

    def pause(self, paused: bool = True) -> None:
        """Hold the run where it is, or let it go on."""
        self._running.pause(paused)

    def export(self, folder: str | Path | None = None) -> None:
        """Write the run folder; asks where if it is not said."""
        self.exporter.export("run", folder)

    def open_sample(self) -> None:
        """Open a generated surface: something to try without a file."""
        from corescout.gui.steps.scan.samples import sample_surface

        for data, options, kind in sample_surface():
            getattr(self.viewer, f"add_{kind}")(data, **options)
        self.viewer.reset_view()

    def copy_diagnostic(self) -> None:
        """Copy versions, plan and log to the clipboard."""
        QApplication.clipboard().setText(diagnostic(self.workspace, self._log.text()))
        self.workspace.note("The diagnostic is on the clipboard.")

    # -- state ----------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether an exploration is under way, paused or not."""
        return self.workspace.running

    @property
    def busy(self) -> bool:
        """Whether work is under way or a layer is still to be shown."""
        return self.work.busy

    @property
    def result(self) -> Result | None:
        """The last result, explored here or read from a run folder, with the edits since."""
        return self.workspace.result

    @property
    def undo_stack(self) -> QUndoStack:
        """Every edit in any panel."""
        return self.workspace.undo_stack

    def show_offer(self, offer: QWidget) -> None:
        """Show a line on top of everything."""
        self.column.show_on_top(offer)

    def show_bottom(self) -> None:
        """Show the dock with the plots, also after it was closed."""
        self.bottom.show_in(self.viewer)

    # -- building and wiring --------------------------------------------------------------

    def _build(self) -> None:
        self.column = StepColumn(self.workspace, self.canvas, self.work, self.keys)
        self.steps, self.verdict = self.column.steps, self.column.verdict
        self.scan_step, self.key_points_step = self.column.scan, self.column.key_points
        self.explore_step, self.types_step = self.column.explore, self.column.types
        self.targets_step, self.instrument_step = self.column.targets, self.column.instrument
        self.run_bar = RunBar(self.workspace, self._running)
        self.session_bar = SessionBar(self.workspace, self.exporter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(5)
        layout.addWidget(self.instrument_step.panel.stop_bar)
        layout.addWidget(self.run_bar)
        layout.addWidget(self.column, stretch=1)
        layout.addWidget(self.session_bar)
        self.bottom = Bottom(self.workspace, self.canvas, self.work)
        self.latent_panel = self.bottom.latent_panel
        self.candidate_panel = self.bottom.candidate_panel
        self.show_bottom()

    def _connect(self) -> None:
        self.workspace.search_wanted.connect(self.start)
        self.column.sample_button.clicked.connect(self.open_sample)
        self.session_bar.diagnostic_wanted.connect(self.copy_diagnostic)
        self.canvas.connections.connect(self.viewer.events.theme, self._apply_theme)
        self._apply_theme()
        self._fields = [PlainFields(root, self.undo_stack) for root in (self, self.bottom)]

    def _apply_theme(self, event: object = None) -> None:
        dark = self.viewer.theme != "light"
        color = background(self.viewer.theme)
        for plot in (*self.bottom.findChildren(PlotWidget), *self.findChildren(PlotWidget)):
            plot.setBackground(color)
        for root in (self, self.bottom):
            follow_theme(root, dark=dark)
        panels: list[Any] = [self.latent_panel, self.candidate_panel, *self.steps.values()]
        for panel in panels:
            panel.set_dark(dark)

    # -- closing --------------------------------------------------------------------------

    def docked_in(self, window: QMainWindow) -> None:
        """Ask before that window closes; give the plots their height once all docks stand."""
        if first := other_in(window, self):
            QTimer.singleShot(0, lambda: give_way(self, first, self.viewer))
            return
        self.session.watch_window(window)
        if not self._has_room:
            self._has_room = True
            QTimer.singleShot(0, self.bottom.make_room)

    def wait_for_jobs(self, seconds: float) -> None:
        """Wait until the work of this window has ended."""
        self.work.wait(seconds)

    def disconnect_viewer(self) -> None:
        """Leave the viewer: its events no longer reach this window, and the work is stopped."""
        if self.closed:
            return
        self.closed = True
        self.workspace.close()
        self.canvas.connections.close()
        self.work.close()
        self._loaded.close()
        self.keys.close()
        self._log.leave()
        if self.bottom.parent() is not None:
            self.viewer.window.remove_dock_widget(self.bottom)
        self.bottom.deleteLater()
