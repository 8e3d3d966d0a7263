"""The windows that are tried, as squares at their true size on the scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan
from corescout.gui.canvas.layer_data import PATCHES, outline_layer
from corescout.gui.canvas.layer_updates import find_layer, place_layer
from corescout.gui.canvas.placement import geometry
from corescout.square_grid import square_grid

_COLOR, _CHOSEN = "#F0E442", "#FFFFFF"


def squares(scan: Scan, windows_px: tuple[int, ...], at_px: NDArray[np.float64]) -> list[Any]:
    """Return the corners (4, 2) of each window around a place, in pixels of the scan.

    Windows count in square pixels; on a scan with others they are rectangles of its pixels.
    """
    step = np.asarray(square_grid(scan.shape_px, scan.frame).step_px)
    unit = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [0.5, -0.5]])
    return [np.asarray(at_px) + unit * window * step for window in windows_px]


def show_outlines(
    viewer: Any,
    scan: Scan,
    windows_px: tuple[int, ...],
    at_px: NDArray[np.float64],
    chosen_px: int | None,
) -> None:
    """Draw the windows around a place, the chosen one in white."""
    layer = find_layer(viewer, PATCHES)
    if layer is None:
        data, options, _ = outline_layer(scan, PATCHES)
        active = viewer.layers.selection.active
        layer = viewer.add_shapes(data, **options)
        layer.editable = False
        if active is not None:
            viewer.layers.selection.active = active
    place_layer(layer, geometry(scan))
    layer.data = []
    colors = [_CHOSEN if window == chosen_px else _COLOR for window in windows_px]
    layer.add(
        squares(scan, windows_px, at_px),
        shape_type="polygon",
        edge_color=colors,
        face_color="#00000000",
        edge_width=0.4,
    )
    layer.visible = True


def hide_outlines(viewer: Any) -> None:
    """Hide the windows."""
    layer = find_layer(viewer, PATCHES)
    if layer is not None:
        layer.visible = False


def window_words(windows_px: tuple[int, ...], pitch_m: float | None, *, in_px: bool = False) -> str:
    """Say windows in nm: "55, 71, 102 nm", with pixels too if asked; empty without a scale."""
    if not pitch_m:
        return ""
    words = ", ".join(f"{w * pitch_m * 1e9:.0f}" for w in windows_px) + " nm"
    if not in_px:
        return words
    pixels = ",\N{NO-BREAK SPACE}".join(map(str, windows_px))
    return f"{words} ({pixels}\N{NO-BREAK SPACE}px)"
