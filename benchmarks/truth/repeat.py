"""`bench repeat`: whether types are those of the sample when it is scanned once more.

Two generated scans of one surface: the second with other noise, another gain per line, 3 px of
drift and 0.3 px more blur. The types of the first are frozen and applied to the second at the same
places on the sample. Beside it a second scan of which only the noise is drawn anew: the bound; and
the second scan as measured, its tip and gain not matched to the first. The same of the motifs, the
components before they are merged.

A surface counts where two types or more are planted and as many are found, give or take one; where
one is shown and more are planted it counts 0. How well the types agree with the truth, on the
first scan and on the second, is said beside it: coarse types repeat and say little. With the test
data at hand, the pair of real scans of one place, and its placements moved by 8 px as the chance.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport, Value, surfaces_wanted
from corescout.data import InputError, Keypoints, Result, Scan
from corescout.plan import Plan
from corescout.surfaces import Imaging, Surface, generate_family
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import drifted, measure

N_SURFACES, QUICK_SURFACES = 20, 2
REAL_PAIR = ("PMN28Pt0001.h5", "PMN28Pt0002.h5")
SIDE_PX = 192
PITCH_M = 8e-9
DRIFT_PX = (2.0, 2.2)  # 3 px from the first line to the last
FIRST = Imaging(tip_px=1.2, noise=0.03, row_noise=0.02)
AGAIN = replace(FIRST, tip_px=1.5, row_noise=0.05, drift_px=DRIFT_PX)
MARGIN_PX = AGAIN.margin_px
_CORE = 0.25


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Explore 20 surfaces of the family "voronoi", two with `quick`; then the real pair."""
    wanted = surfaces_wanted(N_SURFACES, QUICK_SURFACES, is_quick=quick)
    plan = Plan.preset("live")
    values, notes = study(plan, wanted)
    bars = [
        Bar("again_core_ami", ">=", 0.8),
        Bar("again_all_ami", ">=", 0.6),
        Bar("share_of_noise_only", ">=", 0.85),
    ]
    real = _real_pair()
    if real is None:
        notes.append("no real pair: CORESCOUT_TEST_DATA names no folder with PMN28Pt0001.h5")
    else:
        found = repeated_real(*real, plan)
        values |= {f"real_{name}": round(value, 3) for name, value in found.items()}
        values["real_beyond_moved"] = round(found["same_all_ami"] - max(
            found[f"{way}_all_ami"] for way in ("up", "down", "side")), 3)  # fmt: skip
        bars.append(Bar("real_beyond_moved", ">=", 0.001))
    return BenchReport("repeat", values, tuple(bars) if not quick else (), tuple(notes))


def _real_pair() -> tuple[Scan, Scan] | None:
    from corescout.readers import read_scan

    folder = Path(os.environ.get("CORESCOUT_TEST_DATA", "no data"))
    paths = [next(folder.rglob(name), None) for name in REAL_PAIR]
    if paths[0] is None or paths[1] is None:
        return None
    return read_scan(paths[0]), read_scan(paths[1])


@dataclass(frozen=True)
class Repeat:
    """What is said of one surface.

    Attributes
    ----------
    again, noise, as_measured : mapping of str to float
        AMI with the second scan, with one of which only the noise differs, and with the second one
        whose tip and gain are not matched: of core points, of all, of motifs.
    truth, truth_again : float
        AMI of the types with the truth, on the first scan and on the second.
    found, planted : int
        Numbers of types.
    """

    again: Mapping[str, float]
    noise: Mapping[str, float]
    as_measured: Mapping[str, float]
    truth: float
    truth_again: float
    found: int
    planted: int

    @property
    def counts(self) -> bool:
        """Whether as many types are found as planted, give or take one, or one is shown."""
        return self.found == 1 or abs(self.found - self.planted) <= 1


