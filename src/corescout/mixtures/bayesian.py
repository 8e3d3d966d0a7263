"""The Bayesian mixture of the paper: which of K components the codes need.

An overcomplete mixture with a sparse Dirichlet prior, fitted by stochastic variational inference
with a diagonal normal in the unconstrained space of all parameters, which is pyro's
`AutoDiagonalNormal`; the distributions are pyro's, the steps those of its `ClippedAdam` (by
`corescout.adam`, which imports no compiler beside a window). They are taken here and not by
pyro's `SVI`: that keeps parameters and handlers in lists of the process, so that two fits on two
threads break each other, and a user's own models with them. Here nothing is shared, all starts are
one batch, and the random numbers are the fit's own. A test holds the bound to pyro's `Trace_ELBO`.
"""

from __future__ import annotations

import math
import threading
import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from corescout.adam import Adam
from corescout.data import BayesianMixture, Mixture, raise_if_stopped
from corescout.mixtures.bayesian_model import (
    Model,
    Theta,
    features_of,
    log_likelihood,
    overlap,
    responsibilities,
)
from corescout.mixtures.gaussian import kmeans_start
from corescout.plan import BayesianPlan

_INITIAL_STD = 0.1  # of the guide, as pyro's
_LARGEST_GRADIENT = 10.0  # the clipping of pyro's ClippedAdam
_CHECK_EVERY = 50  # steps whose mean bound is compared with that of the steps before


