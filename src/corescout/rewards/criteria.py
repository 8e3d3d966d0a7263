"""Information criteria of a Gaussian mixture: log L, BIC, AIC, ICL, gain.

Symbols: L the likelihood of the n kept points, k = K d + K d (d + 1) / 2 + K - 1 the free
parameters of K components in d dimensions, tau the responsibilities. Each reward takes the K in the
range that it likes best and reports it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from corescout.data import Fit, Mixture, Reward
from corescout.data.reward import Direction


def bic_of(mixture: Mixture) -> float:
    """-2 log L + k log n (eq. 3; Schwarz, 1978)."""
    n = len(mixture.seen)
    return -2 * mixture.log_likelihood_nats + mixture.n_parameters * float(np.log(n))


def aic_of(mixture: Mixture) -> float:
    """-2 log L + 2 k (eq. 4; Akaike, 1974)."""
    return -2 * mixture.log_likelihood_nats + 2 * mixture.n_parameters


def classification_entropy(mixture: Mixture) -> float:
    """E = -sum_i sum_k tau_ik log tau_ik >= 0, in nats over all points seen."""
    return mixture.classification_entropy_nats


def icl_of(mixture: Mixture, entropy_weight: float = 2.0) -> float:
    """BIC + w E (eq. 5).

    w = 1 is the paper's. w = 2 is the usual definition (Biernacki, Celeux and Govaert, 2000; the
    paper's ICL_1/2 up to a factor), w = 4 the paper's ICL_1/4 likewise.
    """
    return bic_of(mixture) + entropy_weight * classification_entropy(mixture)


def log_likelihood(fit: Fit) -> Reward:
    """Log L per kept point of the most likely mixture; higher is better. No penalty: takes many."""
    values = {k: m.log_likelihood_nats / len(m.seen) for k, m in _allowed(fit).items()}
    return _best("log_likelihood", values, higher=True)


def bic(fit: Fit) -> Reward:
    """BIC per kept point (eq. 3), least over K; lower is better."""
    return _least("bic", fit, bic_of)


def aic(fit: Fit) -> Reward:
    """AIC per kept point (eq. 4), least over K; lower is better."""
    return _least("aic", fit, aic_of)


def icl(fit: Fit) -> Reward:
    """ICL with w = 2 per kept point (eq. 5), least over K; lower is better."""
    return _least("icl", fit, lambda m: icl_of(m, 2.0))


def icl_1(fit: Fit) -> Reward:
    """ICL with w = 1, as the paper writes it, per kept point; lower is better."""
    return _least("icl_1", fit, lambda m: icl_of(m, 1.0))


def icl_4(fit: Fit) -> Reward:
    """ICL with w = 4 (the paper's ICL_1/4 up to a factor) per kept point; lower is better."""
    return _least("icl_4", fit, lambda m: icl_of(m, 4.0))


def gain(fit: Fit) -> Reward:
    """[ICL(K = 1) - min_K ICL(K)] / n with w = 2; higher is better.

    Both terms are densities in the same latent units, so the scale of the latent space cancels:
    unlike BIC and ICL themselves it can be compared between candidates. A curved cloud gains too,
    so it is no test of structure; `corescout.search.evidence` is.
    """
    values = {k: icl_of(m, 2.0) for k, m in fit.mixtures.items()}
    allowed = [k for k in _allowed(fit) if np.isfinite(values[k])]
    if not allowed or 1 not in values:
        return _void("gain", "higher")
    best = min(allowed, key=lambda k: (values[k], k))
    n = len(fit.mixtures[best].seen)
    parts = {
        "n_components": float(best),
        "icl_one_component": values[1] / n,
        "icl_best": values[best] / n,
        "entropy": classification_entropy(fit.mixtures[best]) / n,
    }
    return Reward("gain", (values[1] - values[best]) / n, "higher", parts)


def _least(name: str, fit: Fit, criterion: Callable[[Mixture], float]) -> Reward:
    values = {k: criterion(m) / len(m.seen) for k, m in _allowed(fit).items()}
    reward = _best(name, values, higher=False)
    if reward.void_because is not None:
        return reward
    mixture = fit.mixtures[round(reward.parts["n_components"])]
    n = len(mixture.seen)
    parts = {
        **reward.parts,
        "log_likelihood": mixture.log_likelihood_nats / n,
        "entropy": classification_entropy(mixture) / n,
        "n_parameters": float(mixture.n_parameters),
    }
    return Reward(name, reward.value, "lower", parts)


def _allowed(fit: Fit) -> dict[int, Mixture]:
    """Mixtures whose number of components may be chosen."""
    return {k: m for k, m in fit.mixtures.items() if k >= fit.least_components}


def _best(name: str, values: dict[int, float], *, higher: bool) -> Reward:
    finite = {k: v for k, v in values.items() if np.isfinite(v)}
    direction: Direction = "higher" if higher else "lower"
    if not finite:
        return _void(name, direction)
    sign = -1.0 if higher else 1.0
    best = min(finite, key=lambda k: (sign * finite[k], k))
    return Reward(name, finite[best], direction, {"n_components": float(best)})


def _void(name: str, direction: str) -> Reward:
    return Reward(
        name,
        float("nan"),
        "higher" if direction == "higher" else "lower",
        void_because="too few points for a mixture",
    )
