"""Gain of each line of a second scan of a place, told by the first scan of it.

A scan alone cannot tell a gain that wanders from a sample that changes along the slow axis: the
errors of its jumps add up from line to line. What a first scan shows at the same places can.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import LineFaults
from corescout.lines.finding import line_levels, row_medians

_PARTS = 4  # of a line, side by side: every other one is left out in turn
_FEWEST_PX = 16  # of half a line that a gain can be estimated from
_WORTH = 0.9  # of the difference on parts left out: the first scan must do better than this

Field = NDArray[np.float64]


def gains_told_by_first(
    image: NDArray[np.floating], there: NDArray[np.floating], own: LineFaults
) -> LineFaults:
    """Return the faults of a second scan's lines with the gains that the first scan tells.

    The gain of a line is the median of the log-ratio to the first scan at the same places, as its
    difference to that of all lines. Medians of the parts of a line that are left out say whether
    this brings the scans nearer to each other than no mending, and than mending by the second scan
    alone.

    Parameters
    ----------
    image : (H, W)
        The second scan, not mended: a modulus, NaN where missing.
    there : (H, W)
        The first scan as it is analysed, at the places of the second; NaN beyond it.
    own : LineFaults
        Of the second scan, from itself.

    Returns
    -------
    LineFaults
        `own` where the first scan tells no better.
    """
    second, first = (np.asarray(seen, dtype=np.float64) for seen in (image, there))
    apart: Field = line_levels(second, signed=False) - line_levels(first, signed=False)
    part = np.arange(apart.shape[1]) * _PARTS // apart.shape[1] % 2
    halves = [_centred(apart[:, part == number]) for number in (0, 1)]
    known = np.isfinite(halves[0]) & np.isfinite(halves[1]) & ~np.asarray(own.lost)
    if not known.any():
        return own
    untouched, alone, told = (
        float(
            np.mean(
                [_left(half[known], level[known]) for half, level in zip(halves, of, strict=True)]
            )
        )
        for of in ((np.zeros(len(apart)),) * 2, (np.asarray(own.level),) * 2, halves[::-1])
    )
    if told > _WORTH * min(untouched, alone):
        return own
    level = np.where(known, _centred(apart), np.asarray(own.level))
    level[np.asarray(own.lost)] = 0.0
    return replace(own, level=level, error_before=untouched, error_after=told, told_by_first=True)


def _centred(apart: Field) -> Field:
    """Median (H,) of each line of (H, W), less that of all lines; NaN where too little is known."""
    level = np.full(len(apart), np.nan)
    enough = np.isfinite(apart).sum(axis=1) >= _FEWEST_PX
    level[enough] = row_medians(apart[enough])
    return level - np.nanmedian(level) if enough.any() else level


def _left(half: Field, level: Field) -> float:
    """Mean difference that a level leaves of lines, whatever their common gain."""
    left = half - level
    return float(np.mean(np.abs(left - np.median(left))))
