"""Patches: the windows cut around the key points, normalised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.normalisation import Normalisation
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class PatchSet:
    """N patches of w x w pixels.

    Attributes
    ----------
    values : (N, C, w, w) float32 in [0, 1]
    index : (N,) int64
        Which key point each patch belongs to.
    center_yx_px : (N, 2) float64
        True centres; an even window's lies between pixels (.5).
    normalisation : Normalisation
        Of the C channels: what became 0 and 1.
    """

    values: NDArray[np.float32]
    index: NDArray[np.int64]
    center_yx_px: NDArray[np.float64]
    normalisation: Normalisation

    __repr__ = short_repr

    def __post_init__(self) -> None:
        count, n_channels, window = len(self.values), len(self.channels), np.shape(self.values)[-1]
        set_readonly(self, "values", (None, n_channels, window, window), np.float32)
        set_readonly(self, "index", (count,), np.int64)
        set_readonly(self, "center_yx_px", (count, 2))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the C channels."""
        return self.normalisation.channels

    @property
    def window_px(self) -> int:
        """Side of a patch in pixels."""
        return int(self.values.shape[-1])
