"""Surfaces without types: the scan's spectrum and grey levels, every pattern beyond them lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ITERATIONS = 5  # of matching spectrum and grey levels in turn; converged to about 1 % by then


def phase_randomised(image: NDArray[np.floating], seed: int) -> NDArray[np.float32]:
    """Return a surrogate of an image (H, W) by iterated amplitude-adjusted Fourier transform.

    After Schreiber and Schmitz (1996): random phases, then spectrum and grey levels are restored
    in turn. The image is mirrored to a periodic one first, so that its edges leave no cross in the
    spectrum. NaN is filled with the median before, the result has none.
    """
    filled = np.where(np.isfinite(image), image, np.nanmedian(image)).astype(np.float64)
    height, width = filled.shape
    tile = np.block([[filled, filled[:, ::-1]], [filled[::-1], filled[::-1, ::-1]]])
    strength = np.abs(np.fft.rfft2(tile))
    levels = np.sort(tile, axis=None)
    shape = tile.shape
    del tile, filled  # of a large scan each array here is as large as a hundred megabytes
    rng = np.random.default_rng(seed)
    current = rng.permutation(levels).reshape(shape)
    for _ in range(_ITERATIONS):
        spectrum = np.fft.rfft2(current)
        factor = np.abs(spectrum)
        np.maximum(factor, 1e-30, out=factor)
        np.divide(strength, factor, out=factor)
        spectrum *= factor
        del current, factor
        current = np.fft.irfft2(spectrum, s=shape)
        del spectrum
        order = np.argsort(current, axis=None, kind="stable")
        current.reshape(-1)[order] = levels
        del order
    return current[:height, :width].astype(np.float32)
