"""Levelling and cleaning of a channel before it is analysed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan
from corescout.plan import CleaningPlan

_SCAR_SIGMAS = 4.0  # a line this far off both neighbours is a scar


def clean_channel(scan: Scan, name: str, plan: CleaningPlan) -> NDArray[np.float32]:
    """Return a channel (H, W), levelled and cleaned as the plan says and its role suggests.

    Raises
    ------
    InputError
        If the scan has no channel of that name.
    """
    return clean(np.asarray(scan.channel(name)), plan, scan.roles.get(name, ""))


def clean(image: NDArray[np.floating], plan: CleaningPlan, role: str = "") -> NDArray[np.float32]:
    """Apply what the plan asks for to an image (H, W) of a role; NaN stays NaN."""
    by_default = role == "topography"
    asked = (
        (plan.scars, remove_scars),
        (plan.row_median, subtract_row_median),
        (plan.plane, subtract_plane),
    )
    steps = [step for wanted, step in asked if (by_default if wanted is None else wanted)]
    if not steps:
        return np.asarray(image, dtype=np.float32)
    result = np.asarray(image, dtype=np.float64)
    for step in steps:
        result = step(result)
    return result.astype(np.float32)


def subtract_plane(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the least-squares plane through the known pixels; the mean becomes 0."""
    y, x = np.indices(image.shape)
    terms = np.column_stack([np.ones(image.size), y.ravel(), x.ravel()])
    known = np.isfinite(image).ravel()
    fit, *_ = np.linalg.lstsq(terms[known], image.ravel()[known], rcond=None)
    return np.asarray(image - (terms @ fit).reshape(image.shape))


def subtract_row_median(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set the median of every row to the median of the image: removes steps between lines."""
    known_rows = np.isfinite(image).any(axis=1)
    result = image.copy()
    medians = np.nanmedian(image[known_rows], axis=1, keepdims=True)
    result[known_rows] += np.nanmedian(image) - medians
    return result


def remove_scars(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace runs of a row that stand out from both neighbouring rows by their mean."""
    from scipy.ndimage import uniform_filter1d

    above, below = np.roll(image, 1, axis=0), np.roll(image, -1, axis=0)
    above[0], below[-1] = below[0], above[-1]
    middle = 0.5 * (above + below)
    off = image - middle
    spread = 1.4826 * np.nanmedian(np.abs(off - np.nanmedian(off)))
    smooth = uniform_filter1d(np.nan_to_num(off), 9, axis=1)
    scar = (np.abs(smooth) > _SCAR_SIGMAS * spread) & (np.abs(above - below) < np.abs(off))
    return np.where(scar & np.isfinite(middle), middle, image)
