"""Square pixels for the analysis: rotation on non-square pixels is not rotation.

The finer pitch is kept, the coarser axis is interpolated; positions map back to the scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, ScanFrame

_EQUAL = 1e-3  # pitches closer than this relative difference count as square
_MOST_PX = 2**24  # of a resampled image: more than 4096 x 4096 is not a finer scan but a blur


@dataclass(frozen=True, eq=False)
class SquareGrid:
    """Where the analysed pixels lie on the scan.

    Attributes
    ----------
    shape_px : tuple of int
        (H, W) of the analysed image.
    step_px : tuple of float
        (y, x) scan pixels per analysed pixel.
    pitch_m : float or None
    """

    shape_px: tuple[int, int]
    step_px: tuple[float, float]
    pitch_m: float | None

    @property
    def is_scan(self) -> bool:
        """Whether it is the scan's own grid."""
        return self.step_px == (1.0, 1.0)

    @property
    def shorter_side_m(self) -> float | None:
        """Length of the shorter side; None without a scale."""
        return None if self.pitch_m is None else min(self.shape_px) * self.pitch_m

    def to_scan_px(self, yx_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map analysed coordinates (N, 2) to scan coordinates (N, 2), both (y, x)."""
        return np.asarray(yx_px * np.asarray(self.step_px))

    def from_scan_px(self, yx_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map scan coordinates (N, 2) to analysed coordinates (N, 2), both (y, x)."""
        return np.asarray(yx_px / np.asarray(self.step_px))

    def resample(self, image: NDArray[np.floating]) -> NDArray[np.float32]:
        """Interpolate a scan image (H, W) onto the grid; what touches a missing pixel is NaN."""
        if self.is_scan:
            return np.asarray(image, dtype=np.float32)
        from scipy.ndimage import gaussian_filter, map_coordinates

        yx = np.indices(self.shape_px, dtype=np.float64)
        at = [yx[0] * self.step_px[0], yx[1] * self.step_px[1]]
        missing = ~np.isfinite(image)
        filled = np.where(missing, np.nanmedian(image), image).astype(np.float64)
        # A coarser grid must not alias: smooth over about the pixels that it steps over.
        filled = gaussian_filter(filled, [max(0.0, (step - 1) / 2) for step in self.step_px])
        values = map_coordinates(filled, at, order=1, mode="nearest")
        touched = map_coordinates(missing.astype(np.float64), at, order=1, mode="nearest") > 0
        return np.where(touched, np.nan, values).astype(np.float32)


def square_grid(
    shape_px: tuple[int, int], frame: ScanFrame | None, pixel_pitch_m: float | None = None
) -> SquareGrid:
    """Return the grid that a scan is analysed on.

    Parameters
    ----------
    shape_px : tuple of int
        (H, W) of the scan.
    frame : ScanFrame or None
        Without one, pixels are taken as square.
    pixel_pitch_m : float, optional
        Pitch to analyse at; the finer pitch of the scan if None.

    Raises
    ------
    InputError
        If the scan's pixels are so much coarser, along one axis or both, that the resampled image
        would have more than 4096 x 4096 pixels.
    """
    if frame is None:
        return SquareGrid(shape_px, (1.0, 1.0), None)
    pitch_x, pitch_y = frame.pitch_m
    pitch = min(pitch_x, pitch_y) if pixel_pitch_m is None else pixel_pitch_m
    step = (_snap(pitch / pitch_y), _snap(pitch / pitch_x))
    height = int(np.floor((shape_px[0] - 1) / step[0] + 1e-9)) + 1
    width = int(np.floor((shape_px[1] - 1) / step[1] + 1e-9)) + 1
    if step != (1.0, 1.0) and height * width > _MOST_PX:
        raise InputError(
            f"pixels that can be resampled to {pitch * 1e9:.3g} nm",
            f"{pitch_x * 1e9:.3g} x {pitch_y * 1e9:.3g} nm, which would give {width} x {height} px",
            "check the scale in the file, scan a smaller area, or explore this scan by itself",
        )
    return SquareGrid((height, width), step, pitch)


def _snap(step: float) -> float:
    return 1.0 if abs(step - 1.0) < _EQUAL else step
