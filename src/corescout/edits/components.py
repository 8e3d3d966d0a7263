"""The Gaussians behind types that a person changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Mixture, Result, TypedPoints, Types


@dataclass(frozen=True, eq=False)
class Components:
    """K Gaussians, their types, and the points that they are fitted on.

    Attributes
    ----------
    weights : (K,), means : (K, L), covariances : (K, L, L)
    type_of_component : (K,)
    seen : (n,) int64
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]
    type_of_component: NDArray[np.int64]
    seen: NDArray[np.int64]

    @classmethod
    def of(cls, result: Result) -> Components:
        """Return those of a result."""
        m = result.mixture
        return cls(m.weights, m.means, m.covariances, result.type_of_component, m.seen)

    def mixture(self, z: NDArray[np.float64], *, converged: bool = True) -> Mixture:
        """Return them as a mixture, with what they say of the points seen."""
        n = len(self.seen)
        empty = np.zeros((n, len(self.weights)))
        bare = Mixture(self.weights, self.means, self.covariances, empty, self.seen, 0.0, converged)
        joint = bare.log_joint(z[self.seen])
        total = np.logaddexp.reduce(joint, axis=1)
        return replace(
            bare,
            responsibilities=np.exp(joint - total[:, None]),
            log_likelihood_nats=float(total.sum()),
        )

    def typed(self, z: NDArray[np.float64], types: Types, *, converged: bool = True) -> TypedPoints:
        """Return points (N, L) with these components, typed as a person said."""
        mixture = self.mixture(z, converged=converged)
        return TypedPoints(z, mixture, self.type_of_component, types)

    def split_off(
        self, z: NDArray[np.float64], rows: NDArray[np.int64], number: int, kept: set[int]
    ) -> Components:
        """Fit a component to some rows, and those that had them to the rest.

        Parameters
        ----------
        number : int
            Type of the new component.
        kept : set of int
            Types that still have points; the components of others go.
        """
        seen = np.union1d(self.seen, rows)
        codes, moved = z[seen], np.isin(seen, rows)
        tau = self.mixture(z).assign(codes)
        within = self.pooled
        lost = tau[moved].sum(axis=0)
        tau[moved] = 0.0
        weights, means, covariances = np.array(self.weights), np.array(self.means), []
        for k, covariance in enumerate(self.covariances):
            if lost[k] > 1e-3 * len(rows) and tau[:, k].sum() > 1e-6:
                weights[k], means[k], covariance = fitted(codes, tau[:, k], covariance)
            covariances.append(covariance)
        weight, mean, covariance = fitted(codes, moved.astype(np.float64), within)
        stay = np.flatnonzero(np.isin(self.type_of_component, sorted(kept)))
        all_weights = np.append(weights[stay], weight)
        return Components(
            weights=all_weights / all_weights.sum(),
            means=np.vstack([means[stay], mean]),
            covariances=np.stack([*(covariances[k] for k in stay), covariance]),
            type_of_component=np.append(self.type_of_component[stay], number),
            seen=seen,
        )

    @property
    def pooled(self) -> NDArray[np.float64]:
        """The covariance (L, L) within components, on average over the points."""
        return np.asarray(np.einsum("k,kij->ij", self.weights, self.covariances))


def fitted(
    z: NDArray[np.float64], weight: NDArray[np.float64], prior: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return share, mean and covariance of weighted points (n, L).

    The covariance is the mode under an inverse Wishart prior that counts as L + 2 points with the
    covariance `prior`: a few points, or points on a line, still give a Gaussian (Fraley and
    Raftery, 2007).
    """
    total = float(weight.sum())
    strength = z.shape[1] + 2
    mean = weight @ z / max(total, 1e-12)
    apart = z - mean
    scatter = (weight[:, None] * apart).T @ apart
    return total / len(z), mean, (scatter + strength * prior) / (total + strength)
