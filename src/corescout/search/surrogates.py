"""Surfaces without types: the scan's power spectrum and grey levels, and no pattern beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from corescout.data import Normalisation, PatchSet
from corescout.keypoints import find_keypoints
from corescout.patches import cut_patches, fits
from corescout.plan import Plan
from corescout.surfaces import phase_randomised
from corescout.trial_data import TrialData


def surrogate_patches(
    data: TrialData, window_px: int, plan: Plan, numbers: Sequence[int]
) -> tuple[PatchSet, ...]:
    """Return the patches of each surface, equally many: the key points are sought anew on it."""
    sets = [_patches(data, window_px, plan, plan.seed + 1 + i) for i in numbers]
    n_points = min(len(s) for s in sets)
    return tuple(_thin(s, n_points, plan.seed) for s in sets)


def _patches(data: TrialData, window_px: int, plan: Plan, seed: int) -> PatchSet:
    images = np.stack([phase_randomised(image, seed) for image in data.images])
    found = find_keypoints(images[0], plan.keypoints, (window_px + 1) / 2)
    valid = np.flatnonzero(fits(found.yx_px, images, window_px))
    if len(valid) < 0.5 * len(data):
        # A surface of noise may show too few walls: its patches stand where the scan's do.
        found = data.keypoints
        valid = np.arange(len(found))
    rng = np.random.default_rng(seed)
    if len(valid) > len(data):
        valid = np.sort(rng.choice(valid, len(data), replace=False))
    zeros = np.zeros(len(data.channels))
    levels = Normalisation(data.channels, zeros, zeros + 1)
    return cut_patches(images, found, valid, window_px, levels)


def _thin(patches: PatchSet, count: int, seed: int) -> PatchSet:
    if len(patches) == count:
        return patches
    rows = np.sort(np.random.default_rng(seed).choice(len(patches), count, replace=False))
    return replace(
        patches,
        values=patches.values[rows],
        index=patches.index[rows],
        center_yx_px=patches.center_yx_px[rows],
    )
