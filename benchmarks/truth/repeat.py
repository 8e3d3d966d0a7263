"""`bench repeat`: whether types are those of the sample when it is scanned once more.

Two generated scans of one surface: the second with other noise, another gain per line, 3 px of
drift and 0.3 px more blur. The types of the first are frozen and applied to the second at the same
places on the sample. Beside it a second scan of which only the noise is drawn anew: the bound. A
surface counts where two types or more are planted; where one is shown it counts 0. With the test
data at hand, the pair of real scans of one place, and its placements moved by 8 px as the chance.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport, Value
from corescout.data import InputError, Keypoints, Result, Scan
from corescout.plan import Plan
from corescout.surfaces import Imaging, Surface, generate_family
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import drifted, measure

N_SURFACES, QUICK_SURFACES = 20, 2
SIDE_PX = 192
PITCH_M = 8e-9
DRIFT_PX = (2.0, 2.2)  # 3 px from the first line to the last
FIRST = Imaging(tip_px=1.2, noise=0.03, row_noise=0.02)
AGAIN = replace(FIRST, tip_px=1.5, row_noise=0.05, drift_px=DRIFT_PX)
_MARGIN_PX = AGAIN.margin_px
_CORE = 0.25


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Explore 20 surfaces of the family "voronoi", two with `quick`."""
    wanted = QUICK_SURFACES if quick else N_SURFACES
    values, notes = study(Plan.preset("live"), wanted)
    bars = (
        Bar("again_core_ami", ">=", 0.8),
        Bar("again_all_ami", ">=", 0.6),
        Bar("share_of_noise_only", ">=", 0.85),
    )
    return BenchReport("repeat", values, bars if not quick else (), tuple(notes))


def study(plan: Plan, wanted: int, first_seed: int = 0) -> tuple[dict[str, Value], list[str]]:
    """Score a plan on so many surfaces with two types or more."""
    rows: list[tuple[float, ...]] = []
    notes: list[str] = []
    for seed in range(first_seed, first_seed + 3 * wanted):
        if len(rows) == wanted:
            break
        try:
            rows.append(repeated(seed, plan))
        except InputError as error:
            notes.append(f"voronoi {seed} was left out: {error}"[:160])
    table = np.array(rows)
    names = ("again_core_ami", "again_all_ami", "noise_core_ami", "noise_all_ami", "truth_ami",
             "types_found", "types_planted")  # fmt: skip
    values: dict[str, Value] = {"surfaces": len(rows)}
    values |= {n: round(float(np.median(c)), 3) for n, c in zip(names, table.T, strict=True)}
    bound = float(values["noise_all_ami"])
    values["share_of_noise_only"] = round(float(values["again_all_ami"]) / max(bound, 1e-9), 3)
    within = np.mean(np.abs(table[:, 5] - table[:, 6]) <= 1)
    values["within_one_of_planted"] = round(float(within), 2)
    return values, notes


def repeated(seed: int, plan: Plan) -> tuple[float, ...]:
    """AMI of the types of one surface seen again, on core points and on all."""
    from sklearn.metrics import adjusted_mutual_info_score

    from corescout.pipeline import apply, explore

    sample = generate_family("voronoi", seed, (SIDE_PX + 2 * _MARGIN_PX,) * 2, imaging=Imaging())
    inner = slice(_MARGIN_PX, -_MARGIN_PX)
    first = scanned(sample, FIRST, 1)
    result = explore(first, plan)
    places = np.asarray(result.patches.center_yx_px)
    truth = sample.type_at(places + _MARGIN_PX)
    planted = len(np.unique(sample.wall_type[inner, inner][sample.wall_type[inner, inner] > 0]))
    out: list[float] = []
    for imaging in (AGAIN, FIRST):
        moved = places - np.asarray(imaging.drift_px) * places[:, :1] / (SIDE_PX - 1)
        points = Keypoints(moved, np.ones(len(moved)), "drawn")
        applied = apply(result, scanned(sample, imaging, 2), keypoints=points)
        out += same_types(result, applied, places, moved)
    ami = float(adjusted_mutual_info_score(truth, result.types.of_point))
    return (*out, ami, float(result.n_types), float(planted))


def same_types(
    result: Result,
    applied: Result,
    places: NDArray[np.float64],
    moved: NDArray[np.float64],
) -> tuple[float, float]:
    """AMI between the types of two scans at the same places: of core points, and of all."""
    from scipy.spatial import cKDTree
    from sklearn.metrics import adjusted_mutual_info_score

    near, row = cKDTree(np.asarray(applied.patches.center_yx_px)).query(moved)
    both = near <= 1.5
    before = np.asarray(result.types.of_point)[both]
    after = np.asarray(applied.types.of_point)[row[both]]
    if len(np.unique(before)) < 2:
        return 0.0, 0.0
    core = np.zeros(len(places), bool)
    core[np.asarray(result.core_points.index)] = True
    core = core[both]
    return (
        float(adjusted_mutual_info_score(before[core], after[core])),
        float(adjusted_mutual_info_score(before, after)),
    )


def scanned(sample: Surface, imaging: Imaging, noise_seed: int) -> Scan:
    """Scan the middle of a sample; what differs between two scans is the imaging and the noise."""
    response = np.asarray(sample.response, np.float64)
    if imaging.margin_px == 0:
        inner = slice(_MARGIN_PX, -_MARGIN_PX)
        response = response[inner, inner]
    else:
        response = drifted(response, imaging)
    domains = Domains(response, (np.abs(response) < 0.5).astype(float))
    return measure(domains, imaging, PITCH_M, noise_seed, np.random.default_rng(noise_seed))


def repeated_real(first: Scan, second: Scan, plan: Plan) -> dict[str, float]:
    """AMI of the types of a real scan on another of the same place, and moved by 8 px."""
    from corescout.pipeline import apply, explore
    from corescout.registration import register

    result = explore(first, plan)
    places = np.asarray(result.patches.center_yx_px)
    shift_m = np.asarray(register(first, second).drift_m)
    if first.frame is None or second.frame is None:
        raise InputError("scans with a scale", "none", "give --pixel-size")
    there = second.frame.to_px(first.frame.to_m(places) + shift_m)
    out = {"types": float(result.n_types)}
    for name, by in (("same", (0, 0)), ("up", (8, 0)), ("down", (-8, 0)), ("side", (0, 8))):
        points = Keypoints(there + np.array(by), np.ones(len(there)), "drawn")
        applied = apply(result, second, keypoints=points)
        core, every = same_types(result, applied, places, there + np.array(by))
        out |= {f"{name}_core_ami": core, f"{name}_all_ami": every}
    return out
