"""The result on the scan: core points, route and targets follow the workspace."""

from __future__ import annotations

from corescout.data import Result, Scan, Target
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import core_layer, empty_layers, found_layers, target_layers
from corescout.gui.model.candidate_view import CandidateView
from corescout.gui.model.workspace import Workspace


class ResultLayers:
    """Shows what was found, the candidate that is looked at, and the edits.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    """

    def __init__(self, workspace: Workspace, canvas: Canvas) -> None:
        self._workspace, self._canvas = workspace, canvas
        self._view: CandidateView | None = None  # that is on the scan
        self._scan: Scan | None = None  # whose result is on it
        workspace.result_changed.connect(self._show_result)
        workspace.view_changed.connect(self._show_view)
        workspace.targets_edited.connect(self._show_targets)
        workspace.result_edited.connect(self._show_at_once)

    def _show_result(self, result: Result | None) -> None:
        workspace = self._workspace
        self._view = workspace.view
        if result is not None and not workspace.drawn:
            self._canvas.show_layers(found_layers(result, workspace.targets.ordered))
        elif result is None and self._scan is not None:
            self._canvas.show_layers(empty_layers(self._scan)[1:])
        self._scan = result.scan if result is not None else None

    def _show_view(self, view: CandidateView | None) -> None:
        if view is not None and view is not self._view:
            self._view = view
            self._canvas.show_layers([core_layer(view.scan, view.core_yx_px, view.core, view.types)])

    def _show_targets(self, ordered: tuple[Target, ...]) -> None:
        result = self._workspace.result
        if result is not None:
            states = self._workspace.targets.state_of
            layers = target_layers(result.scan, ordered, states, result.types)
            self._canvas.show_layers(layers)

    def _show_at_once(self, result: Result) -> None:
        self._canvas.queue.show_present()
