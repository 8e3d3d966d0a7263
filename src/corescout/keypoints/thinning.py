"""Key points no closer than the spacing."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray


def thin(
    yx_px: NDArray[np.float64], score: NDArray[np.float64], spacing_px: float
) -> NDArray[np.int64]:
    """Choose points (N, 2) greedily, in the order of the rows, none closer than the spacing.

    Going through them row by row follows a line with even steps, while going by score would
    leave gaps of up to twice the spacing. Returns sorted indices. Cost O(N): a grid of cells of
    spacing / sqrt 2 holds at most one point each, and of the neighbours only those that were
    passed before can hold one.
    """
    if len(yx_px) == 0:
        return np.zeros(0, np.int64)
    cells = np.floor(yx_px / (spacing_px / np.sqrt(2))).astype(np.int64)
    cells += 2 - cells.min(axis=0)
    order = np.lexsort((-score, cells[:, 1], cells[:, 0]))
    rows, columns = (cells.max(axis=0) + 3).tolist()
    above = [-2 * columns + c for c in (-1, 0, 1)] + [-columns + c for c in (-2, -1, 0, 1, 2)]
    neighbours = (*above, -2, -1)
    holder = array("i", [-1]) * (rows * columns)
    y, x = yx_px[:, 0].tolist(), yx_px[:, 1].tolist()
    cell_of = (cells[:, 0] * columns + cells[:, 1]).tolist()
    limit = spacing_px**2
    chosen: list[int] = []
    for i in order.tolist():
        cell = cell_of[i]
        if holder[cell] >= 0:
            continue
        for step in neighbours:
            j = holder[cell + step]
            if j >= 0 and (y[j] - y[i]) ** 2 + (x[j] - x[i]) ** 2 < limit:
                break
        else:
            holder[cell] = i
            chosen.append(i)
    return np.sort(np.array(chosen, np.int64))
