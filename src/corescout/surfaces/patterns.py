"""Domain patterns drawn by rule: bars, needles, chevrons, cells, and winding walls.

Each pattern is a function of coordinates along and across its direction (in pixels). They make up
the family "voronoi"; those of the other family are level sets of random fields.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from corescout.surfaces.domains import A_RESPONSE, Domains, a_and_c

Field = NDArray[np.float64]
Pattern = Callable[[Field, Field, np.random.Generator], Domains]

_GRAIN_PX = 24.0  # mean distance of neighbouring grains
_GROOVE_PX = 2.5  # width of the groove at a grain boundary


def stripes(along: Field, across: Field, rng: np.random.Generator) -> Domains:
    """Broad parallel a domains in a c matrix: a-c walls in pairs, 26 px apart."""
    period = rng.uniform(24, 30)
    bend = 1.5 * np.sin(along / rng.uniform(40, 60))
    return a_and_c(np.mod(across + bend, period) < 0.5 * period)


def needles(along: Field, across: Field, rng: np.random.Generator) -> Domains:
    """Thin, dense a needles that taper to a tip and start again."""
    period, length = rng.uniform(8, 10), rng.uniform(40, 60)
    row = np.floor(across / period)
    phase = np.mod(along / length + 0.37 * row, 1.0)
    width = 0.5 * period * np.clip(1.25 * (1 - phase), 0, 1) ** 0.5
    return a_and_c(np.abs(np.mod(across, period) - 0.5 * period) < 0.5 * width)


def walls(along: Field, across: Field, rng: np.random.Generator) -> Domains:
    """Winding 180-degree walls between c domains of opposite sign: amplitude nulls."""
    noise = gaussian_filter(rng.standard_normal(along.shape), 7.0, mode="wrap")
    sign = np.where(noise + 0.0 * across > 0, 1.0, -1.0)
    return a_and_c(np.zeros(sign.shape, bool), sign)


def herringbone(along: Field, across: Field, rng: np.random.Generator) -> Domains:
    """Bands of a domains at +40 and -40 degrees in turn that end on each other's flanks."""
    period, band = rng.uniform(11, 13), rng.uniform(26, 34)
    step = np.floor(along / band)
    slope = np.where(np.mod(step, 2) == 0, 1.0, -1.0) * np.tan(np.radians(40))
    inside = along - band * (step + 0.5)
    u = (across - slope * inside) * np.cos(np.radians(40)) + 0.5 * period * np.mod(step, 2)
    return a_and_c(np.mod(u, period) < 0.45 * period)


def grains(along: Field, across: Field, rng: np.random.Generator) -> Domains:
    """Grains of one response each, with grooves between them, that meet in threes."""
    low = np.array([along.min(), across.min()]) - _GRAIN_PX
    extent = np.array([np.ptp(along), np.ptp(across)]) + 2 * _GRAIN_PX
    n_cells = np.maximum(1, np.round(extent / _GRAIN_PX)).astype(int)
    cells = np.stack(np.meshgrid(*map(np.arange, n_cells), indexing="ij"), axis=-1).reshape(-1, 2)
    centres = low + (cells + 0.5 + rng.uniform(-0.38, 0.38, cells.shape)) * extent / n_cells
    levels = np.array([-1.0, -0.6, A_RESPONSE, 1.0])
    # Neighbours in a 2 x 2 tile differ, so that most boundaries are walls.
    tile = 2 * (cells[:, 0] % 2) + cells[:, 1] % 2
    level = levels[(tile + (rng.uniform(size=len(cells)) < 0.2)) % 4]
    places = np.stack([along, across], axis=-1)
    distance, nearest = cKDTree(centres).query(places, k=2)
    groove = np.exp(-(((distance[..., 1] - distance[..., 0]) / _GROOVE_PX) ** 2))
    return Domains(level[nearest[..., 0]], 0.5 - groove)


PATTERNS: dict[str, Pattern] = {
    "stripes": stripes,
    "needles": needles,
    "walls": walls,
    "herringbone": herringbone,
    "grains": grains,
}
