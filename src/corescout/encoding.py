"""Codes of key points by the weights of a candidate of any kind."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from corescout.baselines import encode_baseline
from corescout.data import Candidate, Encoding, Latents
from corescout.plan import TrainingPlan
from corescout.scattering import encode_scattering
from corescout.vae import codes_of, encode, specification_of
from corescout.wall_codes import encode_wall_codes

_OF_FEATURES = {"scattering": encode_scattering, "descriptors": encode_wall_codes}


def encode_with(
    candidate: Candidate,
    weights: Mapping[str, NDArray[np.float32]],
    patches: NDArray[np.float32],
    training: TrainingPlan,
    *,
    seed: int,
    features: NDArray[np.float64] | None = None,
    stop: threading.Event | None = None,
) -> Encoding:
    """Encode patches (N, C, w, w) with the weights of a candidate of any kind.

    Parameters
    ----------
    features : (N, F), optional
        Needed by a candidate that sees no patches, see `TrialData.features`.
    stop : Event, optional
        Looked at between some thousands of patches of an autoencoder.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    if candidate.kind in _OF_FEATURES:
        return _encoded_features(candidate, features, weights)
    if candidate.kind != "vae":
        return encode_baseline(patches, weights, candidate.kind)
    return encode(patches, weights, specification_of(candidate, training), seed=seed, stop=stop)


def codes_with(
    candidate: Candidate,
    weights: Mapping[str, NDArray[np.float32]],
    patches: NDArray[np.float32],
    training: TrainingPlan,
    *,
    features: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the codes (N, L) of `encode_with` alone: half of its time for an autoencoder."""
    if candidate.kind == "vae":
        return codes_of(patches, weights, specification_of(candidate, training))
    encoding = encode_with(candidate, weights, patches, training, seed=0, features=features)
    return np.asarray(encoding.latents.mean)


def _encoded_features(
    candidate: Candidate,
    features: NDArray[np.float64] | None,
    weights: Mapping[str, NDArray[np.float32]],
) -> Encoding:
    """Codes of features: they rebuild nothing."""
    if features is None:
        raise ValueError(f"encode_with: {candidate.kind} needs its features")
    z = _OF_FEATURES[candidate.kind](features, weights)
    zeros = np.zeros(len(z))
    return Encoding(Latents(z, np.zeros_like(z)), np.full(len(z), np.nan), zeros, zeros)
