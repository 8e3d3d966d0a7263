"""Key points along a path drawn by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints


def along_path(yx_px: NDArray[np.float64], spacing_px: float) -> Keypoints:
    """Resample a polyline (n, 2) at even steps of about the spacing, both ends included."""
    steps = np.hypot(*np.diff(yx_px, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(1, round(along[-1] / spacing_px)) + 1
    at = np.linspace(0, along[-1], count)
    points = np.column_stack([np.interp(at, along, yx_px[:, axis]) for axis in (0, 1)])
    return Keypoints(points, np.ones(len(points)), "drawn")
