"""How far repeated seeds agree: the adjusted Rand index between their assignments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


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


def medoid(assignments: Sequence[NDArray[np.int64]]) -> int:
    """Return the place of the assignment that agrees best with the others, the first of equals."""
    if len(assignments) < 3:
        return 0
    agreement = [
        sum(adjusted_rand(a, b) for j, b in enumerate(assignments) if j != i)
        for i, a in enumerate(assignments)
    ]
    return int(np.argmax(agreement))


def _pairs(counts: NDArray[np.floating]) -> float:
    return float((counts * (counts - 1) / 2).sum())
