"""Lines of walls as a graph: where they meet and end, and the smooth paths between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SPUR_PX = 5  # shorter branches with a free end are bumps of the outline
_EDGE_PX = 3  # a line that ends so close to the edge goes on beyond
_SMOOTH_PX = 2.0  # of the way along a path: the steps of the pixels are no curvature
_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # once round


@dataclass(frozen=True, eq=False)
class WallLines:
    """Walls as thin lines of pixels.

    Attributes
    ----------
    yx_px : (P, 2)
        Smoothed places of the pixels of all paths.
    path : (P,) int64
        Number of the path each is of.
    way_px : (P,)
        Way along its path from the path's start; pixels of a path stand in this order.
    length_px : (P,)
        Length of wall that the pixel stands for.
    direction_rad : (P,)
        Of the path, in [0, pi), counter-clockwise as shown.
    junctions_yx, tips_yx : (J, 2), (T, 2)
        Places where three walls or more meet, and where one ends inside the scan.
    """

    yx_px: NDArray[np.float64]
    path: NDArray[np.int64]
    way_px: NDArray[np.float64]
    length_px: NDArray[np.float64]
    direction_rad: NDArray[np.float64]
    junctions_yx: NDArray[np.float64]
    tips_yx: NDArray[np.float64]


def wall_lines(lines_yx: NDArray[np.float64], known: NDArray[np.bool_]) -> WallLines:
    """Trace the pixels (P, 2) of lines.

    A junction is a pixel whose ring of eight neighbours changes from off to on three times or
    more (the crossing number; Rutovitz, 1966), a tip a pixel with one neighbour. Spurs shorter
    than 5 px are taken off first.

    Parameters
    ----------
    known : (H, W)
        False where the scan is missing: a line that ends there is no tip.
    """
    from scipy.ndimage import binary_erosion
    from skimage.morphology import skeletonize

    mask = np.zeros(known.shape, bool)
    if len(lines_yx):
        mask[tuple(np.rint(lines_yx).astype(int).T)] = True
    mask = _without_spurs(skeletonize(mask))
    branches, junctions = _branches(mask)
    inside = binary_erosion(known, iterations=_EDGE_PX, border_value=0)
    ends = [b[i] for b, closed in branches if not closed for i in (0, -1)]
    ends_yx = np.array(ends, dtype=np.int64).reshape(-1, 2)
    free = inside[tuple(ends_yx.T)] & (_neighbours(mask)[tuple(ends_yx.T)] <= 1)
    parts = [_smooth(path, closed) for path, closed in branches if len(path) > 1]
    numbers = [np.full(len(p[0]), i) for i, p in enumerate(parts)]
    if not parts:
        nothing = np.zeros(0)
        parts = [(np.zeros((0, 2)), nothing, nothing, nothing)]
        numbers = [np.zeros(0, np.int64)]
    yx, way, length, direction = (np.concatenate(a) for a in zip(*parts, strict=True))
    return WallLines(
        yx, np.concatenate(numbers), way, length, direction,
        junctions, ends_yx[free].astype(np.float64),
    )  # fmt: skip


def _neighbours(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    from scipy.ndimage import convolve

    ring = np.ones((3, 3), int)
    ring[1, 1] = 0
    return np.asarray(convolve(mask.astype(int), ring, mode="constant"))


def _forks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels whose crossing number is three or more."""
    padded = np.pad(mask, 1).astype(int)
    height, width = mask.shape
    ring = [padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in _AROUND]
    turns = sum((a == 0) & (b == 1) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
    return mask & (np.asarray(turns) >= 3)


def _without_spurs(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import binary_dilation, label

    square = np.ones((3, 3), bool)
    forks = binary_dilation(_forks(mask), square)
    pieces, count = label(mask & ~forks, square)
    if count == 0:
        return mask
    size = np.bincount(pieces.ravel())
    free = np.zeros(count + 1, bool)
    free[np.unique(pieces[mask & (_neighbours(mask) == 1)])] = True
    near = np.zeros(count + 1, bool)
    near[np.unique(pieces[binary_dilation(forks & mask, square) & (pieces > 0)])] = True
    spur = free & near & (size < _SPUR_PX)
    spur[0] = False
    from skimage.morphology import skeletonize

    return np.asarray(skeletonize(mask & ~spur[pieces]))


def _branches(
    mask: NDArray[np.bool_],
) -> tuple[list[tuple[NDArray[np.int64], bool]], NDArray[np.float64]]:
    """Pixels (n, 2) of each path in their order, whether it is closed; and the junctions."""
    from scipy.ndimage import binary_dilation, center_of_mass, find_objects, label

    square = np.ones((3, 3), bool)
    forks = _forks(mask)
    around = binary_dilation(forks, square)
    groups, n_groups = label(around, square)
    junctions = np.array(center_of_mass(around, groups, range(1, n_groups + 1))).reshape(-1, 2)
    pieces, _ = label(mask & ~around, square)
    paths = []
    for number, box in enumerate(find_objects(pieces), start=1):
        corner = np.array([box[0].start, box[1].start])
        own = np.argwhere(pieces[box] == number) + corner
        paths.append(_ordered(own))
    return paths, junctions


def _ordered(yx: NDArray[np.int64]) -> tuple[NDArray[np.int64], bool]:
    """Walk along the pixels (n, 2) of one path from an end; a ring begins anywhere."""
    left = {(int(y), int(x)) for y, x in yx}

    def beside(y: int, x: int) -> list[tuple[int, int]]:
        found = [(y + dy, x + dx) for dy, dx in _AROUND if (y + dy, x + dx) in left]
        return sorted(found, key=lambda p: abs(p[0] - y) + abs(p[1] - x))  # along before across

    ends = [p for p in sorted(left) if len(beside(*p)) == 1]
    here = ends[0] if ends else min(left)
    closed = not ends and len(left) > 2
    way = [here]
    left.discard(here)
    while following := beside(*here):
        here = following[0]
        left.discard(here)
        way.append(here)
    return np.array(way, dtype=np.int64), closed


def _smooth(
    path: NDArray[np.int64], closed: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Smoothed places, way, length and direction of the pixels of a path."""
    from scipy.ndimage import gaussian_filter1d

    yx = path.astype(np.float64)
    if closed:
        yx = gaussian_filter1d(yx, _SMOOTH_PX, axis=0, mode="wrap")
    else:  # odd reflection: the ends stay where they are, and a straight line stays straight
        pad = min(len(yx) - 1, int(4 * _SMOOTH_PX))
        before, after = 2 * yx[0] - yx[pad:0:-1], 2 * yx[-1] - yx[-2 : -pad - 2 : -1]
        longer = np.concatenate([before, yx, after])
        yx = gaussian_filter1d(longer, _SMOOTH_PX, axis=0)[pad : pad + len(yx)]
    step = np.linalg.norm(np.diff(yx, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(step)])
    length = (np.concatenate([[0.0], step]) + np.concatenate([step, [0.0]])) / 2
    slope = np.gradient(yx, axis=0) if len(yx) > 1 else np.zeros_like(yx)
    direction = np.mod(np.arctan2(-slope[:, 0], slope[:, 1]), np.pi)
    return yx, way, length, direction
