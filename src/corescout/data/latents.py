"""What an encoder says about each patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly


@dataclass(frozen=True, eq=False)
class Latents:
    """Posterior means and widths of N patches.

    Attributes
    ----------
    mean, std : (N, L) float64
        Of the latent code z, free of the geometric factors below.
    angle_rad : (N,) or None
        Rotation of the patch, counter-clockwise on the displayed image; None without "r".
    shift_px : (N, 2) or None
        (y, x) offset of the pattern in the patch; None without "t".
    scale : (N,) or None
        Magnification of the pattern; None without "s".
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    angle_rad: NDArray[np.float64] | None = None
    shift_px: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        set_readonly(self, "mean", (None, None))
        count, dims = self.mean.shape
        set_readonly(self, "std", (count, dims))
        if self.angle_rad is not None:
            set_readonly(self, "angle_rad", (count,))
        if self.shift_px is not None:
            set_readonly(self, "shift_px", (count, 2))
        if self.scale is not None:
            set_readonly(self, "scale", (count,))

    def __len__(self) -> int:
        return len(self.mean)
