"""All patches on the scan, in the colours of the plot."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import HOVER_PX, TYPES, faded, shown_of, type_layer
from corescout.gui.canvas.layer_updates import find_layer, recolor
from corescout.gui.model.candidate_view import CandidateView
from corescout.gui.model.workspace import Workspace


class TypePoints:
    """Colours the layer of all patches, and finds the one under the mouse.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    """

    def __init__(self, workspace: Workspace, canvas: Canvas) -> None:
        self._workspace, self._canvas = workspace, canvas
        self._shown: tuple[CandidateView, NDArray[np.float64]] | None = None

    def show(self, view: CandidateView, colors: NDArray[np.float64]) -> None:
        """Colour the patches of a view (N, 4); those of hidden types are not shown."""
        self._shown = view, colors
        scan = view.scan
        if self._workspace.closed:
            return
        layer, visible = self._layer(), shown_of(view.types)
        colors = faded(colors, visible)
        if layer is None or not np.array_equal(layer.data, view.yx_px):
            self._canvas.show_layers([type_layer(scan, view.yx_px, colors, visible)])
            return
        recolor(layer, colors)
        if not np.array_equal(layer.shown, visible):
            layer.shown = visible

    def show_again(self) -> None:
        """Put back what was deleted or moved: key points are edited in step 2."""
        if self._shown is not None:
            self.show(*self._shown)

    def row_at(self, position: tuple[float, ...]) -> int | None:
        """Return the patch at a place in the viewer's world: -1 for none, None if none is shown."""
        view, layer = self._workspace.view, self._layer()
        if view is None or layer is None or not layer.visible or len(position) < 2:
            return None
        place = np.asarray(layer.world_to_data(position[-2:]))
        apart = np.hypot(*(view.yx_px - place).T)
        apart[~shown_of(view.types)] = np.inf  # what is hidden is not pointed at
        nearest = int(apart.argmin())
        return nearest if apart[nearest] <= HOVER_PX else -1

    def _layer(self) -> Any | None:
        return find_layer(self._canvas.viewer, TYPES)
