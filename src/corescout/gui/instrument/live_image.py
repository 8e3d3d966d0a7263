"""The scan that is under way, row by row, in one image layer that is written in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from corescout.data import Scan
from corescout.gui.layers import LIVE, OURS, SCAN, find_layer
from corescout.gui.placement import GEOMETRY, geometry
from corescout.report.drawing import scaled_unit


class LiveImage:
    """One layer for all scans that come: a new one is written over the last.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._factor, self._uid = 1.0, ""

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
            self.remove()
            self._add(scan, filled, limits)
            return
        layer.data[...] = filled
        layer.refresh(extent=False, thumbnail=False, highlight=False)
        if not np.allclose(layer.contrast_limits, limits, rtol=0.02):
            layer.contrast_limits = limits
        for key, value in geometry(scan).items():
            if key in GEOMETRY and scan.uid != layer.metadata[SCAN].uid:
                setattr(layer, key, value)
        layer.metadata[SCAN] = scan

    def remove(self) -> None:
        """Take the layer away."""
        layer = self.layer
        if layer is not None:
            self._viewer.layers.remove(layer)

    def _add(self, scan: Scan, values: Any, limits: tuple[float, float]) -> None:
        selected = self._viewer.layers.selection.active
        above = self._viewer.layers
        images = [i for i, layer in enumerate(above) if layer.metadata.get(SCAN) is not None]
        added = self._viewer.add_image(
            values, name="scan under way", colormap="gray", contrast_limits=limits,
            metadata={OURS: LIVE, SCAN: scan}, **geometry(scan),
        )  # fmt: skip
        place = above.index(added)
        target = max(images, default=-1) + 1
        if target < place:  # over the other scans, under key points and targets
            above.move(place, target)
        if selected is not None and selected in above:
            above.selection.active = selected
