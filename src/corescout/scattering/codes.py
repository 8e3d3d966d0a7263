"""From scattering coefficients to the few numbers per point that a mixture sees."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]


def fit_scattering(
    features: NDArray[np.float64], latent_dim: int
) -> dict[str, NDArray[np.float32]]:
    """Fit the principal components of standardised features (N, F); return the weights.

    ``mean`` and ``scale`` (F,) of the features, and ``components`` (L, F), each divided by the
    standard deviation of its scores, so that codes have unit variance.
    """
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    standard = (features - mean) / scale
    _, vectors = np.linalg.eigh(standard.T @ standard)
    axes = vectors[:, ::-1][:, :latent_dim].T
    # A sign by rule, so that the codes do not depend on the linear algebra library.
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    axes = axes / np.maximum((standard @ axes.T).std(axis=0), 1e-9)[:, None]
    arrays = {"mean": mean, "scale": scale, "components": axes}
    return {name: value.astype(np.float32) for name, value in arrays.items()}


def encode_scattering(features: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Return the codes (N, L) of features (N, F): z = V (x - mean) / scale."""
    mean, scale, axes = (
        np.asarray(weights[name], dtype=np.float64) for name in ("mean", "scale", "components")
    )
    return np.asarray((features - mean) / scale @ axes.T)
