"""Wall descriptors of a result: of its own key points, on the grid that was analysed."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from corescout.cleaning import clean_channel
from corescout.data import Result, Scan, WallDescriptors
from corescout.descriptors import SceneOfWalls, describe
from corescout.keypoints import find_wall_lines
from corescout.lines import analysed_channel
from corescout.plan import CleaningPlan, Plan
from corescout.square_grid import SquareGrid, square_grid

_KNOWN: WeakKeyDictionary[Result, WallDescriptors] = WeakKeyDictionary()  # asked for many times


def wall_descriptors(result: Result) -> WallDescriptors:
    """Return the descriptors (N,) of the key points that have a patch, in the patches' order.

    Lengths need a scale, what is told along a wall a detector of walls; both are NaN without.
    """
    if result not in _KNOWN:
        _KNOWN[result] = _descriptors(result)
    return _KNOWN[result]


def known_descriptors(result: Result) -> WallDescriptors | None:
    """Return the descriptors of a result if they were asked for before; nothing is computed."""
    return _KNOWN.get(result)


def _descriptors(result: Result) -> WallDescriptors:
    plan = Plan.model_validate(result.plan)
    scan, pitch_m = result.scan, result.analysis_pitch_m
    grid = square_grid(scan.shape_px, scan.frame if pitch_m is not None else None, pitch_m)
    seen = analysed_channel(scan, result.channels[0], plan.cleaning)
    profiles = result.keypoints.profiles
    scene = SceneOfWalls(
        image=grid.resample(seen.raw),
        pitch_m=pitch_m,
        lines_yx=find_wall_lines(grid.resample(seen.sought), plan.keypoints),
        frame_angle_rad=0.0 if scan.frame is None else scan.frame.angle_rad,
        topography=_of_role(scan, "topography", "m", grid, plan.cleaning),
        frequency=_of_role(scan, "frequency", "Hz", grid, plan.cleaning),
    )
    places = grid.from_scan_px(np.asarray(result.patches.center_yx_px))
    own = None if profiles is None else profiles.take(np.asarray(result.patches.index))
    return describe(places, scene, own)


def _of_role(
    scan: Scan, role: str, unit: str, grid: SquareGrid, plan: CleaningPlan
) -> NDArray[np.float32] | None:
    """The first channel of a role in its unit, cleaned, on the grid; None where there is none."""
    names = [n for n in scan.channels if scan.roles.get(n, "").startswith(role)]
    names = [n for n in names if scan.units.get(n, "") == unit]
    if not names or not np.isfinite(scan.channels[names[0]]).any():
        return None
    return grid.resample(clean_channel(scan, names[0], plan))
