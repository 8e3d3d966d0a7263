"""Families of surfaces: one to choose rules on, and others built differently to test them on.

"voronoi" deals patterns drawn by rule out to Voronoi regions of equal share, each in one direction,
and scans them cleanly. "level_set" cuts everything out of correlated random fields: regions of very
unequal shares, 1 to 6 types, directions that turn within a region, other periods; and it scans
badly: blur, gain, drift, scars, cross-talk, saturation. "alternating" has kinds that take turns
along the walls, scanned likewise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from corescout.surfaces.alternating import KINDS, alternating_lines
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import Imaging
from corescout.surfaces.level_sets import LEVEL_SETS
from corescout.surfaces.patterns import PATTERNS
from corescout.surfaces.surface import Surface, generate_surface, seen_surface, with_margin

PITCH_M = 8e-9
LARGEST_SHARE = 0.9  # of the area that one type may take
SMALLEST_SHARE = 0.1  # of the area that is left to each of the others, where there is room
_REGION_PX = 28.0  # correlation of the fields whose largest one takes a place
_ROUNDS = 200  # of matching the shares; the error is below a percent by then


def generate_family(
    name: str, seed: int, shape_px: tuple[int, int] = (256, 256), *, imaging: Imaging | None = None
) -> Surface:
    """Generate a surface of a family.

    Parameters
    ----------
    name : {"voronoi", "level_set", "alternating"}
    seed : int
        Fixes all. The number of types goes round with it: 2 to 5, 1 to 6, or 2 and 3.
    shape_px : tuple of int
        (H, W).
    imaging : Imaging, optional
        Instead of the one that the family draws; `Imaging()` is a clean scan.

    Raises
    ------
    ValueError
        If there is no such family.
    """
    if name not in FAMILIES:
        raise ValueError(f"family: expected one of {', '.join(FAMILIES)}, found {name!r}")
    return FAMILIES[name](seed, shape_px, imaging)


def _voronoi(seed: int, shape_px: tuple[int, int], imaging: Imaging | None) -> Surface:
    rng = np.random.default_rng([seed, 1])
    drawn = Imaging(tip_px=rng.uniform(1.0, 1.4), noise=rng.uniform(0.02, 0.05))
    patterns = tuple(rng.permutation(list(PATTERNS))[: 2 + seed % 4].tolist())
    return generate_surface(shape_px, seed, patterns, PITCH_M, imaging=imaging or drawn)


def _level_set(seed: int, shape_px: tuple[int, int], imaging: Imaging | None) -> Surface:
    rng = np.random.default_rng([seed, 2])
    drawn = imaging_at_random(rng)
    imaging = imaging or drawn
    n_types = 1 + seed % 6
    names = tuple(rng.permutation(list(LEVEL_SETS))[:n_types].tolist())
    canvas = with_margin(shape_px, imaging)
    region = region_field(canvas, shares_at_random(n_types, rng), rng)
    a_response, scale = rng.uniform(0.2, 0.5), rng.uniform(0.85, 1.25)
    response, height = np.ones(canvas), np.zeros(canvas)
    for index, name in enumerate(names):
        domains = LEVEL_SETS[name](canvas, scale, a_response, rng)
        inside = region == index
        response[inside], height[inside] = domains.response[inside], domains.height[inside]
    kind = (region + 1).astype(np.uint8)
    return seen_surface(Domains(response, height), region, kind, names, imaging, PITCH_M, seed, rng)


def _alternating(seed: int, shape_px: tuple[int, int], imaging: Imaging | None) -> Surface:
    rng = np.random.default_rng([seed, 3])
    drawn = imaging_at_random(rng)
    imaging = imaging or drawn
    names = KINDS[: 2 + seed % 2]
    canvas = with_margin(shape_px, imaging)
    domains, region, kind = alternating_lines(canvas, len(names), rng)
    numbers = (kind + 1).astype(np.uint8)
    return seen_surface(domains, region, numbers, names, imaging, PITCH_M, seed, rng)


FAMILIES: dict[str, Callable[[int, tuple[int, int], Imaging | None], Surface]] = {
    "voronoi": _voronoi,
    "level_set": _level_set,
    "alternating": _alternating,
}


def imaging_at_random(rng: np.random.Generator) -> Imaging:
    """Draw the properties of a scan as an ordinary day has them, from good to poor."""
    return Imaging(
        tip_px=rng.uniform(0.8, 1.8),
        noise=rng.uniform(0.02, 0.07),
        row_noise=rng.uniform(0.01, 0.05),
        row_offset=rng.uniform(0.0, 0.02),
        gain=rng.uniform(0.3, 3.0),
        drift_px=(rng.uniform(-6, 6), rng.uniform(-6, 6)),
        scars=rng.uniform(0, 3),
        cross_talk=rng.uniform(0, 0.03),
        saturation=rng.uniform(0, 0.02),
        phase_offset_deg=rng.uniform(-180, 180),
        background=rng.uniform(-0.08, 0.08),
    )


def shares_at_random(n_types: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw shares of the area (n,), from even ones to one type with up to 90 %."""
    smallest = min(SMALLEST_SHARE, 0.5 / n_types)
    even = 1 / n_types
    largest = even + rng.uniform() * (min(LARGEST_SHARE, 1 - smallest * (n_types - 1)) - even)
    shares = np.full(n_types, (1 - largest) / max(1, n_types - 1))
    shares[rng.integers(n_types)] = largest
    return np.asarray(shares / shares.sum())


def region_field(
    shape_px: tuple[int, int], shares: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Cut the plane by correlated random fields: the largest takes the place, at given shares."""
    fields = np.stack(
        [gaussian_filter(rng.standard_normal(shape_px), _REGION_PX) for _ in range(len(shares))]
    )
    fields /= fields.std()
    level = np.zeros(len(shares))
    for _ in range(_ROUNDS if len(shares) > 1 else 0):
        region = np.argmax(fields + level[:, None, None], axis=0)
        taken = np.bincount(region.ravel(), minlength=len(shares)) / region.size
        if np.abs(taken - shares).max() < 0.005:
            break
        level += 0.5 * (shares - taken)
    return np.asarray(np.argmax(fields + level[:, None, None], axis=0))
