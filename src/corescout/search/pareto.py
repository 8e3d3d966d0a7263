"""Several objectives at once: which candidates no other beats in everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def non_dominated_ranks(utilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rank (n,) of each row of utilities (n, m): 0 on the Pareto front.

    A row dominates another if it is at least as good in all m columns and better in one (higher is
    better). The front is what nothing dominates, rank 1 what only the front dominates, and so on.
    """
    at_least = np.all(utilities[:, None] >= utilities[None], axis=2)
    dominates = np.asarray(at_least & np.any(utilities[:, None] > utilities[None], axis=2))
    ranks = np.full(len(utilities), -1, dtype=np.int64)
    rank = 0
    while (ranks < 0).any():
        left = np.flatnonzero(ranks < 0)
        beaten = dominates[np.ix_(left, left)].any(axis=0)
        ranks[left[~beaten]] = rank
        rank += 1
    return ranks


def distance_to_ideal(
    utilities: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Euclidean distance (n,) of utilities (n, m) to the best of each, low and high being 0 and 1.

    0 is the best of everything, sqrt(m) the worst. An objective that does not vary counts nothing.
    """
    span = np.where(high > low, high - low, np.inf)
    return np.asarray(np.linalg.norm((high - utilities) / span, axis=-1))
