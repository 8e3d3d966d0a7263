"""`bench truth`: the statements of the paper, on generated surfaces with known types.

Each row is a statement, what was measured and its first bar. Candidates are trained as `standard`
does, on three surfaces of the family "voronoi" with five seeds, windows of 3 to 21 px. Beside the
statements: how each reward ranks the candidates against the truth, and how the default rule does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport, Value
from benchmarks.truth.choices import Labelled
from benchmarks.truth.decision import REWARDS
from benchmarks.truth.null_evidence import cloud_claimed
from benchmarks.truth.partition_scores import coverage, partition_scores
from benchmarks.truth.rotation import rotation_plan, turn
from benchmarks.truth.surface_facts import SurfaceFacts, TrainedCandidate, surface_facts
from corescout.cores import find_core_points
from corescout.data import CorePoints, TypedPoints
from corescout.plan import Plan, TrainingPlan
from corescout.preparation import prepare
from corescout.search import Places, types_of_codes
from corescout.surfaces import generate_family

FAMILY, SIDE_PX = "voronoi", 192
SURFACES, SEEDS = (1, 2, 3), 5  # with 3, 4 and 5 types
WINDOWS_PX = (3, 5, 7, 9, 11, 13, 17, 21)
QUICK_WINDOWS_PX, QUICK_SEEDS, QUICK_SIDE_PX = (7, 13), 2, 128
N_CLOUDS = 20
BARS = (
    Bar("loss_with_window_spearman", ">=", 0.9),
    Bar("total_variance_low", ">=", 1.4),
    Bar("total_variance_high", "<=", 2.2),
    Bar("collapsed_total_variance_low", ">=", 0.75),
    Bar("collapsed_total_variance_high", "<=", 1.1),
    Bar("collapsed_variance_product", "<=", 0.1),
    Bar("collapsed_win_bic", ">=", 0.5),
    Bar("bic_components", ">=", 6),
    Bar("log_likelihood_components", ">=", 6),
    Bar("icl_components_r_rt", ">=", 2),
    Bar("icl_components_r_rt_high", "<=", 5),
    Bar("icl_components_none_minus_r_rt", ">=", 0.001),
    Bar("icl_best_window_inside", ">=", 0.5),
    Bar("bayesian_window_within_one", ">=", 0.5),
    Bar("core_majority", ">=", 0.85),
    Bar("coverage", ">=", 0.9),
    Bar("clouds_claimed", "<=", 1),
    Bar("turned_same_component", ">=", 0.9),
)


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Measure every statement; with `quick` one small surface, two seeds and two windows."""
    windows = QUICK_WINDOWS_PX if quick else WINDOWS_PX
    seeds, side_px = (QUICK_SEEDS, QUICK_SIDE_PX) if quick else (SEEDS, SIDE_PX)
    plan = Plan.preset("standard", windows_px=windows, baselines=())
    facts = [
        surface_facts(FAMILY, number, plan, seeds, side_px)
        for number in (SURFACES[:1] if quick else SURFACES)
    ]
    values: dict[str, Value] = {"surfaces": len(facts), "seeds": seeds}
    values |= _rounded(_of_the_autoencoder(facts))
    values |= _rounded(_of_the_mixtures(facts))
    values |= _rounded(_of_the_types(facts, plan))
    values |= _rounded(_against_the_truth(facts, plan))
    values["clouds_claimed"] = sum(cloud_claimed(s) for s in range(2 if quick else N_CLOUDS))
    if not quick:
        values |= _rounded(_bayesian_window(facts, plan))
        values |= _rounded(turned(SURFACES[0]))
    bars = [bar for bar in BARS if not np.isnan(float(values.get(bar.key, np.nan)))]
    asleep = f"{values['collapsed']:.0f} of {values['trained']:.0f} trainings"
    notes = (f"collapsed: {asleep}, after all retries; bars on what did not occur are left out",)
    return BenchReport("truth", values, () if quick else tuple(bars), notes)


def _each(facts: list[SurfaceFacts]) -> Iterator[TrainedCandidate]:
    for one in facts:
        for seeds in one.trained:
            yield from seeds


def _series(facts: list[SurfaceFacts]) -> Iterator[list[TrainedCandidate]]:
    """The windows of one invariance, with one seed, on one surface."""
    for one in facts:
        for invariances in dict.fromkeys(t[0].candidate.invariances for t in one.trained):
            for seed in range(len(one.trained[0])):
                series = [
                    t[seed] for t in one.trained if t[seed].candidate.invariances == invariances
                ]
                yield sorted(series, key=lambda t: t.candidate.window_px)


