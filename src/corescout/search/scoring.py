"""From the rewards of a candidate to the number that it competes with, higher is better.

Three ways: one reward, a weighted sum of several, or several objectives, of which the one number is
the distance to the best of each. Rewards are in the paper's sign until here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Reward, Trial
from corescout.plan import DecisionPlan
from corescout.rewards.words import reward_words
from corescout.search.pareto import distance_to_ideal, non_dominated_ranks

_VOID = float("-inf")


@dataclass(frozen=True, eq=False)
class Scoring:
    """How the candidates of one exploration are scored.

    Attributes
    ----------
    plan : DecisionPlan
    low, high : (m,)
        Worst and best utility of each objective among the candidates; empty without objectives.
    """

    plan: DecisionPlan
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def among(cls, trials: Sequence[Trial], plan: DecisionPlan) -> Scoring:
        """Return the scoring of these trials: their ranges are what objectives are weighed in."""
        found = [utilities(t.rewards, plan.objectives or ()) for t in trials if t.state == "done"]
        known = np.array([u for u in found if np.isfinite(u).all()])
        if plan.objectives is None or not len(known):
            return cls(plan, np.zeros(0), np.zeros(0))
        return cls(plan, known.min(axis=0), known.max(axis=0))

    def score(self, rewards: Mapping[str, Reward]) -> float:
        """Return the score; -inf where a reward that it needs is void or missing."""
        if self.plan.objectives is not None:
            u = utilities(rewards, self.plan.objectives)
            known = len(self.low) and np.isfinite(u).all()
            return -float(distance_to_ideal(u, self.low, self.high)) if known else _VOID
        if self.plan.weights is not None:
            u = utilities(rewards, tuple(self.plan.weights))
            weights = np.array(list(self.plan.weights.values()))
            return float(weights @ u) if np.isfinite(u).all() else _VOID
        value = float(utilities(rewards, (self.plan.reward,))[0])
        return value if np.isfinite(value) else _VOID

    def per_block(self, rewards: Mapping[str, Reward]) -> NDArray[np.float64]:
        """Return what each spatial block adds to the score (B,); empty where it is no sum."""
        if self.plan.objectives is not None:
            return np.zeros(0)
        total: NDArray[np.float64] | None = None
        for name, weight in (self.plan.weights or {self.plan.reward: 1.0}).items():
            reward = rewards.get(name)
            if reward is None or not reward.per_block:
                return np.zeros(0)
            sign = weight if reward.direction == "higher" else -weight
            part = sign * np.asarray(reward.per_block)
            if total is not None and len(total) != len(part):
                return np.zeros(0)
            total = part if total is None else total + part
        return np.zeros(0) if total is None else total

    def ranks(self, rewards: Mapping[int, Mapping[str, Reward]]) -> dict[int, int]:
        """Return the non-dominated rank of each; 0 for all without objectives."""
        if self.plan.objectives is None or not rewards:
            return dict.fromkeys(rewards, 0)
        rows = np.array([utilities(r, self.plan.objectives) for r in rewards.values()])
        return dict(zip(rewards, non_dominated_ranks(rows).tolist(), strict=True))

    @property
    def what(self) -> str:
        """Name of what is compared, for sentences."""
        if self.plan.objectives is not None:
            names = " and ".join(reward_words(name) for name in self.plan.objectives)
            return f"distance to the best of {names}"
        if self.plan.weights is not None:
            return " + ".join(f"{w:g} {reward_words(n)}" for n, w in self.plan.weights.items())
        return reward_words(self.plan.reward)

    def shown(self, score: float, rewards: Mapping[str, Reward]) -> float:
        """Return a score as sentences have it: in the sign of the paper, a distance as such."""
        if self.plan.objectives is not None:
            return -score
        if self.plan.weights is None and self.plan.reward in rewards:
            return score if rewards[self.plan.reward].direction == "higher" else -score
        return score


def utilities(rewards: Mapping[str, Reward], names: Sequence[str]) -> NDArray[np.float64]:
    """Return the rewards (m,) turned so that higher is better; -inf where void or missing."""
    return np.array([rewards[n].utility if n in rewards else _VOID for n in names])
