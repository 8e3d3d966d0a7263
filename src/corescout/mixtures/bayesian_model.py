"""The Bayesian mixture of the paper as a density: priors, likelihood, overlap.

Notation: S batches (draws of the posterior x starts), n points z in L dimensions, K components.
theta = (weights pi, means mu, scales sigma, correlation factors C), Sigma_k = D C C^T D with
D = diag(sigma). A batch is a real vector u of P = K - 1 + 2 K L + K L (L - 1) / 2 numbers; theta(u)
and its Jacobian are those of pyro's automatic guides (`biject_to` of each prior's support).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from pyro import distributions as dist
from torch import Tensor
from torch.distributions import biject_to, constraints

from corescout.plan import BayesianPlan


@dataclass(frozen=True, eq=False)
class Theta:
    """Parameters of S mixtures."""

    weights: Tensor  # (S, K)
    means: Tensor  # (S, K, L)
    scale_tril: Tensor  # (S, K, L, L)

    @property
    def covariances(self) -> Tensor:
        """Sigma (S, K, L, L)."""
        return self.scale_tril @ self.scale_tril.transpose(-1, -2)


@dataclass(frozen=True)
class Model:
    """The joint density of theta and the codes.

    Attributes
    ----------
    plan : BayesianPlan
    dims : int
        L.
    """

    plan: BayesianPlan
    dims: int

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Numbers in u for weights, means, scales and correlations."""
        k, d = self.plan.n_components, self.dims
        return k - 1, k * d, k * d, k * d * (d - 1) // 2

    @property
    def n_numbers(self) -> int:
        """P."""
        return sum(self.sizes)

    def theta(self, u: Tensor) -> tuple[Tensor, Theta]:
        """Return log p(theta(u)) + log |d theta / d u| of u (S, P), and theta."""
        k, d, plan = self.plan.n_components, self.dims, self.plan
        u_weights, u_means, u_scales, u_corr = torch.split(u, list(self.sizes), dim=-1)
        concentration = torch.full((k,), plan.concentration / k, dtype=u.dtype)
        log_p, weights = _site(dist.Dirichlet(concentration, validate_args=False), u_weights)
        log_means, means = _site(self._mean_prior(u), u_means.reshape(-1, k, d))
        width = torch.tensor(plan.scale_prior, dtype=u.dtype)
        half_normal = dist.HalfNormal(width, validate_args=False)
        log_scales, scales = _site(half_normal, u_scales.reshape(-1, k, d))
        if plan.scale_prior_on == "variance":
            scales = scales.sqrt()
        log_p = log_p + log_means.sum(dim=(-1, -2)) + log_scales.sum(dim=(-1, -2))
        scale_tril = torch.diag_embed(scales)
        if d > 1:
            eta = torch.tensor(plan.lkj_concentration, dtype=u.dtype)
            prior = dist.LKJCholesky(d, eta, validate_args=False)
            log_corr, factor = _site(prior, u_corr.reshape(len(u), k, -1))
            log_p = log_p + log_corr.sum(dim=-1)
            scale_tril = scale_tril @ factor
        return log_p, Theta(weights, means, scale_tril)

    def log_joint(self, features: Tensor, u: Tensor) -> tuple[Tensor, Theta]:
        """Return log p(z | theta(u)) + log p(theta(u)) + log |d theta / d u|, (S,), and theta.

        The components of the points are summed out.
        """
        log_p, theta = self.theta(u)
        return log_p + log_likelihood(features, theta), theta

    def start(self, means: Tensor, scales: Tensor, weights: Tensor) -> Tensor:
        """Return u (R, P) of means, scales (R, K, L) and weights (R, K), uncorrelated."""
        prior = self._mean_prior(means)
        if self.plan.mean_prior == "uniform":
            edge = 0.98 * self.plan.mean_prior_width
            means = means.clamp(-edge, edge)
        spread = scales.square() if self.plan.scale_prior_on == "variance" else scales
        parts = [
            biject_to(constraints.simplex).inv(weights),
            biject_to(prior.support).inv(means).flatten(1),
            biject_to(constraints.positive).inv(spread).flatten(1),
            torch.zeros(len(means), self.sizes[3], dtype=means.dtype),
        ]
        return torch.cat(parts, dim=-1)

    def _mean_prior(self, like: Tensor) -> dist.Distribution:
        width = torch.tensor(self.plan.mean_prior_width, dtype=like.dtype)
        if self.plan.mean_prior == "uniform":
            return dist.Uniform(-width, width, validate_args=False)
        return dist.Normal(torch.zeros_like(width), width, validate_args=False)


