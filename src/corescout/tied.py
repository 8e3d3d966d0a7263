"""What was measured at places, tied to the nearest key points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, ScanFrame
from corescout.plan_groups import MeasuredPlan

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
    measured: MeasuredPlan | None, frame: ScanFrame | None, yx_px: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the value (N,) of each key point: the first that is tied to it, else NaN.

    Parameters
    ----------
    measured : MeasuredPlan or None
        None: nothing was measured, and None is returned.
    frame : ScanFrame or None
    yx_px : (N, 2)
        Key points on the scan's own pixels.

    Raises
    ------
    InputError
        If the scan has no scale.
    """
    if measured is None:
        return None
    if frame is None:
        raise InputError(
            "a scan with a scale for what was measured", "one without", "give --pixel-size"
        )
    radius_m = RADIUS_PX * min(frame.pitch_m)
    rows = tied_rows(np.array(measured.xy_m), frame.to_m(yx_px), radius_m)
    found, tied = np.full(len(yx_px), np.nan), rows >= 0
    found[rows[tied][::-1]] = np.array(measured.value)[tied][::-1]
    return found


def tied_words(measured: MeasuredPlan | None, found: NDArray[np.float64] | None) -> tuple[str, ...]:
    """Say how many values are at key points; nothing where nothing was measured."""
    if measured is None or found is None:
        return ()
    count = int(np.isfinite(found).sum())
    return (f"{count} of {len(measured.value)} values of {measured.name} are at key points",)
