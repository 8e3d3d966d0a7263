"""Which candidates cannot be told apart: the error of a difference, over seeds and over the scan.

Two things move a reward: the seed of the training, and which part of the sample the scan happens
to show. The second is the same for all candidates of a scan, so their differences are compared
block by block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ScoreSample:
    """Scores of one candidate, one for each seed.

    Attributes
    ----------
    scores : (S,)
        Higher is better.
    per_block : (B,)
        What each spatial block adds to the score, mean over seeds; empty where it is not known.
    """

    scores: NDArray[np.float64]
    per_block: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return float(np.mean(self.scores))

    @property
    def spread(self) -> float:
        """Standard deviation over seeds; NaN for one."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else float("nan")


def seed_variance(samples: Mapping[int, ScoreSample]) -> float:
    """Variance over seeds, pooled over candidates; 0 where none was repeated.

    Pooled, so that no candidate is out while a worse one is tied for its own wider spread.
    """
    repeated = [s.scores for s in samples.values() if len(s.scores) > 1]
    if not repeated:
        return 0.0
    degrees = [len(s) - 1 for s in repeated]
    return float(np.average([np.var(s, ddof=1) for s in repeated], weights=degrees))


def difference_error(one: ScoreSample, other: ScoreSample, variance: float) -> float:
    """Return the standard error of the difference of two candidates' mean scores.

    variance * (1/S + 1/S') over seeds, and over the scan the jackknife's B / (B - 1) sum of
    (d_b - mean d)^2, d_b being the difference of what block b adds.
    """
    over_seeds = variance * (1 / len(one.scores) + 1 / len(other.scores))
    if not len(one.per_block) or len(one.per_block) != len(other.per_block):
        return float(np.sqrt(over_seeds))
    d = one.per_block - other.per_block
    count = len(d)
    over_scan = count / (count - 1) * float(((d - d.mean()) ** 2).sum()) if count > 1 else 0.0
    return float(np.sqrt(over_seeds + over_scan))


def tied_with_best(samples: Mapping[int, ScoreSample], errors: float) -> list[int]:
    """Return the candidates within so many standard errors of the best one, in order of number."""
    best = max(samples, key=lambda i: (samples[i].mean, -i))
    variance = seed_variance(samples)

    def near(i: int) -> bool:
        gap = samples[best].mean - samples[i].mean
        return gap <= errors * difference_error(samples[best], samples[i], variance)

    return [i for i in sorted(samples) if i == best or near(i)]


def mean_per_block(per_block: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean over seeds of the blocks' parts; empty unless every seed has them."""
    rows = [np.asarray(p, dtype=np.float64) for p in per_block]
    if not rows or any(len(r) == 0 or len(r) != len(rows[0]) for r in rows):
        return np.zeros(0)
    return np.asarray(np.mean(rows, axis=0))
