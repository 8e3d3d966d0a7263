"""Where on a pattern a wall pixel lies: on an edge, at a tip, or at a junction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_dilation,
    convolve,
    distance_transform_edt,
    gaussian_filter,
    maximum_filter,
)

PLACES = ("edge", "tip", "junction")  # numbered from 1
_THIN_PX = 4.5  # a domain of at most twice this width has tips and forks; a broader one has bends
_AWAY_PX = 13  # side of the neighbourhood in which a domain must be thin
_REACH_PX = 2.0  # beyond the half-width of the domain


def places_of(response: NDArray[np.float64], wall: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Number the place of every wall pixel, 0 elsewhere.

    The centre lines of all thin domains are followed: where one ends is a tip, where it forks a
    junction, as is every place where three responses meet.

    Parameters
    ----------
    response : (H, W)
        Constant inside a domain.
    wall : (H, W)
    """
    levels = np.unique(response)
    half_widths = [_half_width(response == level) for level in levels]
    found = [_ends_and_forks(half_width) for half_width in half_widths]
    tips, forks = np.zeros(wall.shape, bool), np.zeros(wall.shape, bool)
    for (ends, _), half_width in zip(found, half_widths, strict=True):
        tips |= _around(ends, half_width, _REACH_PX)
    for (_, branches), half_width in zip(found, half_widths, strict=True):
        # The matrix forks around every tip: that is the tip's place.
        at_tip = binary_dilation(tips, iterations=3)[tuple(branches.T)]
        forks |= _around(branches[~at_tip], half_width, _REACH_PX)
    place = np.where(tips, 2, np.where(forks, 3, 1))
    place[_meetings(response, levels)] = 3
    return np.where(wall, place, 0).astype(np.uint8)


def _meetings(response: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Around the pixels whose 3 x 3 neighbourhood holds three responses."""
    count = np.zeros(response.shape, int)
    for level in levels:
        count += maximum_filter(response == level, 3)
    return np.asarray(binary_dilation(count >= 3, iterations=3))


def _half_width(domain: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance (H, W) to the outline of a domain, its steps of pixels smoothed; 0 outside."""
    return np.asarray(distance_transform_edt(gaussian_filter(domain.astype(float), 0.7) > 0.5))


def _ends_and_forks(
    half_width: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the centre lines of thin domains end, and where they fork."""
    from skimage.morphology import skeletonize

    line = skeletonize(half_width > 0)
    neighbours = convolve(line.astype(int), np.ones((3, 3), int), mode="constant") - line
    # The centre line of a broad domain runs into its corners: these are no tips.
    thin = line & (maximum_filter(np.where(line, half_width, 0), _AWAY_PX) <= _THIN_PX)
    ends = _inner(np.argwhere(thin & (neighbours == 1)), line.shape)
    forks = np.argwhere(thin & (neighbours >= 3))
    return _without_spurs(ends, forks, half_width)


def _inner(yx: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Leave out places at the edge of the map: a domain that goes on beyond has no end there."""
    limit = np.array(shape) - 1
    return yx[((yx > 1) & (yx < limit - 1)).all(axis=1)]


def _without_spurs(
    ends: NDArray[np.int64], forks: NDArray[np.int64], half_width: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Leave out ends within a domain's width of a fork, and such forks: bumps of the outline."""
    if len(ends) == 0 or len(forks) == 0:
        return ends, forks
    apart = np.linalg.norm(ends[:, None] - forks[None], axis=2)
    near = apart <= 1.5 * half_width[tuple(forks.T)] + 1.5
    return ends[~near.any(axis=1)], forks[~near.any(axis=0)]


def _around(
    yx: NDArray[np.int64], half_width: NDArray[np.float64], reach_px: float
) -> NDArray[np.bool_]:
    """Pixels within the half-width of the domain at places (n, 2), and a reach beyond."""
    marked = np.zeros(half_width.shape, bool)
    if len(yx) == 0:
        return marked
    marked[tuple(yx.T)] = True
    distance, nearest = distance_transform_edt(~marked, return_indices=True)
    return np.asarray(distance <= half_width[tuple(nearest)] + reach_px)
