"""Samples of one pattern, and what a microscope that changes over the scan makes of them.

Families: smoothed noise, one labyrinth, one set of stripes, needles of one kind in up to four
directions, the scan of a generated surface with its phases randomised, and texture quilted from a
real scan in blocks of at most one correlation length. Coarse ones are the same at twice the scale.
Changes: the contrast falls, the spacing grows, the tip blunts, each from the first line to the
last; the tip changes at a line; the gain of lines jumps.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

from benchmarks.truth.quilting import quilted
from corescout.data import Keypoints, Scan
from corescout.rewards.context import correlation_length_px
from corescout.surfaces import Imaging, generate_family, phase_randomised
from corescout.surfaces.domains import Domains
from corescout.surfaces.families import imaging_at_random
from corescout.surfaces.imaging import drifted, measure
from corescout.surfaces.level_sets import labyrinth, winding
from corescout.surfaces.needles import needle_surface, needles_at_random
from corescout.surfaces.patterns import stripes

Family = Literal["noise", "labyrinth", "stripes", "needles", "phase_randomised", "quilted"]
Change = Literal["none", "contrast", "spacing", "blunting", "tip change", "row jumps"]
Points = Literal["detected", "given", "edited"]
Field = NDArray[np.float64]

FAMILIES: tuple[Family, ...] = (
    "noise", "labyrinth", "stripes", "needles", "phase_randomised", "quilted",
)  # fmt: skip
CHANGES: tuple[Change, ...] = (
    "none", "contrast", "spacing", "blunting", "tip change", "row jumps",
)  # fmt: skip
PITCH_M = 8e-9
REAL = ("PZT_final0001.h5", "PTO_Funakubo0005.h5", "PMN28Pt0001.h5", "scan_0001.ibw")
SEEN_ONCE = Imaging(tip_px=0.0, noise=0.01, row_noise=0.0)  # of what was a scan already
_MARGIN_PX = 8
_WIDER = 1.5  # by which the spacing grows
_BLUNTER_PX = 1.6  # by which the width of the tip grows
_LEVELS = 6  # of blur, between which lines are interpolated
_FRAME_PX = 12.0
_GIVEN_PER_PX2 = 300 / 256**2


@dataclass(frozen=True)
class Null:
    """A scan of one pattern.

    Attributes
    ----------
    family, change : str
    coarse : bool
        At twice the scale.
    side_px, seed : int
    """

    family: Family
    change: Change
    coarse: bool
    side_px: int
    seed: int

    def scan(self, again: int = 0) -> Scan:
        """Scan the sample; another number `again` draws other noise over the same sample."""
        rng = np.random.default_rng([self.seed, 17, FAMILIES.index(self.family)])
        once = self.family in ("phase_randomised", "quilted")
        imaging = SEEN_ONCE if once else imaging_at_random(rng)
        imaging = _changed(imaging, self.change, rng)
        canvas = self.side_px + 2 * _MARGIN_PX
        wide = round(_WIDER * canvas) if self.change == "spacing" else canvas
        response = self._sample(wide, rng)
        if self.change == "spacing":
            response = _spread(response, canvas)
        inner = slice(_MARGIN_PX - imaging.margin_px, canvas - _MARGIN_PX + imaging.margin_px)
        response = drifted(response[inner, inner], imaging)
        if self.change == "blunting":
            response = _blunted(response, imaging.tip_px)
        noise = np.random.default_rng([self.seed, 19, again])
        sample = Domains(response, np.zeros(response.shape))
        return measure(sample, imaging, PITCH_M, self.seed, noise)

    def keypoints(self, points: Points, found: Keypoints) -> Keypoints:
        """Points as a person hands them over.

        Given: at random places, 300 on 256 x 256 px. Edited: those that were found, without half
        of those in one quarter of the scan, and a tenth more at random places.
        """
        rng = np.random.default_rng([self.seed, 23])
        count = round(_GIVEN_PER_PX2 * self.side_px**2)
        drawn = rng.uniform(_FRAME_PX, self.side_px - 1 - _FRAME_PX, (count, 2))
        if points == "given":
            return Keypoints(drawn, np.ones(count), "drawn")
        yx = np.asarray(found.yx_px)
        quarter = (yx < self.side_px / 2).all(axis=1)
        kept = yx[~(quarter & (rng.uniform(size=len(yx)) < 0.5))]
        places = np.vstack([kept, drawn[: len(yx) // 10]])
        return Keypoints(places, np.ones(len(places)), "drawn")

    def _sample(self, side_px: int, rng: np.random.Generator) -> Field:
        if not self.coarse:
            return SAMPLES[self.family](side_px, self.seed, rng)
        fine = SAMPLES[self.family](-(-side_px // 2) + 1, self.seed, rng)
        return np.asarray(zoom(fine, 2.0, order=1)[:side_px, :side_px])


def _noise(side_px: int, seed: int, rng: np.random.Generator) -> Field:
    field = gaussian_filter(rng.standard_normal((side_px, side_px)), rng.uniform(2, 6))
    return np.asarray(0.7 + 0.25 * field / field.std())


def _labyrinth(side_px: int, seed: int, rng: np.random.Generator) -> Field:
    pattern = winding if seed % 2 else labyrinth
    shape = (side_px, side_px)
    return np.asarray(pattern(shape, rng.uniform(0.85, 1.25), rng.uniform(0.2, 0.5), rng).response)


def _stripes(side_px: int, seed: int, rng: np.random.Generator) -> Field:
    y, x = np.indices((side_px, side_px), dtype=float)
    angle, scale = rng.uniform(0, np.pi), rng.uniform(0.6, 1.2)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.asarray(stripes(along / scale, across / scale, rng).response)


def _needles(side_px: int, seed: int, rng: np.random.Generator) -> Field:
    number = int(rng.integers(2**31))
    surface = needle_surface(needles_at_random(number), number, (side_px, side_px))
    return np.asarray(surface.response, float)


def _phase_randomised(side_px: int, seed: int, rng: np.random.Generator) -> Field:
    family = "level_set" if seed % 2 else "voronoi"
    number = int(rng.integers(2**31))
    scan = generate_family(family, number, (side_px, side_px)).scan
    return _unit(phase_randomised(np.asarray(scan.channel()) * 1e10, number))


def _quilted(side_px: int, seed: int, rng: np.random.Generator) -> Field:
    image, length = _real(REAL[seed % len(REAL)])
    block = max(6, int(length))
    return quilted(image, block, side_px, rng)


SAMPLES = {
    "noise": _noise,
    "labyrinth": _labyrinth,
    "stripes": _stripes,
    "needles": _needles,
    "phase_randomised": _phase_randomised,
    "quilted": _quilted,
}


@cache
def _real(name: str) -> tuple[Field, float]:
    """Amplitude of a real scan between 0 and about 1, and its correlation length in pixels."""
    from corescout.readers import read_scan

    folder = Path(os.environ["CORESCOUT_TEST_DATA"])
    image = np.asarray(read_scan(next(folder.rglob(name))).channel(), float)
    image = np.where(np.isfinite(image), image, np.nanmedian(image))
    return _unit(image), float(correlation_length_px(image))


def _unit(image: NDArray[np.floating]) -> Field:
    low, high = np.percentile(image, [1, 99])
    return np.asarray(0.1 + 0.9 * (image.astype(float) - low) / (high - low))


def _changed(imaging: Imaging, change: Change, rng: np.random.Generator) -> Imaging:
    if change == "contrast":
        return replace(imaging, fade=rng.uniform(0.3, 0.6))
    if change == "tip change":
        at, wider = rng.uniform(0.1, 0.9), rng.uniform(1.5, 2.5)
        return replace(imaging, tip_change_px=wider, tip_change_at=at)
    if change == "row jumps":
        return replace(imaging, jump_share=rng.uniform(0.05, 0.15))
    return imaging


def _spread(response: Field, side_px: int) -> Field:
    """The frame on a sample half as wide again, seen ever larger from the first line to the last.

    One pixel of line v is a step of s(v) on the sample, from 1.5 to 1: y(v) is its integral.
    """
    step = np.linspace(_WIDER, 1.0, side_px)
    y = np.concatenate([[0.0], np.cumsum(step)[:-1]])
    x = np.arange(side_px) - (side_px - 1) / 2
    middle = (response.shape[1] - 1) / 2
    places = [np.repeat(y[:, None], side_px, axis=1), middle + step[:, None] * x[None]]
    return np.asarray(map_coordinates(response, places, order=1, mode="nearest"))


def _blunted(response: Field, tip_px: float) -> Field:
    """Blur that grows from nothing at the first line until the tip is so much wider at the last."""
    widest = np.sqrt((tip_px + _BLUNTER_PX) ** 2 - tip_px**2)
    levels = np.stack([gaussian_filter(response, s) for s in np.linspace(0, widest, _LEVELS)])
    at = np.linspace(0, _LEVELS - 1, len(response))
    low = np.minimum(at.astype(int), _LEVELS - 2)
    share = (at - low)[:, None]
    rows = np.arange(len(response))
    return np.asarray((1 - share) * levels[low, rows] + share * levels[low + 1, rows])
