"""What a microscopist would use instead of an autoencoder: PCA, NMF, Fourier transform and NMF.

They run as candidates of the search on the same patches. Their codes are scaled to unit variance,
as the prior of an autoencoder does, so that the rewards in latent units can be compared.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from corescout.data import Encoding, Latents
from corescout.data.candidate import CandidateKind

Weights = Mapping[str, NDArray[np.float32]]
_Matrix = NDArray[np.float64]
_EDGE = 1e-3  # rebuilt values keep this distance from 0 and 1, where the likelihood is infinite


def fit_baseline(
    patches: NDArray[np.float32], kind: CandidateKind, latent_dim: int, *, seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """Fit a baseline to patches (N, C, w, w) in [0, 1]; return its weights.

    ``components`` (L, F) over the features, ``mean`` (F,) and ``scale`` (L,), the standard
    deviation of the scores. Features are pixels for "pca" and "nmf", and the amplitudes of the
    windowed Fourier transform for "fft" (sliding FFT).
    """
    features = _FEATURES[kind](patches)
    if kind == "pca":
        mean, components = _principal(features, latent_dim)
    else:
        mean, components = np.zeros(features.shape[1]), _non_negative(features, latent_dim, seed)
    scores = _scores(features, mean, components, kind)
    scale = np.maximum(scores.std(axis=0), 1e-12)
    arrays = {"components": components, "mean": mean, "scale": scale}
    return {name: value.astype(np.float32) for name, value in arrays.items()}


def encode_baseline(
    patches: NDArray[np.float32], weights: Weights, kind: CandidateKind
) -> Encoding:
    """Encode patches (N, C, w, w) with the weights of a baseline.

    The Bernoulli log-likelihood of what "pca" and "nmf" rebuild stands beside the autoencoders';
    "fft" keeps no phase and rebuilds nothing.
    """
    features = _FEATURES[kind](patches)
    mean, components, scale = (
        np.asarray(weights[name], dtype=np.float64) for name in ("mean", "components", "scale")
    )
    scores = _scores(features, mean, components, kind)
    z = scores / scale
    pixels = patches.reshape(len(patches), -1).astype(np.float64)
    likelihood = np.full(len(patches), np.nan)
    if kind != "fft":
        rebuilt = np.clip(mean + scores @ components, _EDGE, 1 - _EDGE)
        likelihood = _bernoulli(pixels, rebuilt)
    return Encoding(
        Latents(z, np.zeros_like(z)),
        likelihood,
        -_bernoulli(pixels, np.clip(pixels, 1e-12, 1 - 1e-12)),
        np.zeros(len(patches)),
    )


def _pixels(patches: NDArray[np.float32]) -> _Matrix:
    return patches.reshape(len(patches), -1).astype(np.float64)


def _amplitudes(patches: NDArray[np.float32]) -> _Matrix:
    """Amplitudes of the Fourier transform of Hann-tapered windows, their mean taken off."""
    side = patches.shape[-1]
    hann = np.hanning(side + 2)[1:-1]
    centred = patches - patches.mean(axis=(-2, -1), keepdims=True)
    spectrum = np.abs(np.fft.rfft2(centred * np.outer(hann, hann)))
    return spectrum.reshape(len(patches), -1).astype(np.float64)


_FEATURES: dict[str, Callable[[NDArray[np.float32]], _Matrix]] = {
    "pca": _pixels,
    "nmf": _pixels,
    "fft": _amplitudes,
}


def _principal(features: _Matrix, count: int) -> tuple[_Matrix, _Matrix]:
    mean = features.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(features, rowvar=False))
    axes = vectors[:, ::-1][:, :count].T
    # A sign by rule, so that the codes do not depend on the linear algebra library.
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    return mean, axes * signs[:, None]


def _non_negative(features: _Matrix, count: int, seed: int) -> _Matrix:
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(count, init="nndsvda", random_state=seed, max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the codes are used as they are
        model.fit(features)
    return np.asarray(model.components_)


def _scores(features: _Matrix, mean: _Matrix, components: _Matrix, kind: CandidateKind) -> _Matrix:
    if kind == "pca":
        return np.asarray((features - mean) @ components.T)
    return _non_negative_scores(features, components)


def _non_negative_scores(features: _Matrix, components: _Matrix, steps: int = 200) -> _Matrix:
    """Non-negative least squares of each row by coordinate descent over the few components."""
    gram, target = components @ components.T, features @ components.T
    scores = np.zeros_like(target)
    for _ in range(steps):
        before = scores.copy()
        for j in range(len(components)):
            rest = target[:, j] - scores @ gram[:, j] + scores[:, j] * gram[j, j]
            scores[:, j] = np.maximum(rest / max(gram[j, j], 1e-12), 0)
        if np.abs(scores - before).max() <= 1e-9 * max(np.abs(scores).max(), 1e-12):
            break
    return scores


def _bernoulli(x: _Matrix, p: _Matrix) -> _Matrix:
    """Mean over pixels of x log p + (1 - x) log(1 - p), (N,)."""
    return np.asarray((x * np.log(p) + (1 - x) * np.log1p(-p)).mean(axis=1))
