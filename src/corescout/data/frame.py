"""Where a scan lies on the sample: pixels to metres and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_A_QUARTER = 1 / 9  # quarters, that is 10 degrees: how far from one a turn may be


@dataclass(frozen=True)
class ScanFrame:
    """The rectangle on the sample that a scan covers. Row 0 of the image is its +Y edge.

    Attributes
    ----------
    shape_px : tuple of int
        (H, W): rows and columns.
    pitch_m : tuple of float
        (x, y): distance between neighbouring pixel centres, in metres.
    center_m : tuple of float
        (x, y): centre of the frame in the instrument's coordinates, in metres.
    angle_rad : float
        Rotation of the frame, clockwise positive.
    assumed : tuple of str
        What the file did not say and the reader assumed, the pitch rule among it.
    """

    shape_px: tuple[int, int]
    pitch_m: tuple[float, float]
    center_m: tuple[float, float] = (0.0, 0.0)
    angle_rad: float = 0.0
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.shape_px) < 1:
            raise ValueError(f"ScanFrame.shape_px: expected at least 1 x 1, found {self.shape_px}")
        if not all(math.isfinite(p) and p > 0 for p in self.pitch_m):
            raise ValueError(f"ScanFrame.pitch_m: expected positive metres, found {self.pitch_m}")
        if not all(map(math.isfinite, (*self.center_m, self.angle_rad))):
            raise ValueError("ScanFrame: expected a finite centre and angle")

    @property
    def size_m(self) -> tuple[float, float]:
        """(x, y) size in metres, counted over whole pixels: N * pitch."""
        height, width = self.shape_px
        return width * self.pitch_m[0], height * self.pitch_m[1]

    def to_m(self, yx_px: ArrayLike) -> NDArray[np.float64]:
        """Map pixel coordinates (..., 2) as (y, x) to metres (..., 2) as (x, y).

        u = (col - (W - 1)/2) pitch_x, v = ((H - 1)/2 - row) pitch_y;
        X = cx + u cos a + v sin a, Y = cy - u sin a + v cos a.
        """
        yx = np.asarray(yx_px, dtype=np.float64)
        height, width = self.shape_px
        u = (yx[..., 1] - (width - 1) / 2) * self.pitch_m[0]
        v = ((height - 1) / 2 - yx[..., 0]) * self.pitch_m[1]
        c, s = math.cos(self.angle_rad), math.sin(self.angle_rad)
        return np.stack(
            [self.center_m[0] + u * c + v * s, self.center_m[1] - u * s + v * c], axis=-1
        )

    def to_px(self, xy_m: ArrayLike) -> NDArray[np.float64]:
        """Map metres (..., 2) as (x, y) to pixel coordinates (..., 2) as (y, x)."""
        xy = np.asarray(xy_m, dtype=np.float64)
        dx, dy = xy[..., 0] - self.center_m[0], xy[..., 1] - self.center_m[1]
        c, s = math.cos(self.angle_rad), math.sin(self.angle_rad)
        u, v = dx * c - dy * s, dx * s + dy * c
        height, width = self.shape_px
        return np.stack(
            [(height - 1) / 2 - v / self.pitch_m[1], (width - 1) / 2 + u / self.pitch_m[0]],
            axis=-1,
        )

    def turned_from(self, other: ScanFrame) -> float:
        """Return the angle from another frame to this one, clockwise, from -pi to pi."""
        return math.remainder(self.angle_rad - other.angle_rad, 2 * math.pi)

    def quarter_turns_from(self, other: ScanFrame) -> int:
        """Return how many quarters clockwise it is turned from another frame, within 10 degrees.

        0 where it is turned by another angle.
        """
        quarters = self.turned_from(other) / (math.pi / 2)
        return round(quarters) if abs(quarters - round(quarters)) <= _A_QUARTER else 0

    def share_on(self, other: ScanFrame) -> float:
        """Return the share of the frame, at 32 x 32 places of it, that lies on another one."""
        rows, columns = (np.linspace(0, n - 1, 32) for n in self.shape_px)
        lattice = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
        return float(other.contains_m(self.to_m(lattice)).mean())

    def contains_m(self, xy_m: ArrayLike) -> NDArray[np.bool_]:
        """Say for metres (..., 2) as (x, y) whether they lie on a pixel of the frame."""
        yx = self.to_px(xy_m)
        height, width = self.shape_px
        inside_y = (yx[..., 0] >= -0.5) & (yx[..., 0] <= height - 0.5)
        return inside_y & (yx[..., 1] >= -0.5) & (yx[..., 1] <= width - 0.5)
