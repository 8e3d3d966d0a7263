"""Latent codes on a common scale: zero mean, unit covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def whitening(z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (mean (L,), factor (L, L)) so that (z - mean) factor^-T has unit covariance.

    `factor` is the Cholesky factor of the covariance of z (n, L). A direction without any
    variance gets a floor of 1e-12 of the largest, so that a collapsed code can still be fitted.
    """
    covariance = np.atleast_2d(np.cov(z, rowvar=False))
    floor = 1e-12 * max(float(np.trace(covariance)), 1e-300)
    factor = np.linalg.cholesky(covariance + floor * np.eye(z.shape[1]))
    return z.mean(axis=0), np.asarray(factor, dtype=np.float64)


def whiten(
    z: NDArray[np.float64], mean: NDArray[np.float64], factor: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the whitened codes (n, L)."""
    return np.asarray(np.linalg.solve(factor, (z - mean).T).T)
