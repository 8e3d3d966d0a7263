"""Measured patches turned upright, by the angle and shift that an encoder found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def upright_patches(
    values: NDArray[np.float32],
    angle_rad: NDArray[np.float64] | None,
    shift_px: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Turn patches (n, C, w, w) back by their angles, and their patterns to the centre.

    Bilinear; beyond the edge of a patch its edge goes on.

    Parameters
    ----------
    angle_rad : (n,) or None
        Counter-clockwise on the display, as `Latents.angle_rad`.
    shift_px : (n, 2), optional
        (y, x) offset of the pattern, as `Latents.shift_px`.
    """
    from scipy.ndimage import map_coordinates

    count, channels, side, _ = values.shape
    angle = np.zeros(count) if angle_rad is None else np.asarray(angle_rad)
    shift = np.zeros((count, 2)) if shift_px is None else np.asarray(shift_px)
    dy, dx = np.indices((side, side)) - (side - 1) / 2
    cos, sin = (f(angle)[:, None, None] for f in (np.cos, np.sin))
    # An upright place (u, v), v up, was measured at (u cos - v sin, u sin + v cos).
    y = (side - 1) / 2 + shift[:, 0, None, None] + dy * cos - dx * sin
    x = (side - 1) / 2 + shift[:, 1, None, None] + dx * cos + dy * sin
    number = np.broadcast_to(np.arange(count)[:, None, None], y.shape)
    turned = [
        map_coordinates(values[:, c], [number, y, x], order=1, mode="nearest")
        for c in range(channels)
    ]
    return np.stack(turned, axis=1).astype(np.float32)
