"""`bench property`: loops until a property is known, ours against random places and a grid.

Generated surfaces whose loops follow a known formula (`instruments.twin_loops`). Each policy starts
with the same ten random loops and adds batches of five; the map is predicted by the same process
for all of them. Counted: loops until the root-mean-square error over all key points is a tenth of
the range of the true coercive bias, and until the mean of every type is known to 0.1 V; a policy
that does not get there counts the most loops. "random, type means" predicts the mean of the type.
As a bound that is not met counts as the most loops, it is also said after how many loops the map is
as good as that of random places after the most. What is lost where structure tells nothing is the
last error against that of random places: on the surfaces of the formula "none", where the type
alone tells something, and on further ones where it does not either.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport
from corescout.data import Result
from corescout.instruments.twin import LOOPS
from corescout.instruments.twin_loops import Formula, LoopField
from corescout.plan import Plan
from corescout.steering import Field, MeasuredValues, choose, field_of, predict
from corescout.surfaces import Surface, generate_surface

FORMULAS: tuple[Formula, ...] = ("junction", "spacing", "hidden", "response", "none")
SURFACES, QUICK_SURFACES = 10, 1
WHITE_SURFACES = 4  # further ones, on which neither type nor place tells anything
START, BATCH, MOST = 10, 5, 90
MOST_QUICK = 30
SHARE, TYPE_V = 0.1, 0.1
NOISE_V = 0.03  # of a coercive bias that is read from a loop
_NORMAL_90 = 1.6449
_DRAWS = 2000


@dataclass(frozen=True, eq=False)
class Case:
    """A surface with its truth.

    Attributes
    ----------
    field : Field
    truth : (N,)
        Coercive bias at the key points.
    seen : (N,)
        What a loop there would show; NaN where it fails.
    """

    name: str
    field: Field
    truth: NDArray[np.float64]
    seen: NDArray[np.float64]


POLICIES = ("ours", "ours_types", "random", "grid")
OfSurface = tuple[str, "dict[str, Counted]"]  # what a surface is, and what each policy needed


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Ten surfaces, each formula twice; one surface and fewer loops with `quick`."""
    count, most = (QUICK_SURFACES, MOST_QUICK) if quick else (SURFACES, MOST)
    white = 1 if quick else WHITE_SURFACES
    told = [of_surface(seed, most) for seed in range(count)]
    nothing = [of_nothing(seed, most) for seed in range(SURFACES, SURFACES + white)]
    return report_of(told, nothing, most)


def of_surface(seed: int, most: int) -> OfSurface:
    """Measure one surface by each policy."""
    case = case_of(seed, FORMULAS[seed % len(FORMULAS)])
    return case.name, {policy: loops_needed(case, policy, seed, most) for policy in POLICIES}


def of_nothing(seed: int, most: int) -> OfSurface:
    """Measure a surface where nothing tells anything, by our policy and at random."""
    case = case_of(seed, "none", alike=True)
    return case.name, {p: loops_needed(case, p, seed, most) for p in ("ours", "random")}


def report_of(told: Sequence[OfSurface], nothing: Sequence[OfSurface], most: int) -> BenchReport:
    """Put the surfaces together."""
    each = [found for _, found in told]

    def needed(goal: str, policy: str) -> list[float]:
        return [found[policy].needed[goal] for found in each]

    values: dict[str, float | int | bool | str] = {"surfaces": len(each), "most_loops": most}
    for goal, policy in (("map", "ours"), ("types", "ours_types")):
        for other in ("random", "grid"):
            ratio, low, high = _ratio(needed(goal, policy), needed(goal, other))
            values[f"{goal}_to_{other}"] = round(ratio, 3)
            values[f"{goal}_to_{other}_low"] = round(low, 3)
            values[f"{goal}_to_{other}_high"] = round(high, 3)
    ratio, _, high = _ratio(needed("map", "ours"), needed("map_of_types", "random"))
    values["map_to_type_means"] = round(ratio, 3)
    as_good = [_as_good(found["ours"].curve, found["random"].curve) for found in each]
    values["map_loops_as_good"] = round(float(np.mean(as_good)) / most, 3)
    for other in ("random", "grid"):
        ratio, low, high = _ratio(*([f[p].error for f in each] for p in ("ours", other)))
        values[f"last_error_to_{other}"] = round(ratio, 3)
        values[f"last_error_to_{other}_low"] = round(low, 3)
        values[f"last_error_to_{other}_high"] = round(high, 3)
    seen = [found[policy] for found in each for policy in ("ours", "random")]
    values["coverage_of_90"] = round(float(np.mean([c.inside for c in seen])), 3)
    values["intervals"] = sum(c.shown for c in seen)
    values["suggestion_s"] = round(suggestion_s(), 2)
    of_type = [found for name, found in told if name.startswith("none")]
    lost = {"of_type_alone": of_type, "of_nothing": [found for _, found in nothing]}
    for name, among in lost.items():
        if among:
            share = np.mean([f["ours"].rms_v / f["random"].rms_v for f in among])
            values[f"loss_{name}"] = round(float(share) - 1, 3)
    bars = (
        Bar("map_to_random", "<=", 0.8), Bar("map_to_random_high", "<=", 1.0),
        Bar("map_to_grid", "<=", 0.8), Bar("map_to_grid_high", "<=", 1.0),
        Bar("types_to_random", "<=", 0.7), Bar("types_to_grid", "<=", 0.7),
        Bar("map_to_type_means", "<=", 0.5),
        Bar("coverage_of_90", ">=", 0.85), Bar("coverage_of_90", "<=", 0.95),
        Bar("suggestion_s", "<=", 2.0),
        *(Bar(f"loss_{name}", "<=", 0.05) for name, among in lost.items() if among),
    )  # fmt: skip
    notes = tuple(_note(*one) for one in (*told, *nothing))
    return BenchReport("property", values, bars, notes)


