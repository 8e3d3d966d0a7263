"""Fits and mixtures as groups of an HDF5 file and back: what a run and a file of a trial hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from corescout.data import BayesianMixture, Candidate, Fit, Latents, Mixture

_LATENTS = ("mean", "std", "angle_rad", "shift_px", "scale", "one_turn")
_FIT = (
    "log_likelihood_per_px",
    "target_entropy_per_px",
    "kl_nats",
    "kept",
    "center_yx_px",
    "context",
    "block",
    "measured",
    "walls",
)
OF_THE_SCAN = ("context", "block", "measured", "walls")  # the same for all its candidates
_OWN = tuple(name for name in _FIT if name not in OF_THE_SCAN)
_MIXTURE = ("weights", "means", "covariances", "responsibilities", "seen")


def put(group: h5py.Group, name: str, values: NDArray[Any], *, compress: bool = True) -> None:
    """Write an array as a dataset, compressed from 1024 elements on unless it is to be quick."""
    array = np.asarray(values)
    packed = compress and array.size > 1024
    options = {"compression": "gzip", "shuffle": True} if packed else {}
    group.create_dataset(name, data=array, **options)


def write_fit(group: h5py.Group, fit: Fit, *, shared: bool = True, compress: bool = True) -> None:
    """Write all of a fit but its mixtures.

    Parameters
    ----------
    shared : bool
        Whether to write what is the same for every candidate of a scan (`OF_THE_SCAN`).
    """
    for name in _FIT if shared else _OWN:
        if getattr(fit, name) is not None:
            put(group, name, getattr(fit, name), compress=compress)
    for k, nats in fit.held_out_nats.items():
        put(group, f"held_out_nats/{k}", nats, compress=compress)
    group.attrs["least_components"] = fit.least_components
    latents = group.create_group("latents")
    for name in _LATENTS:
        value = getattr(fit.latents, name)
        if value is not None:
            put(latents, name, value, compress=compress)


def write_mixture(group: h5py.Group, mixture: Mixture, *, compress: bool = True) -> None:
    """Write a mixture into a group of its own."""
    group.attrs["log_likelihood_nats"] = mixture.log_likelihood_nats
    group.attrs["converged"] = mixture.converged
    group.attrs["noise_weight"] = mixture.noise_weight
    group.attrs["noise_density"] = mixture.noise_density
    for name in _MIXTURE:
        put(group, name, getattr(mixture, name), compress=compress)


def fit_from_h5(
    file: h5py.Group, candidate: Candidate, shared: Mapping[str, NDArray[Any]] | None = None
) -> Fit:
    """Return a fit from the groups ``fit`` and ``mixtures``.

    Parameters
    ----------
    shared : mapping, optional
        `OF_THE_SCAN` of a fit that was written without them.
    """
    group = file["fit"]
    arrays = {name: group[name][()] for name in _FIT if name in group} | dict(shared or {})
    latents = {n: group["latents"][n][()] for n in _LATENTS if n in group["latents"]}
    numbers = sorted(int(k) for k in file["mixtures"])
    return Fit(
        candidate=candidate,
        latents=Latents(**latents),
        mixtures={k: mixture_from_h5(file[f"mixtures/{k}"]) for k in numbers},
        held_out_nats={int(k): v[()] for k, v in group.get("held_out_nats", {}).items()},
        bayesian=bayesian_from_h5(group["bayesian"]) if "bayesian" in group else None,
        least_components=int(group.attrs.get("least_components", 1)),
        **arrays,
    )


def mixture_from_h5(group: h5py.Group) -> Mixture:
    """Return a mixture."""
    return Mixture(
        **{name: group[name][()] for name in _MIXTURE},
        log_likelihood_nats=float(group.attrs["log_likelihood_nats"]),
        converged=bool(group.attrs["converged"]),
        noise_weight=float(group.attrs.get("noise_weight", 0.0)),
        noise_density=float(group.attrs.get("noise_density", 0.0)),
    )


def bayesian_from_h5(group: h5py.Group) -> BayesianMixture:
    """Return a Bayesian mixture."""
    return BayesianMixture(
        mixture=mixture_from_h5(group),
        elbo_nats=float(group.attrs["elbo_nats"]),
        elbo_standard_error_nats=float(group.attrs["elbo_standard_error_nats"]),
        start_elbos_nats=tuple(map(float, group.attrs["start_elbos_nats"])),
        n_steps=int(group.attrs["n_steps"]),
        converged=bool(group.attrs["bayesian_converged"]),
    )


def write_bayesian(group: h5py.Group, bayesian: BayesianMixture) -> None:
    """Write a Bayesian mixture into a group of its own."""
    write_mixture(group, bayesian.mixture)
    group.attrs["elbo_nats"] = bayesian.elbo_nats
    group.attrs["elbo_standard_error_nats"] = bayesian.elbo_standard_error_nats
    group.attrs["start_elbos_nats"] = bayesian.start_elbos_nats
    group.attrs["n_steps"] = bayesian.n_steps
    group.attrs["bayesian_converged"] = bayesian.converged
