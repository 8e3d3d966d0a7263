"""A Bayesian mixture of Gaussians and the evidence it has reached."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data.mixture import Mixture
from corescout.data.short_repr import short_repr

EFFECTIVE_SHARE = 0.2  # of the largest weight, above which a component counts (the paper's)


@dataclass(frozen=True, eq=False)
class BayesianMixture:
    """A variational posterior over mixtures, at its median.

    Attributes
    ----------
    mixture : Mixture
        All K components at the median of the posterior; it saw every point.
    elbo_nats : float
        Total over the points, without the overlap penalty.
    elbo_standard_error_nats : float
        Of the average over draws of the posterior; 0 where the bound is exact.
    start_elbos_nats : tuple of float
        Of every start, the chosen one included.
    n_steps : int
    converged : bool
        Whether patience ended the fit rather than the number of steps.
    """

    mixture: Mixture
    elbo_nats: float
    elbo_standard_error_nats: float
    start_elbos_nats: tuple[float, ...]
    n_steps: int
    converged: bool

    __repr__ = short_repr

    @property
    def effective(self) -> NDArray[np.bool_]:
        """Which components (K,) weigh more than 20 % of the heaviest."""
        weights = np.asarray(self.mixture.weights)
        return np.asarray(weights > EFFECTIVE_SHARE * weights.max())

    @property
    def n_effective(self) -> int:
        """Effective number of components."""
        return int(self.effective.sum())

    def effective_mixture(self) -> Mixture:
        """Return the effective components as a mixture of their own, the weights summing to 1."""
        chosen, mixture = self.effective, self.mixture
        tau = np.asarray(mixture.responsibilities)[:, chosen]
        tau = tau / np.maximum(tau.sum(axis=1, keepdims=True), 1e-300)
        weights = np.asarray(mixture.weights)[chosen]
        return replace(
            mixture,
            weights=weights / weights.sum(),
            means=mixture.means[chosen],
            covariances=mixture.covariances[chosen],
            responsibilities=tau,
        )
