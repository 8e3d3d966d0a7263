"""Stability: how far repeated seeds of a candidate give the same types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corescout.data import Reward


def stability(assignments: Sequence[NDArray[np.int64]]) -> Reward:
    """Mean adjusted Rand index over all pairs of seeds; higher is better.

    Parameters
    ----------
    assignments : sequence of (N,)
        The component of each of the same N points, one array for each seed.

    Notes
    -----
    ARI = (RI - E[RI]) / (max RI - E[RI]), with RI the share of pairs of points on which two
    partitions agree (Hubert and Arabie, 1985). Void with fewer than two seeds.
    """
    parts = {"n_seeds": float(len(assignments))}
    if len(assignments) < 2:
        why = "one seed has nothing to agree with"
        return Reward("stability", float("nan"), "higher", parts, why)
    return Reward("stability", mean_agreement(assignments), "higher", parts)


def adjusted_rand(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """Adjusted Rand index (Hubert and Arabie, 1985): 1 for the same partition, 0 by chance."""
    table = np.zeros((int(a.max()) + 1, int(b.max()) + 1))
    np.add.at(table, (a, b), 1.0)
    same_both = _pairs(table)
    same_a, same_b = _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    chance = same_a * same_b / max(_pairs(np.array([len(a)])), 1.0)
    most = 0.5 * (same_a + same_b)
    return 1.0 if most == chance else float((same_both - chance) / (most - chance))


def mean_agreement(assignments: Sequence[NDArray[np.int64]]) -> float:
    """Mean adjusted Rand index over all pairs."""
    pairs = [adjusted_rand(a, b) for i, a in enumerate(assignments) for b in assignments[:i]]
    return float(np.mean(pairs))


def _pairs(counts: NDArray[np.floating]) -> float:
    return float((counts * (counts - 1) / 2).sum())
