"""A trial as a pure function of the prepared data and a task: wherever it runs, the same numbers.

A task says which candidates train as one stack, on the scan or on surfaces without types. Its key
names its result: equal keys, equal numbers, so that what is known by its key need not be computed
again.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from corescout import trial_file
from corescout.data import Candidate
from corescout.data.short_repr import short_repr
from corescout.plan import Plan, TrainingPlan
from corescout.rewards import BAYESIAN, HELD_OUT, REWARDS, applicable, score
from corescout.search.surrogates import most_patches, surrogates
from corescout.trial import Outcome, TrialGroup, run_trials, with_asked_fits
from corescout.trial_cost import TrialWork
from corescout.trial_data import TrialData
from corescout.vae import as_many_steps

_NUMERIC = ("napari-corescout", "torch", "numpy", "scipy", "scikit-learn", "scikit-image")


@dataclass(frozen=True, eq=False)
class Task:
    """Candidates that train as one stack, and what they train on.

    Attributes
    ----------
    plan : Plan
    candidates : tuple of Candidate
        They differ in their seed only.
    surrogates : tuple of int
        Numbers of the surfaces without types that they train on, one for each; empty: the scan.
    """

    plan: Plan
    candidates: tuple[Candidate, ...]
    surrogates: tuple[int, ...] = ()

    __repr__ = short_repr

    @property
    def label(self) -> str:
        """Short name, for people."""
        label = self.candidates[0].label
        if self.surrogates:
            return f"{label} on surfaces {self.surrogates[0]} to {self.surrogates[-1]}"
        return f"{label}, seed {self.candidates[0].seed}"

    @property
    def wanted_rewards(self) -> tuple[str, ...] | None:
        """Rewards of the table to compute; None: the quick ones and those that are asked for."""
        return ("gain",) if self.surrogates else None

    @property
    def needs_bayesian(self) -> bool:
        """Whether a reward that is asked for needs a Bayesian mixture."""
        return not self.surrogates and bool(set(self.plan.wanted_rewards) & set(BAYESIAN))

    @property
    def needs_held_out(self) -> bool:
        """Whether a reward that is asked for needs mixtures without each block."""
        return not self.surrogates and bool(set(self.plan.wanted_rewards) & set(HELD_OUT))

    def cost(self, data: TrialData) -> float:
        """Work in multiply-adds."""
        bayesian = self.plan.bayesian if self.needs_bayesian else None
        count, training = len(data), self.plan.training
        if self.surrogates:
            count = most_patches(len(data), self.plan)
            training = as_many_steps(training, count, len(data))
        return TrialWork(self.candidates, count, training, bayesian).cost

    @cached_property
    def _trains_with(self) -> dict[str, object]:
        """Everything but the data that codes, mixtures and weights depend on, as JSON values."""
        found: dict[str, object] = {
            "candidates": [asdict(c) for c in self.candidates],
            "training": self.plan.training.model_dump(mode="json"),
            "mixtures": self.plan.mixtures.model_dump(mode="json"),
        }
        if "numba" in (self.plan.training.step, self.plan.mixtures.engine):
            found["numba"] = _version_of("numba")
        if self.surrogates or self.candidates[0].kind == "descriptors":
            found["keypoints"] = self.plan.keypoints.model_dump(mode="json")
        if self.surrogates:
            found["surrogates"] = list(self.surrogates)
            found["seed"] = self.plan.seed
        return found

    def key(self, digest: str) -> str:
        """Name of the result on data of a digest, with these versions of what computes it."""
        told = {**self._trains_with, "data": digest, "versions": versions()}
        text = json.dumps(told, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def to_json(self) -> str:
        """Return it as a line of text."""
        return json.dumps({
            "plan": self.plan.model_dump(mode="json"),
            "candidates": [asdict(c) for c in self.candidates],
            "surrogates": list(self.surrogates),
        })  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> Task:
        """Return the task of a line of text."""
        values: dict[str, Any] = json.loads(text)
        candidates = tuple(
            Candidate(**{**c, "channels": tuple(c["channels"])}) for c in values["candidates"]
        )
        plan = Plan.model_validate(values["plan"])
        return cls(plan, candidates, tuple(values["surrogates"]))

    def finished(self, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
        """Return outcomes with what is asked for and no more: as if nothing had been kept.

        The user's own rewards are computed here; no other process runs their code.
        """
        return tuple(outcomes) if self.surrogates else tuple(self._finished(o) for o in outcomes)

    def is_whole(self, outcomes: Sequence[Outcome], about: dict[str, Any]) -> bool:
        """Whether stored outcomes have the fits that the rewards which are asked for need."""
        fits = [o.fit for o in outcomes]
        if self.needs_held_out and not all(f.held_out_nats for f in fits):
            return False
        if not self.needs_bayesian:
            return True
        same = about.get("bayesian") == self.plan.bayesian.model_dump(mode="json")
        return same and all(f.bayesian is not None for f in fits)

    def _finished(self, outcome: Outcome) -> Outcome:
        fit = outcome.fit
        if not self.needs_held_out and fit.held_out_nats:
            fit = replace(fit, held_out_nats={})
        if not self.needs_bayesian and fit.bayesian is not None:
            fit = replace(fit, bayesian=None)
        names = tuple(dict.fromkeys((*applicable(fit), *self.plan.wanted_rewards)))
        missing = [n for n in names if n not in outcome.rewards]
        known = {**outcome.rewards, **score(fit, missing, void_because=outcome.collapsed)}
        return replace(outcome, fit=fit, rewards={name: known[name] for name in names})


def run_task(
    data: TrialData,
    task: Task,
    stop: threading.Event | None = None,
    on_step: Callable[[float], None] | None = None,
    stored: bytes | None = None,
) -> tuple[Outcome, ...]:
    """Train, fit and score; `stored` outcomes of the task only get the fits that they lack.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    group = group_of(data, task, stop)
    if stored is not None:
        return with_asked_fits(group, trial_file.from_bytes(stored, data), stop)
    return run_trials(group, stop, on_step)