def _of_the_autoencoder(facts: list[SurfaceFacts]) -> dict[str, float]:
    from scipy.stats import spearmanr

    rank = [
        spearmanr(
            [t.candidate.window_px for t in series],
            [t.rewards["bce_minus_entropy"].value for t in series],
        ).statistic
        for series in _series(facts)
    ]
    total: dict[bool, list[float]] = {False: [], True: []}
    product = []
    for t in _each(facts):
        asleep = _asleep(t)
        total[asleep].append(t.rewards["total_variance"].value)
        if asleep:
            product.append(t.rewards["variance_product"].value)
    out = {
        "loss_with_window_spearman": float(np.median(rank)),
        "total_variance_low": float(np.quantile(total[False], 0.05)),
        "total_variance_high": float(np.quantile(total[False], 0.95)),
        "collapsed": float(len(total[True])),
        "trained": float(len(total[True]) + len(total[False])),
    }
    if total[True]:
        out |= {
            "collapsed_total_variance_low": float(np.quantile(total[True], 0.25)),
            "collapsed_total_variance_high": float(np.quantile(total[True], 0.75)),
            "collapsed_variance_product": float(np.median(product)),
        }
    return out


def _asleep(trained: TrainedCandidate) -> bool:
    """Whether the encoder leaves a dimension asleep, after all retries."""
    parts = trained.rewards["total_variance"].parts
    least = min(v for name, v in parts.items() if name.startswith("variance_z"))
    return least < TrainingPlan().collapse_variance


def _of_the_mixtures(facts: list[SurfaceFacts]) -> dict[str, float]:
    def components(reward: str, *, none: bool | None = None, least_px: int = 3) -> list[float]:
        return [
            t.rewards[reward].parts["n_components"]
            for t in _each(facts)
            if t.collapsed is None
            and t.candidate.window_px >= least_px
            and none in (None, t.candidate.invariances == "none")
        ]

    of_r_rt = float(np.median(components("icl", none=False)))
    return {
        "bic_components": float(np.median(components("bic", least_px=9))),
        "log_likelihood_components": float(np.median(components("log_likelihood", least_px=9))),
        "icl_components_r_rt": of_r_rt,
        "icl_components_r_rt_high": of_r_rt,
        "icl_components_none_minus_r_rt": float(
            np.mean(components("icl", none=True)) - np.mean(components("icl", none=False))
        ),
        "collapsed_win_bic": _collapsed_win(facts),
        "icl_best_window_inside": _inside(facts),
    }


def _collapsed_win(facts: list[SurfaceFacts]) -> float:
    """Share of sweeps with a collapsed candidate in which such a one has the best BIC."""
    wins = []
    for one in facts:
        for seed in range(len(one.trained[0])):
            sweep = [t[seed] for t in one.trained]
            if any(map(_asleep, sweep)):
                best = min(sweep, key=lambda t: t.rewards["bic"].value)
                wins.append(_asleep(best))
    return float(np.mean(wins)) if wins else float("nan")


def _inside(facts: list[SurfaceFacts]) -> float:
    """Share of series, r and rt, whose best gain is at neither end of the windows."""
    inside = []
    for series in _series(facts):
        able = [t for t in series if t.collapsed is None]
        if len(able) < 3 or series[0].candidate.invariances == "none":
            continue
        best = max(able, key=lambda t: t.rewards["gain"].value)
        ends = (series[0].candidate.window_px, series[-1].candidate.window_px)
        inside.append(best.candidate.window_px not in ends)
    return float(np.mean(inside)) if inside else float("nan")


def _of_the_types(facts: list[SurfaceFacts], plan: Plan) -> dict[str, float]:
    """Core points and coverage of what the default rule chooses, over first seeds."""
    core: list[tuple[float, float]] = []
    covered: dict[str, list[float]] = {"component": [], "type": []}
    for one in facts:
        labelled, truth = Labelled(one, plan.decision), one.truth
        for first in range(len(one.trained[0])):
            winner, seed, _ = labelled.decided(first)
            of_point, cores = _components(one, one.trained[winner][seed], plan)
            wall = truth > 0
            covered["component"].append(coverage(of_point[wall], truth[wall]))
            covered["type"].append(coverage(labelled.types(winner, seed)[wall], truth[wall]))
            core.append(_majorities(cores, of_point, truth))
    return {
        "core_majority": float(np.mean([by_component for by_component, _ in core])),
        "core_majority_of_types": float(np.mean([by_type for _, by_type in core])),
        "coverage": float(np.mean(covered["component"])),
        "coverage_by_types": float(np.mean(covered["type"])),
    }


