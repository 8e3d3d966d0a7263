"""What the slow axis does to a scan, from the scan itself: a tip blurs, a fault does not.

All that a tip sees changes over several lines; a fault changes the level of a whole line from one
line to the next. The median over a line of the log-ratios (differences, where the channel is
signed) to the next line at the same x tells the two apart: a wall is on a part of the line, and one
that spans it all has a ramp on either side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import LineFaults

_LEAST_JUMP = (
    0.1  # log of a gain, or share of the contrast: smaller ones are gain from line to line
)
_LEAST_MASKED, _MASKED_SIGMAS = 0.13, 4.5  # those that are masked too
_COLUMNS = 512  # that the levels of a broad scan are estimated from
_JUMP_SIGMAS = 4.0  # and beyond the scatter of the steps from line to line
_MANY, _OF_MANY = (
    0.2,
    0.75,
)  # share of the steps that jump from which on less will do: so much of it
_ROUNDS = 3
_RAMP_OF_MANY = 0.15  # there, as another jump may lie beside a jump by chance
_RAMP_SHARE, _RAMP_SIGMAS = 0.06, 4.0  # a step beside a wall's: of its size, and of its error
_LOST = 1.0  # log: a line fainter or stronger than its neighbours by e holds no usable values
_LONGEST = 3  # lines of an excursion: a longer one is two jumps that stay
_DARK = 0.3  # of the median: darker pixels are noise, and say nothing of a gain
_FEWEST_PX = 16  # of a line that a level can be estimated from
_FEWEST_LINES = 12
_SMOOTH_LINES = 7  # over which the sample's own change along the slow axis is followed
_WORTH = 0.9  # of the difference on left-out columns: mending must do better than this
_AROUND = 4  # lines on either side that tell what is usual there


def find_line_faults(image: NDArray[np.floating], *, signed: bool) -> LineFaults:
    """Estimate the faults of the lines of a channel.

    Parameters
    ----------
    image : (H, W)
        NaN where missing.
    signed : bool
        False for a modulus, whose lines differ by a gain; True for a signed channel, whose lines
        differ by an offset.

    Returns
    -------
    LineFaults
        None on a scan of a few lines or columns.
    """
    height, width = image.shape
    if height < _FEWEST_LINES or width < _FEWEST_PX:
        return LineFaults.none(height)
    image = image[:, :: max(1, width // _COLUMNS)]
    dead = _constant(image)
    values = line_levels(np.where(dead[:, None], np.nan, image).astype(np.float64), signed=signed)
    steps = _Steps.of(values)
    unknown = np.asarray(~np.isfinite(values).any(axis=1))
    jumps = _jumps(steps)
    masked, jump, lost = _masked(jumps, unknown)
    halves = _Steps.of(values[:, ::2]), _Steps.of(values[:, 1::2])
    if not _beats(*_left_out(*halves, jumps, np.zeros(height - 1)), jumps != 0):
        jumps = np.zeros(height - 1)
    fast = [np.diff(_fast(half.size - jumps)) for half in halves]
    use_fast = _beats(*_left_out(*halves, jumps, *fast), jumps == 0)
    level = np.concatenate([[0.0], np.cumsum(jumps)])
    level += _fast(steps.size - jumps) if use_fast else 0.0
    level -= np.median(level[~masked] if not masked.all() else level)
    level[lost] = 0.0
    if not use_fast:
        fast = [np.zeros(height - 1)]
    before, after = _left_out(*halves, jumps, *fast)
    if not (use_fast or jumps.any()):
        level = np.zeros(height)
    return LineFaults(masked, lost, jump, level, signed, float(before.mean()), float(after.mean()))


def _beats(
    before: NDArray[np.float64], after: NDArray[np.float64], where: NDArray[np.bool_]
) -> bool:
    return bool(where.any() and after[where].mean() < _WORTH * before[where].mean())


def line_levels(image: NDArray[np.float64], *, signed: bool) -> NDArray[np.float64]:
    """What a line's fault adds to: the log of a modulus, or a signed value in units of contrast."""
    known = image[np.isfinite(image)]
    if known.size == 0:
        return np.full(image.shape, np.nan)
    if signed:
        low, high = np.percentile(known, [5, 95])
        return np.asarray(image / max(float(high - low), 1e-300))
    with np.errstate(divide="ignore", invalid="ignore"):
        # A dark line keeps its bright half: what is dark is asked for within the line too.
        median = np.full(len(image), np.median(known))
        alive = (image > 0).any(axis=1)
        bright = np.where(image[alive] > 0, image[alive], np.nan)
        median[alive] = np.minimum(median[alive], row_medians(bright))
        return np.where(image > _DARK * median[:, None], np.log(image), np.nan)


