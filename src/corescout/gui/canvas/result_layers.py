"""The result on the scan: core points, route and targets follow the workspace."""

from __future__ import annotations

from corescout.data import Result, Scan, Target
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import (
    CORE,
    ROUTE,
    SELECTED,
    TARGETS,
    TYPES,
    core_layer,
    empty_layers,
    found_layers,
    target_layers,
)
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.model.candidate_view import CandidateView
from corescout.gui.model.workspace import Workspace

OF_RESULT = (TYPES, ROUTE, CORE, TARGETS, SELECTED)


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
        workspace.chosen_changed.connect(self._hide_elsewhere)
        self._hidden: set[str] = set()  # layers that lie on another scan than the chosen one

    def _hide_elsewhere(self, *_: object) -> None:
        """Show our layers with the scan that they lie on, and with no other."""
        chosen, view = self._workspace.chosen, self._workspace.view
        here = chosen is None or view is None or view.scan.uid == chosen.scan.uid
        for name in OF_RESULT:
            layer = find_layer(self._canvas.viewer, name)
            if layer is None:
                continue
            if not here and layer.visible:
                layer.visible = False
                self._hidden.add(name)
            elif here and name in self._hidden:
                layer.visible = True
                self._hidden.discard(name)

    def _show_result(self, result: Result | None) -> None:
        workspace = self._workspace
        self._view = workspace.view
        if result is not None and not workspace.drawn:
            self._canvas.show_layers(found_layers(result, workspace.targets.ordered))
        elif result is None and self._scan is not None:
            self._canvas.show_layers(empty_layers(self._scan)[1:])
        self._scan = result.scan if result is not None else None

    def _show_view(self, view: CandidateView | None) -> None:
        self._hide_elsewhere()
        if view is not None and view is not self._view:
            self._view = view
            self._canvas.show_layers(
                [core_layer(view.scan, view.core_yx_px, view.core, view.types)]
            )

    def _show_targets(self, ordered: tuple[Target, ...]) -> None:
        result = self._workspace.result
        if result is not None:
            states = self._workspace.targets.state_of
            layers = target_layers(result.scan, ordered, states, result.types)
            self._canvas.show_layers(layers)

    def _show_at_once(self, result: Result) -> None:
        self._canvas.queue.show_present()
