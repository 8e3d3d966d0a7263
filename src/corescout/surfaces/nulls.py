"""Surfaces of one type or none, on which separate types must not be claimed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from corescout.surfaces.domains import Domains
from corescout.surfaces.families import PITCH_M, generate_family, imaging_at_random
from corescout.surfaces.imaging import Imaging
from corescout.surfaces.level_sets import labyrinth, winding
from corescout.surfaces.patterns import stripes
from corescout.surfaces.surface import Surface, seen_surface, with_margin
from corescout.surfaces.surrogate import phase_randomised


def null_surface(
    kind: str, seed: int, shape_px: tuple[int, int] = (256, 256), *, imaging: Imaging | None = None
) -> Surface:
    """Generate a surface without separate types.

    Parameters
    ----------
    kind : {"noise", "labyrinth", "stripes", "phase_randomised"}
        Smoothed noise; one labyrinth (a in c for even seeds, 180-degree walls for odd ones) or one
        set of stripes over the whole scan; a surface of the families, phases randomised.
    seed : int
    shape_px : tuple of int
        (H, W).
    imaging : Imaging, optional
        Instead of one drawn at random.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if kind not in NULLS:
        raise ValueError(f"null surface: expected one of {', '.join(NULLS)}, found {kind!r}")
    rng = np.random.default_rng([seed, 3])
    return NULLS[kind](shape_px, seed, imaging or imaging_at_random(rng), rng)


def _noise(
    shape_px: tuple[int, int], seed: int, imaging: Imaging, rng: np.random.Generator
) -> Surface:
    canvas = with_margin(shape_px, imaging)
    field = gaussian_filter(rng.standard_normal(canvas), rng.uniform(2, 6))
    response = 0.7 + 0.25 * field / field.std()
    return _of_no_type(Domains(response, np.zeros(canvas)), seed, imaging, rng)


def _labyrinth(
    shape_px: tuple[int, int], seed: int, imaging: Imaging, rng: np.random.Generator
) -> Surface:
    canvas = with_margin(shape_px, imaging)
    pattern = winding if seed % 2 else labyrinth
    domains = pattern(canvas, rng.uniform(0.85, 1.25), rng.uniform(0.2, 0.5), rng)
    return _of_one_type(domains, "labyrinth", seed, imaging, rng)


def _stripes(
    shape_px: tuple[int, int], seed: int, imaging: Imaging, rng: np.random.Generator
) -> Surface:
    y, x = np.indices(with_margin(shape_px, imaging), dtype=float)
    angle, scale = rng.uniform(0, np.pi), rng.uniform(0.6, 1.2)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return _of_one_type(stripes(along / scale, across / scale, rng), "stripes", seed, imaging, rng)


def _phase_randomised(
    shape_px: tuple[int, int], seed: int, imaging: Imaging, rng: np.random.Generator
) -> Surface:
    """The scan of a surface of either family in turn, its phases randomised."""
    family = "level_set" if seed % 2 else "voronoi"
    scan = generate_family(family, seed, shape_px, imaging=imaging).scan
    image = phase_randomised(np.asarray(scan.channel()) * 1e10, seed)
    flat = Imaging(tip_px=0.0, noise=0.0, row_noise=0.0)
    return _of_no_type(Domains(image.astype(float), np.zeros(shape_px)), seed, flat, rng)


NULLS: dict[str, Callable[[tuple[int, int], int, Imaging, np.random.Generator], Surface]] = {
    "noise": _noise,
    "labyrinth": _labyrinth,
    "stripes": _stripes,
    "phase_randomised": _phase_randomised,
}


def _of_one_type(
    domains: Domains, name: str, seed: int, imaging: Imaging, rng: np.random.Generator
) -> Surface:
    everywhere = np.zeros(domains.response.shape, np.int64)
    kind = np.ones(domains.response.shape, np.uint8)
    return seen_surface(domains, everywhere, kind, (name,), imaging, PITCH_M, seed, rng)


def _of_no_type(domains: Domains, seed: int, imaging: Imaging, rng: np.random.Generator) -> Surface:
    everywhere = np.zeros(domains.response.shape, np.int64)
    no_kind = np.zeros(domains.response.shape, np.uint8)
    return seen_surface(domains, everywhere, no_kind, (), imaging, PITCH_M, seed, rng)
