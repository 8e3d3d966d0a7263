"""Key points on the square grid of the analysis: found or given, those whose window fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Keypoints
from corescout.keypoints import find_keypoints
from corescout.patches import fits
from corescout.plan import Plan
from corescout.seen_scan import SeenScan
from corescout.square_grid import SquareGrid

MIN_KEYPOINTS = 50  # fewer patches cannot train a model or carry a mixture


def enough_points(
    images: NDArray[np.float32],
    sought: NDArray[np.float32],
    plan: Plan,
    given: Keypoints | None,
    least: int = MIN_KEYPOINTS,
) -> Keypoints:
    """Key points of an exploration, found or given on the grid."""
    largest = max(plan.windows_px)
    found = fitting_points(images, sought, plan, given, largest)
    valid = np.arange(len(found))
    if plan.max_keypoints is not None and len(valid) > plan.max_keypoints:
        rng = np.random.default_rng(plan.seed)
        valid = np.sort(rng.choice(valid, plan.max_keypoints, replace=False))
    if len(valid) < least:
        raise InputError(
            f"at least {least} key points whose {largest} px window lies on the scan",
            f"{len(valid)}",
            "scan a larger area or with more walls, or choose another detector, a smaller spacing"
            " or smaller windows",
        )
    return found.take(valid)


def fitting_points(
    images: NDArray[np.float32],
    sought: NDArray[np.float32],
    plan: Plan,
    given: Keypoints | None,
    window_px: int,
) -> Keypoints:
    """Key points on the grid, found or given there, whose window lies on the scan."""
    found = given
    if found is None:
        found = find_keypoints(sought, plan.keypoints, margin_px(plan, window_px))
    valid = np.flatnonzero(fits(found.yx_px, images, window_px))
    return found.take(valid)


def profiled_points(
    seen: SeenScan, found: Keypoints, plan: Plan, images: NDArray[np.float32], window_px: int
) -> Keypoints:
    """Add what the scan shows at each point, and move it onto its wall where its window fits."""
    moved = seen.profiled(found, plan)
    fit = fits(moved.yx_px, images, window_px)
    if fit.all():
        return moved
    return replace(moved, yx_px=np.where(fit[:, None], moved.yx_px, found.yx_px))


def margin_px(plan: Plan, window_px: int) -> float:
    """Return how far from the edge key points are sought, for windows of a size."""
    margin = plan.keypoints.margin_px
    return (window_px + 1) / 2 if margin is None else margin


def on_grid(keypoints: Keypoints, grid: SquareGrid) -> Keypoints:
    """Map key points from the scan's own pixels to the grid."""
    return replace(keypoints, yx_px=grid.from_scan_px(np.asarray(keypoints.yx_px)))
