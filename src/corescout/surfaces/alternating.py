"""Walls along which kinds take turns: what a smoothing over neighbours could wipe out.

Lines of a domains run side by side, bent a little; along each of them straight, wavy and broken
stretches follow each other, one to three windows long, and begin elsewhere on every line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from corescout.surfaces.domains import Domains, a_and_c

KINDS = ("straight", "wavy", "broken")
WINDOW_PX = 13.0  # that stretches are counted in
_WAVE_PX = 9.0
_GAP_PX, _GAP_EVERY_PX = 3.0, 8.0
_BEND_PX = 6.0

Field = NDArray[np.float64]
Numbers = NDArray[np.int64]


def alternating_lines(
    shape_px: tuple[int, int], n_kinds: int, rng: np.random.Generator
) -> tuple[Domains, Numbers, Numbers]:
    """Draw lines whose kind alternates.

    Parameters
    ----------
    n_kinds : int
        2 or 3 of `KINDS`.

    Returns
    -------
    domains : Domains
    region : (H, W) int64
        Number of the stretch that a pixel lies in.
    kind : (H, W) int64
        Of `KINDS`, from 0.
    """
    along, across = _coordinates(shape_px, rng)
    period = rng.uniform(24, 32)
    line = np.floor(across / period).astype(np.int64)
    line -= line.min()
    length = rng.uniform(1, 3) * WINDOW_PX
    begin = rng.uniform(0, n_kinds * length, int(line.max()) + 1)[line]
    stretch = np.floor((along + begin) / length).astype(np.int64)
    stretch -= stretch.min()
    kind = stretch % n_kinds
    off_centre = np.abs(np.mod(across, period) - 0.5 * period)
    within = np.stack(
        [
            off_centre < 0.25 * period,
            off_centre + 2.2 * np.sin(2 * np.pi * along / _WAVE_PX) < 0.25 * period,
            (off_centre < 0.25 * period) & (np.mod(along, _GAP_EVERY_PX) > _GAP_PX),
        ]
    )
    is_a = np.take_along_axis(within, kind[None], axis=0)[0]
    _, region = np.unique(line * (int(stretch.max()) + 1) + stretch, return_inverse=True)
    return a_and_c(is_a, 1.0, rng.uniform(0.2, 0.5)), region.reshape(shape_px), kind


def _coordinates(shape_px: tuple[int, int], rng: np.random.Generator) -> tuple[Field, Field]:
    """Along and across the lines, in one direction, bent a little."""
    y, x = np.indices(shape_px, dtype=float)
    angle = rng.uniform(0, np.pi)
    bend = gaussian_filter(rng.standard_normal(shape_px), 30)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return along, across + _BEND_PX * bend / bend.std()
