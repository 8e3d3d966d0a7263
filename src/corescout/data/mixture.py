"""A mixture of Gaussians fitted to latent codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Mixture:
    """K Gaussians in L dimensions and what they say of the n points they saw.

    Attributes
    ----------
    weights : (K,), means : (K, L), covariances : (K, L, L)
        In the latent units of the codes themselves.
    responsibilities : (n, K)
        tau, the posterior probability of each component for each point seen.
    seen : (n,) int64
        Which rows of the latents it was fitted on.
    log_likelihood_nats : float
        Total over the points seen.
    converged : bool
    noise_weight, noise_density : float
        Share of points that belong to no component, and its density per unit of latent volume,
        the same everywhere; 0 without a noise component. `weights` then sum to 1 - noise_weight,
        and so do the responsibilities of a point where noise is likely.
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]
    responsibilities: NDArray[np.float64]
    seen: NDArray[np.int64]
    log_likelihood_nats: float
    converged: bool = True
    noise_weight: float = 0.0
    noise_density: float = 0.0

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "means", (None, None))
        k, dims = self.means.shape
        set_readonly(self, "weights", (k,))
        set_readonly(self, "covariances", (k, dims, dims))
        set_readonly(self, "seen", (None,), np.int64)
        set_readonly(self, "responsibilities", (len(self.seen), k))

    @property
    def n_components(self) -> int:
        """K."""
        return len(self.weights)

    @property
    def classification_entropy_nats(self) -> float:
        """E = -sum_i sum_k tau_ik log tau_ik >= 0, total over the points seen."""
        tau = np.asarray(self.responsibilities)
        if self.noise_density > 0:
            tau = np.column_stack([tau, np.clip(1 - tau.sum(axis=1), 0, 1)])
        return float(-np.sum(tau * np.log(np.where(tau > 0, tau, 1.0))))

    @property
    def n_parameters(self) -> int:
        """Free parameters: K L + K L (L + 1) / 2 + K - 1, and one more for the share of noise."""
        k, dims = self.means.shape
        return int(k * dims + k * dims * (dims + 1) // 2 + k - 1 + (self.noise_density > 0))

    def component_of(self, z: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the most probable component (N,) of codes z (N, L), from 0."""
        return np.asarray(self.log_joint(z).argmax(axis=1))

    def mahalanobis2(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Squared Mahalanobis distances (N, K) of the codes z (N, L) to each centre."""
        factors = np.linalg.cholesky(self.covariances)
        offsets = z[None, :, :] - self.means[:, None, :]
        solved = np.linalg.solve(factors, offsets.transpose(0, 2, 1))
        return np.asarray((solved**2).sum(axis=1).T)

    def beyond(self, z: NDArray[np.float64], sigmas: float) -> NDArray[np.bool_]:
        """Which codes z (N, L) lie farther from every centre than that.

        The distance is as rare as so many sigmas are in a plane, P(chi2_L > d^2) = exp(-sigmas^2 /
        2), whatever L.
        """
        from scipy.stats import chi2

        farthest = chi2.isf(np.exp(-(sigmas**2) / 2), self.means.shape[1])
        return np.asarray(self.mahalanobis2(z).min(axis=1) > farthest)

    def log_joint(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log pi_k + log N(z_i | k) as (N, K), in nats."""
        dims = self.means.shape[1]
        _, logdet = np.linalg.slogdet(self.covariances)
        constant = np.log(self.weights) - 0.5 * (dims * np.log(2 * np.pi) + logdet)
        return np.asarray(constant - 0.5 * self.mahalanobis2(z))

    def log_density(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density (N,) of codes z (N, L) under the components and the noise, in nats."""
        joint = self.log_joint(z)
        if self.noise_density > 0 and self.noise_weight > 0:
            noise = np.log(self.noise_weight * self.noise_density)
            joint = np.column_stack([joint, np.full(len(joint), noise)])
        most = joint.max(axis=1)
        return np.asarray(most + np.log(np.exp(joint - most[:, None]).sum(axis=1)))

    def assign(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Responsibilities (N, K) of codes z (N, L), seen or not; of the components alone."""
        joint = self.log_joint(z)
        joint = joint - joint.max(axis=1, keepdims=True)
        tau = np.exp(joint)
        return np.asarray(tau / tau.sum(axis=1, keepdims=True))
