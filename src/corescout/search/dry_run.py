"""What an exploration would try, and what that costs, without trying it.

The machine is timed on small pieces of the very work: passes of training of the cheapest, a middle
and the dearest candidate, what follows a training (codes, mixtures, rewards), a surface without
types, and how much faster several threads are than one. How many candidates collapse, and are
trained again with other seeds, is not known before: a fifth is taken. Surfaces without types are
left out once the answer is clear: all of them are counted. Where several candidates make the types
together the fits of one seed are timed on codes of scattering; they are done on one thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from corescout.data import Candidate
from corescout.plan import MixturePlan, Plan
from corescout.preparation import Prepared
from corescout.rewards import load_reward
from corescout.scattering import encode_scattering, fit_scattering
from corescout.search.consensus import DIMS, mixture_of_votes
from corescout.search.evidence import surrogate_tasks
from corescout.search.tasks import group_of
from corescout.trial import TrialGroup, run_trials
from corescout.vae import single_threaded

_MORE_STEPS = 60  # of the longer of two short trainings; the difference of their times counts
_COLLAPSED = 0.2  # share of the candidates; 7 of 26 of the preset live on a generated surface
_TIMES = 2  # that a short piece is timed; the shorter time counts
_LONG_S = 0.3  # of a piece that is timed once


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
        All of it on `workers` threads, estimated from pieces of the work on this machine; without
        report and run folder.
    workers : int
    budget_s : float or None
        What is not tried by then is left out.
    consensus_s : float
        Part of `seconds`: the types that several candidates make together; 0 where the winner does.
    """

    n_keypoints: int
    channels: tuple[str, ...]
    candidates: tuple[Planned, ...]
    n_repeats: int
    n_surrogates: int
    seconds: float
    workers: int
    budget_s: float | None
    consensus_s: float = 0.0


