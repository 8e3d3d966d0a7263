"""Surfaces of needles in regions: of one kind, however they lie, or of two kinds.

Each region holds parallel lines in a direction of its own. One kind: the same width and the same
polarity everywhere, so that what differs is the direction and the spacing alone. Two kinds: the
width or the polarity (dark or bright) differs from one half of the regions to the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corescout.surfaces.domains import Domains
from corescout.surfaces.families import region_field
from corescout.surfaces.imaging import Imaging
from corescout.surfaces.surface import Surface, seen_surface, with_margin

PITCH_M = 10e-9
_FINE = 3  # samples per pixel: widths are no whole numbers of pixels
_DARK, _BRIGHT = 0.3, 1.7  # response of a needle; 1 around it
_NARROW_PX, _WIDE_PX = (2.5, 4.0), (7.0, 9.0)

Difference = Literal["none", "width", "polarity"]


@dataclass(frozen=True)
class Needles:
    """What a surface of needles holds.

    Attributes
    ----------
    directions_rad : tuple of float
        Of the regions in turn.
    widths_px, responses : (float, float)
        Of the two kinds; equal where there is one kind.
    spacing_px : float
        Mean distance from needle to needle.
    jitter : float
        Largest shift of a needle, as a share of the spacing; 0 for a periodic pattern.
    """

    directions_rad: tuple[float, ...]
    widths_px: tuple[float, float]
    responses: tuple[float, float]
    spacing_px: float
    jitter: float

    @property
    def kinds(self) -> int:
        """How many kinds of needle there are."""
        alike = self.widths_px[0] == self.widths_px[1] and self.responses[0] == self.responses[1]
        return 1 if alike else 2


def needles_at_random(seed: int, difference: Difference = "none") -> Needles:
    """Draw needles: one to four directions, dark or bright, periodic or not, 15 to 24 px apart."""
    rng = np.random.default_rng([seed, 7, {"none": 0, "width": 1, "polarity": 2}[difference]])
    n_directions = int(rng.integers(1, 5))
    directions = np.mod(rng.uniform(0, np.pi) + np.pi * np.arange(n_directions) / n_directions
                        + rng.uniform(-0.2, 0.2, n_directions), np.pi)  # fmt: skip
    width = float(rng.uniform(*_NARROW_PX))
    response = float(rng.choice([_DARK, _BRIGHT]))
    widths, responses = (width, width), (response, response)
    if difference == "width":
        widths = (width, float(rng.uniform(*_WIDE_PX)))
    if difference == "polarity":
        responses = (_DARK, _BRIGHT)
    jitter = 0.0 if rng.uniform() < 0.5 else 0.2
    spacing = float(rng.uniform(15, 20) if difference != "width" else rng.uniform(19, 24))
    return Needles(tuple(directions.tolist()), widths, responses, spacing, jitter)


def needle_surface(
    needles: Needles,
    seed: int,
    shape_px: tuple[int, int] = (256, 256),
    *,
    imaging: Imaging | None = None,
) -> Surface:
    """Generate a scan of needles with the truth of their kinds.

    Parameters
    ----------
    needles : Needles
        Of `needles_at_random`, or one's own.
    seed : int
        Fixes the regions, the places of the needles and the noise.
    shape_px : tuple of int
        (H, W).
    imaging : Imaging, optional
        `Imaging()` if None.
    """
    imaging = imaging or Imaging()
    rng = np.random.default_rng([seed, 13])
    canvas = with_margin(shape_px, imaging)
    n_regions = max(needles.kinds, len(needles.directions_rad))
    region = region_field(canvas, np.full(n_regions, 1 / n_regions), rng)
    response, kind = np.ones(canvas), np.ones(canvas, np.uint8)
    for number in range(n_regions):
        inside = region == number
        which = number % needles.kinds
        angle = needles.directions_rad[number % len(needles.directions_rad)]
        share = _lines(canvas, angle, needles, needles.widths_px[which], rng)[inside]
        response[inside] = 1 + (needles.responses[which] - 1) * share
        kind[inside] = which + 1
    names = ("needles",) if needles.kinds == 1 else ("one needle", "other needle")
    domains = Domains(response, np.zeros(canvas))
    return seen_surface(domains, region, kind, names, imaging, PITCH_M, seed, rng)


def _lines(
    shape_px: tuple[int, int],
    angle: float,
    needles: Needles,
    width_px: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Share (H, W) of each pixel that lies on one of the parallel lines."""
    height, width = shape_px
    y = (np.arange(height * _FINE) - (_FINE - 1) / 2) / _FINE
    x = (np.arange(width * _FINE) - (_FINE - 1) / 2) / _FINE
    across = y[:, None] * np.cos(angle) - x[None] * np.sin(angle)
    reach = float(np.hypot(*shape_px)) + needles.spacing_px
    centres = np.arange(-reach, reach, needles.spacing_px) + rng.uniform(0, needles.spacing_px)
    centres += needles.jitter * needles.spacing_px * rng.uniform(-1, 1, len(centres))
    right = np.clip(np.searchsorted(centres, across), 1, len(centres) - 1)
    off = np.minimum(np.abs(across - centres[right]), np.abs(across - centres[right - 1]))
    on = (off < width_px / 2).reshape(height, _FINE, width, _FINE)
    return np.asarray(on.mean(axis=(1, 3)))
