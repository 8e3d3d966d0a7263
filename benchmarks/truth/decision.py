"""`bench decision`: whether the search decides right on surfaces that no rule was chosen on.

Surfaces of the family "level_set" with two types or more, `live`, each candidate trained once with
each of three seeds. Every way to choose is scored on the same trainings, against the truth at two
levels; differences are paired by surface, with a bootstrap over surfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport, Value, surfaces_wanted
from benchmarks.truth import choices
from benchmarks.truth.ceiling import balanced_accuracy, forest, surroundings
from benchmarks.truth.partition_scores import SCORES, partition_scores
from benchmarks.truth.surface_facts import N_SEEDS, surface_facts
from corescout.data import InputError
from corescout.plan import Plan
from corescout.surfaces import generate_family

FAMILY = "level_set"
N_SURFACES, QUICK_SURFACES = 40, 2
REWARDS = (
    "context_retention", "gain", "icl", "icl_1", "icl_4", "bic", "aic", "log_likelihood",
    "reconstruction", "bce_minus_entropy", "total_variance", "variance_product",
)  # fmt: skip
LEVELS = ("type", "type_and_place")
_BOOTSTRAPS = 5000


@dataclass
class RegretTable:
    """Scores by way to choose, level and score; one row for each surface, mean over seeds."""

    rows: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)

    def add(self, way: str, level: str, scores: Mapping[str, float]) -> None:
        """Add the scores of one surface."""
        for name, value in scores.items():
            self.rows.setdefault((way, level, name), []).append(value)

    def of(self, way: str, level: str = "type", score: str = "ami") -> NDArray[np.float64]:
        """Return one score on every surface."""
        return np.array(self.rows[way, level, score])

    @property
    def ways(self) -> list[str]:
        """Names of the ways to choose."""
        return list(dict.fromkeys(way for way, _, _ in self.rows))


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Train, choose in every way, score; two surfaces with `quick`."""
    wanted = surfaces_wanted(N_SURFACES, QUICK_SURFACES, is_quick=quick)
    table, extra, skipped = study(wanted)
    values: dict[str, Value] = {"surfaces": len(table.of("default")), "seeds": N_SEEDS}
    values |= {name: round(float(np.nanmean(v)), 3) for name, v in extra.items()}
    for way in table.ways:
        values[f"{way}_ami"] = round(float(table.of(way).mean()), 3)
    low, mean, high = interval(table.of("best") - table.of("default"))
    values |= {"regret": round(mean, 3), "regret_low": round(low, 3), "regret_high": round(high, 3)}
    ahead = []
    for way in table.ways:
        if way in ("default", "best", "supervised"):
            continue
        low, mean, high = interval(table.of("default") - table.of(way))
        values |= {
            f"ahead_of_{way}": round(mean, 3),
            f"ahead_of_{way}_low": round(low, 3),
            f"ahead_of_{way}_high": round(high, 3),
        }
        if way in (*REWARDS, "fixed_13_r", "context_gmm", "random") or way.startswith("always "):
            ahead.append(Bar(f"ahead_of_{way}_low", ">=", 0.0))
    values["voted_of_ceiling"] = round(
        float(np.nanmean(extra["voted_code_accuracy"]) / np.nanmean(extra["ceiling_accuracy"])), 3
    )
    bars = (
        Bar("surfaces", ">=", wanted),
        Bar("regret", "<=", 0.10),
        Bar("default_ami", ">=", 0.40),
        Bar("ahead_of_scattering_low", ">=", -0.02),
        Bar("voted_of_ceiling", ">=", 0.92),
    )
    return BenchReport(
        "decision", values, bars if quick else (*bars, *ahead), (*lines(table), *skipped)
    )


