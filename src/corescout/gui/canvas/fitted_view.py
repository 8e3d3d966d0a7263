"""The view of the scan that was fitted stays fitted as the canvas becomes larger or smaller."""

from __future__ import annotations

from typing import Any

import numpy as np

from corescout.gui.canvas.connections import Connections

_SAME = 5e-3  # of a zoom, or of what is seen: a turn of the wheel or a drag is more


class FittedView:
    """Fits a layer to the canvas, again where the canvas changes, until a person moves the view.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
    connections : Connections
    """

    def __init__(self, viewer: Any, connections: Connections) -> None:
        self._viewer = viewer
        self._layer: Any | None = None
        self._left: tuple[Any, float] | None = None  # centre and zoom that the last fit left
        connections.connect(viewer.canvas.events.size, self._canvas_changed)

    def fit(self, layer: Any) -> None:
        """Look at the whole of a layer."""
        self._viewer.reset_view(layers=[layer])
        camera = self._viewer.scene.camera
        self._layer, self._left = layer, (np.array(camera.center), camera.zoom)

    def _canvas_changed(self, event: object = None) -> None:
        layer = self._layer
        if layer is not None and layer in self._viewer.layers and self._as_left():
            self.fit(layer)

    def _as_left(self) -> bool:
        """Whether the view is as the last fit left it."""
        if self._left is None:
            return False
        (center, zoom), camera = self._left, self._viewer.scene.camera
        seen = min(self._viewer.canvas.size) / zoom
        moved = np.abs(np.array(camera.center) - center).max()
        return bool(moved < _SAME * seen and abs(camera.zoom / zoom - 1) < _SAME)
