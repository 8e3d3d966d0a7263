"""Surfaces without types: the scan's spectrum and grey levels, every pattern beyond them lost."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from corescout.data import raise_if_stopped

MOST_MIRRORED_PX = 2**20  # pixels; the mirrored image has four times as many
_ITERATIONS = 5  # of matching spectrum and grey levels in turn; converged to about 1 % by then
_BINS = 2**16  # of values that share a grey level, in a large image
_WHEN = "while a surface without types was made"
_ROWS = 256  # of a large image whose values are put into bins together

Floats = NDArray[np.float32]


def phase_randomised(
    image: NDArray[np.floating], seed: int, *, stop: threading.Event | None = None
) -> Floats:
    """Return a surrogate of an image (H, W) by iterated amplitude-adjusted Fourier transform.

    After Schreiber and Schmitz (1996): random phases, then spectrum and grey levels are restored
    in turn. The spectrum is that of a periodic image, so that the edges leave no cross in it: up to
    1024 x 1024 pixels the image is mirrored, a larger one loses the smooth part that its edges do
    not share (Moisan, 2011). NaN is filled with the median before, the result has none.

    Parameters
    ----------
    image : (H, W)
    seed : int
    stop : Event
        Looked at before every iteration.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    filled = np.where(np.isfinite(image), image, np.nanmedian(image))
    rng = np.random.default_rng(seed)
    if filled.size > MOST_MIRRORED_PX:
        return _of_periodic_part(filled.astype(np.float32), rng, stop)
    return _of_mirrored(filled.astype(np.float64), rng, stop)


def _of_mirrored(
    image: NDArray[np.float64], rng: np.random.Generator, stop: threading.Event | None
) -> Floats:
    """A surrogate of an image that is continued by its mirror images."""
    height, width = image.shape
    tile = np.block([[image, image[:, ::-1]], [image[::-1], image[::-1, ::-1]]])
    strength = np.abs(np.fft.rfft2(tile))
    levels = np.sort(tile, axis=None)
    shape = tile.shape
    current = rng.permutation(levels).reshape(shape)
    for _ in range(_ITERATIONS):
        raise_if_stopped(stop, _WHEN)
        spectrum = np.fft.rfft2(current)
        spectrum *= strength / np.maximum(np.abs(spectrum), 1e-30)
        current = np.fft.irfft2(spectrum, s=shape)
        order = np.argsort(current, axis=None, kind="stable")
        current.reshape(-1)[order] = levels
    return current[:height, :width].astype(np.float32)


def _of_periodic_part(
    image: Floats, rng: np.random.Generator, stop: threading.Event | None
) -> Floats:
    """A surrogate with the spectrum of the periodic part of an image, in single precision."""
    from scipy.fft import irfft2, rfft2

    strength = np.abs(rfft2(image) - _spectrum_of_smooth_part(image))
    levels = np.sort(image, axis=None)
    shape = image.shape
    del image  # of a large scan each array here is as large as tens of megabytes
    current = rng.permutation(levels).reshape(shape)
    for _ in range(_ITERATIONS):
        raise_if_stopped(stop, _WHEN)
        spectrum = rfft2(current)
        factor = np.abs(spectrum)
        np.maximum(factor, 1e-30, out=factor)
        np.divide(strength, factor, out=factor)
        spectrum *= factor
        del current, factor
        raise_if_stopped(stop, _WHEN)
        current = irfft2(spectrum, s=shape, overwrite_x=True)
        del spectrum
        _give_levels(current, levels)
    return np.asarray(current)


def _spectrum_of_smooth_part(image: Floats) -> NDArray[np.complex64]:
    """Spectrum (H, W // 2 + 1) of what makes the edges of an image meet, smooth inside (Moisan).

    Its Laplacian is the jump between opposite edges.
    """
    from scipy.fft import rfft2

    height, width = image.shape
    jump = np.zeros_like(image)
    down, right = image[0] - image[-1], image[:, 0] - image[:, -1]
    jump[0] += down
    jump[-1] -= down
    jump[:, 0] += right
    jump[:, -1] -= right
    y = 2 * np.cos(2 * np.pi * np.fft.fftfreq(height))
    x = 2 * np.cos(2 * np.pi * np.fft.rfftfreq(width))
    laplacian = (y[:, None] + x[None, :] - 4).astype(np.float32)
    laplacian[0, 0] = 1.0
    smooth = rfft2(jump)
    smooth /= laplacian
    smooth[0, 0] = 0.0
    return np.asarray(smooth)


def _give_levels(values: Floats, levels: Floats) -> None:
    """Replace values (H, W) by sorted grey levels (H W,) in their order.

    Those of one of 65,536 equal intervals get the level of its middle one: no sorting.
    """
    low, high = values.min(), values.max()
    scale = np.float32((_BINS - 1) / max(float(high - low), 1e-30))
    parts = [slice(first, first + _ROWS) for first in range(0, len(values), _ROWS)]
    bins = np.empty(values.shape, np.uint16)
    count = np.zeros(_BINS, np.int64)
    for part in parts:
        bins[part] = (values[part] - low) * scale
        count += np.bincount(bins[part].ravel(), minlength=_BINS)
    middle = np.cumsum(count) - (count + 1) // 2
    level = levels[np.clip(middle, 0, len(levels) - 1)]
    for part in parts:
        values[part] = level[bins[part]]
