"""Domain patterns as fields: where the a domains are, and which way the c domains point.

Each pattern is a function of coordinates along and across its direction (in pixels) that returns
the a-domain fraction in [0, 1] and the sign of the c domains, -1 or 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Field = NDArray[np.float64]
Pattern = Callable[[Field, Field, np.random.Generator], tuple[Field, Field]]


def stripes(along: Field, across: Field, rng: np.random.Generator) -> tuple[Field, Field]:
    """Broad parallel a domains in a c matrix: a-c walls in pairs, 26 px apart."""
    period = rng.uniform(24, 30)
    bend = 1.5 * np.sin(along / rng.uniform(40, 60))
    a = (np.mod(across + bend, period) < 0.5 * period).astype(float)
    return a, np.ones_like(a)


def needles(along: Field, across: Field, rng: np.random.Generator) -> tuple[Field, Field]:
    """Thin, dense a needles that taper to a tip and start again."""
    period, length = rng.uniform(8, 10), rng.uniform(40, 60)
    row = np.floor(across / period)
    phase = np.mod(along / length + 0.37 * row, 1.0)
    width = 0.5 * period * np.clip(1.25 * (1 - phase), 0, 1) ** 0.5
    a = (np.abs(np.mod(across, period) - 0.5 * period) < 0.5 * width).astype(float)
    return a, np.ones_like(a)


def walls(along: Field, across: Field, rng: np.random.Generator) -> tuple[Field, Field]:
    """Winding 180-degree walls between c domains of opposite sign: amplitude nulls."""
    noise = gaussian_filter(rng.standard_normal(along.shape), 7.0, mode="wrap")
    sign = np.where(noise + 0.0 * across > 0, 1.0, -1.0)
    return np.zeros_like(sign), sign


PATTERNS: dict[str, Pattern] = {"stripes": stripes, "needles": needles, "walls": walls}
