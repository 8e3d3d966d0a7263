"""Core points: the clearest examples of each type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class CorePoints:
    """M key points that lie nearest to the centres of their components.

    Attributes
    ----------
    index : (M,) int64
        Row of the latents (and of the patches' centres) each core point is.
    type : (M,) int64
        Type of each, an integer from 1.
    typicality : (M,) float64 in [0, 1]
        Chi-square tail of the squared Mahalanobis distance to the centre.
    type_names : tuple of str
        Name of type 1, 2, ...
    """

    index: NDArray[np.int64]
    type: NDArray[np.int64]
    typicality: NDArray[np.float64]
    type_names: tuple[str, ...]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "index", (None,), np.int64)
        set_readonly(self, "type", (len(self.index),), np.int64)
        set_readonly(self, "typicality", (len(self.index),))

    def __len__(self) -> int:
        return len(self.index)
