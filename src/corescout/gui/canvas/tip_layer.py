"""Where the tip is, on the scan."""

from __future__ import annotations

from typing import Any

import numpy as np

from corescout.data import Result
from corescout.gui.canvas.layer_data import OURS
from corescout.gui.canvas.layer_queue import raise_over_scans
from corescout.gui.canvas.layer_updates import find_layer
from corescout.instruments import Limits

TIP = "tip"
_SHARE = 0.05  # of the view's smaller side
_COLOR = "#FF1744"


def view_size_m(result: Result | None, limits: Limits | None) -> float:
    """Return the side of what is looked at: of the result's scan, else of what may be scanned."""
    frame = result.scan.frame if result is not None else None
    if frame is None and limits is not None:
        (low, high) = limits.x_m
        return high - low
    return 1e-6 if frame is None else min(frame.size_m)


class TipLayer:
    """A cross of ours; added when the tip's place is first known.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._at_m: tuple[float, float] | None = None

    def show(self, at_m: tuple[float, float] | None, size_m: float) -> None:
        """Move the cross to a place of the instrument; nothing where it is not known.

        Parameters
        ----------
        at_m : tuple of float or None
            (x, y).
        size_m : float
            Side of what is looked at: the cross is a twentieth of it.
        """
        if at_m is None or at_m == self._at_m:
            return
        layer = find_layer(self._viewer, TIP)
        place = np.array([[-at_m[1] * 1e6, at_m[0] * 1e6]])  # world: (-Y, X) in micrometres
        if layer is None:
            if self._at_m is not None:  # the operator removed it
                return
            self._add(place, _SHARE * size_m * 1e6)
        else:
            layer.data = place
            raise_over_scans(self._viewer, layer)
        self._at_m = at_m

    def remove(self) -> None:
        """Take it away."""
        layer = find_layer(self._viewer, TIP)
        if layer is not None:
            self._viewer.layers.remove(layer)
        self._at_m = None

    def _add(self, place: Any, size: float) -> None:
        selected = self._viewer.layers.selection.active
        self._viewer.add_points(
            place, name=TIP, metadata={OURS: TIP}, symbol="cross", size=size, face_color=_COLOR,
            border_width=0.0, scale=(1.0, 1.0), units=("um", "um"), axis_labels=("y", "x"),
            opacity=0.9,
        )  # fmt: skip
        if selected is not None and selected in self._viewer.layers:
            self._viewer.layers.selection.active = selected
