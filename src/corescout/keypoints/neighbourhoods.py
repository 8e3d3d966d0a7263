"""Extremes over small squares of pixels and percentiles, in a few passes over the whole image.

What `scipy.ndimage` and `numpy.percentile` give, from shifted copies and one partition: they take
several times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HALF = 0.5
_Combine = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]


def smallest_around(image: NDArray[Any], size_px: int) -> NDArray[Any]:
    """Return the least (H, W) of a square of an odd side around each pixel, within the image."""
    top = np.inf if image.dtype.kind == "f" else True
    return _over_squares(_padded(image, size_px // 2, top), size_px, np.minimum)


def largest_around(image: NDArray[np.bool_], size_px: int) -> NDArray[np.bool_]:
    """Return whether any pixel (H, W) of a square of an odd side around each one is set."""
    return _over_squares(_padded(image, size_px // 2, False), size_px, np.logical_or)


def opened(image: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where (H, W) a square of 3 pixels that is all set lies on the pixel."""
    eroded = _over_squares(_padded(image, 1, False), 3, np.logical_and)
    return largest_around(eroded, 3)


def percentile(values: NDArray[np.floating], percent: float, *, double: bool = False) -> float:
    """Return `np.percentile` of all values, between two of them in their precision or double.

    numpy seeks two of them at once, which takes ten times as long as one and the least above it.
    """
    flat = values.ravel()
    place = (flat.size - 1) * (percent / 100)
    first = int(place)
    ordered = np.partition(flat, first)
    low, above = ordered[first], ordered[first + 1 :]
    high = above.min() if above.size else low
    if double:
        low, high = np.float64(low), np.float64(high)
    share, step = place - first, high - low
    return float(low + step * share if share < _HALF else high - step * (1 - share))


def _padded(image: NDArray[Any], pad: int, value: Any) -> NDArray[Any]:
    height, width = image.shape
    out = np.full((height + 2 * pad, width + 2 * pad), value, image.dtype)
    out[pad : pad + height, pad : pad + width] = image
    return out


def _over_squares(padded: NDArray[Any], size: int, combine: _Combine) -> NDArray[Any]:
    """Combine squares that begin at each pixel: rows, then columns."""
    return _over_runs(_over_runs(padded, size, combine, axis=0), size, combine, axis=1)


def _over_runs(image: NDArray[Any], size: int, combine: _Combine, axis: int) -> NDArray[Any]:
    """Combine runs of so many pixels from each one on, by runs of 1, 2, 4 and so on of them."""

    def part(run: NDArray[Any], first: int, end: int | None) -> NDArray[Any]:
        return run[first:end] if axis == 0 else run[:, first:end]

    run, length, covered, done = image, 1, 0, None
    n_out = image.shape[axis] - size + 1
    while covered < size:
        if size & length:
            here = part(run, covered, covered + n_out)
            done = here if done is None else combine(done, here)
            covered += length
        if covered < size:
            run = combine(part(run, 0, run.shape[axis] - length), part(run, length, None))
            length *= 2
    assert done is not None
    return done
