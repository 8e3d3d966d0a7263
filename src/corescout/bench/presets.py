"""`bench presets`: whether `live` chooses what `standard` chooses, and how right both are.

Generated surfaces of known types: the choice (same or tied), and the purity of the core points.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from corescout.bench.outcome import Bar, BenchReport
from corescout.bench.paper import same_or_tied
from corescout.plan import Plan

N_SURFACES, QUICK_SURFACES = 10, 2
SIDE_PX = 192


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Explore ten generated surfaces with both presets; two with `quick`."""
    from corescout.pipeline import explore
    from corescout.surfaces import generate_surface
    from corescout.surfaces.truth import compare

    count = QUICK_SURFACES if quick else N_SURFACES
    agree, notes = 0, []
    purity: dict[str, list[float]] = {"live": [], "standard": []}
    seconds = {"live": 0.0, "standard": 0.0}
    for seed in range(count):
        surface = generate_surface((SIDE_PX, SIDE_PX), seed=seed)
        results = {}
        for preset in ("live", "standard"):
            started = time.perf_counter()
            results[preset] = explore(surface.scan, Plan.preset(preset))
            seconds[preset] += time.perf_counter() - started
            purity[preset].append(compare(surface, results[preset]).purity)
        same = same_or_tied(results["live"], results["standard"])
        agree += same
        live, standard = (results[p].winner.label for p in ("live", "standard"))
        notes.append(
            f"surface {seed}: live {live}, standard {standard}"
            f" ({'same or tied' if same else 'different'}); purity"
            f" {purity['live'][-1]:.0%}, {purity['standard'][-1]:.0%}"
        )
    values: dict[str, float] = {"surfaces": count, "agree": agree}
    for preset in ("live", "standard"):
        values[f"{preset}_s"] = round(seconds[preset] / count, 1)
        values[f"{preset}_purity"] = round(float(np.nanmean(purity[preset])), 3)
    return BenchReport("presets", values, (Bar("agree", ">=", 0.8 * count),), tuple(notes))
