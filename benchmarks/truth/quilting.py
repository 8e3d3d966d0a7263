"""Texture of a real scan, quilted anew: every block is of the scan, no zone of it is left.

After Efros and Freeman (2001): a row of overlapping blocks, each drawn among those of the scan that
fit best to what is there, joined along the path on which both differ least.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float64]

_DRAWN = 200  # blocks of the scan that are looked at for each place
_TOLERANCE = 0.3  # those whose misfit is at most so much above the least are drawn among


def quilted(image: Image, block_px: int, side_px: int, rng: np.random.Generator) -> Image:
    """Return a texture (S, S) of blocks of an image (H, W), a third of a block overlapping.

    Parameters
    ----------
    block_px : int
        At most one correlation length: larger blocks would keep the zones of the scan.
    """
    overlap = max(2, block_px // 3)
    step = block_px - overlap
    count = -(-(side_px - overlap) // step)
    canvas = np.full((count * step + overlap,) * 2, np.nan)
    for row in range(count):
        for column in range(count):
            y, x = row * step, column * step
            there = canvas[y : y + block_px, x : x + block_px]
            block = _fitting(image, there, rng)
            mask = np.ones(block.shape, bool)
            if row:
                mask &= _cut((block[:overlap] - there[:overlap]).T ** 2, block_px).T
            if column:
                mask &= _cut((block[:, :overlap] - there[:, :overlap]) ** 2, block_px)
            there[mask | np.isnan(there)] = block[mask | np.isnan(there)]
    return canvas[:side_px, :side_px]


def _fitting(image: Image, there: Image, rng: np.random.Generator) -> Image:
    """Return a block of the image that fits to what is there (b, b), NaN where nothing is."""
    side = len(there)
    y = rng.integers(image.shape[0] - side + 1, size=_DRAWN)
    x = rng.integers(image.shape[1] - side + 1, size=_DRAWN)
    blocks = np.lib.stride_tricks.sliding_window_view(image, (side, side))[y, x]
    known = np.isfinite(there)
    if not known.any():
        return np.array(blocks[0])
    misfit = ((blocks[:, known] - there[known]) ** 2).sum(axis=1)
    good = np.flatnonzero(misfit <= (1 + _TOLERANCE) * misfit.min())
    return np.array(blocks[rng.choice(good)])


def _cut(difference: Image, block_px: int) -> NDArray[np.bool_]:
    """Where the new block (b, b) is taken, given the squared difference (b, o) on its left.

    Right of the path from top to bottom on which the difference is least; what is NaN is new.
    """
    cost = np.nan_to_num(difference)
    rows, width = cost.shape
    for row in range(1, rows):
        before = np.pad(cost[row - 1], 1, constant_values=np.inf)
        cost[row] += np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    take = np.ones((block_px, block_px), bool)
    at = int(cost[-1].argmin())
    for row in range(rows - 1, -1, -1):
        take[row, :at] = False
        if row:
            low = max(0, at - 1)
            at = low + int(cost[row - 1, low : min(width, at + 2)].argmin())
    return take
