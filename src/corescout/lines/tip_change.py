"""A tip that changed: walls that cross a line are broader, or sharper, on its other side.

Regions of other patterns have walls of other widths, so widths before and after a line say
nothing by themselves. Two points on one wall, one above the line and one below, do: of one sample
and one tip they are alike. Both must agree: the pairs across the line, and all walls of a kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Finding, Keypoints
from corescout.data.keypoints import KINDS

_ENDS = 0.15  # of the lines: nearer to the end of the scan a change is not told
_EVERY = 2  # lines from place to place that is tried
_REACH_PX, _ASIDE_PX = 24.0, 2.5  # of two points on one wall: along it, and off its direction
_LEAST_APART_PX = 2.0
_TURN_RAD, _CONTRAST = 0.3, 0.5  # by which their directions and logs of the contrast may differ
_WALL_PX = 12.0  # along the line: pairs within it are of one wall
_FEWEST_WALLS, _SAME_SIGN = 4, 0.75
_LEAST_LOG, _LEAST_Z, _LEAST_SCATTER = 0.1, 4.0, 0.1
_LEAST_ALL = 0.1  # beyond 1/2: share of pairs of walls of which the one after is broader
_FEWEST = 40  # walls of a kind on either side


@dataclass(frozen=True, eq=False)
class _Crossing:
    """P pairs of points on one wall each: upper and lower row, the wall, log of the widths' ratio.

    In the order of the walls, and of the ratio within each: so that medians need no sorting.
    """

    upper: NDArray[np.float64]
    lower: NDArray[np.float64]
    wall: NDArray[np.float64]
    broader: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        upper: NDArray[np.float64],
        lower: NDArray[np.float64],
        column: NDArray[np.float64],
        broader: NDArray[np.float64],
    ) -> _Crossing:
        """Sort pairs by the wall that they lie on, by the column, and by their ratio."""
        wall = np.floor(column / _WALL_PX)
        order = np.lexsort((broader, wall))
        return cls(upper[order], lower[order], wall[order], broader[order])

    def at(self, line: float) -> tuple[float, float]:
        """Median log ratio of the walls that cross a line, and how many errors that is; 0, 0."""
        across = np.flatnonzero((self.upper < line - 1) & (self.lower > line + 1))
        each = _medians(self.wall[across], self.broader[across])
        if len(each) < _FEWEST_WALLS:
            return 0.0, 0.0
        middle = float(np.median(each))
        if np.mean(np.sign(each) == np.sign(middle)) < _SAME_SIGN:
            return 0.0, 0.0
        scatter = max(1.4826 * float(np.median(np.abs(each - middle))), _LEAST_SCATTER)
        return middle, middle / (1.2533 * scatter / np.sqrt(len(each)))


def _medians(wall: NDArray[np.float64], sorted_: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each run of equal walls, whose values are sorted."""
    first = np.flatnonzero(np.diff(wall, prepend=-np.inf))
    end = np.append(first[1:], len(wall))[: len(first)]
    return np.asarray((sorted_[(first + end - 1) // 2] + sorted_[(first + end) // 2]) / 2)


def tip_change(keypoints: Keypoints, n_lines: int) -> Finding | None:
    """Walls that are broader, or sharper, from one line on; None without such a line.

    Parameters
    ----------
    keypoints : Keypoints
        On the scan's own pixels, with their profiles.
    n_lines : int
        Of the scan.
    """
    if keypoints.profiles is None or len(keypoints) == 0:
        return None
    crossing = _crossing(keypoints)
    line = np.asarray(keypoints.yx_px)[:, 0]
    width, kind = np.asarray(keypoints.profiles.width_px), np.asarray(keypoints.profiles.kind)
    groups = [np.isfinite(width) & (kind == KINDS.index(name)) for name in KINDS[1:]]
    best, broader, where = _LEAST_Z, 0.0, 0.0
    for at in np.arange(_ENDS * n_lines, (1 - _ENDS) * n_lines, _EVERY):
        change, errors = crossing.at(float(at))
        if abs(change) < _LEAST_LOG or abs(errors) < best:
            continue
        apart, ratio = _all_walls(width, line < at, groups)
        if abs(apart) >= _LEAST_ALL and apart * change > 0 and apart * ratio > 0:
            best, broader, where = abs(errors), change, float(at)
    if broader == 0:
        return None
    word = "broader" if broader > 0 else "narrower"
    return Finding(
        "tip change",
        f"from about line {where:.0f} on walls that go on across it are"
        f" {abs(np.expm1(broader)):.0%} {word}: the tip has changed, and types of the two parts may"
        " differ for that alone; scan again, or analyse the parts one by one",
        1 - where / n_lines,
        tuple(range(round(where), n_lines)),
    )


def _crossing(keypoints: Keypoints) -> _Crossing:
    """Pairs of points on one wall: alike in kind, contrast and direction, and in line with it."""
    from scipy.spatial import cKDTree

    profiles, yx = keypoints.profiles, np.asarray(keypoints.yx_px)
    assert profiles is not None
    width, kind = np.asarray(profiles.width_px), np.asarray(profiles.kind)
    direction, contrast = np.asarray(profiles.direction_rad), np.asarray(profiles.contrast)
    usable = np.flatnonzero(np.isfinite(width) & np.isfinite(contrast) & (kind > 0))
    if not len(usable):
        return _Crossing.of(*(np.zeros(0),) * 4)
    i, j = usable[cKDTree(yx[usable]).query_pairs(_REACH_PX, output_type="ndarray")].T
    swap = yx[i, 0] > yx[j, 0]
    i, j = np.where(swap, j, i), np.where(swap, i, j)
    way = yx[j] - yx[i]
    turned = np.abs(np.mod(direction[i] - direction[j] + np.pi / 2, np.pi) - np.pi / 2)
    alike = (kind[i] == kind[j]) & (turned < _TURN_RAD) & (way[:, 0] > _LEAST_APART_PX)
    alike &= np.abs(np.log(contrast[i] / contrast[j])) < _CONTRAST
    for end in (i, j):  # rows count downwards, angles upwards
        aside = way[:, 0] * np.cos(direction[end]) + way[:, 1] * np.sin(direction[end])
        alike &= np.abs(aside) < _ASIDE_PX
    i, j = i[alike], j[alike]
    return _Crossing.of(yx[i, 0], yx[j, 0], yx[i, 1], np.log(width[j] / width[i]))


def _all_walls(
    width: NDArray[np.float64], before: NDArray[np.bool_], groups: list[NDArray[np.bool_]]
) -> tuple[float, float]:
    """How often walls after are broader than walls before, beyond 1/2, and log of the ratio.

    Each kind is compared with its own; 0, 0 where none has enough walls on both sides.
    """
    from scipy.stats import rankdata

    apart, ratio, count = 0.0, 0.0, 0
    for group in groups:
        old, new = width[group & before], width[group & ~before]
        if min(len(old), len(new)) < _FEWEST:
            continue
        n = len(old) + len(new)
        ranks = rankdata(np.concatenate([new, old]))[: len(new)]
        share = (ranks.sum() - len(new) * (len(new) + 1) / 2) / (len(new) * len(old))
        apart += n * (share - 0.5)
        ratio += n * np.log(np.median(new) / np.median(old))
        count += n
    return (apart / count, ratio / count) if count else (0.0, 0.0)
