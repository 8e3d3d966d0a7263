"""Gaussian mixtures by expectation-maximisation, K = 1..max, many latent spaces at once.

Notation: R runs (data sets x starts), n points, L dimensions, K components, F features.
A Gaussian's log density is linear in the features f(z) = (1, z_i, z_i z_j): with them both steps
are one batched matrix product, E: f theta, M: tau^T f. All K and starts go in one batch; a run of
fewer components than the batch has its other weights held at 0. Noise is one more column, evenly
spread over the box of the codes (Banfield and Raftery, 1993). Starts are short runs on some of
the points and only the best of each K goes on (em-EM of Biernacki, Celeux and Govaert, 2003). The
iterations are in single precision, the last step and all that is reported in double.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corescout.data import Mixture, raise_if_stopped, readonly
from corescout.mixtures.compiled import iterate_compiled, start_compiled
from corescout.mixtures.sklearn_fit import fit_sklearn
from corescout.mixtures.whitening import whiten, whitening
from corescout.plan import MixturePlan

# Added to variances of whitened codes: as in scikit-learn; above the rounding of E[z^2] - E[z]^2.
_COVARIANCE_FLOOR = {torch.float64: 1e-6, torch.float32: 1e-4}
_TOLERANCE = 1e-4  # nats per point between two checks
_CHECK_EVERY = 8
_LLOYD_STEPS = 4
_SHORT_RUN = 16  # iterations after which the starts are compared
_START_POINTS = 512  # that the starts are compared on
_BATCHED_POINTS = 4096  # with more, one K at a time: the padding would cost more than it saves
_FIRST_NOISE = 0.05  # share of the noise component that the starts begin with
_NEVER = -1e9  # log weight of a component that a run does not have


def fit_mixtures(
    codes: Sequence[NDArray[np.float64]],
    kept: Sequence[NDArray[np.bool_]],
    plan: MixturePlan,
    seeds: Sequence[int],
    stop: threading.Event | None = None,
) -> list[dict[int, Mixture]]:
    """Fit K = 1..max_components to the kept rows of each latent space.

    Parameters
    ----------
    codes : sequence of (N, L)
    kept : sequence of (N,) bool
    seeds : sequence of int
        One for each latent space; fixes its starts.
    stop : Event
        Looked at every few iterations.

    Returns
    -------
    list of dict
        For each latent space the best of `plan.starts` mixtures for each K, in the units of its
        codes.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    if plan.engine == "sklearn":
        return [fit_sklearn(z, k, plan, s) for z, k, s in zip(codes, kept, seeds, strict=True)]
    results: list[dict[int, Mixture]] = [{} for _ in codes]
    for group in _same_size(kept):
        seen = [readonly("seen", np.flatnonzero(kept[i]), (None,), np.int64) for i in group]
        scales = [whitening(codes[i][kept[i]]) for i in group]
        z = np.stack([whiten(codes[i][kept[i]], *s) for i, s in zip(group, scales, strict=True)])
        noise = _uniform_density(z) if plan.noise_component else None
        largest = min(plan.max_components, z.shape[1] // (z.shape[2] + 2))
        for ks in _batches(largest, z.shape[1]):
            fitted = _fit_batch(z, ks, plan, [seeds[i] for i in group], noise, stop)
            for row, i in enumerate(group):
                density = 0.0 if noise is None else float(noise[row].exp())
                for column, k in enumerate(ks):
                    run = fitted.run(row * len(ks) + column, k)
                    results[i][k] = _to_mixture(run, scales[row], seen[row], density)
    return results


def _batches(largest: int, n_points: int) -> list[range]:
    """Numbers of components that are fitted together."""
    if n_points <= _BATCHED_POINTS:
        return [range(1, largest + 1)]
    return [range(k, k + 1) for k in range(1, largest + 1)]


@dataclass(frozen=True, eq=False)
class _Fitted:
    """R runs, in whitened units and double precision."""

    weights: Tensor  # (R, K)
    means: Tensor  # (R, K, L)
    covariances: Tensor  # (R, K, L, L)
    responsibilities: Tensor  # (R, n, K)
    log_likelihood: Tensor  # (R,) total
    converged: Tensor  # (R,)
    noise_weight: Tensor  # (R,)

    def run(self, row: int, k: int) -> _Fitted:
        """Return one run with its k components."""
        return _Fitted(
            self.weights[row, :k],
            self.means[row, :k],
            self.covariances[row, :k],
            self.responsibilities[row, :, :k],
            self.log_likelihood[row],
            self.converged[row],
            self.noise_weight[row],
        )


def _same_size(kept: Sequence[NDArray[np.bool_]]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for i, mask in enumerate(kept):
        groups.setdefault(int(mask.sum()), []).append(i)
    return list(groups.values())


def _fit_batch(
    z: NDArray[np.float64],
    ks: range,
    plan: MixturePlan,
    seeds: Sequence[int],
    noise: Tensor | None,
    stop: threading.Event | None,
) -> _Fitted:
    """Fit every K of `ks` to D data sets z (D, n, L); the runs are in the order (data set, K)."""
    dims = z.shape[2]
    exact = _features(torch.from_numpy(z))
    features = exact.float()
    theta = torch.cat(
        [
            _best_starts(z[d], features[d], ks, plan, seed, None if noise is None else noise[d])
            for d, seed in enumerate(seeds)
        ]
    )
    own = torch.arange(len(z)).repeat_interleave(len(ks))
    shape = _Shape(dims, _absent(ks, 1).repeat(len(z), 1), None if noise is None else noise[own])
    theta, converged = _iterate(features[own], theta, shape, plan, plan.max_iterations, stop)
    tau = _expect(features[own], theta)[0].double()
    exact = exact[own]
    tau, total = _expect(exact, _maximise(exact, tau, shape.double()))
    weights, means, covariances = _moments(exact, tau, dims)
    k = ks[-1]
    return _Fitted(
        weights[:, :k],
        means[:, :k],
        covariances[:, :k],
        tau[..., :k],
        total.sum(dim=1),
        converged,
        weights[:, k:].sum(dim=1),
    )


def _best_starts(
    z: NDArray[np.float64],
    features: Tensor,
    ks: range,
    plan: MixturePlan,
    seed: int,
    noise: Tensor | None,
) -> Tensor:
    """Parameters (len(ks), F, max K) of the best of several short runs for each K."""
    rng = np.random.default_rng(seed)
    rows = torch.arange(len(z))
    if len(z) > _START_POINTS:
        rows = torch.from_numpy(np.sort(rng.choice(len(z), _START_POINTS, replace=False)))
    some = torch.from_numpy(z)[rows].float()
    start = start_compiled if plan.engine == "numba" else kmeans_start
    tau = torch.zeros(len(ks), plan.starts, len(rows), ks[-1])
    for i, k in enumerate(ks):
        for s in range(plan.starts):
            tau[i, s, :, :k] = start(some, k, np.random.default_rng((seed, k, s)), _LLOYD_STEPS)
    runs = len(ks) * plan.starts
    features = features[rows].expand(runs, -1, -1)
    absent, tau = _absent(ks, plan.starts), tau.flatten(0, 1)
    if noise is not None:
        tau = torch.cat([(1 - _FIRST_NOISE) * tau, torch.full_like(tau[..., :1], _FIRST_NOISE)], -1)
    shape = _Shape(z.shape[1], absent, None if noise is None else noise.expand(runs))
    theta = _maximise(features, tau, shape)
    if plan.starts == 1:
        return theta
    theta, _ = _iterate(features, theta, shape, plan, _SHORT_RUN)
    level = _expect(features, theta)[1].mean(dim=1).view(len(ks), plan.starts)
    best: Tensor = theta[level.argmax(dim=1) + torch.arange(len(ks)) * plan.starts]
    return best


def _absent(ks: range, repeats: int) -> Tensor:
    """0 for the components of a run and `_NEVER` for those beyond its K: (R, max K)."""
    counts = torch.tensor([k for k in ks for _ in range(repeats)])
    return torch.where(torch.arange(ks[-1]) < counts[:, None], 0.0, _NEVER)


def kmeans_start(
    z: Tensor, k: int, rng: np.random.Generator, lloyd_steps: int = _LLOYD_STEPS
) -> Tensor:
    """Hard assignments (n, K) of z (n, L) by k-means++ and a few Lloyd steps."""
    centres = z[int(rng.integers(len(z)))][None]
    for _ in range(k - 1):
        nearest = torch.cdist(z, centres).min(dim=1).values ** 2
        weight = nearest.numpy()
        total = weight.sum()
        share = weight / total if total > 0 else None  # all points in one place
        chosen = int(rng.choice(len(z), p=share))
        centres = torch.cat([centres, z[chosen][None]])
    for _ in range(lloyd_steps):
        own = torch.nn.functional.one_hot(torch.cdist(z, centres).argmin(dim=1), k).to(z.dtype)
        counts = own.sum(dim=0).clamp_min(1.0)
        centres = (own.T @ z) / counts[:, None]
    own = torch.nn.functional.one_hot(torch.cdist(z, centres).argmin(dim=1), k)
    return own.to(z.dtype)


def _iterate(
    features: Tensor,
    theta: Tensor,
    shape: _Shape,
    plan: MixturePlan,
    most: int,
    stop: threading.Event | None = None,
) -> tuple[Tensor, Tensor]:
    """Run EM by the plan's engine. Return theta (R, F, K) and converged (R,)."""
    if plan.engine != "numba":
        return _iterate_batched(features, theta, shape, most, stop)
    return iterate_compiled(
        features,
        theta,
        shape.absent,
        shape.noise,
        dims=shape.dims,
        floor=_COVARIANCE_FLOOR[torch.float32],
        most=most,
        check_every=_CHECK_EVERY,
        tolerance=_TOLERANCE,
        stop=stop,
    )


def _iterate_batched(
    features: Tensor,
    theta: Tensor,
    shape: _Shape,
    max_iterations: int,
    stop: threading.Event | None = None,
) -> tuple[Tensor, Tensor]:
    """Run EM; finished runs leave the batch. Return theta (R, F, K) and converged (R,)."""
    result = theta.clone()
    level = torch.full((len(theta),), -math.inf)
    converged = torch.zeros(len(theta), dtype=torch.bool)
    active = torch.arange(len(theta))
    for iteration in range(1, max_iterations + 1):
        tau, total = _expect(features, theta)
        theta = _maximise(features, tau, shape)
        if iteration % _CHECK_EVERY and iteration != max_iterations:
            continue
        raise_if_stopped(stop, "while mixtures were fitted")
        now = total.mean(dim=1)
        done = (now - level[active]).abs() < _TOLERANCE
        result[active], level[active] = theta, now
        converged[active[done]] = True
        if bool(done.all()):
            break
        if bool(done.any()):
            going = ~done
            active, theta = active[going], theta[going]
            features, shape = features[going], shape.some(going)
    return result, converged


@dataclass(frozen=True, eq=False)
class _Shape:
    """What R runs of one batch have in common with none of the data."""

    dims: int
    absent: Tensor  # (R, K)
    noise: Tensor | None  # (R,) log density of the noise component, the same everywhere

    def some(self, rows: Tensor) -> _Shape:
        noise = None if self.noise is None else self.noise[rows]
        return _Shape(self.dims, self.absent[rows], noise)

    def double(self) -> _Shape:
        noise = None if self.noise is None else self.noise.double()
        return _Shape(self.dims, self.absent.double(), noise)


def _uniform_density(z: NDArray[np.float64]) -> Tensor:
    """Log density (D,) of noise that is spread evenly over the box around each z (D, n, L)."""
    return -torch.from_numpy(np.log(np.maximum(np.ptp(z, axis=1), 1e-6)).sum(axis=1)).float()


def _maximise(features: Tensor, tau: Tensor, shape: _Shape) -> Tensor:
    """M step: coefficients (R, F, K), and a column for the noise where there is any.

    A constant density is linear in the features too: only that of 1 has a coefficient.
    """
    weights, means, covariances = _moments(features, tau, shape.dims)
    if shape.noise is None:
        return _theta(weights, means, covariances, shape.absent)
    theta = _theta(weights[:, :-1], means[:, :-1], covariances[:, :-1], shape.absent)
    column = torch.zeros_like(theta[..., :1])
    column[:, 0, 0] = torch.log(weights[:, -1]) + shape.noise
    return torch.cat([theta, column], dim=-1)


def _expect(features: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """E step: responsibilities (R, n, K) and log densities (R, n)."""
    joint = torch.bmm(features, theta)
    highest = joint.amax(dim=-1, keepdim=True)
    joint = joint.sub_(highest).exp_()
    total = joint.sum(dim=-1, keepdim=True)
    return joint.div_(total), total.log_().add_(highest).squeeze(-1)


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
    covariances += _COVARIANCE_FLOOR[means.dtype] * torch.eye(dims, dtype=means.dtype)
    return counts / counts.sum(dim=-1, keepdim=True), means, covariances


def _theta(weights: Tensor, means: Tensor, covariances: Tensor, absent: Tensor) -> Tensor:
    """Coefficients (R, F, K) of log pi_k + log N(z | k) in the features."""
    dims = means.shape[-1]
    precision, logdet = _inverse(covariances)
    linear = (precision @ means.unsqueeze(-1)).squeeze(-1)
    constant = torch.log(weights) - 0.5 * (
        dims * math.log(2 * math.pi) + logdet + (linear * means).sum(-1)
    )
    constant = constant + absent
    rows, columns = torch.triu_indices(dims, dims)
    twice = torch.where(rows == columns, 0.5, 1.0).to(means.dtype)
    quadratic = -precision[..., rows, columns] * twice
    return torch.cat([constant.unsqueeze(-1), linear, quadratic], dim=-1).transpose(1, 2)


def _inverse(covariances: Tensor) -> tuple[Tensor, Tensor]:
    """Inverses and log determinants of covariances (..., L, L); two dimensions by hand.

    The determinant is a difference of products: taken in double precision, and never less than the
    floor of the variances allows, which single precision may have rounded away.
    """
    if covariances.shape[-1] != 2:
        return torch.linalg.inv(covariances), torch.linalg.slogdet(covariances).logabsdet
    (a, b), (_, d) = (row.unbind(-1) for row in covariances.double().unbind(-2))
    least = 0.5 * _COVARIANCE_FLOOR[covariances.dtype] * (a + d)
    determinant = torch.maximum(a * d - b * b, least)
    adjugate = torch.stack([d, -b, -b, a], dim=-1).view_as(covariances)
    inverse = adjugate / determinant[..., None, None]
    return inverse.to(covariances.dtype), determinant.log().to(covariances.dtype)


def _to_mixture(
    run: _Fitted,
    scale: tuple[NDArray[np.float64], NDArray[np.float64]],
    seen: NDArray[np.int64],
    noise_density: float,
) -> Mixture:
    """Undo the whitening: z = mean + factor y, log density shifts by -log det factor."""
    mean, factor = scale
    jacobian = float(np.log(np.diag(factor)).sum()) * len(seen)
    return Mixture(
        weights=run.weights.numpy(),
        means=mean + run.means.numpy() @ factor.T,
        covariances=factor @ run.covariances.numpy() @ factor.T,
        responsibilities=run.responsibilities.numpy(),
        seen=seen,
        log_likelihood_nats=float(run.log_likelihood) - jacobian,
        converged=bool(run.converged),
        noise_weight=float(run.noise_weight),
        noise_density=noise_density / float(np.prod(np.diag(factor))),
    )
