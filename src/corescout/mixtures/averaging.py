"""One mixture from several of the same codes: fits from other seeds, averaged.

EM ends in a local optimum that depends on where it began. Components of each fit are matched with
those of the likeliest (Hungarian method; Kuhn, 1955), their responsibilities are averaged, and one
M step makes a mixture of these: K Gaussians again, so that the average can be applied to other
codes, and nothing of N x N is made.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corescout.data import Mixture

_FLOOR = 1e-6  # of the variance of the codes, added to each component's


def averaged(mixtures: Sequence[Mixture], z: NDArray[np.float64]) -> Mixture:
    """Average mixtures of the same number of components of codes z (N, L).

    Parameters
    ----------
    mixtures : sequence of Mixture
        Fitted to the same rows of z.

    Raises
    ------
    ValueError
        If they differ in K or in the rows that they saw.
    """
    best = max(mixtures, key=lambda m: m.log_likelihood_nats)
    if any(
        m.n_components != best.n_components or not np.array_equal(m.seen, best.seen)
        for m in mixtures
    ):
        raise ValueError("averaged: mixtures of one K and of the same points are needed")
    if len(mixtures) == 1 or best.n_components == 1:
        return best
    codes = z[best.seen]
    tau = np.mean([_matched(m, best, codes) for m in mixtures], axis=0)
    weights, means, covariances = moments(codes, tau)
    empty = np.zeros((len(codes), len(weights)))
    bare = Mixture(weights, means, covariances, empty, best.seen, 0.0)
    joint = bare.log_joint(codes)
    total = np.logaddexp.reduce(joint, axis=1)
    return Mixture(
        weights, means, covariances, np.exp(joint - total[:, None]), best.seen, float(total.sum())
    )


def _matched(mixture: Mixture, best: Mixture, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Responsibilities (n, K) of a mixture, its components in the order of those of the best."""
    from scipy.optimize import linear_sum_assignment

    if mixture is best:
        return best.assign(codes)
    own = mixture.assign(codes)
    _, order = linear_sum_assignment(best.assign(codes).T @ own, maximize=True)
    return np.asarray(own[:, order])


def moments(
    codes: NDArray[np.float64], tau: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """M step: weights (K,), means (K, L), covariances (K, L, L)."""
    counts = np.maximum(tau.sum(axis=0), 1e-10)
    means = (tau.T @ codes) / counts[:, None]
    floor = _FLOOR * float(codes.var(axis=0).mean()) * np.eye(codes.shape[1])
    covariances = []
    for k, mean in enumerate(means):
        apart = codes - mean
        covariances.append((tau[:, k, None] * apart).T @ apart / counts[k] + floor)
    return counts / counts.sum(), means, np.stack(covariances)
