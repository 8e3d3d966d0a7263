"""Points coloured by what a cut across their wall shows: line or step, contrast, width, phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import WallProfiles
from corescout.data.keypoints import KINDS
from corescout.gui.look import rgba
from corescout.gui.model.candidate_view import CandidateView

KIND, DIRECTION = "profile:kind", "profile:direction"
_CONTRAST, _WIDTH, _PHASE = "profile:contrast", "profile:width", "profile:phase"
# Of the kinds: unknown, step, bright line, dark line.
KIND_COLORS = ("#808080", "#56B4E9", "#F0E442", "#D55E00")


def profiles_of_view(view: CandidateView | None) -> WallProfiles | None:
    """Return the profiles of a view's points (N,); None where they are not known."""
    result = None if view is None else view.result
    if result is None or result.keypoints.profiles is None:
        return None
    index = np.asarray(result.patches.index)
    if len(index) and index.max() >= len(result.keypoints.profiles):
        return None
    return result.keypoints.profiles.take(index)


def profile_choices(view: CandidateView | None) -> list[tuple[str, str]]:
    """Return keys and labels of the profiles that are known of a view's points."""
    profiles = profiles_of_view(view)
    if profiles is None or view is None or view.result is None:
        return []
    unit = view.result.scan.units.get(view.result.channels[0], "")
    length = "nm" if view.result.analysis_pitch_m else "px"
    offered = [
        (KIND, "step or line", np.asarray(profiles.kind) > 0),
        (DIRECTION, "direction of the wall", profiles.direction_rad),
        (_CONTRAST, f"contrast ({unit})" if unit else "contrast", profiles.contrast),
        (_WIDTH, f"width ({length})", profiles.width_px),
        (_PHASE, "phase step (deg)", profiles.phase_step_deg),
    ]
    return [(key, label) for key, label, values in offered if _known(key, values).any()]


def profile_values(view: CandidateView, key: str) -> tuple[NDArray[np.float64], str]:
    """Return values (N,) of a profile and their unit; the direction in [0, pi) rad."""
    profiles, result = profiles_of_view(view), view.result
    if profiles is None or result is None:
        return np.full(len(view.z), np.nan), ""
    if key == _WIDTH:
        pitch_m = result.analysis_pitch_m
        width = np.asarray(profiles.width_px)
        return (width * pitch_m * 1e9, "nm") if pitch_m else (width, "px")
    if key == _PHASE:
        return np.asarray(profiles.phase_step_deg), "deg"
    if key == DIRECTION:
        return np.asarray(profiles.direction_rad), "rad"
    return np.asarray(profiles.contrast), result.scan.units.get(result.channels[0], "")


def kind_colors(view: CandidateView) -> tuple[NDArray[np.float64], NDArray[np.int64], str]:
    """Return a palette (K, 4) of the kinds there are, the place (N,) in it, and their names."""
    profiles = profiles_of_view(view)
    kind = np.zeros(len(view.z), np.int64) if profiles is None else np.asarray(profiles.kind)
    there = np.unique(kind)
    palette = np.array([rgba(KIND_COLORS[k]) for k in there])
    return palette, np.searchsorted(there, kind), ", ".join(KINDS[k] for k in there)


def _known(key: str, values: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.asarray(values if key == KIND else np.isfinite(values), bool)
