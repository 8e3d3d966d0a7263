"""Surfaces without types: the scan's power spectrum and grey levels, and no pattern beyond them.

Mixtures see so many key points at most (`density_filter.max_points`), so that a surface needs no
more of them: they are sought in the middle of it, on an area that holds about twice as many.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, Keypoints, Normalisation, PatchSet
from corescout.keypoints import find_keypoints
from corescout.mixtures import enough_codes
from corescout.patches import cut_patches, fits
from corescout.plan import Plan
from corescout.surfaces import phase_randomised
from corescout.trial_data import TrialData

_BAND_STRIDE = 10_000  # between the seeds of two scans in one image
_MORE_POINTS = 2.0  # are expected where they are sought: a surface has fewer walls than the scan


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
    data: TrialData,
    winner: Candidate,
    plan: Plan,
    numbers: Sequence[int],
    stop: threading.Event | None = None,
) -> Surrogates:
    """Make the surfaces of some numbers; the key points are sought anew on each.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    area = _Area.of(data, plan)
    made = [_Surface.of(data, winner.window_px, plan, plan.seed + 1 + i, area, stop)
            for i in numbers]  # fmt: skip
    n_points = min(len(s.patches) for s in made)
    features = None
    if winner.sees_no_patches:
        (only,) = made
        features = only.data(data).features(winner, plan.keypoints, stop=stop)
    return Surrogates(tuple(_thin(s.patches, n_points, plan.seed) for s in made), features)


def most_patches(n_keypoints: int, plan: Plan) -> int:
    """Return how many patches are cut from a surface, for a scan with so many key points."""
    enough = enough_codes(plan.mixtures.density_filter)
    return n_keypoints if enough is None else min(n_keypoints, enough)


@dataclass(frozen=True)
class _Area:
    """The part of a surface that key points are sought on.

    Attributes
    ----------
    part : (slice, slice)
        In the middle of the image; all of it where the scan has few key points.
    most : int
        Patches that are cut there at most.
    expected : float
        Key points there, if they are as dense as on the scan.
    """

    part: tuple[slice, slice]
    most: int
    expected: float

    @classmethod
    def of(cls, data: TrialData, plan: Plan) -> _Area:
        """Choose it for the key points of a scan; several scans in one image are not cut."""
        most = most_patches(len(data), plan)
        share = 1.0 if data.bands else min(1.0, _MORE_POINTS * most / len(data))
        sides = [math.ceil(n * math.sqrt(share)) for n in data.images.shape[1:]]
        firsts = [(n - side) // 2 for n, side in zip(data.images.shape[1:], sides, strict=True)]
        rows, columns = (slice(f, f + side) for f, side in zip(firsts, sides, strict=True))
        return cls((rows, columns), most, share * len(data))

    @property
    def first_yx_px(self) -> tuple[int, int]:
        """Its first pixel."""
        return self.part[0].start, self.part[1].start


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
    def of(
        cls,
        data: TrialData,
        window_px: int,
        plan: Plan,
        seed: int,
        area: _Area,
        stop: threading.Event | None,
    ) -> _Surface:
        """Make the surface of a seed, with as many patches as the scan has at most."""
        images = np.stack([
            _surrogate(image, data.bands, seed, stop)[area.part] for image in data.images
        ])  # fmt: skip
        of_scan = _moved(data.keypoints, area.first_yx_px)
        found = of_scan  # where a person put them
        if data.keypoint_source == plan.keypoints.detector:
            found = find_keypoints(images[0], plan.keypoints, (window_px + 1) / 2, stop=stop)
        valid = np.flatnonzero(fits(found.yx_px, images, window_px))
        if len(valid) < 0.5 * area.expected:
            # A surface of noise may show too few walls: its patches stand where the scan's do.
            found = of_scan
            valid = np.flatnonzero(fits(found.yx_px, images, window_px))
        rng = np.random.default_rng(seed)
        if len(valid) > area.most:
            valid = np.sort(rng.choice(valid, area.most, replace=False))
        zeros = np.zeros(len(data.channels))
        levels = Normalisation(data.channels, zeros, zeros + 1)
        return cls(images, cut_patches(images, found, valid, window_px, levels))


def _surrogate(
    image: NDArray[np.float32],
    bands: Sequence[Sequence[int]],
    seed: int,
    stop: threading.Event | None,
) -> NDArray[np.float32]:
    """A surface without types; of several scans in one image each by itself."""
    if not bands:
        return phase_randomised(image, seed, stop=stop)
    found = np.full_like(image, np.nan)
    for i, (first, end, width) in enumerate(bands):
        part = image[first:end, :width]
        found[first:end, :width] = phase_randomised(part, seed + _BAND_STRIDE * i, stop=stop)
    return found


def _moved(keypoints: Keypoints, first_yx_px: tuple[int, int]) -> Keypoints:
    """Key points counted from another first pixel."""
    return replace(keypoints, yx_px=np.asarray(keypoints.yx_px) - np.array(first_yx_px))


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
