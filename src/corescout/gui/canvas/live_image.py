"""The scan that is under way, row by row, in one image layer that is written in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from corescout.data import Result, Scan, ScanFrame
from corescout.gui.canvas.layer_data import CHANNEL, LIVE, OURS, RESULT, SCAN
from corescout.gui.canvas.layer_updates import find_layer, place_layer
from corescout.gui.canvas.placement import geometry
from corescout.report.drawing import scaled_unit

_LARGER = 1.3  # ratio of sides from which on a frame is looked at as a whole


class LiveImage:
    """One layer for all scans that come: a new one is written over the last.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._factor, self._uid = 1.0, ""
        self._frame: ScanFrame | None = None

    @property
    def layer(self) -> Any | None:
        """The layer; None before the first row and after it was removed."""
        return find_layer(self._viewer, LIVE)

    def show(self, scan: Scan, channel: str | None = None) -> None:
        """Show a scan, whole or with the rows that came so far."""
        name = channel if channel and channel in scan.channels else scan.default_channel
        values = np.asarray(scan.channel(name), dtype=np.float32)
        seen = values[np.isfinite(values)]
        if seen.size == 0:
            return
        if scan.uid != self._uid:
            self._factor, _ = scaled_unit(seen, scan.units[name])
            self._uid = scan.uid
        low, high = np.percentile(seen[:: max(1, seen.size // 20_000)] / self._factor, [1, 99])
        limits = (float(low), float(max(high, low + 1e-30)))
        filled = values / np.float32(self._factor)  # what has not come is NaN: the last scan shows
        layer = self.layer
        if layer is None or layer.data.shape != filled.shape:
            before = self._frame if layer is not None else None
            self.remove()
            self._add(scan, filled, limits)
            if before is None:
                self._viewer.reset_view()
            else:
                self._frame = before
                self._follow(scan.frame)
                self._frame = scan.frame
            return
        layer.data[...] = filled
        if scan.frame != self._frame:
            place_layer(layer, geometry(scan))
            self._follow(scan.frame)
            self._frame = scan.frame
        if not np.allclose(layer.contrast_limits, limits, rtol=0.02):
            layer.contrast_limits = limits
        layer.refresh(extent=False, thumbnail=False, highlight=False)

    def keep(self, scan: Scan, result: Result) -> None:
        """The scan that is shown is whole and analysed: it may be explored and looked into."""
        layer = self.layer
        if layer is not None:
            layer.metadata.update({SCAN: scan, RESULT: result, CHANNEL: result.channels[0]})

    def remove(self) -> None:
        """Take the layer away."""
        layer = self.layer
        if layer is not None:
            self._viewer.layers.remove(layer)

    def _follow(self, frame: ScanFrame | None) -> None:
        """Look at a frame that lies elsewhere or is much larger than the last; zooms stay in it."""
        before = self._frame
        if frame is None or before is None:
            return
        larger = max(frame.size_m) / max(before.size_m)
        inside = bool(before.contains_m(np.array([frame.center_m]))[0])
        if inside and larger < _LARGER:
            return
        x_m, y_m = frame.center_m
        self._viewer.scene.camera.center = (-y_m * 1e6, x_m * 1e6)
        self._viewer.scene.camera.zoom = self._viewer.scene.camera.zoom / larger

    def _add(self, scan: Scan, values: Any, limits: tuple[float, float]) -> None:
        self._frame = scan.frame
        selected = self._viewer.layers.selection.active
        above = self._viewer.layers
        images = [i for i, layer in enumerate(above) if layer.metadata.get(SCAN) is not None]
        added = self._viewer.add_image(
            values, name="live scan", colormap="gray", contrast_limits=limits,
            metadata={OURS: LIVE}, **geometry(scan),
        )  # fmt: skip
        place = above.index(added)
        target = max(images, default=-1) + 1
        if target < place:  # over the other scans, under key points and targets
            above.move(place, target)
        if selected is not None and selected in above:
            above.selection.active = selected
