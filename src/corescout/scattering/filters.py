"""The wavelets of the scattering transform: Gabor filters in the Fourier domain."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

N_SCALES, N_ANGLES = 4, 6
AVERAGE_SIGMA_PX = 5.0
_HIGHEST_PER_PX = 0.35  # centre frequency of the finest scale, cycles per pixel
_OCTAVES_PER_SCALE = 0.75
_CENTRE_OVER_WIDTH = 2.2


def centre_per_px(scale: int) -> float:
    """Centre frequency xi_j = 0.35 / 2^(0.75 j) of a scale, in cycles per pixel."""
    return float(_HIGHEST_PER_PX / 2 ** (_OCTAVES_PER_SCALE * scale))


def width_per_px(scale: int) -> float:
    """Width s_j = xi_j / 2.2 (standard deviation) of a scale, in cycles per pixel."""
    return centre_per_px(scale) / _CENTRE_OVER_WIDTH


@lru_cache(maxsize=4)
def wavelets(shape_px: tuple[int, int]) -> NDArray[np.float32]:
    """Return psi^_{j,l} (J, L, H, W) on the frequencies of an image of this shape.

    psi^_{j,l}(f) = exp(-((u - xi_j)^2 + v^2) / (2 s_j^2)), (u, v) being the frequency (f_x, f_y)
    turned by pi l / L.
    """
    fy, fx = np.fft.fftfreq(shape_px[0])[:, None], np.fft.fftfreq(shape_px[1])[None, :]
    filters = np.empty((N_SCALES, N_ANGLES, *shape_px), np.float32)
    for j in range(N_SCALES):
        for turn in range(N_ANGLES):
            angle = np.pi * turn / N_ANGLES
            u = fx * np.cos(angle) + fy * np.sin(angle)
            v = fy * np.cos(angle) - fx * np.sin(angle)
            squared = (u - centre_per_px(j)) ** 2 + v**2
            filters[j, turn] = np.exp(-squared / (2 * width_per_px(j) ** 2))
    filters.setflags(write=False)
    return filters
