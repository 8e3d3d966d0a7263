"""What was measured at places, tied to the nearest key points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RADIUS_PX = 3.0  # from a key point to a place that is tied to it, where no radius is given


def tied_rows(
    places: NDArray[np.float64], key_points: NDArray[np.float64], radius: float
) -> NDArray[np.int64]:
    """Return the nearest key point (M,) of each place (M, 2), -1 where none lies within a radius.

    Parameters
    ----------
    places, key_points : (M, 2), (N, 2)
        In one unit; a place that is not finite is tied to nothing.
    """
    from scipy.spatial import cKDTree

    rows = np.full(len(places), -1, dtype=np.int64)
    there = np.isfinite(places).all(axis=1)
    if there.any() and len(key_points):
        apart, nearest = cKDTree(key_points).query(places[there])
        rows[there] = np.where(apart <= radius, nearest, -1)
    return rows


def values_at(
    places: NDArray[np.float64], values: NDArray[np.float64], key_points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the value (N,) of each key point (N, 2): the first that is tied to it, else NaN.

    Parameters
    ----------
    places, values : (M, 2), (M,)
        Places in pixels of the key points.
    """
    rows = tied_rows(places, key_points, RADIUS_PX)
    found, tied = np.full(len(key_points), np.nan), rows >= 0
    found[rows[tied][::-1]] = values[tied][::-1]
    return found
