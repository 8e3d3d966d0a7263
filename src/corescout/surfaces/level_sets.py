"""Domain patterns as level sets of correlated random fields, their direction free to turn.

White noise is filtered with a ring or an arc of its spectrum, the direction following a smooth
field, and cut at a quantile. The structures end, fork and bend where the noise makes them, unlike
the patterns drawn by rule. They make up the family "level_set".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from corescout.surfaces.domains import Domains, a_and_c

Field = NDArray[np.float64]
LevelSet = Callable[[tuple[int, int], float, float, np.random.Generator], Domains]

_DIRECTIONS = 12  # of the filter bank; between two of them the fields are mixed
_TURN_PX = 60.0  # distance over which a direction turns


def lamellae(
    shape_px: tuple[int, int], scale: float, a_response: float, rng: np.random.Generator
) -> Domains:
    """Long a lamellae that fork and end, a third of the area."""
    field = directed_field(shape_px, 20 * scale, 0.22, _angle_field(shape_px, rng), rng)
    return a_and_c(field > np.quantile(field, 0.65), 1.0, a_response)


def labyrinth(
    shape_px: tuple[int, int], scale: float, a_response: float, rng: np.random.Generator
) -> Domains:
    """A maze of a and c domains of equal width, in all directions."""
    field = ring_field(shape_px, 12 * scale, 0.18, rng)
    return a_and_c(field > 0, 1.0, a_response)


def bubbles(
    shape_px: tuple[int, int], scale: float, a_response: float, rng: np.random.Generator
) -> Domains:
    """Round a islands in a c matrix."""
    field = ring_field(shape_px, 18 * scale, 0.12, rng)
    return a_and_c(field > np.quantile(field, 0.78), 1.0, a_response)


def lenses(
    shape_px: tuple[int, int], scale: float, a_response: float, rng: np.random.Generator
) -> Domains:
    """Thin a lenses with two tips each."""
    field = directed_field(shape_px, 10 * scale, 0.26, _angle_field(shape_px, rng), rng)
    return a_and_c(field > np.quantile(field, 0.70), 1.0, a_response)


def winding(
    shape_px: tuple[int, int], scale: float, a_response: float, rng: np.random.Generator
) -> Domains:
    """Winding 180-degree walls far apart."""
    field = gaussian_filter(rng.standard_normal(shape_px), 8.0 * scale, mode="wrap")
    return a_and_c(np.zeros(shape_px, bool), np.where(field > np.median(field), 1.0, -1.0))


def bands(
    shape_px: tuple[int, int], scale: float, a_response: float, rng: np.random.Generator
) -> Domains:
    """Dense, almost parallel 180-degree walls: c domains of both signs in bands."""
    field = directed_field(shape_px, 24 * scale, 0.15, _angle_field(shape_px, rng), rng)
    return a_and_c(np.zeros(shape_px, bool), np.where(field > 0, 1.0, -1.0))


LEVEL_SETS: dict[str, LevelSet] = {
    "lamellae": lamellae,
    "labyrinth": labyrinth,
    "bubbles": bubbles,
    "lenses": lenses,
    "winding": winding,
    "bands": bands,
}


def ring_field(
    shape_px: tuple[int, int], period_px: float, width: float, rng: np.random.Generator
) -> Field:
    """Noise of one period in all directions; `width` is the ring's, as a share of its radius."""
    ky, kx = _wave_numbers(shape_px)
    ring = np.exp(-0.5 * ((np.hypot(ky, kx) * period_px - 1) / width) ** 2)
    return _filtered(rng.standard_normal(shape_px), ring)


def directed_field(
    shape_px: tuple[int, int],
    period_px: float,
    spread: float,
    angle_rad: Field,
    rng: np.random.Generator,
) -> Field:
    """Noise of one period whose lines run along a direction (H, W) that varies.

    `spread` is the width of the arc of directions in rad: small for long lines.
    """
    noise = rng.standard_normal(shape_px)
    ky, kx = _wave_numbers(shape_px)
    ring = np.exp(-0.5 * ((np.hypot(ky, kx) * period_px - 1) / 0.2) ** 2)
    result = np.zeros(shape_px)
    for d in range(_DIRECTIONS):
        centre = np.pi * d / _DIRECTIONS
        # The wave vector is normal to the lines; directions count modulo half a turn.
        off = 0.5 * np.angle(np.exp(2j * (np.arctan2(ky, kx) - centre - np.pi / 2)))
        field = _filtered(noise, ring * np.exp(-0.5 * (off / spread) ** 2))
        gap = np.abs(0.5 * np.angle(np.exp(2j * (angle_rad - centre))))
        result += np.clip(1 - gap * _DIRECTIONS / np.pi, 0, 1) * field
    return result


def _angle_field(shape_px: tuple[int, int], rng: np.random.Generator) -> Field:
    """A direction (H, W) that turns smoothly by up to half a radian or so around a mean."""
    start = rng.uniform(0, np.pi)
    turn = gaussian_filter(rng.standard_normal(shape_px), _TURN_PX / 2, mode="wrap")
    return np.asarray(start + 0.5 * turn / max(float(turn.std()), 1e-30))


def _wave_numbers(shape_px: tuple[int, int]) -> tuple[Field, Field]:
    ky, kx = np.fft.fftfreq(shape_px[0])[:, None], np.fft.rfftfreq(shape_px[1])[None]
    return np.broadcast_arrays(ky, kx)[0], np.broadcast_arrays(ky, kx)[1]


def _filtered(noise: Field, weight: Field) -> Field:
    field = np.fft.irfft2(np.fft.rfft2(noise) * weight, s=noise.shape)
    return np.asarray(field / max(float(field.std()), 1e-30))
