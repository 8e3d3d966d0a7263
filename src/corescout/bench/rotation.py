"""`bench rotation [SCAN]`: does a patch of the turned scan keep its code and its component?

The scan is turned to 24 angles about each key point and the patch is cut anew (cubic
interpolation), for square and round masks. Kept: share of the patches whose component is that of
the upright patch, over all angles. |dz|: distance of the codes, in standard deviations of the
cloud of codes. Without invariance both show what r is worth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter

from corescout.bench.outcome import Bar, BenchReport, Value
from corescout.data import Candidate
from corescout.plan import KeypointPlan, Plan
from corescout.preparation import Prepared, prepare
from corescout.surfaces import generate_family
from corescout.trial import Outcome, TrialGroup, run_trials
from corescout.vae import encode, single_threaded, specification_of

Mask = Literal["square", "round"]
WINDOWS_PX, QUICK_WINDOWS_PX = (9, 13, 17, 21), (9,)
ANGLES_DEG = tuple(range(0, 360, 15))
MASKS: tuple[Mask, ...] = ("square", "round")


@dataclass(frozen=True, eq=False)
class Turned:
    """What turning did to the patches of one model.

    Attributes
    ----------
    kept : (A,)
        Share of the patches that keep their component, for each angle.
    dz : (A, N)
        Distance of the codes from the upright ones, in standard deviations of the cloud.
    n_components : int
    """

    kept: NDArray[np.float64]
    dz: NDArray[np.float64]
    n_components: int


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
        for mask in MASKS:
            for invariances in ("none", "r", "rt"):
                plan = rotation_plan(windows, mask)
                found = [turn(p, window, invariances, plan) for p in prepared]
                key = f"w{window}_{invariances}_{mask}"
                kept = float(np.mean([t.kept.mean() for t in found]))
                values[f"{key}_kept"] = round(kept, 3)
                values[f"{key}_median_dz"] = round(float(np.median([t.dz for t in found])), 3)
                values[f"{key}_components"] = "/".join(str(t.n_components) for t in found)
    rotating = [k for k in values if k.endswith("_kept") and "none" not in k]
    values["least_kept"] = min(float(values[k]) for k in rotating)
    note = f"{len(scans)} scans, {len(ANGLES_DEG)} angles; components as the deciding reward has it"
    return BenchReport("rotation", values, (Bar("least_kept", ">=", 0.9),), (note,))


def rotation_plan(windows: tuple[int, ...], mask: Mask = "square") -> Plan:
    """Return the `live` plan with key points whose turned windows lie on the scan."""
    plan = Plan.preset("live", windows_px=windows)
    margin = math.ceil(max(windows) / math.sqrt(2)) + 2.0
    training = plan.training.model_copy(update={"mask": mask})
    keypoints = KeypointPlan(margin_px=margin)
    return plan.model_copy(update={"training": training, "keypoints": keypoints})


def turn(prepared: Prepared, window_px: int, invariances: str, plan: Plan) -> Turned:
    """Train one model on the upright patches and look at the turned ones."""
    outcome = _trained(prepared, window_px, invariances, plan)
    spec = specification_of(outcome.candidate, plan.training)
    mixture = outcome.fit.mixtures[_n_components(outcome)]
    yx = np.asarray(outcome.fit.center_yx_px)
    splines = [spline_filter(np.asarray(image, np.float64)) for image in prepared.images]
    codes = []
    for angle in ANGLES_DEG:
        patches = turned_patches(splines, yx, window_px, math.radians(angle))
        codes.append(np.asarray(encode(patches, outcome.weights, spec).latents.mean))
    upright = codes[0]
    component = mixture.assign(upright).argmax(axis=1)
    kept = [np.mean(mixture.assign(z).argmax(axis=1) == component) for z in codes]
    spread = math.sqrt(float(upright.var(axis=0).mean()))
    dz = [np.linalg.norm(z - upright, axis=1) / spread for z in codes]
    return Turned(np.array(kept[1:]), np.array(dz[1:]), mixture.n_components)


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
    return np.clip(np.stack(channels, axis=1), 0, 1).astype(np.float32)


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


def _n_components(outcome: Outcome) -> int:
    gain = outcome.rewards["gain"]
    return max(1, round(gain.parts.get("n_components", 1)))


