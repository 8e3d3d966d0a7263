"""Length of wall: how much of it each key point stands for, and each type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result, Types
from corescout.data.short_repr import short_repr
from corescout.keypoints import find_wall_lines
from corescout.lines import analysed_channel
from corescout.plan import Plan
from corescout.square_grid import SquareGrid, square_grid

_REACH = 1.5  # spacings: farther from every key point a wall counts for none
_KULPA = 0.948  # mean length of a digital line per unit step (Kulpa, 1977)


@dataclass(frozen=True, eq=False)
class WallLengths:
    """How much wall each key point stands for.

    Attributes
    ----------
    of_point_px : (N,)
        In pixels of the square grid that was analysed.
    pitch_m : float or None
        Of these pixels.
    """

    of_point_px: NDArray[np.float64]
    pitch_m: float | None

    __repr__ = short_repr

    def of_type_px(self, types: Types, number: int) -> float:
        """Return the length of wall of a type, in pixels."""
        return float(self.of_point_px[types.rows(number)].sum())

    def of_type_m(self, types: Types, number: int) -> float | None:
        """Return the length of wall of a type in metres; None without a scale."""
        return None if self.pitch_m is None else self.of_type_px(types, number) * self.pitch_m


def wall_lengths(result: Result) -> WallLengths | None:
    """Measure the walls of a scan along the lines that its key points were found on.

    A pixel of a line belongs to the nearest key point. Where key points were drawn, each stands
    for the half ways to its two neighbours. None for key points that lie on no lines (a grid,
    corners, blobs).
    """
    plan = Plan.model_validate(result.plan)
    frame, pitch_m = result.scan.frame, result.analysis_pitch_m
    grid = square_grid(result.scan.shape_px, frame if pitch_m is not None else None, pitch_m)
    places = grid.from_scan_px(np.asarray(result.patches.center_yx_px))
    if result.keypoints.source == "drawn":
        return WallLengths(_half_ways_px(places, plan.keypoints.spacing_px), pitch_m)
    lines = find_wall_lines(_image(result, plan, grid), plan.keypoints)
    if lines is None or result.keypoints.source != plan.keypoints.detector:
        return None
    return WallLengths(_along_lines_px(places, lines, plan.keypoints.spacing_px), pitch_m)


def line_length_px(yx_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length (P,) that each pixel (P, 2) of thin 8-connected lines stands for.

    Half of each step to a neighbour, 1 along a row or column and sqrt 2 across a corner, times
    0.948, which makes the mean over all directions right (Kulpa, 1977). A diagonal beside a step
    round the same corner is no step of its own.
    """
    if len(yx_px) == 0:
        return np.zeros(0)
    rows, columns = (yx_px - yx_px.min(axis=0)).astype(int).T + 1
    mask = np.zeros((rows.max() + 2, columns.max() + 2), bool)
    mask[rows, columns] = True
    length = np.zeros(len(yx_px))
    for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        length += mask[rows + dy, columns + dx] / 2
    for dy, dx in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        corner = mask[rows + dy, columns] | mask[rows, columns + dx]
        length += (mask[rows + dy, columns + dx] & ~corner) * (np.sqrt(2) / 2)
    return np.asarray(_KULPA * length)


def _along_lines_px(
    places: NDArray[np.float64], lines: NDArray[np.float64], spacing_px: float
) -> NDArray[np.float64]:
    from scipy.spatial import cKDTree

    near, owner = cKDTree(places).query(lines, distance_upper_bound=_REACH * spacing_px)
    known = np.isfinite(near)
    length = line_length_px(lines)
    total = np.bincount(owner[known], length[known], minlength=len(places))
    return total.astype(np.float64)


def _half_ways_px(places: NDArray[np.float64], spacing_px: float) -> NDArray[np.float64]:
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return np.zeros(len(places))
    count = min(3, len(places))
    apart = cKDTree(places).query(places, k=count)[0][:, 1:]
    return np.asarray(np.where(apart <= 2 * spacing_px, apart, 0.0).sum(axis=1) / 2)


def _image(result: Result, plan: Plan, grid: SquareGrid) -> NDArray[np.float32]:
    """The channel that key points are sought on, as `prepare` makes it."""
    return grid.resample(analysed_channel(result.scan, result.channels[0], plan.cleaning).sought)