def study(plan: Plan, wanted: int, first_seed: int = 0) -> tuple[dict[str, Value], list[str]]:
    """Score a plan on so many surfaces with two types or more."""
    rows: list[Repeat] = []
    notes: list[str] = []
    for seed in range(first_seed, first_seed + 3 * wanted):
        if len(rows) == wanted:
            break
        try:
            row = repeated(seed, plan)
        except InputError as error:
            notes.append(f"voronoi {seed} was left out: {error}"[:160])
            continue
        if row.planted >= 2:
            rows.append(row)
    counted = [row for row in rows if row.counts]
    notes.append("types found / planted: " + ", ".join(f"{r.found}/{r.planted}" for r in rows))
    values: dict[str, Value] = {"surfaces": len(rows), "counted": len(counted)}
    for name in ("core_ami", "all_ami", "motif_ami"):
        values[f"again_{name}"] = _median([r.again[name] for r in counted])
        values[f"noise_{name}"] = _median([r.noise[name] for r in counted])
        values[f"as_measured_{name}"] = _median([r.as_measured[name] for r in counted])
        values[f"again_{name}_of_every_surface"] = _median([r.again[name] for r in rows])
    bound = float(values["noise_all_ami"])
    values["share_of_noise_only"] = round(float(values["again_all_ami"]) / max(bound, 1e-9), 3)
    values["truth_ami"] = _median([r.truth for r in rows])
    values["truth_again_ami"] = _median([r.truth_again for r in rows])
    return values, notes


def _median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 3) if values else float("nan")


def repeated(seed: int, plan: Plan) -> Repeat:
    """Explore one surface, and find its types again on two further scans of it."""
    from sklearn.metrics import adjusted_mutual_info_score

    from corescout.pipeline import apply, explore

    sample = generate_family("voronoi", seed, (SIDE_PX + 2 * MARGIN_PX,) * 2, imaging=Imaging())
    inner = slice(MARGIN_PX, -MARGIN_PX)
    first = scanned(sample, FIRST, 1)
    result = explore(first, plan)
    places = np.asarray(result.patches.center_yx_px)
    truth = sample.type_at(places + MARGIN_PX)
    planted = len(np.unique(sample.wall_type[inner, inner][sample.wall_type[inner, inner] > 0]))
    scores: list[dict[str, float]] = []
    of_truth = [float(adjusted_mutual_info_score(truth, result.types.of_point))]
    for imaging, matched in ((AGAIN, True), (FIRST, True), (AGAIN, False)):
        moved = places - np.asarray(imaging.drift_px) * places[:, :1] / (SIDE_PX - 1)
        points = Keypoints(moved, np.ones(len(moved)), "drawn")
        scan = scanned(sample, imaging, 2)
        applied = apply(result, scan, keypoints=points, match_instrument=matched)
        scores.append(same_types(result, applied, places, moved))
        both, row = _seen_twice(applied, moved)
        after = np.asarray(applied.types.of_point)[row]
        of_truth.append(float(adjusted_mutual_info_score(truth[both], after)))
    again, noise, as_measured = scores
    return Repeat(
        again, noise, as_measured, of_truth[0], of_truth[1], result.n_types, planted
    )  # fmt: skip


def _seen_twice(
    applied: Result, moved: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether a place (N,) is a point of the second scan too, and the rows of those there."""
    from scipy.spatial import cKDTree

    near, row = cKDTree(np.asarray(applied.patches.center_yx_px)).query(moved)
    both = near <= 1.5
    return both, row[both]


def same_types(
    result: Result,
    applied: Result,
    places: NDArray[np.float64],
    moved: NDArray[np.float64],
) -> dict[str, float]:
    """AMI between two scans at the same places: types of core points and of all, and motifs."""
    from sklearn.metrics import adjusted_mutual_info_score

    both, row = _seen_twice(applied, moved)
    core = np.zeros(len(places), bool)
    core[np.asarray(result.core_points.index)] = True
    core = core[both]
    pairs = {
        "all_ami": (result.types.of_point, applied.types.of_point),
        "motif_ami": (_motifs(result), _motifs(applied)),
    }
    out = {}
    for name, (before, after) in pairs.items():
        one, other = np.asarray(before)[both], np.asarray(after)[row]
        several = len(np.unique(one)) > 1
        out[name] = float(adjusted_mutual_info_score(one, other)) if several else 0.0
        if name == "all_ami":
            of_cores = adjusted_mutual_info_score(one[core], other[core]) if several else 0.0
            out["core_ami"] = float(of_cores)
    return out


def _motifs(result: Result) -> NDArray[np.int64]:
    """Component (N,) of each point, before types are merged."""
    return np.asarray(result.typed.motif)


def scanned(sample: Surface, imaging: Imaging, noise_seed: int) -> Scan:
    """Scan the middle of a sample; what differs between two scans is the imaging and the noise."""
    response = np.asarray(sample.response, np.float64)
    if imaging.margin_px == 0:
        inner = slice(MARGIN_PX, -MARGIN_PX)
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
        scores = same_types(result, applied, places, there + np.array(by))
        out |= {f"{name}_{key}": value for key, value in scores.items()}
    return out
