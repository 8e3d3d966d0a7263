"""Rewards of the Bayesian mixture, all per point.

Symbols: n points z, theta the parameters of the mixture (weights, means, scales, correlations), q
its variational posterior, tau the responsibilities at q's median.
"""

from __future__ import annotations

from corescout.data import BayesianMixture, Fit, Reward

_WHY = "the Bayesian mixture was not fitted"


def neg_elbo(fit: Fit) -> Reward:
    """-ELBO / n, ELBO = E_q[log p(z | theta)] - KL(q(theta) || p(theta)) (eq. 6); lower is better.

    Without the overlap penalty of the fit. In latent units, as the log-likelihood is.
    """
    b = fit.bayesian
    return _void("neg_elbo") if b is None else Reward("neg_elbo", _neg_elbo(b), "lower", _parts(b))


def bayesian_h(fit: Fit) -> Reward:
    """H = -(1/n) sum_i sum_k tau_ik log tau_ik, the classification entropy (fig. 6c); lower."""
    b = fit.bayesian
    return _void("bayesian_h") if b is None else Reward("bayesian_h", _h(b), "lower", _parts(b))


def neg_elbo_plus_h(fit: Fit) -> Reward:
    """-ELBO / n + H (the paper's surrogate reward, fig. 6d); lower is better."""
    b, name = fit.bayesian, "neg_elbo_plus_h"
    return _void(name) if b is None else Reward(name, _neg_elbo(b) + _h(b), "lower", _parts(b))


def effective_components(fit: Fit) -> Reward:
    """Components whose weight exceeds 20 % of the largest (fig. 6a); lower is simpler."""
    b, name = fit.bayesian, "effective_components"
    return _void(name) if b is None else Reward(name, float(b.n_effective), "lower", _parts(b))


def _neg_elbo(b: BayesianMixture) -> float:
    return -b.elbo_nats / len(b.mixture.seen)


def _h(b: BayesianMixture) -> float:
    return b.mixture.classification_entropy_nats / len(b.mixture.seen)


def _parts(b: BayesianMixture) -> dict[str, float]:
    n = len(b.mixture.seen)
    return {
        "n_components": float(b.n_effective),
        "neg_elbo": _neg_elbo(b),
        "entropy": _h(b),
        "standard_error": b.elbo_standard_error_nats / n,
        "steps": float(b.n_steps),
    }


def _void(name: str) -> Reward:
    return Reward(name, float("nan"), "lower", void_because=_WHY)
