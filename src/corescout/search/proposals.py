"""Candidates that Optuna proposes, by what was found before: a search beyond the grid.

Optuna is told and asked in memory. What is kept of a trial is kept by the run's own journal: asked
again with the same seed, it proposes the same candidates, which are known by then.

Candidates are asked for in batches of a fixed size: the same ones for any number of workers.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from corescout.data import Candidate, Trial
from corescout.plan import Plan
from corescout.search.scoring import Scoring, utilities

if TYPE_CHECKING:
    import optuna

BATCH = 4  # candidates that are proposed together
_MOST_REPEATS = 50  # proposals in a row that were tried before, after which there is nothing new


class Proposals:
    """Proposes candidates within the windows, invariances, dimensions and beta0 of a plan.

    Parameters
    ----------
    plan : Plan
        Its `search.method` is not "grid".
    channels : tuple of str
        That the candidates see.

    Attributes
    ----------
    left : int
        How many may still be proposed.
    """

    def __init__(self, plan: Plan, channels: tuple[str, ...]) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._plan = plan
        self._vaes = [c for c in plan.candidates(channels) if c.kind == "vae"]
        self._score = Scoring.among((), plan.decision)
        count = len(plan.decision.objectives or (None,))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = _sampler(plan)
        self._study = optuna.create_study(sampler=sampler, directions=["maximize"] * count)
        self._asked: dict[int, optuna.trial.Trial] = {}  # by the number of the candidate
        self._values: dict[Candidate, list[float] | None] = {}
        self.left = plan.search.trials

    def ask(self, first: int) -> tuple[Candidate, ...]:
        """Return the next candidates, numbered from `first`; none where there is nothing new."""
        new: list[Candidate] = []
        repeats = 0
        while len(new) < min(BATCH, self.left) and repeats < _MOST_REPEATS:
            trial = self._study.ask()
            candidate = self._candidate(trial)
            if candidate in new or candidate in self._values:
                self._tell(trial, self._values.get(candidate))
                repeats += 1
            else:
                self._asked[first + len(new)] = trial
                new.append(candidate)
        self.left = self.left - len(new) if new else 0
        return tuple(new)

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take what came of those that were asked for; one without a score is told as a poor one.

        Optuna forgets what failed, and would go on proposing its like.
        """
        for found in trials:
            trial = self._asked.pop(found.number, None)
            if trial is not None:
                values = self._utilities(found) if found.state == "done" else None
                self._values[found.candidate] = values
                self._tell(trial, values)

    def _utilities(self, found: Trial) -> list[float] | None:
        objectives = self._plan.decision.objectives
        if objectives is None:
            values = [self._score.score(found.rewards)]
        else:
            values = [float(v) for v in utilities(found.rewards, objectives)]
        return values if all(map(math.isfinite, values)) else None

    def _tell(self, trial: optuna.trial.Trial, values: list[float] | None) -> None:
        from optuna.trial import TrialState

        known = np.array([v for v in self._values.values() if v is not None])
        if values is None and len(known):
            values = (2 * known.min(axis=0) - known.max(axis=0)).tolist()
        if values is None:
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, values)

    def _candidate(self, trial: optuna.trial.Trial) -> Candidate:
        windows, dims = self._plan.windows_px, self._plan.latent_dims
        window_px = windows[trial.suggest_int("window", 0, len(windows) - 1)]
        invariances = trial.suggest_categorical("invariances", self._plan.invariances)
        latent_dim = dims[trial.suggest_int("latent_dim", 0, len(dims) - 1)]
        beta0 = self._plan.beta0
        if self._plan.search.beta0 is not None:
            beta0 = trial.suggest_float("beta0", *self._plan.search.beta0, log=True)
        return replace(
            self._vaes[0],
            window_px=window_px,
            invariances=invariances,
            latent_dim=latent_dim,
            beta0=float(f"{beta0:.3g}"),
        )


def _sampler(plan: Plan) -> optuna.samplers.BaseSampler:
    """The sampler of a plan; those that run beside a proposal count as no better than it."""
    import optuna

    if plan.search.method == "nsga2":
        population = max(BATCH, plan.search.trials // 4)
        return optuna.samplers.NSGAIISampler(population_size=population, seed=plan.seed)
    first = max(BATCH, min(10, plan.search.trials // 4))
    return optuna.samplers.TPESampler(
        n_startup_trials=first, constant_liar=True, seed=plan.seed % 2**32
    )


def without_proposed(plan: Plan, channels: tuple[str, ...]) -> tuple[Candidate, ...]:
    """Return the candidates of a plan that are tried in any case, before any are proposed."""
    found = plan.candidates(channels)
    if plan.search.method == "grid":
        return found
    return tuple(c for c in found if c.kind != "vae")
