"""Key points no closer than the spacing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def thin(
    yx_px: NDArray[np.float64], score: NDArray[np.float64], spacing_px: float
) -> NDArray[np.int64]:
    """Choose points (N, 2) greedily, in the order of the rows, none closer than the spacing.

    Going through them row by row follows a line with even steps, while going by score would
    leave gaps of up to twice the spacing. Returns sorted indices. Cost O(N): a grid of cells of
    spacing / sqrt 2 holds at most one point each.
    """
    if len(yx_px) == 0:
        return np.zeros(0, np.int64)
    cell = spacing_px / np.sqrt(2)
    cells = np.floor(yx_px / cell).astype(int)
    order = np.lexsort((-score, cells[:, 1], cells[:, 0]))
    taken: dict[tuple[int, int], tuple[float, float]] = {}
    chosen: list[int] = []
    limit = spacing_px**2
    places, owners = yx_px.tolist(), cells.tolist()
    for i in order.tolist():
        y, x = places[i]
        row, column = owners[i]
        if _free(taken, row, column, y, x, limit):
            taken[(row, column)] = (y, x)
            chosen.append(i)
    return np.sort(np.array(chosen, np.int64))


def _free(
    taken: dict[tuple[int, int], tuple[float, float]],
    row: int,
    column: int,
    y: float,
    x: float,
    limit: float,
) -> bool:
    for r in range(row - 2, row + 3):
        for c in range(column - 2, column + 3):
            other = taken.get((r, c))
            if other is not None and (other[0] - y) ** 2 + (other[1] - x) ** 2 < limit:
                return False
    return True