def fit_bayesian(
    z: NDArray[np.float64], plan: BayesianPlan, seed: int, stop: threading.Event | None = None
) -> BayesianMixture:
    """Fit the Bayesian mixture to codes z (n, L); the best of its starts.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    if plan.engine == "sklearn":
        return _fit_sklearn(z, plan, seed)
    model = Model(plan, z.shape[1])
    features = features_of(torch.from_numpy(np.array(z, dtype=np.float64)))
    generator = torch.Generator().manual_seed(seed)
    guide = Guide.around(_starts(z, model, seed))
    n_steps, converged = _optimise(guide, model, features, generator, stop)
    with torch.no_grad():
        draws = _elbo_draws(guide, model, features, generator, stop)
        elbos = draws.mean(dim=0)
        best = int(elbos.argmax())
        theta = model.theta(guide.loc.detach()[best : best + 1])[1]
        tau = responsibilities(features, theta)[0]
        total = float(log_likelihood(features, theta))
    return BayesianMixture(
        mixture=_to_mixture(theta, tau, total),
        elbo_nats=float(elbos[best]),
        elbo_standard_error_nats=float(draws[:, best].std() / len(draws) ** 0.5),
        start_elbos_nats=tuple(elbos.tolist()),
        n_steps=n_steps,
        converged=converged,
    )


@dataclass(frozen=True, eq=False)
class Guide:
    """Diagonal normals over u, one for each of R starts."""

    loc: Tensor  # (R, P)
    raw_scale: Tensor  # (R, P), its softplus is the standard deviation

    @classmethod
    def around(cls, u: Tensor) -> Guide:
        """Return the guide that a fit starts with."""
        raw = torch.full_like(u, _INITIAL_STD).expm1().log()
        return cls(u.clone().requires_grad_(), raw.requires_grad_())

    def elbo(self, model: Model, features: Tensor, noise: Tensor) -> tuple[Tensor, Theta]:
        """One-draw estimates of the ELBO, (R,), with noise (R, P); and theta.

        log p(z, theta(u)) + log |d theta / d u| - log q(u), as pyro's Trace_ELBO.
        """
        scale = softplus(self.raw_scale)
        log_joint, theta = model.log_joint(features, self.loc + scale * noise)
        log_q = -0.5 * (noise.square() + math.log(2 * math.pi)) - scale.log()
        return log_joint - log_q.sum(dim=-1), theta


def _starts(z: NDArray[np.float64], model: Model, seed: int) -> Tensor:
    """U (R, P) of k-means++ and a few Lloyd steps, each start from a seed of its own."""
    plan, rows = model.plan, []
    k = min(plan.n_components, len(z))
    points = torch.from_numpy(np.array(z, dtype=np.float64))
    for s in range(plan.starts):
        own = kmeans_start(points, k, np.random.default_rng((seed, s)))
        counts = own.sum(dim=0)
        means = (own.T @ points) / counts.clamp_min(1.0)[:, None]
        second = (own.T @ points.square()) / counts.clamp_min(1.0)[:, None]
        scales = (second - means.square()).clamp_min(0).sqrt().clamp_min(0.2 * plan.scale_prior)
        spare = plan.n_components - k
        means = torch.cat([means, means[:1].expand(spare, -1)])
        scales = torch.cat([scales, scales[:1].expand(spare, -1)])
        weights = torch.cat([counts, counts.new_zeros(spare)]) + 0.5
        rows.append((means, scales, weights / weights.sum()))
    means, scales, weights = (torch.stack(part) for part in zip(*rows, strict=True))
    return model.start(means, scales, weights)


def _optimise(
    guide: Guide,
    model: Model,
    features: Tensor,
    generator: torch.Generator,
    stop: threading.Event | None,
) -> tuple[int, bool]:
    """Climb until no start has gained for as long as the patience; return steps and converged."""
    plan, n = model.plan, len(features)
    climbers = [(t, Adam(t, _LARGEST_GRADIENT)) for t in (guide.loc, guide.raw_scale)]
    per_point = plan.penalty_on == "per_point"
    recent: list[Tensor] = []
    best, waited = torch.full((plan.starts,), -torch.inf, dtype=features.dtype), 0
    for step in range(1, plan.max_steps + 1):
        raise_if_stopped(stop, "while the Bayesian mixture was fitted")
        noise = torch.randn(guide.loc.shape, generator=generator, dtype=features.dtype)
        elbo, theta = guide.elbo(model, features, noise)
        loss = -elbo / n if per_point else -elbo
        if plan.penalty > 0:
            loss = loss + plan.penalty * overlap(theta, weighted=per_point)
        gradients = torch.autograd.grad(loss.sum(), [theta for theta, _ in climbers])
        for (_, adam), gradient in zip(climbers, gradients, strict=True):
            adam.step(gradient, plan.learning_rate)
        recent.append(elbo.detach())
        if plan.patience is None or step % _CHECK_EVERY:
            continue
        level, recent = torch.stack(recent).mean(dim=0), []
        gained = level > best + plan.tolerance * n
        best = torch.where(gained, level, best)
        waited = 0 if bool(gained.any()) else waited + _CHECK_EVERY
        if waited >= plan.patience:
            return step, True
    return plan.max_steps, False


def _elbo_draws(
    guide: Guide,
    model: Model,
    features: Tensor,
    generator: torch.Generator,
    stop: threading.Event | None,
) -> Tensor:
    """One-draw estimates (particles, R) of the ELBO."""
    found = []
    for _ in range(model.plan.particles):
        raise_if_stopped(stop, "while the Bayesian mixture was evaluated")
        noise = torch.randn(guide.loc.shape, generator=generator, dtype=features.dtype)
        found.append(guide.elbo(model, features, noise)[0])
    return torch.stack(found)


def _to_mixture(theta: Theta, tau: Tensor, log_likelihood_nats: float) -> Mixture:
    return Mixture(
        weights=theta.weights[0].numpy(),
        means=theta.means[0].numpy(),
        covariances=theta.covariances[0].numpy(),
        responsibilities=tau.numpy(),
        seen=np.arange(len(tau)),
        log_likelihood_nats=log_likelihood_nats,
    )


def _fit_sklearn(z: NDArray[np.float64], plan: BayesianPlan, seed: int) -> BayesianMixture:
    """scikit-learn's variational mixture, with its own priors on means and covariances.

    Its bound leaves out terms that do not depend on the codes: compare it among candidates with
    equal n, K and L, never with the other engine.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    k = min(plan.n_components, len(z))
    model = BayesianGaussianMixture(
        n_components=k,
        n_init=plan.starts,
        max_iter=plan.max_steps,
        init_params="k-means++",
        weight_concentration_prior_type="dirichlet_distribution",
        weight_concentration_prior=plan.concentration / k,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # kept in BayesianMixture.converged
        model.fit(z)
    mixture = Mixture(
        weights=np.maximum(model.weights_, 1e-300),
        means=model.means_,
        covariances=model.covariances_,
        responsibilities=model.predict_proba(z),
        seen=np.arange(len(z)),
        log_likelihood_nats=0.0,
    )
    total = float(mixture.log_density(z).sum())
    bound = float(model.lower_bound_)
    return BayesianMixture(
        mixture=replace(mixture, log_likelihood_nats=total),
        elbo_nats=bound,
        elbo_standard_error_nats=0.0,
        start_elbos_nats=(bound,),
        n_steps=int(model.n_iter_),
        converged=bool(model.converged_),
    )
