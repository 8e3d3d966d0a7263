"""Points of two scans that lie at one place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pairs_at_one_place(first: ArrayLike, second: ArrayLike, reach: float) -> NDArray[np.int64]:
    """Pair each point of the second set with the nearest of the first; one of each at most.

    Parameters
    ----------
    first : (N, 2)
    second : (M, 2)
        In the same coordinates.
    reach : float
        Points farther apart lie at two places.

    Returns
    -------
    (P, 2) int64
        Row of the first and of the second, in the order of the first. Where several points of the
        second are nearest to one of the first, the nearest of them has it.
    """
    from scipy.spatial import cKDTree

    places, others = (np.asarray(p, dtype=np.float64).reshape(-1, 2) for p in (first, second))
    if not len(places) or not len(others):
        return np.zeros((0, 2), np.int64)
    apart, row = cKDTree(places).query(others, distance_upper_bound=np.nextafter(reach, np.inf))
    near = np.flatnonzero(np.isfinite(apart))
    ordered = near[np.argsort(apart[near], kind="stable")]
    firsts, once = np.unique(row[ordered], return_index=True)
    return np.column_stack([firsts, ordered[once]]).astype(np.int64)
