"""The dock: from a scan in the viewer to its types, core points and targets, with the mouse."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import napari
import numpy as np
from pyqtgraph import PlotWidget
from qtpy.QtCore import Signal
from qtpy.QtGui import QUndoStack
from qtpy.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from corescout.data import Result, Scan, Target
from corescout.gui.canvas import layer_data as shown
from corescout.gui.canvas.canvas_context import CanvasContext
from corescout.gui.canvas.first_use import load_ahead
from corescout.gui.docked import Docked
from corescout.gui.jobs.exploration import Exploration
from corescout.gui.jobs.work import Work
from corescout.gui.kept.diagnostic import LogTail, diagnostic
from corescout.gui.kept.exporting import Exporter
from corescout.gui.kept.session_bar import SessionBar
from corescout.gui.kept.window_session import WindowSession
from corescout.gui.keys import Keys
from corescout.gui.look import background
from corescout.gui.model.candidate_view import CandidateView, view_of, winner_view
from corescout.gui.model.plan_of_steps import plan_of
from corescout.gui.model.workflow import STEPS, State, Workflow
from corescout.gui.plots.bottom import BOTTOM_NAME, Bottom
from corescout.gui.steps.column import StepColumn
from corescout.gui.steps.explore.run_bar import RunBar
from corescout.gui.steps.explore.running import Running
from corescout.plan import Plan

_FOUND = ("explore", "types", "targets")


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
    workflow : Workflow
        Where each step stands.
    undo_stack : QUndoStack
        Every edit in any panel.
    work : Work
        Runs jobs off the GUI thread, shows layers one at a time.
    latent_panel, candidate_panel : QWidget
        The halves of the dock at the bottom.
    """

    result_changed = Signal(object)  # Result or None
    view_changed = Signal(object)  # CandidateView that is looked at, or None

    def __init__(self, viewer: napari.viewer.Viewer, *, keep_session: bool = True) -> None:
        super().__init__()
        self.viewer = viewer
        self.workflow = Workflow()
        self.undo_stack = QUndoStack(self)
        self.keys = Keys(viewer)
        self.keys.bind("Control-Z", "Undo", self.undo_stack, QUndoStack.undo)
        self.keys.bind("Control-Shift-Z", "Redo", self.undo_stack, QUndoStack.redo)
        self._canvas = CanvasContext(viewer, self)
        self.work = Work(viewer, self)
        self.exploration = Exploration(self.work, self)
        self._running = Running(self)
        self.exporter = Exporter(self)
        self._scan: Scan | None = None  # that the result or the search under way is about
        self._result: Result | None = None
        self._view: CandidateView | None = None
        self._settings: dict[str, Any] | None = None  # of the steps, when the result was found
        self._log = LogTail()
        self._build()
        self._connect()
        self.session = WindowSession(self, keep=keep_session)
        self.scan_step.refresh()
        self.session.offer()
        load_ahead()

    # -- what the operator does -----------------------------------------------------------

    def start(self) -> None:
        """Explore the chosen channel with the settings of the steps: steps 1 to 5."""
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
        from corescout.gui.contributions import sample_surface

        for data, options, kind in sample_surface():
            getattr(self.viewer, f"add_{kind}")(data, **options)
        self.viewer.reset_view()

    def copy_diagnostic(self) -> None:
        """Copy versions, plan and log to the clipboard."""
        QApplication.clipboard().setText(diagnostic(self, self._log.text()))
        self.session_bar.say("The diagnostic is on the clipboard.")

    def show_candidate(self, number: int) -> None:
        """Show the latent space and the core points of a candidate; the winner is not lost."""
        result, share = self._result, self.plan().decision.core_share
        if result is not None:
            view = view_of(number, result, result.scan, result.keypoints, share)
        else:
            view = self.exploration.view_of(number, share)
        if view is not None:
            self.show_view(view)

    def show_winner(self) -> None:
        """Show what was decided on."""
        if self._result is not None:
            self.show_view(winner_view(self._result))

    # -- state ----------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether an exploration is under way, paused or not."""
        return self.exploration.running

    @property
    def busy(self) -> bool:
        """Whether work is under way or a layer is still to be shown."""
        return self.work.busy

    @property
    def result(self) -> Result | None:
        """The last result, explored here or read from a run folder, with the edits since."""
        return self._result

    @property
    def view(self) -> CandidateView | None:
        """The candidate that is looked at: the winner, if no other was picked."""
        return self._view

    def begin(self, scan: Scan) -> None:
        """A search begins on a scan: the last result is forgotten."""
        self._scan = scan
        self.set_result(None)
        self._settings = self.settings()

    def set_result(self, result: Result | None, *, add_layers: bool = True) -> None:
        """Show a result in every panel and on the scan; None forgets the last one."""
        self._result = result
        self.candidate_panel.show_result(result)
        self.session_bar.show_exporting(self.work.running("export"), possible=result is not None)
        self.session_bar.say("")
        if result is None:
            self._view = None
            if self._scan is not None:
                self.show_layers(shown.empty_layers(self._scan)[1:])
            self.workflow.forget(_FOUND)
        else:
            self._scan = result.scan
            self._view = winner_view(result)
            used = result.scan, result.keypoints
            self.work.later("key points", partial(self.key_points_step.show_used, *used))
            if add_layers:
                self.show_layers(shown.found_layers(result))
            self.verdict.show_result(result)
            self._settle_workflow(result)
        self.latent_panel.show_view(self._view)
        self.result_changed.emit(result)
        self.view_changed.emit(self._view)

    def take_result(self, result: Result) -> None:
        """Show a result that was found elsewhere: a watch has understood a scan."""
        self.set_result(result)
        self.scan_step.refresh()
        self._settings = self.settings()
        self.workflow.compare(self._settings, self._settings)

    def set_targets(self, targets: tuple[Target, ...]) -> None:
        """Take other targets into the result: types and views stay as they are."""
        if self._result is not None:
            self._result = replace(self._result, targets=targets)

    def settle(self, step: str) -> None:
        """A step was done again with its settings as they stand."""
        if self._settings is not None:
            self._settings = self._settings | {step: self.steps[step].plan_values()}
            self.workflow.compare(self._settings, self.settings())

    def show_view(self, view: CandidateView) -> None:
        """Show the codes and the core points of a candidate."""
        self._view = view
        self.latent_panel.show_view(view)
        if self._scan is not None:
            core = shown.core_layer(self._scan, view.core_yx_px, view.core, view.types)
            self.show_layers([core])
        self.view_changed.emit(view)

    def take_restored(self, result: Result) -> None:
        """Show the result of a session that was taken up again."""
        self._settings = self.settings()
        self.set_result(result, add_layers=False)
        self.column.open_for_result()

    def show_offer(self, offer: QWidget) -> None:
        """Show a line on top of everything."""
        self.column.show_on_top(offer)

    def show_bottom(self) -> None:
        """Show the dock with the plots, also after it was closed."""
        if self.bottom.parent() is None:
            self.viewer.window.add_dock_widget(self.bottom, name=BOTTOM_NAME, area="bottom")
        self.bottom.parent().show()
        self.bottom.show()

    def show_layers(self, layers: list[shown.LayerData]) -> None:
        """Add or update layers of ours, one for each tick."""
        self.work.show_layers(layers)

    def image_layer(self) -> Any | None:
        """Return the chosen image layer, None where there is none."""
        name = self.scan_step.channel.currentText()
        return next((layer for layer in self.viewer.layers if layer.name == name), None)

    def scan_of(self, layer: Any) -> Scan:
        """Return the scan of an image layer; an image that is none is taken as one."""
        scan = layer.metadata.get(shown.SCAN)
        if isinstance(scan, Scan):
            return scan
        return Scan(
            uid=layer.name, channels={layer.name: np.asarray(layer.data)}, source=layer.name
        )

    def settings(self) -> dict[str, Any]:
        """Return the settings of each step; the scan's is its channel."""
        settings: dict[str, Any] = {name: step.plan_values() for name, step in self.steps.items()}
        edits = self.key_points_step.editor.edits or None  # one without edits is as another
        settings["key_points"] = (settings["key_points"], edits)
        return settings | {"scan": self.scan_step.channel.currentText()}

    def plan(self) -> Plan:
        """Return the plan of the settings, the same as the command line would make.

        Raises
        ------
        ValueError
            If a setting cannot be used.
        """
        layer = self.image_layer()
        channel = layer.metadata.get(shown.CHANNEL, layer.name) if layer is not None else None
        return plan_of(self.steps, (channel,) if channel else None)

    # -- building and wiring --------------------------------------------------------------

    def _build(self) -> None:
        self.run_bar = RunBar()
        self.session_bar = SessionBar(self.undo_stack)
        self.column = StepColumn(self)
        self.steps, self.verdict = self.column.steps, self.column.verdict
        self.scan_step, self.key_points_step = self.column.scan, self.column.key_points
        self.explore_step, self.types_step = self.column.explore, self.column.types
        self.targets_step, self.instrument_step = self.column.targets, self.column.instrument
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(5)
        layout.addWidget(self.instrument_step.stop_bar)
        layout.addWidget(self.run_bar)
        layout.addWidget(self.column, stretch=1)
        layout.addWidget(self.session_bar)
        self.setMinimumWidth(360)
        self.bottom = Bottom(self)
        self.latent_panel = self.bottom.latent_panel
        self.candidate_panel = self.bottom.candidate_panel
        self.types_step.connect_selection()
        self.show_bottom()

    def _connect(self) -> None:
        self.run_bar.explore_wanted.connect(self.start)
        self.run_bar.stop_wanted.connect(self.stop)
        self.run_bar.pause_wanted.connect(self.pause)
        self.column.sample_button.clicked.connect(self.open_sample)
        self.session_bar.export_wanted.connect(self.exporter.export)
        self.session_bar.diagnostic_wanted.connect(self.copy_diagnostic)
        self.scan_step.chosen.connect(self._channel_chosen)
        for step in self.steps.values():
            step.changed.connect(self.settings_changed)
            step.redo.connect(step.do_again)
        self.explore_step.changed.connect(self.key_points_step.preview)  # windows set the margin
        self.candidate_panel.picked.connect(self.show_candidate)
        self.candidate_panel.winner_wanted.connect(self.show_winner)
        self.scan_step.images_changed.connect(self._show_possible)
        self.scan_step.mouse_moved.connect(self.latent_panel.show_place)
        self.viewer.events.theme.connect(self._apply_theme)
        self._apply_theme()

    def _apply_theme(self, event: object = None) -> None:
        dark = self.viewer.theme != "light"
        color = background(self.viewer.theme)
        for plot in (*self.bottom.findChildren(PlotWidget), *self.findChildren(PlotWidget)):
            plot.setBackground(color)
        for panel in self._panels():
            panel.set_dark(dark)

    def _panels(self) -> list[Any]:
        return [self.latent_panel, self.candidate_panel, *self.steps.values()]

    # -- closing --------------------------------------------------------------------------

    def docked_in(self, window: QMainWindow) -> None:
        """Ask before that window closes."""
        self.session.watch_window(window)

    def wait_for_jobs(self, seconds: float) -> None:
        """Wait until the work of this window has ended."""
        self.work.wait(seconds)

    def disconnect_viewer(self) -> None:
        """Leave the viewer: its events no longer reach this window, and the work is stopped."""
        if self.closed:
            return
        self.closed = True
        self.session.leave()
        self.work.close()
        self.viewer.events.theme.disconnect(self._apply_theme)
        self.keys.close()
        for part in (self._log, self._canvas, *self._panels()):
            part.leave()
        for step in self.steps.values():
            step.disconnect_workflow()
        if self.bottom.parent() is not None:
            self.viewer.window.remove_dock_widget(self.bottom)
        self.bottom.deleteLater()

    # -- images and key points ------------------------------------------------------------

    def _show_possible(self, possible: bool) -> None:
        """Images came or went: there is something to explore, or nothing any more."""
        self.run_bar.show_possible(possible and not self.running)
        self.column.sample_button.setVisible(not possible)
        self.key_points_step.show_possible(possible and not self.running)
        if not possible:
            self.workflow.forget(STEPS)
            self.verdict.say("Drop a scan here, or File > Open Sample > Corescout.", "empty")

    def _channel_chosen(self, name: str) -> None:
        layer = self.image_layer()
        if layer is None:
            return
        self.workflow.set("scan", State.DONE, name)
        self.explore_step.show_scan()
        result = layer.metadata.get(shown.RESULT)
        if result is not None and result is not self._result and not self.running:
            self._settings = self.settings()
            self.session.opened(result)
            self.set_result(result, add_layers=False)
            return
        if result is not None and layer.metadata.get(shown.CHANNEL) in result.channels:
            # The layers of a run come one by one: this is the one that was analysed.
            self._settings = (self._settings or self.settings()) | {"scan": name}
        self.settings_changed()
        self.key_points_step.preview()

    def settings_changed(self) -> None:
        """Put out of date what was found with other settings."""
        if self._result is not None and self._settings is not None:
            try:
                self.workflow.compare(self._settings, self.settings())
            except ValueError:  # a half-typed number: the plan says so when it is asked for
                return

    def prepare_layers(self, scan: Scan) -> None:
        """Have our layers in the viewer before a run fills them: adding one takes a while."""
        shown.raise_ours(self.viewer, self.image_layer())
        missing = [e for e in shown.empty_layers(scan) if not self.work.queue.holds(e[1]["name"])]
        if missing:
            self.show_layers(missing)
        if self._result is None and not self.running:
            self.verdict.say("Press Explore: nothing runs before that.", "ready")

    def _settle_workflow(self, result: Result) -> None:
        self.workflow.set("explore", State.DONE, result.winner.label)
        self.workflow.set("types", State.DONE, result.types_in_words)
        self.workflow.set("targets", State.DONE, f"{len(result.targets)}")
        self.settings_changed()
