"""`bench dry-run`: what `--dry-run` says that an exploration takes, and what it takes.

On a generated surface, one after the other in one process; a machine that is busy with something
else meanwhile makes the ratio worth nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from benchmarks.outcome import Bar, BenchReport
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.search.dry_run import dry_run
from corescout.surfaces import generate_surface

SIDE, QUICK_SIDE = 160, 96
PLANS = {
    "live": Plan.preset("live"),
    "standard": Plan.preset("standard"),
    "one_window": Plan.preset(
        "live", windows_px=(9,), decision={"null_surrogates": 0, "seeds": 1}
    ),
}  # fmt: skip
QUICK = ("one_window",)


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Estimate and explore with some presets; the ratio is to be within a factor of two."""
    side = QUICK_SIDE if quick else SIDE
    image = generate_surface((side, side), seed=0).scan
    values: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
    bars = []
    for name in QUICK if quick else PLANS:
        plan = PLANS[name]
        began = time.perf_counter()
        said_s = dry_run(prepare(image, plan), plan).seconds
        values[f"{name}_dry_run_s"] = round(time.perf_counter() - began, 2)
        began = time.perf_counter()
        explore(image, plan)
        took_s = time.perf_counter() - began
        values |= {
            f"{name}_said_s": round(said_s, 2),
            f"{name}_took_s": round(took_s, 2),
            f"{name}_ratio": round(said_s / took_s, 2),
        }
        bars += [Bar(f"{name}_ratio", ">=", 0.5), Bar(f"{name}_ratio", "<=", 2.0)]
    return BenchReport("dry-run", values, () if quick else tuple(bars))
