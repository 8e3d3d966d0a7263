"""Where a scan lies in napari's world: micrometres, Y of the instrument turned to point down."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan

GEOMETRY = ("scale", "translate", "rotate", "units", "axis_labels")


def geometry(scan: Scan) -> dict[str, Any]:
    """Return scale, translate, rotate, units and axis labels of a layer on a scan's pixels.

    World coordinates are (-Y, X) in micrometres, so that a zoom lies on its survey and row 0 is up;
    pixels without a scale.
    """
    if scan.frame is None:
        return {"scale": (1.0, 1.0), "translate": (0.0, 0.0), "rotate": 0.0,
                "units": ("pixel", "pixel"), "axis_labels": ("y", "x")}  # fmt: skip
    pitch_x, pitch_y = scan.frame.pitch_m
    x_m, y_m = scan.frame.to_m((0.0, 0.0))
    return {
        "scale": (pitch_y * 1e6, pitch_x * 1e6),
        "translate": (-float(y_m) * 1e6, float(x_m) * 1e6),
        "rotate": -math.degrees(scan.frame.angle_rad),
        "units": ("um", "um"),
        "axis_labels": ("y", "x"),
    }


def readout(scan: Scan, yx_px: NDArray[np.float64]) -> str:
    """Say a place in the instrument's coordinates (X right, Y up) and in pixels."""
    y, x = float(yx_px[0]), float(yx_px[1])
    pixels = f"column {x:.1f}, row {y:.1f}"
    if scan.frame is None:
        return pixels
    x_m, y_m = scan.frame.to_m((y, x))
    return f"X {x_m * 1e6:+.4f} µm, Y {y_m * 1e6:+.4f} µm ({pixels})"
