"""`bench rotation [SCAN]`: how many patches of the turned scan keep code, component and type.

The scan is turned to 24 angles about each key point and the patch is cut anew (cubic
interpolation), for square and round masks, with codes over the turns of a patch
(`training.turns`), and of the patch alone. Kept: share of the patches whose
component, or type, is that of the upright patch, over all angles; the components are those of the
mixture that the types are merged from. |dz|: distance of the codes, in standard deviations of the
cloud. Without r both show what it is worth. The bar is on the least of the cases that are as a plan
has them unless told otherwise (codes over 16 turns).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter

from benchmarks.outcome import Bar, BenchReport, Value
from corescout.data import Candidate
from corescout.plan import KeypointPlan, Plan, TrainingPlan
from corescout.preparation import Prepared, prepare
from corescout.search import Places, types_of_codes
from corescout.surfaces import generate_family
from corescout.trial import Outcome, TrialGroup, run_trials
from corescout.vae import encode, single_threaded, specification_of

Mask = Literal["square", "round"]
WINDOWS_PX, QUICK_WINDOWS_PX = (9, 13, 21), (9,)
ANGLES_DEG = tuple(range(0, 360, 15))
TURNS = TrainingPlan().turns
CASES: tuple[tuple[str, str, Mask, int], ...] = (
    ("none_square", "none", "square", 1),
    ("r_square", "r", "square", TURNS),
    ("r_round", "r", "round", TURNS),
    ("rt_square", "rt", "square", TURNS),
    ("rt_round", "rt", "round", TURNS),
    ("r_square_alone", "r", "square", 1),
    ("r_round_alone", "r", "round", 1),
    ("rt_square_alone", "rt", "square", 1),
    ("rt_round_alone", "rt", "round", 1),
)


@dataclass(frozen=True, eq=False)
class Turned:
    """What turning did to the patches of one model.

    Attributes
    ----------
    kept_component, kept_type : float
        Share of the patches that keep theirs, over all angles.
    dz : (A, N)
        Distance of the codes from the upright ones, in standard deviations of the cloud.
    n_components, n_types : int
    """

    kept_component: float
    kept_type: float
    dz: NDArray[np.float64]
    n_components: int
    n_types: int


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Turn a scan; generated surfaces if none is said."""
    from corescout.readers import read_scan

    windows = QUICK_WINDOWS_PX if quick else WINDOWS_PX
    scans = (
        [generate_family("voronoi", seed).scan for seed in range(1 if quick else 3)]
        if scan is None
        else [read_scan(scan)]
    )
    prepared = [prepare(s, rotation_plan(windows)) for s in scans]
    values: dict[str, Value] = {}
    for window in windows:
        for name, invariances, mask, turns in CASES:
            plan = rotation_plan(windows, mask, turns=turns)
            found = [turn(p, window, invariances, plan) for p in prepared]
            key = f"w{window}_{name}"
            for figure in ("kept_component", "kept_type"):
                share = float(np.mean([getattr(t, figure) for t in found]))
                values[f"{key}_{figure}"] = round(share, 3)
            values[f"{key}_median_dz"] = round(
                float(np.median([np.median(t.dz) for t in found])), 3
            )
            counts = ", ".join(f"{t.n_components} in {t.n_types}" for t in found)
            values[f"{key}_components_in_types"] = counts
    for figure in ("kept_component", "kept_type"):
        for way, turns in (("default", TURNS), ("alone", 1)):
            shares = [
                float(values[f"w{window}_{name}_{figure}"])
                for window in windows
                for name, invariances, _, of_case in CASES
                if invariances != "none" and of_case == turns
            ]
            values[f"{way}_least_{figure}"] = min(shares)
            values[f"{way}_mean_{figure}"] = round(float(np.mean(shares)), 3)
    bars = (Bar("default_least_kept_component", ">=", 0.9),)
    note = f"{len(scans)} scans, {len(ANGLES_DEG)} angles, `live` training"
    return BenchReport("rotation", values, bars, (note,))


def rotation_plan(windows: tuple[int, ...], mask: Mask = "square", *, turns: int = TURNS) -> Plan:
    """Return the `live` plan with key points whose turned windows lie on the scan."""
    plan = Plan.preset("live", windows_px=windows)
    margin = math.ceil(max(windows) / math.sqrt(2)) + 2.0
    changes = {"mask": mask, "turns": turns}
    training = plan.training.model_copy(update=changes)
    keypoints = KeypointPlan(margin_px=margin)
    return plan.model_copy(update={"training": training, "keypoints": keypoints})


def turn(prepared: Prepared, window_px: int, invariances: str, plan: Plan) -> Turned:
    """Train one model on the upright patches and look at the turned ones."""
    outcome = _trained(prepared, window_px, invariances, plan)
    spec = specification_of(outcome.candidate, plan.training)
    yx = np.asarray(outcome.fit.center_yx_px)
    splines = [spline_filter(np.asarray(image, np.float64)) for image in prepared.images]
    codes = []
    for angle in ANGLES_DEG:
        patches = turned_patches(splines, yx, window_px, math.radians(angle))
        codes.append(np.asarray(encode(patches, outcome.weights, spec).latents.mean))
    mixture, type_of = types_of_codes(
        outcome.fit.mixtures,
        outcome.rewards,
        np.asarray(outcome.fit.latents.mean),
        Places.of(yx, window_px),
        plan.decision,
    )
    upright, component, *turned = [codes[0], *(mixture.assign(z).argmax(axis=1) for z in codes)]
    spread = math.sqrt(float(upright.var(axis=0).mean()))
    return Turned(
        kept_component=float(np.mean([c == component for c in turned])),
        kept_type=float(np.mean([type_of[c] == type_of[component] for c in turned])),
        dz=np.array([np.linalg.norm(z - upright, axis=1) / spread for z in codes[1:]]),
        n_components=mixture.n_components,
        n_types=int(type_of.max()),
    )


def turned_patches(
    splines: list[NDArray[np.float64]],
    yx_px: NDArray[np.float64],
    window_px: int,
    angle_rad: float,
) -> NDArray[np.float32]:
    """Cut patches (N, C, w, w) around places (N, 2) of the turned scan.

    `splines` are the channels' cubic spline coefficients.
    """
    offset = np.arange(window_px) - (window_px - 1) / 2
    y, x = np.meshgrid(offset, offset, indexing="ij")
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    places = yx_px.T[:, :, None, None] + np.stack([cos * y - sin * x, sin * y + cos * x])[:, None]
    channels = [map_coordinates(s, places, prefilter=False, mode="nearest") for s in splines]
    return np.asarray(np.clip(np.stack(channels, axis=1), 0, 1), dtype=np.float32)


def _trained(prepared: Prepared, window_px: int, invariances: str, plan: Plan) -> Outcome:
    candidate = Candidate(window_px, invariances, channels=prepared.channels, seed=plan.seed)
    group = TrialGroup(
        (candidate,),
        (prepared.patches(window_px),),
        prepared.context,
        prepared.block,
        plan.training,
        plan.mixtures,
    )
    with single_threaded():
        (outcome,) = run_trials(group)
    return replace(outcome, candidate=candidate)