def _site(prior: dist.Distribution, u: Tensor) -> tuple[Tensor, Tensor]:
    """Log density in u of a prior, and its value."""
    transform = biject_to(prior.support)
    value = transform(u)
    return prior.log_prob(value) + transform.log_abs_det_jacobian(u, value), value


def features_of(z: Tensor) -> Tensor:
    """(1, z_i, z_i z_j for i <= j) of z (n, L): a Gaussian's log density is linear in them."""
    rows, columns = torch.triu_indices(z.shape[-1], z.shape[-1])
    return torch.cat([torch.ones_like(z[:, :1]), z, z[:, rows] * z[:, columns]], dim=-1)


def log_likelihood(features: Tensor, theta: Theta) -> Tensor:
    """Log p(z | theta), (S,): sum_i log sum_k pi_k N(z_i | mu_k, Sigma_k)."""
    return torch.logsumexp(features @ _coefficients(theta), dim=-1).sum(dim=-1)


def responsibilities(features: Tensor, theta: Theta) -> Tensor:
    """Tau (S, n, K)."""
    return torch.softmax(features @ _coefficients(theta), dim=-1)


def overlap(theta: Theta, *, weighted: bool) -> Tensor:
    """Sum over pairs of the Bhattacharyya coefficient, (S,); times sqrt(pi_j pi_k) if weighted.

    BC = exp(-D), D = d^T S^-1 d / 8 + log(det S / sqrt(det S_j det S_k)) / 2 with S the mean of
    both covariances and d the difference of the means (Bhattacharyya, 1943); 1 if equal.
    """
    k = theta.weights.shape[-1]
    i, j = torch.triu_indices(k, k, offset=1)
    covariances = theta.covariances
    factor = torch.linalg.cholesky(0.5 * (covariances[:, i] + covariances[:, j]))
    offset = (theta.means[:, i] - theta.means[:, j]).unsqueeze(-1)
    solved = torch.linalg.solve_triangular(factor, offset, upper=False).squeeze(-1)
    logdets = _logdet(theta.scale_tril)
    distance = solved.square().sum(-1) / 8 + 0.5 * (
        _logdet(factor) - 0.5 * (logdets[:, i] + logdets[:, j])
    )
    coefficient = torch.exp(-distance)
    if weighted:
        # Its root has no slope at 0, where stick-breaking leaves most weights.
        coefficient = coefficient * (theta.weights[:, i] * theta.weights[:, j] + 1e-12).sqrt()
    return coefficient.sum(dim=-1)


def _coefficients(theta: Theta) -> Tensor:
    """(S, F, K) of log pi_k + log N(z | k) in the features of z."""
    dims = theta.means.shape[-1]
    inverse = torch.linalg.solve_triangular(
        theta.scale_tril, torch.eye(dims, dtype=theta.means.dtype), upper=False
    )
    precision = inverse.transpose(-1, -2) @ inverse
    linear = (precision @ theta.means.unsqueeze(-1)).squeeze(-1)
    constant = torch.log(theta.weights) - 0.5 * (
        dims * math.log(2 * math.pi) + _logdet(theta.scale_tril) + (linear * theta.means).sum(-1)
    )
    rows, columns = torch.triu_indices(dims, dims)
    twice = torch.where(rows == columns, 0.5, 1.0).to(theta.means.dtype)
    quadratic = -precision[..., rows, columns] * twice
    return torch.cat([constant.unsqueeze(-1), linear, quadratic], dim=-1).transpose(-1, -2)


def _logdet(scale_tril: Tensor) -> Tensor:
    """Log determinant of the covariance."""
    return 2 * scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