def to_bytes(task: Task, outcomes: Sequence[Outcome]) -> bytes:
    """Return the file of a finished task."""
    about: dict[str, object] = {"label": task.label, "versions": versions(), **task._trains_with}
    if task.needs_bayesian:
        about["bayesian"] = task.plan.bayesian.model_dump(mode="json")
    return trial_file.to_bytes(outcomes, about=about, shared=not task.surrogates)


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, _version_of(name)) for name in _NUMERIC)


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def versions() -> dict[str, str]:
    """Versions of what the numbers of a trial depend on."""
    return dict(_versions())


def _training_on(n_points: int, data: TrialData, plan: Plan) -> TrainingPlan:
    """Train a surface as long as the scan, where the scan has more key points than are used."""
    if most_patches(len(data), plan) == len(data):
        return plan.training
    return as_many_steps(plan.training, n_points, len(data))


def group_of(data: TrialData, task: Task, stop: threading.Event | None = None) -> TrialGroup:
    """Return the stack of a task, its patches cut.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    plan, candidates = task.plan, task.candidates
    if task.surrogates:
        made = surrogates(data, candidates[0], plan, task.surrogates, stop)
        n_points = len(made.patch_sets[0])
        return TrialGroup(
            candidates=candidates,
            patch_sets=made.patch_sets,
            features=made.features,
            context=np.zeros((n_points, 0)),
            block=np.zeros(0, np.int64),
            training=_training_on(n_points, data, plan),
            mixtures=plan.mixtures,
            rewards=task.wanted_rewards,
        )
    return TrialGroup(
        candidates=candidates,
        patch_sets=(data.patches(candidates[0].window_px),),
        context=data.context,
        block=data.block,
        training=plan.training,
        mixtures=plan.mixtures,
        extra_rewards=tuple(n for n in plan.wanted_rewards if n in REWARDS),
        bayesian=plan.bayesian,
        features=data.features(candidates[0], plan.keypoints, stop=stop),
        centre=data.centre,
        measured=data.measured,
        walls=data.walls,
    )