def _as_good(ours: tuple[tuple[int, float], ...], random: tuple[tuple[int, float], ...]) -> float:
    """Loops after which our map is as good as that of random places after all of theirs."""
    return float(next((n for n, error in ours if error <= random[-1][1]), random[-1][0]))


def case_of(seed: int, formula: Formula, side_px: int = 200, *, alike: bool = False) -> Case:
    """Explore a surface with few candidates, and measure everywhere in advance.

    Parameters
    ----------
    alike : bool
        All types switch alike.
    """
    surface = generate_surface((side_px, side_px), seed=100 + seed)
    result = explored(surface, seed)
    of_type = dict.fromkeys(LOOPS, LOOPS[1]) if alike else LOOPS
    loops = LoopField(surface, of_type, formula, seed=seed)
    places = np.asarray(result.patches.center_yx_px)
    on_wall = surface.type_at(places) > 0
    field = field_of(result, allowed=on_wall, radius_m=3 * 8e-9)
    truth = loops.coercive_v(places)
    rng = np.random.default_rng(seed)
    drawn = [loops.loop_at((float(y), float(x)), rng) for y, x in places]
    seen = np.array([np.nan if loop is None else loop.coercive_v for loop in drawn])
    seen = seen + NOISE_V * rng.standard_normal(len(seen))
    name = "nothing" if alike else formula
    return Case(f"{name}, {len(field)} key points", field, truth, seen)


def explored(surface: Surface, seed: int) -> Result:
    """One window and one invariance: codes and types in a few seconds."""
    from corescout.pipeline import explore

    plan = Plan.preset(
        "live", windows_px=(13,), invariances=("r",), seed=seed,
        decision={"seeds": 1, "finalists": 1, "null_surrogates": 0},
    )  # fmt: skip
    return explore(surface.scan, plan, workers=1)


@dataclass(frozen=True)
class Counted:
    """Loops that were needed by goal, and how things stood after the last one.

    Attributes
    ----------
    needed : dict of str to float
        "map", "map_of_types", "types"; the most loops where the goal was not met.
    rms_v, error : float
        Root-mean-square error of the map, and that over its bound.
    inside : float
        Share of the places that were not measured whose loop lies in its 90 % interval.
    shown : int
        How many these are.
    curve : tuple of (loops, error over its bound)
        Of the map, after each batch.
    """

    needed: dict[str, float]
    rms_v: float
    error: float
    inside: float
    shown: int
    curve: tuple[tuple[int, float], ...] = ()


def loops_needed(case: Case, policy: str, seed: int, most: int) -> Counted:
    """Measure by a policy ("ours", "ours_types", "random", "grid") until `most` loops are had."""
    field, allowed = case.field, case.field.allowed
    rng = np.random.default_rng([seed, 7])
    rows = [int(r) for r in random_places(field, [], START, rng)]
    truth = case.truth[allowed]
    bound = SHARE * float(np.quantile(truth, 0.98) - np.quantile(truth, 0.02))
    needed: dict[str, float] = {}
    errors, curve = [], []
    prediction = None
    while True:
        measured = MeasuredValues("coercive_bias_v", "V", np.array(rows), case.seen[rows])
        prediction = predict(field, measured, None if prediction is None else prediction.predictor)
        errors.append(_rms(prediction.mean[allowed] - truth))
        curve.append((len(rows), errors[-1] / bound))
        if errors[-1] <= bound:
            needed.setdefault("map", len(rows))
        of_types = type_means(field, measured)
        if _rms(of_types[allowed] - truth) <= bound:
            needed.setdefault("map_of_types", len(rows))
        off = [
            abs(float((prediction.mean - case.truth)[allowed & (field.type == t)].mean()))
            for t in np.unique(field.type[allowed])
        ]
        # known is what stays known: the count begins anew where it is lost again
        if max(off) <= TYPE_V:
            needed.setdefault("types", len(rows))
        else:
            needed.pop("types", None)
        if len(rows) >= most:
            break
        more = _next(field, measured, policy, rows, rng, prediction, seed)
        if not more:
            break
        rows += more
    free = np.setdiff1d(np.flatnonzero(allowed & np.isfinite(case.seen)), rows)
    off_there = np.abs(case.seen - prediction.mean)[free]
    inside = float((off_there <= _NORMAL_90 * prediction.loop_std[free]).mean())
    goals = ("map", "map_of_types", "types")
    return Counted(
        {g: float(needed.get(g, most)) for g in goals},
        errors[-1],
        errors[-1] / bound,
        inside,
        len(free),
        tuple(curve),
    )


