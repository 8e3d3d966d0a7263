"""The dock: from a scan in the viewer to its types, core points and targets, with the mouse."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from corescout.data import InputError, Keypoints, Progress, Result, Scan, StoppedError
from corescout.gui import layers as shown
from corescout.gui.background import Job
from corescout.gui.candidate_view import CandidateView, candidate_view, winner_view
from corescout.gui.collector import FullCollections
from corescout.gui.jobs import Preview, start_exploration, start_export, start_preview
from corescout.gui.layer_queue import LayerQueue
from corescout.gui.panels import Controls, Outcome
from corescout.gui.placement import readout
from corescout.plan import Plan
from corescout.runs import default_folder

_POLL_MS = 100  # the window is redrawn at most ten times a second
_SETTLE_MS = 250  # a changed setting is previewed after this pause


class Explorer(QWidget):  # type: ignore[misc]
    """Choose a channel, see the key points, explore, look, export.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.closed = False
        self._explore_job: Job[Result] | None = None
        self._preview_job: Job[Preview] | None = None
        self._export_job: Job[Path] | None = None
        self._preview: Keypoints | None = None
        self._preview_wanted = False
        self._progress: Progress | None = None
        self._result: Result | None = None
        self._queue = LayerQueue(viewer)
        self._collections = FullCollections()
        self._explored: tuple[Scan, Keypoints | None] | None = None
        self.controls = Controls(self)
        self.outcome = Outcome(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(5)
        layout.addWidget(self.controls)
        layout.addWidget(self.outcome, stretch=1)
        self.setMinimumWidth(380)
        self.setMaximumWidth(520)
        self._connect()
        self._refresh_images()

    # -- what the operator does -----------------------------------------------------------

    def start(self) -> None:
        """Explore the chosen channel with the settings of the dock."""
        layer = self.image_layer()
        if layer is None or self.running:
            return
        scan = self._scan_of(layer)
        try:
            plan = self.plan()
        except ValueError as error:
            self._say_problem(str(error).splitlines()[-1])
            return
        drawn = self._edited_keypoints(layer)
        self._explored = (scan, drawn or self._preview)
        self._clear_outcome()
        self.controls.show_running(True)
        self.outcome.say("Exploring ... candidates appear below as they finish.", "running")
        self._collections.put_off()
        self._explore_job = start_exploration(scan, plan, drawn)
        self._timer.start()

    def stop(self) -> None:
        """End the run within about a second; what was finished stays in the table."""
        if self._explore_job is not None:
            self._explore_job.stop()
            self.controls.progress.setFormat("stopping ...")

    def export(self, folder: str | Path | None = None) -> None:
        """Write the run folder; asks where if it is not said."""
        if self._result is None or self._export_job is not None:
            return
        target = Path(folder) if folder is not None else self._ask_folder(self._result)
        if target is None:
            return
        result = self._result
        self.outcome.export_button.setEnabled(False)
        self.outcome.export_button.setText("Exporting ...")
        self._export_job = start_export(result, target)
        self._timer.start()

    def show_candidate(self, number: int) -> None:
        """Show the latent space and the core points of a candidate; the winner is not lost."""
        view = self._view_of(number)
        if view is not None:
            self._show_view(view)

    def show_winner(self) -> None:
        """Show what was decided on."""
        if self._result is not None:
            self._show_view(winner_view(self._result))

    # -- state ----------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether an exploration is under way."""
        return self._explore_job is not None

    @property
    def busy(self) -> bool:
        """Whether work is under way or a layer is still to be shown."""
        jobs = (self._explore_job, self._preview_job, self._export_job)
        return any(job is not None for job in jobs) or bool(self._queue)

    @property
    def result(self) -> Result | None:
        """The last result, explored here or read from a run folder."""
        return self._result

    def image_layer(self) -> Any | None:
        """Return the chosen image layer, None where there is none."""
        name = self.controls.channel.currentText()
        present = name in self._viewer.layers
        return self._viewer.layers[name] if present else None

    def plan(self) -> Plan:
        """Return the plan of the settings, the same as the command line would make."""
        layer = self.image_layer()
        channel = layer.metadata.get(shown.CHANNEL, layer.name) if layer is not None else None
        return self.controls.plan((channel,) if channel else None)

    # -- wiring ---------------------------------------------------------------------------

    def _connect(self) -> None:
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._start_preview)
        self.controls.explore_button.clicked.connect(self.start)
        self.controls.stop_button.clicked.connect(self.stop)
        self.controls.changed.connect(self._settle.start)
        self.controls.channel.currentTextChanged.connect(self._channel_chosen)
        self.outcome.candidates.picked.connect(self.show_candidate)
        self.outcome.winner_button.clicked.connect(self.show_winner)
        self.outcome.export_button.clicked.connect(lambda: self.export())
        events = self._viewer.layers.events
        events.inserted.connect(self._refresh_images)
        events.removed.connect(self._refresh_images)
        self._viewer.events.theme.connect(self._apply_theme)
        self._apply_theme()
        self._follow_mouse()
        # The bound method would keep the window alive; what must end is the work.
        stop_all = _StopAll(self)
        self.destroyed.connect(stop_all)

    def _follow_mouse(self) -> None:
        me = weakref.ref(self)

        def follow(viewer: Any, event: Any) -> None:
            widget = me()
            if widget is not None:
                widget._show_place(event.position)

        self._mouse_callback = follow
        self._viewer.mouse_move_callbacks.append(follow)

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Leave the viewer when the dock is closed."""
        self.disconnect_viewer()
        super().closeEvent(event)

    def wait_for_jobs(self, seconds: float) -> None:
        """Wait until the work of this window has ended."""
        for job in (self._explore_job, self._preview_job, self._export_job):
            if job is not None:
                job.wait(seconds)

    def disconnect_viewer(self) -> None:
        """Leave the viewer: its events no longer reach this window, and the work is stopped."""
        if self.closed:
            return
        self.closed = True
        self._collections.resume()
        for job in (self._explore_job, self._preview_job, self._export_job):
            if job is not None:
                job.stop()
        self._timer.stop()
        self._settle.stop()
        self._viewer.layers.events.inserted.disconnect(self._refresh_images)
        self._viewer.layers.events.removed.disconnect(self._refresh_images)
        self._viewer.events.theme.disconnect(self._apply_theme)
        if self._mouse_callback in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._mouse_callback)

    def _apply_theme(self, event: object = None) -> None:
        dark = self._viewer.theme != "light"
        self.outcome.latent_plot.set_text_color("#D8D8D8" if dark else "#303030")

    def _show_place(self, position: tuple[float, ...]) -> None:
        layer = self.image_layer()
        if layer is not None and len(position) >= 2:
            place = np.asarray(layer.world_to_data(position[-2:]))
            self.controls.place.setText(readout(self._scan_of(layer), place))

    # -- images and key points ------------------------------------------------------------

    def _refresh_images(self, event: Any = None) -> None:
        if getattr(event, "type", "") == "inserted" and _is_scan_image(event.value):
            self.controls.follow_newest()
        images = [layer for layer in self._viewer.layers if _is_scan_image(layer)]
        names = [layer.name for layer in reversed(images)]
        visible = [layer.name for layer in reversed(images) if layer.visible]
        self.controls.set_channels(names, visible[0] if visible else None)
        if not images:
            self.outcome.say("Drop a scan here, or File > Open Sample > Corescout.", "empty")

    def _channel_chosen(self, name: str) -> None:
        layer = self.image_layer()
        if layer is None:
            return
        result = layer.metadata.get(shown.RESULT)
        if result is not None and result is not self._result and not self.running:
            self._take_result(result, add_layers=False)
        else:
            self._settle.start()

    def _start_preview(self) -> None:
        layer = self.image_layer()
        if layer is None or self.running:
            return
        if self._preview_job is not None:
            self._preview_wanted = True
            return
        try:
            plan = self.plan()
        except ValueError as error:
            self.controls.say_keypoints(str(error).splitlines()[-1], problem=True)
            return
        scan = self._scan_of(layer)
        self._preview_job = start_preview(scan, plan)
        self._timer.start()

    def _finish_preview(self, job: Job[Preview]) -> None:
        self._preview_job = None
        if self._preview_wanted:
            self._preview_wanted = False
            self._start_preview()
            return
        layer = self.image_layer()
        if layer is None:
            return
        if job.answer is None:
            self._preview = None
            self.controls.say_keypoints(str(job.error), problem=True)
            self.controls.say_doubts(())
            return
        self._preview = job.answer.keypoints
        self.controls.say_keypoints(f"{len(self._preview)} key points", problem=False)
        self.controls.say_doubts(job.answer.doubts)
        scan = self._scan_of(layer)
        self._show_layers([shown.keypoint_layer(scan, self._preview)])
        self._show_layers(
            [e for e in shown.empty_layers(scan) if not self._queue.holds(e[1]["name"])]
        )
        if self._result is None and not self.running:
            self.outcome.say("Press Explore: nothing runs before that.", "ready")

    def _edited_keypoints(self, layer: Any) -> Keypoints | None:
        """Key points that the operator moved, added or removed in the layer; None if none were."""
        if shown.KEYPOINTS not in self._viewer.layers or self._preview is None:
            return None
        places = np.asarray(self._viewer.layers[shown.KEYPOINTS].data, dtype=np.float64)
        if np.array_equal(places, self._preview.yx_px):
            return None
        return Keypoints(places, np.ones(len(places)), "drawn")

    def _scan_of(self, layer: Any) -> Scan:
        scan = layer.metadata.get(shown.SCAN)
        if isinstance(scan, Scan):
            return scan
        return Scan(
            uid=layer.name, channels={layer.name: np.asarray(layer.data)}, source=layer.name
        )

    # -- the run --------------------------------------------------------------------------

    def _poll(self) -> None:
        self._queue.show_next()
        preview = self._preview_job
        if preview is not None and not preview.running:
            self._finish_preview(preview)
        if self._explore_job is not None:
            self._poll_exploration(self._explore_job)
        if self._export_job is not None and not self._export_job.running:
            self._finish_export(self._export_job)
        if not self.busy:
            self._collections.resume()
            self._timer.stop()

    def _poll_exploration(self, job: Job[Result]) -> None:
        progress = job.take_progress()
        if progress is not None:
            self._progress = progress
            self.controls.show_progress(progress, stopping=job.stopping)
            self.outcome.candidates.add_trials(progress.trials)
        if not job.running:
            self._explore_job = None
            self.controls.show_running(False)
            self._finish_exploration(job)

    def _finish_exploration(self, job: Job[Result]) -> None:
        if job.answer is not None:
            self._take_result(job.answer, add_layers=True)
        elif isinstance(job.error, StoppedError):
            count = len(self._progress.trials) if self._progress else 0
            self.outcome.say(
                f"Stopped. {count} finished candidates are in the table; Explore starts again.",
                "ready",
            )
        elif isinstance(job.error, InputError):
            self._say_problem(str(job.error))
        else:
            self._say_problem(f"A bug: {type(job.error).__name__}: {job.error}. Please report it.")

    def _take_result(self, result: Result, *, add_layers: bool) -> None:
        self._result = result
        self._explored = (result.scan, result.keypoints)
        self.outcome.candidates.clear_trials()
        self.outcome.candidates.add_trials(result.trials)
        self.outcome.candidates.mark_winner(result.winner, result.trials)
        self.outcome.targets.set_targets(result.targets)
        self.outcome.show_result(result)
        self.controls.say_keypoints(f"{len(result.keypoints)} key points", problem=False)
        view = winner_view(result)
        if add_layers:
            self._show_layers(
                [
                    shown.keypoint_layer(result.scan, result.keypoints),
                    shown.core_layer(result.scan, view.core_yx_px, view.core),
                    *shown.target_layers(result.scan, result.targets),
                ]
            )
        self._plot(view)

    def _view_of(self, number: int) -> CandidateView | None:
        source: Result | Progress | None = self._result or self._progress
        if source is None or self._explored is None:
            return None
        trial = next((t for t in source.trials if t.number == number), None)
        scan, keypoints = self._explored
        if (
            self._result is not None
            and trial is not None
            and trial.candidate == self._result.winner
        ):
            return winner_view(self._result)
        if trial is None or number not in source.mixture_by_trial or keypoints is None:
            return None
        z, mixture = source.latents_by_trial[number], source.mixture_by_trial[number]
        if len(z) != len(keypoints):
            return None
        share = self.plan().decision.core_share
        return candidate_view(scan, keypoints, trial.candidate.window_px, z, mixture, share)

    def _show_view(self, view: CandidateView) -> None:
        self._plot(view)
        if self._explored is not None:
            scan = self._explored[0]
            self._show_layers([shown.core_layer(scan, view.core_yx_px, view.core)])

    def _plot(self, view: CandidateView) -> None:
        self.outcome.latent_plot.show_codes(view.z, view.mixture, view.type_of_component, view.core)

    def _clear_outcome(self) -> None:
        self._result, self._progress = None, None
        self.outcome.clear()
        if self._explored is not None:
            self._show_layers(shown.empty_layers(self._explored[0])[1:])

    def _show_layers(self, layers: list[shown.LayerData]) -> None:
        self._queue.put(layers)
        self._timer.start()

    def _finish_export(self, job: Job[Path]) -> None:
        self._export_job = None
        self.outcome.export_button.setText("Export run ...")
        self.outcome.export_button.setEnabled(True)
        if job.answer is not None:
            self.outcome.note.setText(f"Exported to {job.answer}")
        else:
            self.outcome.note.setText(f"Not exported: {job.error}")

    def _ask_folder(self, result: Result) -> Path | None:
        source = Path(result.scan.source or result.scan.uid)
        suggested = default_folder(source if source.exists() else Path.home() / source.name)
        chosen, _ = QFileDialog.getSaveFileName(self, "Export the run as a folder", str(suggested))
        return Path(chosen) if chosen else None

    def _say_problem(self, text: str) -> None:
        self.outcome.say(text, "problem")


class _StopAll:
    """Ends the work of a window that is gone; holds the jobs' owner weakly."""

    def __init__(self, explorer: Explorer) -> None:
        self._state = explorer.__dict__

    def __call__(self, *_: object) -> None:
        for name in ("_explore_job", "_preview_job", "_export_job"):
            job = self._state.get(name)
            if job is not None:
                job.stop()


def _is_scan_image(layer: Any) -> bool:
    return isinstance(layer, napari.layers.Image) and layer.ndim == 2 and not layer.rgb
