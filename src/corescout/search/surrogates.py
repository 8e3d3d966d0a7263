"""Surfaces without types: the scan's power spectrum and grey levels, and no pattern beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, Keypoints, Normalisation, PatchSet
from corescout.keypoints import find_keypoints
from corescout.patches import cut_patches, fits
from corescout.plan import Plan
from corescout.surfaces import phase_randomised
from corescout.trial_data import TrialData

_BAND_STRIDE = 10_000  # between the seeds of two scans in one image


@dataclass(frozen=True, eq=False)
class Surrogates:
    """Patches of surfaces without types.

    Attributes
    ----------
    patch_sets : tuple of PatchSet
        One for each surface, equally many patches in each.
    features : (N, F) or None
        Of a single surface, for a winner that sees no patches.
    """

    patch_sets: tuple[PatchSet, ...]
    features: NDArray[np.float64] | None = None


def surrogates(
    data: TrialData, winner: Candidate, plan: Plan, numbers: Sequence[int]
) -> Surrogates:
    """Make the surfaces of some numbers; the key points are sought anew on each."""
    made = [_Surface.of(data, winner.window_px, plan, plan.seed + 1 + i) for i in numbers]
    n_points = min(len(s.patches) for s in made)
    features = None
    if winner.sees_no_patches:
        (only,) = made
        features = only.data(data).features(winner, plan.keypoints)
    return Surrogates(tuple(_thin(s.patches, n_points, plan.seed) for s in made), features)


@dataclass(frozen=True, eq=False)
class _Surface:
    """A surface without types, (C, H, W), and patches of it."""

    images: NDArray[np.float32]
    patches: PatchSet

    def data(self, scan: TrialData) -> TrialData:
        """Return what a trial on it needs, where the scan's own data is `scan`."""
        return replace(
            scan, images=self.images, keypoints_yx_px=np.asarray(self.patches.center_yx_px)
        )

    @classmethod
    def of(cls, data: TrialData, window_px: int, plan: Plan, seed: int) -> _Surface:
        """Make the surface of a seed, with as many patches as the scan has at most."""
        images = np.stack([_surrogate(image, data.bands, seed) for image in data.images])
        found = _keypoints(data, images[0], window_px, plan)
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
        return cls(images, cut_patches(images, found, valid, window_px, levels))


def _surrogate(
    image: NDArray[np.float32], bands: Sequence[Sequence[int]], seed: int
) -> NDArray[np.float32]:
    """A surface without types; of several scans in one image each by itself."""
    if not bands:
        return phase_randomised(image, seed)
    found = np.full_like(image, np.nan)
    for i, (first, end, width) in enumerate(bands):
        part = image[first:end, :width]
        found[first:end, :width] = phase_randomised(part, seed + _BAND_STRIDE * i)
    return found


def _keypoints(
    data: TrialData, image: NDArray[np.float32], window_px: int, plan: Plan
) -> Keypoints:
    """Points of a surface: found as the scan's were, or where a person put those."""
    if data.keypoint_source != plan.keypoints.detector:
        return data.keypoints
    return find_keypoints(image, plan.keypoints, (window_px + 1) / 2)


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
