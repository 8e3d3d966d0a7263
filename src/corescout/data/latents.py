"""What an encoder says about each patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr

ACTIVE_VARIANCE = 0.01  # a dimension with less carries nothing (Burda et al., 2016)


@dataclass(frozen=True, eq=False)
class Latents:
    """Posterior means and widths of N patches.

    Attributes
    ----------
    mean, std : (N, L) float64
        Of the latent code z, free of the geometric factors below; with "r" the mean is over the
        turns of the patch.
    angle_rad : (N,) or None
        Rotation of the patch, counter-clockwise on the displayed image; None without "r".
    shift_px : (N, 2) or None
        (y, x) offset of the pattern in the patch; None without "t".
    scale : (N,) or None
        Magnification of the pattern; None without "s".
    one_turn : (N, L) or None
        The encoder's own mean, of the patch as it lies; None where `mean` is that.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    angle_rad: NDArray[np.float64] | None = None
    shift_px: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None
    one_turn: NDArray[np.float64] | None = None

    __repr__ = short_repr

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
        if self.one_turn is not None:
            set_readonly(self, "one_turn", (count, dims))

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def encoder_mean(self) -> NDArray[np.float64]:
        """What the encoder says (N, L) of the patch as it lies: the paper's z."""
        return self.mean if self.one_turn is None else self.one_turn
