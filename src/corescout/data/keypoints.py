"""Key points: the places that patches are cut around."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Keypoints:
    """N places on a scan.

    Attributes
    ----------
    yx_px : (N, 2) float64
        Array coordinates of the scan they were found on.
    score : (N,) float64
        Strength of the detector's response, larger is clearer.
    source : str
        "canny", "sato", "grid", "orb", "sift" or "drawn".
    """

    yx_px: NDArray[np.float64]
    score: NDArray[np.float64]
    source: str

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "yx_px", (None, 2))
        set_readonly(self, "score", (len(self.yx_px),))

    def __len__(self) -> int:
        return len(self.yx_px)