def _components(
    facts: SurfaceFacts, one: TrainedCandidate, plan: Plan
) -> tuple[NDArray[np.int64], CorePoints]:
    """Component (N,) of every key point, and the core points with the types of components."""
    z = np.asarray(one.z, dtype=np.float64)
    mixture, types = types_of_codes(
        {k: one.mixture(k) for k in one.parameters},
        one.rewards,
        z,
        Places.of(facts.yx_px, one.candidate.window_px),
        plan.decision,
    )
    core = find_core_points(TypedPoints(z, mixture, types), plan.decision.core_share)
    return mixture.component_of(z), core


def _majorities(
    core: CorePoints, component: NDArray[np.int64], truth: NDArray[np.int64]
) -> tuple[float, float]:
    """Share of the core points on walls that are of the majority of their component, or type."""
    on_wall = truth[core.index] > 0
    found = truth[core.index][on_wall]
    labels = component[core.index][on_wall], np.asarray(core.type)[on_wall]
    shares = [
        sum(np.bincount(found[label == n]).max() for n in np.unique(label)) / len(found)
        for label in labels
    ]
    return float(shares[0]), float(shares[1])


def _against_the_truth(facts: list[SurfaceFacts], plan: Plan) -> dict[str, float]:
    """Rank correlation of every reward with the AMI of a candidate's types, and the default's AMI.

    Spearman over the candidates of a sweep that did not collapse, mean over surfaces and seeds.
    """
    from scipy.stats import spearmanr

    rank: dict[str, list[float]] = {}
    scores: dict[str, list[float]] = {"default": [], "best": [], "random": []}
    for one in facts:
        labelled = Labelled(one, plan.decision)
        for seed in range(len(one.trained[0])):
            alive = labelled.alive(seed)
            ami = [partition_scores(labelled.types(i, seed), one.truth)["ami"] for i in alive]
            for name in REWARDS:
                utility = [one.trained[i][seed].rewards[name].utility for i in alive]
                rank.setdefault(name, []).append(float(spearmanr(utility, ami).statistic))
            winner, shown, _ = labelled.decided(seed)
            found = partition_scores(labelled.types(winner, shown), one.truth)["ami"]
            scores["default"].append(found)
            scores["best"].append(max(ami))
            scores["random"].append(float(np.mean(ami)))
    out = {f"rank_correlation_{name}": float(np.nanmean(values)) for name, values in rank.items()}
    return out | {f"ami_{name}": float(np.mean(values)) for name, values in scores.items()}


def _bayesian_window(facts: list[SurfaceFacts], plan: Plan) -> dict[str, float]:
    """How far apart, in steps of the sweep, -ELBO + H and ICL put the best window of r."""
    from corescout.mixtures.bayesian import fit_bayesian  # pyro takes seconds to import

    steps, converged = [], []
    for one in facts:
        series = sorted(
            (t[0] for t in one.trained if t[0].candidate.invariances == "r"),
            key=lambda t: t.candidate.window_px,
        )
        able = [t for t in series if t.collapsed is None]
        fits = [fit_bayesian(t.z.astype(np.float64), plan.bayesian, plan.seed) for t in able]
        bound = [
            (b.mixture.classification_entropy_nats - b.elbo_nats) / len(b.mixture.seen)
            for b in fits
        ]
        by_icl = int(np.argmin([t.rewards["icl"].value for t in able]))
        steps.append(abs(int(np.argmin(bound)) - by_icl))
        converged += [b.converged for b in fits]
    return {
        "bayesian_window_steps": float(np.median(steps)),
        "bayesian_window_within_one": float(np.mean(np.array(steps) <= 1)),
        "bayesian_converged": float(np.mean(converged)),
    }


def turned(seed: int) -> dict[str, float]:
    """Share of the patches that keep their component on the scan turned by 24 angles, and |dz|.

    13 px, r, as `bench rotation` has it.
    """
    plan = rotation_plan((13,))
    found = turn(
        prepare(generate_family(FAMILY, seed, (SIDE_PX, SIDE_PX)).scan, plan), 13, "r", plan
    )
    return {"turned_same_component": found.kept_component, "turned_dz": float(np.median(found.dz))}


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}
