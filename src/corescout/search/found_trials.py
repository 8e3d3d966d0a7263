"""What an exploration has found by now: the trials of its candidates, and what their seeds say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import BayesianMixture, Candidate, Mixture, Reward, Trial
from corescout.data.trial import TrialState
from corescout.plan import DecisionPlan
from corescout.rewards.stability import stability
from corescout.search.agreement import mean_agreement
from corescout.search.decision import shortlist, void_reasons
from corescout.search.provisional import typed_outcome
from corescout.trial import Outcome


class FoundTrials:
    """Outcomes by the number of their candidate, in the order of the candidates.

    Parameters
    ----------
    candidates : sequence of Candidate
    plan : DecisionPlan

    Attributes
    ----------
    candidates : tuple of Candidate
        Those that are tried, or would be if there were time.
    outcomes : dict of int to Outcome
        Of the first seed.
    failures : dict of int to str
        Why there is none.
    repeats : dict of int to list of Outcome
        Of the finalists, with other seeds.
    """

    def __init__(self, candidates: Sequence[Candidate], plan: DecisionPlan) -> None:
        self.candidates, self._plan = tuple(candidates), plan
        self.outcomes: dict[int, Outcome] = {}
        self.failures: dict[int, str] = {}
        self.repeats: dict[int, list[Outcome]] = {}
        self._stable: dict[int, tuple[list[Outcome], Reward]] = {}

    def all_trials(self) -> tuple[Trial, ...]:
        """Return a trial for every candidate in order, then the repeats."""
        trials = []
        for i, candidate in enumerate(self.candidates):
            if i in self.outcomes:
                trial = self.trial_of(i, self.outcomes[i])
                if i in self.repeats:
                    rewards = {**trial.rewards, "stability": self._stability(i)}
                    trial = replace(trial, rewards=rewards)
            elif i in self.failures:
                trial = Trial(i, candidate, "failed", reason=self.failures[i])
            else:
                trial = Trial(i, candidate, "not_tried", reason="the budget was spent")
            trials.append(trial)
        repeats = [o for i in sorted(self.repeats) for o in self.repeats[i]]
        trials += [self.trial_of(len(trials) + j, o) for j, o in enumerate(repeats)]
        return tuple(trials)

    def finished_trials(self) -> tuple[Trial, ...]:
        """Return those that were tried."""
        return tuple(t for t in self.all_trials() if t.state != "not_tried")

    def first_trials(self) -> list[Trial]:
        """Return those of the sweep, in order."""
        return [t for t in self.all_trials() if t.number < len(self.candidates)]

    def trial_of(self, number: int, outcome: Outcome) -> Trial:
        """Return what is told of one outcome, under a number."""
        state: TrialState = "done" if outcome.collapsed is None else "void"
        return Trial(
            number, outcome.candidate, state, outcome.rewards, outcome.seconds, outcome.collapsed
        )

    def seeds_of(self, number: int) -> list[Outcome]:
        """Return the outcomes of a candidate that did not collapse, all seeds."""
        outcomes = [self.outcomes[number], *self.repeats.get(number, [])]
        return [o for o in outcomes if o.collapsed is None]

    def assignment(self, outcome: Outcome) -> NDArray[np.int64]:
        """Return the component (N,) of each patch, with the K whose gain is highest."""
        z = outcome.fit.codes
        return np.asarray(outcome.fit.mixtures[_n_components(outcome)].component_of(z))

    def n_seeds(self, number: int) -> int:
        """Return how many seeds of a candidate did not collapse."""
        return len(self.seeds_of(number))

    def mean_gain(self, winner: Outcome) -> float:
        """Return the gain of the winning candidate, mean over its seeds that did not collapse."""
        number = next(i for i in self.outcomes if winner in self.seeds_of(i))
        gains = [o.rewards["gain"].value for o in self.seeds_of(number)]
        return float(np.mean(gains))

    def shown_agreement(self, number: int) -> float | None:
        """Return the mean adjusted Rand index between the types that seeds of a candidate show."""
        outcomes = self.seeds_of(number)
        if len(outcomes) < 2:
            return None
        shown = [typed_outcome(o, self._plan).types.of_point for o in outcomes]
        return mean_agreement([np.asarray(types) for types in shown])

    def trained_finalists(self) -> tuple[Outcome, ...]:
        """Return every training of every finalist that did not collapse, all seeds."""
        finalists = shortlist(self.first_trials(), self._plan)
        return tuple(outcome for i in finalists for outcome in self.seeds_of(i))

    def voters(self, seed: int = 0) -> tuple[Outcome, ...]:
        """Return those whose codes make the types together: the finalists and scattering.

        Parameters
        ----------
        seed : int
            Number of the training of each finalist, 0 for that of the sweep. One that was not
            repeated or collapsed stays with that of the sweep.
        """
        finalists = shortlist(self.first_trials(), self._plan)
        untrained = [
            i for i, o in self.outcomes.items()
            if o.candidate.kind == "scattering" and o.collapsed is None and i not in finalists
        ]  # fmt: skip
        return tuple(self._of_seed(i, seed) for i in (*finalists, *untrained))

    def voters_by_seed(self) -> list[tuple[Outcome, ...]]:
        """Return the voters of the sweep, and of every seed that finalists were repeated with."""
        repeated = max((len(found) for found in self.repeats.values()), default=0)
        return [self.voters(seed) for seed in range(1 + repeated)]

    def _of_seed(self, number: int, seed: int) -> Outcome:
        repeats = self.repeats.get(number, [])
        again = repeats[seed - 1] if 1 <= seed <= len(repeats) else self.outcomes[number]
        return self.outcomes[number] if again.collapsed is not None else again

    def void_reasons(self) -> str:
        """Say why candidates that did not collapse have no score; "" if all have one."""
        return void_reasons(self.first_trials(), self._plan)

    def latents_by_trial(self) -> dict[int, NDArray[np.float64]]:
        """Return the codes of every finished trial by its number."""
        return {i: o.fit.codes for i, o in self._numbered().items()}

    def mixture_by_trial(self) -> dict[int, Mixture]:
        """Return the best mixture of every finished trial by its number."""
        return {i: o.fit.mixtures[_n_components(o)] for i, o in self._numbered().items()}

    def bayesian_by_trial(self) -> dict[int, BayesianMixture]:
        """Return the Bayesian mixture of every finished trial that has one, by its number."""
        found = {i: o.fit.bayesian for i, o in self._numbered().items()}
        return {i: b for i, b in found.items() if b is not None}

    def _stability(self, number: int) -> Reward:
        """Stability of a candidate; asked at every progress, computed once for its outcomes."""
        outcomes = self.seeds_of(number)
        known = self._stable.get(number)
        if known is None or known[0] != outcomes:
            known = outcomes, stability([self.assignment(o) for o in outcomes])
            self._stable[number] = known
        return known[1]

    def _numbered(self) -> dict[int, Outcome]:
        """Every finished trial by its number: the sweep, then the repeats."""
        repeats = [o for i in sorted(self.repeats) for o in self.repeats[i]]
        numbered = {**self.outcomes}
        numbered |= {len(self.candidates) + j: o for j, o in enumerate(repeats)}
        return dict(sorted(numbered.items()))


def _n_components(outcome: Outcome) -> int:
    """K with which the gain is highest."""
    return max(1, round(outcome.rewards["gain"].parts.get("n_components", 1.0)))