def _next(
    field: Field,
    measured: MeasuredValues,
    policy: str,
    rows: list[int],
    rng: np.random.Generator,
    prediction: object,
    seed: int,
) -> list[int]:
    if policy == "random":
        return random_places(field, rows, BATCH, rng)
    if policy == "grid":
        return _on_grid(field, rows, rng)
    goal = "types" if policy == "ours_types" else "map"
    error = TYPE_V / 2 if goal == "types" else 1e-6  # 0.1 V at two sigmas; the map goes on
    found = choose(field, measured, {goal: 1.0}, BATCH, error=error, seed=seed)
    # met by its own account while the count goes on: more of the map
    return list(found.rows) or list(
        choose(field, measured, {"map": 1.0}, BATCH, error=1e-6, seed=seed).rows
    )


def random_places(field: Field, rows: list[int], count: int, rng: np.random.Generator) -> list[int]:
    """Draw places that no loop has touched."""
    found: list[int] = []
    for _ in range(count):
        free = field.allowed & ~field.touched(np.array([*rows, *found], np.int64))
        if free.any():
            found.append(int(rng.choice(np.flatnonzero(free))))
    return found


def _on_grid(field: Field, rows: list[int], rng: np.random.Generator) -> list[int]:
    """The key points nearest to places of a grid of `MOST` places, in random order."""
    side = int(np.ceil(np.sqrt(MOST)))
    low, high = field.xy_m[field.allowed].min(axis=0), field.xy_m[field.allowed].max(axis=0)
    axis = (np.arange(side) + 0.5) / side
    places = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2) * (high - low) + low
    found: list[int] = []
    for place in np.random.default_rng(len(places)).permutation(places)[len(rows) - START :]:
        free = field.allowed & ~field.touched(np.array([*rows, *found], np.int64))
        if not free.any() or len(found) == BATCH:
            break
        apart = np.linalg.norm(field.xy_m - place, axis=1)
        found.append(int(np.where(free, apart, np.inf).argmin()))
    return found or random_places(field, rows, BATCH, rng)


def type_means(field: Field, measured: MeasuredValues) -> NDArray[np.float64]:
    """The mean of the loops of a key point's type; of all where there is none."""
    known = measured.known
    kind, values = field.type[measured.row[known]], measured.value[known]
    mean = np.full(len(field), values.mean())
    for t in np.unique(kind):
        mean[field.type == t] = values[kind == t].mean()
    return mean


def _rms(off: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(off**2)))


def _ratio(ours: list[float], others: list[float]) -> tuple[float, float, float]:
    """Ratio of the sums of loops, with its 90 % interval over draws of the surfaces."""
    a, b = np.array(ours), np.array(others)
    drawn = np.random.default_rng(0).integers(0, len(a), (_DRAWS, len(a)))
    spread = a[drawn].sum(axis=1) / b[drawn].sum(axis=1)
    low, high = np.quantile(spread, [0.05, 0.95])
    return float(a.sum() / b.sum()), float(low), float(high)


def _note(name: str, found: dict[str, Counted]) -> str:
    def said(of: str) -> str:
        return ", ".join(f"{policy} {counted.needed[of]:.0f}" for policy, counted in found.items())

    ends = ", ".join(f"{policy} {counted.error:.2f}" for policy, counted in found.items())
    return (
        f"{name}: map after {said('map')}; type means after {said('types')}; last error over the"
        f" bound {ends}"
    )


def suggestion_s(n: int = 5000, loops: int = 200, n_inputs: int = 30) -> float:
    """Processor time of a suggestion of ten places among 5,000 key points after 200 loops."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, n_inputs))
    names = ("z1", "z2", *(f"descriptor {i}" for i in range(n_inputs - 2)))
    kind = 1 + (x[:, 0] > 0).astype(int)
    xy_m = rng.uniform(0, 4e-6, (n, 2))
    field = Field(names, x, xy_m, kind, np.ones(n, bool), 20e-9, 400e-9)
    values = np.tanh(x[:, 0]) + 0.3 * x[:, 7] + 0.1 * rng.standard_normal(n)
    rows = rng.choice(n, loops, replace=False)
    measured = MeasuredValues("coercive_bias_v", "V", rows, values[rows])
    began = time.process_time()
    choose(field, measured, {"map": 1.0, "types": 1.0}, 10, error=1e-6)
    return time.process_time() - began
