"""Gaussian mixtures by expectation-maximisation, K = 1..max, many latent spaces at once.

Notation: R runs (data sets x starts), n points, L dimensions, K components, F features.
A Gaussian's log density is linear in the features f(z) = (1, z_i, z_i z_j): with them both steps
are one batched matrix product, E: f theta, M: tau^T f. The whole grid of K and starts then costs
less than the training of the model that it judges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corescout.data import Mixture
from corescout.mixtures.whitening import whiten, whitening
from corescout.plan import MixturePlan

_COVARIANCE_FLOOR = 1e-6  # added to variances of whitened codes, as in scikit-learn
_TOLERANCE = 1e-4  # nats per point between two checks
_CHECK_EVERY = 8
_LLOYD_STEPS = 4


def fit_mixtures(
    codes: Sequence[NDArray[np.float64]],
    kept: Sequence[NDArray[np.bool_]],
    plan: MixturePlan,
    seeds: Sequence[int],
) -> list[dict[int, Mixture]]:
    """Fit K = 1..max_components to the kept rows of each latent space.

    Parameters
    ----------
    codes : sequence of (N, L)
    kept : sequence of (N,) bool
    seeds : sequence of int
        One for each latent space; fixes its starts.

    Returns
    -------
    list of dict
        For each latent space the best of `plan.starts` mixtures for each K, in the units of its
        codes.
    """
    if plan.engine == "sklearn":
        return [_fit_sklearn(z, k, plan, s) for z, k, s in zip(codes, kept, seeds, strict=True)]
    results: list[dict[int, Mixture]] = [{} for _ in codes]
    for group in _same_size(kept):
        scales = [whitening(codes[i][kept[i]]) for i in group]
        z = np.stack([whiten(codes[i][kept[i]], *s) for i, s in zip(group, scales, strict=True)])
        for k in range(1, min(plan.max_components, z.shape[1] // (z.shape[2] + 2)) + 1):
            fitted = _fit_k(z, k, plan, [seeds[i] for i in group])
            for row, i in enumerate(group):
                results[i][k] = _to_mixture(fitted, row, scales[row], np.flatnonzero(kept[i]))
    return results


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Best run of each of D data sets, in whitened units."""

    weights: Tensor  # (D, K)
    means: Tensor  # (D, K, L)
    covariances: Tensor  # (D, K, L, L)
    responsibilities: Tensor  # (D, n, K)
    log_likelihood: Tensor  # (D,) total
    converged: Tensor  # (D,)


