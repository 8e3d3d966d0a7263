"""Which of several seeds stands for the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corescout.rewards.stability import adjusted_rand, mean_agreement

__all__ = ["adjusted_rand", "mean_agreement", "medoid"]


def medoid(assignments: Sequence[NDArray[np.int64]]) -> int:
    """Return the place of the assignment that agrees best with the others, the first of equals."""
    if len(assignments) < 3:
        return 0
    agreement = [
        sum(adjusted_rand(a, b) for j, b in enumerate(assignments) if j != i)
        for i, a in enumerate(assignments)
    ]
    return int(np.argmax(agreement))