@dataclass(frozen=True)
class Speed:
    """How fast this machine is at the pieces of an exploration, on one thread.

    Attributes
    ----------
    pass_cost, seconds_per_cost : tuple of float
        Of the candidates that were timed, in rising order of the cost of one pass.
    after_s : float
        From weights to rewards, for one candidate.
    surrogate_s : float
        To make a surface without types and to score its codes.
    threads : float
        So many times as much is done by all threads together as by one.
    cut_s : float
        To cut patches and to find coefficients of scattering and wall descriptors, once.
    consensus_s : float
        To fit the mixtures of a consensus for one seed of the candidates.
    """

    pass_cost: tuple[float, ...]
    seconds_per_cost: tuple[float, ...]
    after_s: float
    surrogate_s: float
    threads: float
    cut_s: float = 0.0
    consensus_s: float = 0.0

    def training_s(self, group: TrialGroup) -> float:
        """Seconds of one thread that a group trains."""
        at = np.interp(np.log(_pass_cost(group)), np.log(self.pass_cost), self.seconds_per_cost)
        return float(group.training_cost * at)


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
    if plan.search.method != "grid":  # as many as will be proposed, from all over the range
        every = -(-len(candidates) // plan.search.trials)
        candidates = candidates[::every]
    count = workers or os.cpu_count() or 1
    with single_threaded():
        began = time.perf_counter()
        groups = [_group(prepared, plan, c) for c in candidates]
        cut_s = time.perf_counter() - began
        speed = replace(measure_speed(prepared, plan, groups, count), cut_s=cut_s)
    return estimate(prepared, plan, groups, speed, count)


def estimate(
    prepared: Prepared, plan: Plan, groups: Sequence[TrialGroup], speed: Speed, workers: int
) -> DryRun:
    """Add up what an exploration of these candidates costs on a machine of this speed."""
    decision = plan.decision
    repeats = min(decision.finalists, len(groups)) * (decision.seeds - 1)
    again = 1 + _COLLAPSED * (plan.training.retries + 1)  # the last has a dimension less
    each = [speed.training_s(group) * again + speed.after_s for group in groups]
    mean_training = float(np.mean([speed.training_s(group) for group in groups]))
    total = sum(each) + repeats * (mean_training * again + speed.after_s)
    total += decision.null_surrogates * (mean_training + speed.surrogate_s)
    if decision.confirm_spatial:
        total += max(map(speed.training_s, map(_spatial, groups))) + speed.after_s
    consensus_s = decision.seeds * speed.consensus_s
    return DryRun(
        n_keypoints=len(prepared.keypoints),
        channels=prepared.channels,
        candidates=tuple(
            Planned(group.candidates[0], seconds / total, seconds)
            for group, seconds in zip(groups, each, strict=True)
        ),
        n_repeats=repeats,
        n_surrogates=decision.null_surrogates,
        seconds=speed.cut_s + total / speed.threads + consensus_s,
        workers=workers,
        budget_s=plan.budget_s,
        consensus_s=consensus_s,
    )


def measure_speed(
    prepared: Prepared, plan: Plan, groups: Sequence[TrialGroup], workers: int
) -> Speed:
    """Time pieces of the work on this machine."""
    trained = [group for group in groups if group.passes] or groups
    by_cost = sorted(trained, key=_pass_cost)
    timed = [by_cost[i] for i in sorted({0, len(by_cost) // 2, len(by_cost) - 1})]
    if plan.decision.confirm_spatial:
        timed.append(max(map(_spatial, trained), key=_pass_cost))
    timed.sort(key=_pass_cost)
    run_trials(_short(timed[0]))  # the first run loads libraries
    rates = [_seconds_per_cost(group) for group in timed]
    whole = _short(timed[0])
    whole_s = _time(lambda: run_trials(whole))
    training_s = whole.training_cost * rates[0]
    surrogate_s = 0.0
    if plan.decision.null_surrogates:
        surrogate_s = _time(lambda: _run_surrogate(prepared, plan, timed[0]), 1) - training_s
    return Speed(
        pass_cost=tuple(map(_pass_cost, timed)),
        seconds_per_cost=tuple(rates),
        after_s=max(0.0, whole_s - training_s),
        surrogate_s=max(0.0, surrogate_s),
        threads=_threads(whole, whole_s, workers),
        consensus_s=_consensus_s(prepared, plan),
    )


def _consensus_s(prepared: Prepared, plan: Plan) -> float:
    """Time the fits of a consensus on codes of scattering; 0 where the winner makes the types."""
    if plan.decision.types != "consensus":
        return 0.0
    features = prepared.trial_data.scattering
    codes = encode_scattering(features, fit_scattering(features, DIMS))
    return _time(lambda: mixture_of_votes(codes, plan), 1)


def _threads(group: TrialGroup, alone_s: float, workers: int) -> float:
    """How many times as much is done by all threads together: at least as much as by one."""
    if workers == 1:
        return 1.0
    with ThreadPoolExecutor(workers) as pool:
        together_s = _time(lambda: list(pool.map(run_trials, [group] * workers)))
    return float(np.clip(workers * alone_s / together_s, 1.0, workers))


def _seconds_per_cost(group: TrialGroup) -> float:
    """Seconds of one thread for a unit of the cost of training, without what is done once."""
    steps_per_pass = max(1, len(group.patch_sets[0]) // group.training.batch_size)
    short = replace(_short(group), rewards=(), extra_rewards=(), mixtures=_least(group))
    long = _short(short, 1 + -(-_MORE_STEPS // steps_per_pass))
    more = long.training_cost - short.training_cost
    if not more:  # a baseline
        return 0.0
    return max(0.0, _time(lambda: run_trials(long)) - _time(lambda: run_trials(short))) / more


def _run_surrogate(prepared: Prepared, plan: Plan, group: TrialGroup) -> None:
    (task,) = surrogate_tasks(group.candidates[0], plan, range(1))
    made = group_of(prepared.trial_data, task)
    run_trials(_short(made))


def _time(work: Callable[[], object], times: int = _TIMES) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
        if found[-1] > _LONG_S:
            break
    return min(found)


def _pass_cost(group: TrialGroup) -> float:
    return group.training_cost / group.passes if group.passes else 1.0


def _short(group: TrialGroup, passes: int = 1) -> TrialGroup:
    changes = {"epochs": passes, "max_steps": None, "retries": 0}
    return replace(group, training=group.training.model_copy(update=changes))


def _least(group: TrialGroup) -> MixturePlan:
    return group.mixtures.model_copy(update={"starts": 1, "max_components": 2})


def _spatial(group: TrialGroup) -> TrialGroup:
    return replace(group, candidates=(replace(group.candidates[0], decoder="spatial"),))


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
        features=prepared.trial_data.features(candidate, plan.keypoints),
    )
