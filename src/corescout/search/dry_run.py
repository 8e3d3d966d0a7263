"""What an exploration would try, and what that costs, without trying it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corescout.data import Candidate
from corescout.plan import Plan
from corescout.preparation import Prepared
from corescout.rewards import load_reward
from corescout.search.study import SPATIAL_COST
from corescout.trial import TrialGroup, run_trials

_STEPS = 30  # of the training that the speed of the machine is measured on


@dataclass(frozen=True)
class Planned:
    """One candidate that would be tried.

    Attributes
    ----------
    candidate : Candidate
    share : float
        Of the cost of the whole exploration.
    seconds : float
        Of one core, estimated.
    """

    candidate: Candidate
    share: float
    seconds: float


@dataclass(frozen=True)
class DryRun:
    """What would be done.

    Attributes
    ----------
    n_keypoints : int
    channels : tuple of str
    candidates : tuple of Planned
        In the order in which they would be tried.
    n_repeats : int
        Trainings of finalists with other seeds.
    n_surrogates : int
        Surfaces without types, at most.
    seconds : float
        All of it on `workers` threads, estimated from a short training on this machine.
    workers : int
    budget_s : float or None
        What is not tried by then is left out.
    """

    n_keypoints: int
    channels: tuple[str, ...]
    candidates: tuple[Planned, ...]
    n_repeats: int
    n_surrogates: int
    seconds: float
    workers: int
    budget_s: float | None


def dry_run(prepared: Prepared, plan: Plan, workers: int | None = None) -> DryRun:
    """Say what `explore` would try, and about how long it would take.

    Raises
    ------
    InputError
        If a reward of the plan cannot be loaded.
    """
    for name in plan.wanted_rewards:
        load_reward(name)
    candidates = plan.candidates(prepared.channels)
    if plan.max_trials is not None:
        trained = [c for c in candidates if c.kind != "scattering"][: plan.max_trials]
        candidates = (*trained, *(c for c in candidates if c.kind == "scattering"))
    costs = [_group(prepared, plan, c).cost for c in candidates]
    decision = plan.decision
    repeats = min(decision.finalists, len(candidates)) * (decision.seeds - 1)
    confirmed = SPATIAL_COST if decision.confirm_spatial else 0
    mean = sum(costs) / len(costs)
    total = sum(costs) + mean * (repeats + decision.null_surrogates + confirmed)
    per_cost = _seconds_per_cost(prepared, plan, candidates, costs)
    count = workers or os.cpu_count() or 1
    return DryRun(
        n_keypoints=len(prepared.keypoints),
        channels=prepared.channels,
        candidates=tuple(
            Planned(c, cost / total, cost * per_cost)
            for c, cost in zip(candidates, costs, strict=True)
        ),
        n_repeats=repeats,
        n_surrogates=decision.null_surrogates,
        seconds=total * per_cost / count,
        workers=count,
        budget_s=plan.budget_s,
    )


def _seconds_per_cost(
    prepared: Prepared, plan: Plan, candidates: Sequence[Candidate], costs: Sequence[float]
) -> float:
    """Seconds of one core for a unit of cost, from a short training of the cheapest candidate."""
    trained = [i for i, c in enumerate(candidates) if c.kind == "vae"] or range(len(costs))
    cheapest = candidates[min(trained, key=lambda i: costs[i])]
    short = plan.training.model_copy(update={"max_steps": _STEPS, "retries": 0})
    group = replace(
        _group(prepared, plan, cheapest),
        training=short,
        rewards=(),
        mixtures=plan.mixtures.model_copy(update={"starts": 1, "max_components": 2}),
    )
    run_trials(group)  # the first run loads libraries
    began = time.perf_counter()
    run_trials(group)
    return (time.perf_counter() - began) / group.cost


def _group(prepared: Prepared, plan: Plan, candidate: Candidate) -> TrialGroup:
    return TrialGroup(
        candidates=(candidate,),
        patch_sets=(prepared.patches(candidate.window_px),),
        context=prepared.context,
        block=prepared.block,
        training=plan.training,
        mixtures=plan.mixtures,
        extra_rewards=plan.wanted_rewards,
        bayesian=plan.bayesian,
        scattering=prepared.scattering if candidate.kind == "scattering" else None,
    )