def _same_size(kept: Sequence[NDArray[np.bool_]]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for i, mask in enumerate(kept):
        groups.setdefault(int(mask.sum()), []).append(i)
    return list(groups.values())


def _fit_k(z: NDArray[np.float64], k: int, plan: MixturePlan, seeds: Sequence[int]) -> _Fitted:
    """Fit K components to D data sets z (D, n, L) from several starts and keep the best."""
    starts = 1 if k == 1 else plan.starts
    data = torch.from_numpy(np.repeat(z, starts, axis=0))
    tau = torch.stack(
        [
            _start(data[d * starts + s], k, np.random.default_rng((seed, k, s)))
            for d, seed in enumerate(seeds)
            for s in range(starts)
        ]
    )
    features = _features(data)
    theta, mean_ll, converged = _iterate(features, tau, z.shape[2], plan.max_iterations)
    best = mean_ll.view(-1, starts).argmax(dim=1) + torch.arange(len(z)) * starts
    joint = torch.bmm(features[best], theta[best])
    total = torch.logsumexp(joint, dim=-1, keepdim=True)
    tau = torch.exp(joint - total)
    weights, means, covariances = _moments(features[best], tau, z.shape[2])
    return _Fitted(weights, means, covariances, tau, total.sum(dim=(1, 2)), converged[best])


def _start(z: Tensor, k: int, rng: np.random.Generator) -> Tensor:
    """Hard assignments (n, K) by k-means++ and a few Lloyd steps."""
    centres = z[int(rng.integers(len(z)))][None]
    for _ in range(k - 1):
        nearest = torch.cdist(z, centres).min(dim=1).values ** 2
        weight = nearest.numpy()
        total = weight.sum()
        share = weight / total if total > 0 else None  # all points in one place
        chosen = int(rng.choice(len(z), p=share))
        centres = torch.cat([centres, z[chosen][None]])
    for _ in range(_LLOYD_STEPS):
        own = torch.nn.functional.one_hot(torch.cdist(z, centres).argmin(dim=1), k).to(z.dtype)
        counts = own.sum(dim=0).clamp_min(1.0)
        centres = (own.T @ z) / counts[:, None]
    own = torch.nn.functional.one_hot(torch.cdist(z, centres).argmin(dim=1), k)
    return own.to(z.dtype)


def _iterate(
    features: Tensor, tau: Tensor, dims: int, max_iterations: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Run EM; finished runs leave the batch. Return theta (R, F, K), mean log L (R,), converged."""
    n_runs, _, k = tau.shape
    theta = torch.zeros(n_runs, features.shape[2], k, dtype=features.dtype)
    mean_ll = torch.full((n_runs,), -math.inf, dtype=features.dtype)
    converged = torch.zeros(n_runs, dtype=torch.bool)
    active = torch.arange(n_runs)
    for iteration in range(max_iterations):
        current = _theta(*_moments(features, tau, dims))
        joint = torch.bmm(features, current)
        total = torch.logsumexp(joint, dim=-1, keepdim=True)
        tau = torch.exp(joint - total)
        if iteration % _CHECK_EVERY and iteration != max_iterations - 1:
            continue
        level = total.mean(dim=(1, 2))
        done = (level - mean_ll[active]).abs() < _TOLERANCE
        theta[active], mean_ll[active] = current, level
        converged[active[done]] = True
        if bool(done.all()):
            break
        if bool(done.any()):
            active, features, tau = active[~done], features[~done], tau[~done]
    return theta, mean_ll, converged


def _features(z: Tensor) -> Tensor:
    """(1, z_i, z_i z_j for i <= j) of z (R, n, L)."""
    rows, columns = torch.triu_indices(z.shape[-1], z.shape[-1])
    return torch.cat(
        [torch.ones_like(z[..., :1]), z, z[..., rows] * z[..., columns]], dim=-1
    ).contiguous()


def _moments(features: Tensor, tau: Tensor, dims: int) -> tuple[Tensor, Tensor, Tensor]:
    """M step: weights (R, K), means (R, K, L), covariances (R, K, L, L)."""
    sums = torch.bmm(tau.transpose(1, 2), features)
    counts = sums[..., 0].clamp_min(1e-10)
    means = sums[..., 1 : 1 + dims] / counts[..., None]
    rows, columns = torch.triu_indices(dims, dims)
    second = sums[..., 1 + dims :] / counts[..., None]
    covariances = torch.zeros(*means.shape, dims, dtype=means.dtype)
    covariances[..., rows, columns] = second - means[..., rows] * means[..., columns]
    covariances[..., columns, rows] = covariances[..., rows, columns]
    covariances += _COVARIANCE_FLOOR * torch.eye(dims, dtype=means.dtype)
    return counts / counts.sum(dim=-1, keepdim=True), means, covariances


def _theta(weights: Tensor, means: Tensor, covariances: Tensor) -> Tensor:
    """Coefficients (R, F, K) of log pi_k + log N(z | k) in the features."""
    dims = means.shape[-1]
    precision = torch.linalg.inv(covariances)
    logdet = torch.linalg.slogdet(covariances).logabsdet
    linear = (precision @ means.unsqueeze(-1)).squeeze(-1)
    constant = torch.log(weights) - 0.5 * (
        dims * math.log(2 * math.pi) + logdet + (linear * means).sum(-1)
    )
    rows, columns = torch.triu_indices(dims, dims)
    twice = torch.where(rows == columns, 0.5, 1.0).to(means.dtype)
    quadratic = -precision[..., rows, columns] * twice
    return torch.cat([constant.unsqueeze(-1), linear, quadratic], dim=-1).transpose(1, 2)


def _to_mixture(
    fitted: _Fitted,
    row: int,
    scale: tuple[NDArray[np.float64], NDArray[np.float64]],
    seen: NDArray[np.int64],
) -> Mixture:
    """Undo the whitening: z = mean + factor y, log density shifts by -log det factor."""
    mean, factor = scale
    jacobian = float(np.log(np.diag(factor)).sum()) * len(seen)
    return Mixture(
        weights=fitted.weights[row].numpy(),
        means=mean + fitted.means[row].numpy() @ factor.T,
        covariances=factor @ fitted.covariances[row].numpy() @ factor.T,
        responsibilities=fitted.responsibilities[row].numpy(),
        seen=seen,
        log_likelihood_nats=float(fitted.log_likelihood[row]) - jacobian,
        converged=bool(fitted.converged[row]),
    )


def _fit_sklearn(
    z: NDArray[np.float64], kept: NDArray[np.bool_], plan: MixturePlan, seed: int
) -> dict[int, Mixture]:
    """The paper's recipe: scikit-learn, full covariances, on the codes as they are."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    points, result = z[kept], {}
    for k in range(1, min(plan.max_components, len(points) // (z.shape[1] + 2)) + 1):
        model = GaussianMixture(
            k, n_init=plan.starts, max_iter=plan.max_iterations, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # kept in Mixture.converged
            model.fit(points)
        result[k] = Mixture(
            weights=model.weights_,
            means=model.means_,
            covariances=model.covariances_,
            responsibilities=model.predict_proba(points),
            seen=np.flatnonzero(kept),
            log_likelihood_nats=float(model.score(points)) * len(points),
            converged=bool(model.converged_),
        )
    return result
