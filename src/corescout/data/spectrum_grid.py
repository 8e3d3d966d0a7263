"""Spectra at every point of a grid: one file's worth of hysteresis loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corescout.data.arrays import set_readonly
from corescout.data.frame import ScanFrame
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class SpectrumGrid:
    """Spectra at the pixels of a frame.

    Attributes
    ----------
    frame : ScanFrame
        (H, W) of the grid.
    axis : (n,)
    response : (H, W, n)
    axis_name, axis_unit, unit : str
    source : str
    """

    frame: ScanFrame
    axis: NDArray[np.float64]
    response: NDArray[np.float64]
    axis_name: str = "bias"
    axis_unit: str = "V"
    unit: str = ""
    source: str = ""

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "axis", (None,))
        set_readonly(self, "response", (*self.frame.shape_px, len(self.axis)))

    def nearest(self, xy_m: ArrayLike) -> tuple[int, int] | None:
        """Row and column of the point nearest to a place; None where none is within a pitch."""
        y, x = np.rint(self.frame.to_px(xy_m)).astype(int)
        height, width = self.frame.shape_px
        return (int(y), int(x)) if 0 <= y < height and 0 <= x < width else None
