"""Inputs on one scale: ranks of heavy tails, missing ones at the median, constants left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MOST_MISSING = 0.5  # a column that is known at fewer points is left out
_TAIL = 3.0  # standard deviations (of the middle) beyond which a value counts as that


@dataclass(frozen=True, eq=False)
class Scaling:
    """How columns become inputs.

    Attributes
    ----------
    kept : (D,) int64
        Columns that are used.
    middle, spread : (D,)
        Median, and half the distance of the 16th and the 84th percentile.
    """

    kept: NDArray[np.int64]
    middle: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def of(cls, columns: NDArray[np.float64]) -> Scaling:
        """Learn the scale of columns (N, F); NaN is missing."""
        kept, middle, spread = [], [], []
        for i, values in enumerate(columns.T):
            known = values[np.isfinite(values)]
            if len(known) < max(2, (1 - _MOST_MISSING) * len(values)):
                continue
            low, mid, high = np.percentile(known, [16, 50, 84])
            wide = (high - low) / 2 if high > low else float(known.std())
            if wide > 1e-12 * max(abs(mid), 1e-300):
                kept.append(i)
                middle.append(mid)
                spread.append(wide)
        return cls(np.array(kept, np.int64), np.array(middle), np.array(spread))

    def inputs(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return columns (N, F) as inputs (N, D) of the order of one, held within +- 3."""
        scaled = (columns[:, self.kept] - self.middle) / self.spread
        return np.asarray(np.clip(np.nan_to_num(scaled, nan=0.0), -_TAIL, _TAIL))