class _Steps:
    """Steps (H - 1,) of the level from each line to the next, and their standard errors."""

    def __init__(self, size: NDArray[np.float64], error: NDArray[np.float64]) -> None:
        self.size, self.error = size, error

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> _Steps:
        change = np.diff(values, axis=0)
        count = np.isfinite(change).sum(axis=1)
        known = count > 0
        size, spread = np.zeros(len(change)), np.zeros(len(change))
        size[known] = row_medians(change[known])
        off = np.abs(change[known] - size[known, None])
        spread[known] = 1.4826 * row_medians(off)
        error = 1.2533 * spread / np.sqrt(np.maximum(count, 1))
        few = count < min(_FEWEST_PX, values.shape[1] // 4)
        return cls(np.where(few, 0.0, size), np.where(few, np.inf, error))


def row_medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median (H,) of each row of (H, W) without its NaN; a row has one value at least.

    `numpy.nanmedian` of many short rows goes through masked arrays, which takes ten times as long.
    """
    ordered, rows = np.sort(values, axis=1), np.arange(len(values))
    count = values.shape[1] - np.isnan(values).sum(axis=1)
    return np.asarray((ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2)


def _constant(image: NDArray[np.floating]) -> NDArray[np.bool_]:
    known = np.isfinite(image)
    top = np.where(known, image, -np.inf).max(axis=1)
    bottom = np.where(known, image, np.inf).min(axis=1)
    return np.asarray(~(top > bottom))


def _jumps(steps: _Steps) -> NDArray[np.float64]:
    """Size (H - 1,) of the faults among the steps, 0 elsewhere.

    A step is a fault where it is far beyond what is usual around it and no ramp leads to it.
    """
    size, error = steps.size, steps.error
    jumps = np.zeros(len(size))
    # More than half of the steps may be faults: the scatter is that of what is left, and grows.
    usual, scatter, strict = _running_median(size), 0.0, 1.0
    for _ in range(_ROUNDS):  # with the larger ones known, the smaller ones are seen
        least = np.maximum(_LEAST_JUMP, strict * _JUMP_SIGMAS * np.maximum(scatter, error))
        off = size - usual
        jumps = np.where((np.abs(off) > least) & np.isfinite(error), off, 0.0)
        usual = _running_median(size - jumps)
        left = np.abs(size - usual)[jumps == 0]
        scatter = max(scatter, 1.4826 * float(np.median(left))) if left.size else scatter
        # Where every fifth step jumps, a step of 3 sigmas is a jump, not chance.
        strict = _OF_MANY if np.mean(jumps != 0) > _MANY else 1.0
    masked_sigmas = strict * _MASKED_SIGMAS
    ramp_share = _RAMP_OF_MANY if strict < 1 else _RAMP_SHARE
    for first, last in _excursions(jumps):
        if _is_wall(steps, first, last, ramp_share):
            jumps[first : last + 1] = 0.0
        elif np.abs(jumps[first : last + 1]).max() < max(_LEAST_MASKED, masked_sigmas * scatter):
            jumps[first : last + 1] = 0.0  # gain from line to line, which does not stay
        elif not _stays(jumps, first, last):
            there = first + np.flatnonzero(jumps[first : last + 1])
            jumps[there] -= jumps[there].mean()  # the level comes back to what it was
    return jumps


def _stays(jumps: NDArray[np.float64], first: int, last: int) -> bool:
    """Whether a group of steps leaves the level another one."""
    group = jumps[first : last + 1]
    return bool(abs(group.sum()) > 0.5 * np.abs(group).max())


def _excursions(jumps: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Group the steps that may belong to one wall: the first and the last step of each group.

    A pair of opposite steps a few lines apart is a line-shaped excursion, as a null is; steps of
    one sign side by side are one step.
    """
    at = np.flatnonzero(jumps)
    groups, i = [], 0
    while i < len(at):
        j = i
        while j + 1 < len(at) and at[j + 1] - at[j] == 1 and jumps[at[j]] * jumps[at[j + 1]] > 0:
            j += 1
        k = j
        if j + 1 < len(at) and at[j + 1] - at[j] <= _LONGEST:
            back = j + 1
            while (
                back + 1 < len(at)
                and at[back + 1] - at[back] == 1
                and (jumps[at[back]] * jumps[at[back + 1]] > 0)
            ):
                back += 1
            down, up = jumps[at[i : j + 1]].sum(), jumps[at[j + 1 : back + 1]].sum()
            if down * up < 0 and abs(down + up) < 0.5 * min(abs(down), abs(up)):
                k = back
        groups.append((int(at[i]), int(at[k])))
        i = k + 1
    return groups


def _is_wall(steps: _Steps, first: int, last: int, least_share: float) -> bool:
    """Whether a ramp leads into a group of steps and another out of it, as a tip makes them."""
    size, error = steps.size, steps.error
    if first == 0 or last + 1 >= len(size):
        return False
    before, after = size[first - 1], size[last + 1]
    ramps = []
    for ramp, its_error, step in (
        (before, error[first - 1], size[first]), (after, error[last + 1], size[last])
    ):  # fmt: skip
        is_one = ramp * step > 0 and abs(ramp) < abs(step)
        ramps.append(is_one and abs(ramp) >= max(least_share * abs(step), _RAMP_SIGMAS * its_error))
    alike = max(abs(before), abs(after)) <= 4 * min(abs(before), abs(after))
    return all(ramps) and alike


def _masked(
    jumps: NDArray[np.float64], unknown: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Lines that are masked, those of them where a level begins that stays, and the lost ones."""
    masked, jump, lost = unknown.copy(), np.zeros(len(unknown), bool), unknown.copy()
    for first, last in _excursions(jumps):
        if _stays(jumps, first, last):
            begins = np.flatnonzero(jumps[first : last + 1]) + first + 1
            masked[begins] = jump[begins] = True
        else:
            masked[first + 1 : last + 1] = True
            depth = float(np.abs(np.cumsum(jumps[first : last + 1])).max())
            lost[first + 1 : last + 1] |= depth > _LOST
    return masked, jump & ~lost, lost


def _fast(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level (H,) of each line beyond what a tip lets the sample change along the slow axis."""
    from scipy.signal import savgol_filter

    level = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(level - savgol_filter(level, _SMOOTH_LINES, 2, mode="nearest"))


def _left_out(
    even: _Steps, odd: _Steps, jumps: NDArray[np.float64], *fast: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Size (H - 1,) of the steps on columns left out, without mending and with it.

    Jumps and fast levels are those of the other half. What the sample does along the slow axis is
    smooth, and taken off first.
    """
    before, after = [], []
    of_others = fast[::-1] if len(fast) == 2 else fast * 2
    for left, other, of_other in zip((even, odd), (odd, even), of_others, strict=True):
        off = left.size - _running_median(left.size - jumps)
        beyond = other.size - _running_median(other.size - jumps)
        its_jumps = np.where(jumps != 0, beyond, 0.0)
        able = np.isfinite(left.error) & np.isfinite(other.error)
        before.append(np.where(able, np.abs(off), 0.0))
        after.append(np.where(able, np.abs(off - its_jumps - of_other), 0.0))
    return (before[0] + before[1]) / 2, (after[0] + after[1]) / 2


def _running_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(values, 2 * _AROUND + 1, mode="nearest"))
