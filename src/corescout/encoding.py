"""Codes of patches by the weights of a candidate of any kind: a VAE, a baseline, scattering."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from corescout.baselines import encode_baseline
from corescout.data import Candidate, Encoding, Latents
from corescout.plan import TrainingPlan
from corescout.scattering import encode_scattering
from corescout.vae import encode, specification_of


def encode_with(
    candidate: Candidate,
    weights: Mapping[str, NDArray[np.float32]],
    patches: NDArray[np.float32],
    training: TrainingPlan,
    *,
    seed: int,
    scattering: NDArray[np.float64] | None = None,
) -> Encoding:
    """Encode patches (N, C, w, w) with the weights of a candidate of any kind.

    Parameters
    ----------
    scattering : (N, F), optional
        Coefficients of the surroundings of the patches; needed by that kind alone.
    """
    if candidate.kind == "scattering":
        return _encoded_scattering(scattering, weights)
    if candidate.kind != "vae":
        return encode_baseline(patches, weights, candidate.kind)
    return encode(patches, weights, specification_of(candidate, training), seed=seed)


def _encoded_scattering(
    features: NDArray[np.float64] | None, weights: Mapping[str, NDArray[np.float32]]
) -> Encoding:
    """Codes of scattering coefficients: they rebuild nothing."""
    if features is None:
        raise ValueError("encode_with: scattering needs the coefficients of the surroundings")
    z = encode_scattering(features, weights)
    zeros = np.zeros(len(z))
    return Encoding(Latents(z, np.zeros_like(z)), np.full(len(z), np.nan), zeros, zeros)
