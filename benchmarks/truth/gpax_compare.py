"""`bench gpax`: loops until the map is known, ours against gpax on the same features.

gpax 0.1.9 wants other versions than Corescout, so it is fitted by a Python of its own, named by
``CORESCOUT_GPAX_PYTHON``; without that the bench says so and measures nothing. Five surfaces of
`bench property`, one of each formula; both begin with the same ten random loops and add five at a
time, and the process is fitted anew each time: ours with goal `map`, gpax (`viGP`, stochastic
variational inference of 1,000 steps) where it is least certain, once with its own priors, once
with length scales about the root of the number of inputs. Each predicts the map itself; both see
codes, wall descriptors and types, ours the place as well.
"""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport
from benchmarks.truth.property import (
    BATCH,
    FORMULAS,
    SHARE,
    START,
    Case,
    case_of,
    loops_needed,
    random_places,
)

PYTHON = "CORESCOUT_GPAX_PYTHON"
SURFACES, MOST, STEPS = 5, 60, 1000


@dataclass
class Gpax:
    """A process that fits gpax."""

    python: str

    def __enter__(self) -> Gpax:
        worker = Path(__file__).with_name("gpax_worker.py")
        # its own packages, not those of this environment
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [self.python, "-W", "ignore", str(worker)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        return self

    def __exit__(self, *why: object) -> None:
        self._process.communicate(timeout=60)
        self._folder.cleanup()

    def fit(self, **task: object) -> tuple[NDArray[np.float64], list[int]]:
        """Return the map (N,) and the next places."""
        path = Path(self._folder.name) / "task.npz"
        np.savez(path, **task)  # type: ignore[arg-type]
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process of gpax has no streams")
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != "done":
            raise RuntimeError(f"{self.python} ended: does it have gpax?")
        with np.load(f"{path}.answer.npz") as answer:
            return answer["mean"], [int(row) for row in answer["rows"]]


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Five surfaces; one and 20 loops with `quick`."""
    python = os.environ.get(PYTHON)
    if not python:
        return BenchReport(
            "gpax", {"gpax": "not there"}, (), (f"name a Python that has gpax in {PYTHON}",)
        )
    surfaces, most = (1, 20) if quick else (SURFACES, MOST)
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "gpax": [], "gpax_wide": []}
    notes, began = [], time.perf_counter()
    with Gpax(python) as gpax:
        for seed in range(surfaces):
            case = case_of(seed, FORMULAS[seed % len(FORMULAS)])
            own = loops_needed(case, "ours", seed, most)
            wide = math.sqrt(len(case.field.names))
            found["ours"].append((own.needed["map"], own.error))
            found["gpax"].append(gpax_needed(gpax, case, seed, most, 1.0))
            found["gpax_wide"].append(gpax_needed(gpax, case, seed, most, wide))
            told = ", ".join(f"{n} {v[-1][0]:.0f} ({v[-1][1]:.2f})" for n, v in found.items())
            notes.append(f"surface {seed} ({case.name}): loops (last error over the bound) {told}")
    values: dict[str, float | int | bool | str] = {"surfaces": surfaces, "most_loops": most}
    for name, each in found.items():
        loops, last = np.array(each).T
        values[f"{name}_loops"] = float(loops.sum())
        values[f"{name}_last_error"] = round(float(last.mean()), 3)
    best = min(float(values["gpax_loops"]), float(values["gpax_wide_loops"]))
    values["ours_to_gpax"] = round(float(values["ours_loops"]) / best, 3)
    values["all_s"] = round(time.perf_counter() - began, 1)
    return BenchReport("gpax", values, (Bar("ours_to_gpax", "<=", 1.1),), tuple(notes))


def gpax_needed(gpax: Gpax, case: Case, seed: int, most: int, length: float) -> tuple[float, float]:
    """Loops until gpax's map is known, `most` if it is not by then, and its last error.

    Parameters
    ----------
    length : float
        Median of the prior of length scales, in inputs.
    """
    field, allowed = case.field, np.asarray(case.field.allowed)
    rows = [int(r) for r in random_places(field, [], START, np.random.default_rng([seed, 7]))]
    truth = case.truth[allowed]
    bound = SHARE * float(np.quantile(truth, 0.98) - np.quantile(truth, 0.02))
    needed, inputs = float(most), np.asarray(field.inputs)
    while True:
        told = np.array([row for row in rows if np.isfinite(case.seen[row])])
        mean, more = gpax.fit(
            x=inputs[told], y=case.seen[told], everywhere=inputs,
            free=allowed & ~field.touched(np.array(rows)), xy_m=np.asarray(field.xy_m),
            radius_m=field.radius_m, count=BATCH, steps=STEPS, length=length,
        )  # fmt: skip
        error = float(np.sqrt(np.mean((mean[allowed] - truth) ** 2))) / bound
        if error <= 1:
            needed = min(needed, float(len(rows)))
        if len(rows) >= most or not more:
            return needed, error
        rows += more
