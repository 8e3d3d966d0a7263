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
    neighbours = (-1, -columns, -columns - 1, -columns + 1, -2, *above)  # the likeliest first
    neighbours = tuple(dict.fromkeys(neighbours))
    far = -4 * spacing_px  # an empty cell: too far from every place to be in the way
    y_of, x_of = (array("d", [far]) * (rows * columns) for _ in range(2))
    y, x = (yx_px[order] - yx_px.min(axis=0)).T
    limit, cell = spacing_px**2, -1
    chosen: list[int] = []
    cell_of = cells[order, 0] * columns + cells[order, 1]
    for i, here, down, right in zip(
        order.tolist(), cell_of.tolist(), y.tolist(), x.tolist(), strict=True
    ):
        if here == cell:
            continue  # holds one already
        for step in neighbours:
            other = here + step
            off = y_of[other] - down
            aside = x_of[other] - right
            if off * off + aside * aside < limit:
                break
        else:
            cell = here
            y_of[here], x_of[here] = down, right
            chosen.append(i)
    return np.sort(np.array(chosen, np.int64))