def study(
    count: int, family: str = FAMILY
) -> tuple[RegretTable, dict[str, list[float]], list[str]]:
    """Score every way to choose on `count` surfaces of a family.

    Returns
    -------
    table : RegretTable
    extra : mapping of str to list of float
        Tied candidates, types, and balanced accuracies of forests (of descriptors, of the winner's
        codes, of the codes of the vote), of each surface.
    skipped : list of str
        Surfaces that could not be used, and why.
    """
    plan = Plan.preset("live", baselines=("pca", "scattering"))
    ways: dict[str, choices.ChoiceRule] = {"default": choices.default, "winner": choices.winner}
    ways |= {name: choices.by_reward(name) for name in REWARDS}
    ways |= {
        "fixed_13_r": choices.fixed, "pca_gmm": choices.pca, "context_gmm": choices.context,
        "scattering": choices.scattering, "consensus": choices.consensus, "best": choices.best,
    }  # fmt: skip
    table, skipped = RegretTable(), []
    extra: dict[str, list[float]] = {
        "tied": [], "types_found": [], "types": [], "ceiling_accuracy": [], "code_accuracy": [],
        "voted_code_accuracy": [],
    }  # fmt: skip
    number = -1
    while len(table.rows.get(("default", "type", "ami"), ())) < count and number < 3 * count:
        number += 1
        if len(generate_family(family, number, (64, 64)).type_names) < 2:
            continue  # nothing to tell apart; surfaces of one type are for `bench null`
        try:
            facts = surface_facts(family, number, plan)
        except InputError as error:
            skipped.append(f"{family} {number} was left out: {error}"[:200])
            continue
        if len(np.unique(facts.truth[facts.truth > 0])) < 2:
            continue  # the other types hold no key point
        labelled = choices.Labelled(facts, plan.decision)
        _score(labelled, ways | choices.fixed_everywhere(labelled), table, extra)
    return table, extra, skipped


def _score(
    labelled: choices.Labelled,
    ways: Mapping[str, choices.ChoiceRule],
    table: RegretTable,
    extra: dict[str, list[float]],
) -> None:
    facts = labelled.facts
    truths = dict(zip(LEVELS, (facts.truth, facts.detailed), strict=True))
    for way, choose in ways.items():
        labels = [choose(labelled, seed) for seed in range(N_SEEDS)]
        for level, truth in truths.items():
            table.add(way, level, _mean([partition_scores(one, truth) for one in labels]))
    for level, truth in truths.items():
        drawn = [choices.random_scores(labelled, seed, truth) for seed in range(N_SEEDS)]
        table.add("random", level, _mean(drawn))
    predicted = forest(facts, surroundings(facts))
    for level, truth in truths.items():
        table.add("supervised", level, partition_scores(predicted, truth))
    found = [labelled.decided(seed) for seed in range(N_SEEDS)]
    winner, seed, _ = found[0]
    code = np.asarray(labelled.of(winner, seed).z, dtype=np.float64)
    n_found = [len(np.unique(labelled.types(w, s))) for w, s, _ in found]
    extra["tied"].append(float(np.mean([tied for *_, tied in found])))
    extra["types_found"].append(float(np.mean(n_found)))
    extra["types"].append(float(len(np.unique(facts.truth[facts.truth > 0]))))
    extra["ceiling_accuracy"].append(balanced_accuracy(predicted, facts.truth))
    extra["code_accuracy"].append(balanced_accuracy(forest(facts, code), facts.truth))
    votes = choices.voted(labelled, 0).votes.codes
    extra["voted_code_accuracy"].append(balanced_accuracy(forest(facts, votes), facts.truth))


def interval(
    differences: NDArray[np.float64], confidence: float = 0.95
) -> tuple[float, float, float]:
    """Low end, mean and high end of a percentile bootstrap over surfaces."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(differences), size=(_BOOTSTRAPS, len(differences)))
    means = differences[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(differences.mean()), float(high)


def lines(table: RegretTable) -> list[str]:
    """One line for each way to choose, best first, with all scores at both levels."""
    order = sorted(table.ways, key=lambda way: -table.of(way).mean())
    out = []
    for way in order:
        parts = [
            f"{level}: "
            + ", ".join(f"{name} {table.of(way, level, name).mean():.3f}" for name in SCORES)
            for level in LEVELS
        ]
        out.append(f"{way}: " + "; ".join(parts))
    return out


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
