"""`bench loops`: whether targets hit the type that is meant, and how many loops that saves.

One plan at the twin on generated surfaces, under its default drift. Hits: share of the loops whose
place is of the planted type that most loops of their found type are of. Saved: loops that have to
be measured until the coercive bias of every planted type (the median of its loops) is known to
0.1 V in 95 % of the draws, at our targets, at random places and on a grid; a place without a wall
tells nothing of any type.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport
from corescout.data import Measurement
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import DRIFT_M_PER_S, limits_of
from corescout.live import Day, Policy, Snapshot
from corescout.live.loop.once import watch_once
from corescout.plan import Plan, TargetPlan

SURFACES, QUICK_SURFACES = 5, 1
PER_TYPE = 20  # 16 of the type with the widest spread make its median certain
ERROR_V, SURE = 0.1, 0.95
SPREAD = 0.05  # of the coercive bias from place to place, relative
DRAWS, MOST_LOOPS = 200, 400
SPEED = 20.0  # the sample moves by 20 nm while a slow machine explores


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Watch twins of five generated surfaces; of one with `quick`."""
    from corescout.surfaces import generate_surface

    hits: list[float] = []
    needed: dict[str, list[float]] = {"targets": [], "random": [], "grid": []}
    notes = []
    for seed in range(QUICK_SURFACES if quick else SURFACES):
        surface = generate_surface(seed=seed)
        twin = DigitalTwin(surface, SPEED, DRIFT_M_PER_S, spread=SPREAD, seed=seed)
        truth, found = _types(_watch(twin, seed))
        hits.append(_hits(truth, found))
        height, width = surface.scan.shape_px
        rng = np.random.default_rng(seed)
        everywhere = surface.type_at(rng.uniform(0, 1, (MOST_LOOPS, 2)) * (height - 1, width - 1))
        common = np.flatnonzero(np.bincount(everywhere[everywhere > 0]) > 0)
        side = int(np.ceil(np.sqrt(MOST_LOOPS)))
        axis = (np.arange(side) + 0.5) / side
        grid = np.stack(np.meshgrid(axis * height, axis * width, indexing="ij"), -1).reshape(-1, 2)
        counts = {
            "targets": _loops_needed(_by_turns(truth, found), common, twin, rng, shuffle=False),
            "random": _loops_needed(everywhere, common, twin, rng, shuffle=True),
            "grid": _loops_needed(surface.type_at(grid), common, twin, rng, shuffle=True),
        }
        for name, count in counts.items():
            needed[name].append(count)
        notes.append(
            f"surface {seed}: {hits[-1]:.0%} of {len(truth)} loops hit, planted types measured"
            f" {np.bincount(truth)[1:].tolist()} times; loops needed"
            f" {counts['targets']:.0f}, at random {counts['random']:.0f}, grid {counts['grid']:.0f}"
        )
    values = {
        "surfaces": len(hits),
        "hits": round(float(np.mean(hits)), 3),
        **{f"loops_needed_{name}": float(np.median(c)) for name, c in needed.items()},
        "error_v": ERROR_V,
    }
    return BenchReport("loops", values, (Bar("hits", ">=", 0.95),), tuple(notes))


def _watch(twin: DigitalTwin, seed: int) -> Snapshot:
    """One plan of visits at the twin."""
    plan = Plan.preset("live", seed=seed, targets=TargetPlan(per_type=PER_TYPE))
    policy = Policy("bench", most_plans=1, most_targets=400, longest_path_m=1e-3)
    with tempfile.TemporaryDirectory() as folder:
        day = Day(Path(folder) / "day")
        try:
            return watch_once(twin, limits_of(twin), day, plan, policy)
        finally:
            day.close()
            twin.close()


def _types(shown: Snapshot) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Planted type beneath the tip and found type, of every loop in the order of its number."""
    came = {u: m for u, m in shown.measurements.items() if isinstance(m, Measurement)}
    targets = shown.result.targets if shown.result is not None else ()
    ordered = sorted((t for t in targets if t.uid in came), key=lambda t: t.number)
    truth = [came[t.uid].metadata["true_type"] for t in ordered]
    return np.array(truth, dtype=np.int64), np.array([t.type for t in ordered], dtype=np.int64)


def _hits(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Share of the loops that are of the majority type of their found type."""
    right = [np.bincount(truth[found == k])[1:].max(initial=0) for k in np.unique(found)]
    return float(np.sum(right) / len(truth))


def _by_turns(truth: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the targets tell in their order: the majority type of the found one, -1 where wrong."""
    majority = {k: int(np.bincount(truth[found == k]).argmax()) for k in np.unique(found)}
    meant = np.array([majority[k] for k in found])
    return np.where(truth == meant, meant, -meant)


def _loops_needed(
    types: NDArray[np.int64],
    common: Sequence[int] | NDArray[np.int64],
    twin: DigitalTwin,
    rng: np.random.Generator,
    *,
    shuffle: bool,
) -> float:
    """Loops until the median coercive bias of every common type is within the error, for sure.

    A negative type is a loop that is counted for a type while it is of another: it brings the
    bias of the one that is farthest away. Infinity where all loops do not suffice.
    """
    sure = np.zeros(len(types))
    for _ in range(DRAWS):
        order = rng.permutation(len(types)) if shuffle else np.arange(len(types))
        sure += _within(types[order], common, twin, rng) / DRAWS
    enough = np.flatnonzero(sure >= SURE)
    return float(enough[0] + 1) if len(enough) else float("inf")


def _within(
    types: NDArray[np.int64],
    common: Sequence[int] | NDArray[np.int64],
    twin: DigitalTwin,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Whether after each loop every type is known within the error."""
    coercive = {k: loop.coercive_v for k, loop in twin.loops.items() if k}
    known = np.ones(len(types), bool)
    for kind in common:
        other = max(coercive.values(), key=lambda v: abs(v - coercive[kind]))
        values: list[float] = []
        right = False
        for i, found in enumerate(types):
            if abs(found) == kind:
                true = coercive[kind] if found > 0 else other
                values.append(true * (1 + SPREAD * rng.standard_normal()))
                right = abs(float(np.median(values)) - coercive[kind]) <= ERROR_V
            known[i] &= right
    return known
