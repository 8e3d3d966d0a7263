"""Grey levels: the values of each channel that become 0 and 1, frozen for the next scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import blocks_of_rows, set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Normalisation:
    """What maps C channels to grey levels.

    Attributes
    ----------
    channels : tuple of str
    low, high : (C,) float64
        The values of each channel that become 0 and 1, in its unit.
    """

    channels: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "low", (len(self.channels),))
        set_readonly(self, "high", (len(self.channels),))

    @property
    def first(self) -> Normalisation:
        """Return that of the first channel alone."""
        return Normalisation(self.channels[:1], self.low[:1], self.high[:1])

    def grey(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map images (C, H, W) so that low becomes 0 and high 1, clipped; NaN stays."""
        found = np.empty(np.shape(images), np.float32)
        for low, high, image, grey in zip(self.low, self.high, images, found, strict=True):
            for rows in blocks_of_rows(len(image)):
                grey[rows] = np.clip((image[rows] - low) / (high - low), 0, 1)
        return found

    def clipped(self, image: NDArray[np.float32]) -> float:
        """Return the share of the pixels of the first channel, image (H, W), that are clipped."""
        return float(np.mean((image < self.low[0]) | (image > self.high[0])))
