"""`bench presets`: whether `live` chooses what `standard` chooses, and how right both are.

Generated surfaces of known types: the choice (same or tied), how many are tied (the winner
counts), how well the types agree with the truth, and the purity of the core points.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.outcome import Bar, BenchReport
from benchmarks.speed.paper import same_or_tied
from benchmarks.truth.partition_scores import partition_scores
from corescout.data import Result
from corescout.plan import Plan
from corescout.surfaces import Surface, generate_surface

N_SURFACES, QUICK_SURFACES = 10, 2
SIDE_PX = 192


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Explore ten generated surfaces with both presets; two with `quick`."""
    from corescout.pipeline import explore
    from corescout.surfaces.truth import compare

    count = QUICK_SURFACES if quick else N_SURFACES
    agree, notes = 0, []
    purity: dict[str, list[float]] = {"live": [], "standard": []}
    ami: dict[str, list[float]] = {"live": [], "standard": []}
    tied: dict[str, list[int]] = {"live": [], "standard": []}
    seconds = {"live": 0.0, "standard": 0.0}
    for seed in range(count):
        surface = generate_surface((SIDE_PX, SIDE_PX), seed=seed)
        results = {}
        for preset in ("live", "standard"):
            started = time.perf_counter()
            results[preset] = explore(surface.scan, Plan.preset(preset))
            seconds[preset] += time.perf_counter() - started
            purity[preset].append(compare(surface, results[preset]).purity)
            ami[preset].append(_ami(surface, results[preset]))
            tied[preset].append(1 + len(results[preset].tied))
        same = same_or_tied(results["live"], results["standard"])
        agree += same
        live, standard = (results[p].winner.label for p in ("live", "standard"))
        notes.append(
            f"surface {seed}: live {live}, standard {standard}"
            f" ({'same or tied' if same else 'different'}; {tied['live'][-1]} and"
            f" {tied['standard'][-1]} tied); AMI {ami['live'][-1]:.2f}, {ami['standard'][-1]:.2f},"
            f" purity {purity['live'][-1]:.0%}, {purity['standard'][-1]:.0%}"
        )
    values: dict[str, float] = {"surfaces": count, "agree": agree}
    for preset in ("live", "standard"):
        values[f"{preset}_s"] = round(seconds[preset] / count, 1)
        values[f"{preset}_tied"] = round(float(np.mean(tied[preset])), 1)
        values[f"{preset}_ami"] = round(float(np.mean(ami[preset])), 3)
        values[f"{preset}_purity"] = round(float(np.nanmean(purity[preset])), 3)
    return BenchReport("presets", values, (Bar("agree", ">=", 0.8 * count),), tuple(notes))


def _ami(surface: Surface, result: Result) -> float:
    """Adjusted mutual information of the types that are shown, with the truth."""
    truth = surface.type_at(np.asarray(result.patches.center_yx_px))
    return partition_scores(np.asarray(result.types.of_point), truth)["ami"]
