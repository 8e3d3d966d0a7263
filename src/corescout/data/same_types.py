"""Types that are the same in two looks at the same points, whatever they are called."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_SHARED = 0.3  # Jaccard index of the points of two types, to be the same one


def matched(now: NDArray[np.int64], before: NDArray[np.int64]) -> dict[int, int]:
    """Old number of each new type that has one: the assignment that shares the most points."""
    from scipy.optimize import linear_sum_assignment

    new, old = np.unique(now), np.unique(before[before > 0])
    if len(old) == 0:
        return {}
    shared = np.array([[np.sum((now == n) & (before == o)) for o in old] for n in new])
    either = np.array([[np.sum((now == n) | (before == o)) for o in old] for n in new])
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return {
        int(new[i]): int(old[j])
        for i, j in zip(rows, columns, strict=True)
        if shared[i, j] >= LEAST_SHARED * either[i, j]
    }
