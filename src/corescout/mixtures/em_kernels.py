"""Kernels of compiled expectation-maximisation: one run of one mixture, with numba.

The only file of `mixtures` that knows numba, and one file, because numba's cache on the disk looks
at the file of a kernel and not at those that it calls. All in double precision; nothing in it holds
the interpreter's lock. Sums may be taken in any order ("reassoc"), products and sums rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

_Arguments = ParamSpec("_Arguments")
_Returned = TypeVar("_Returned")
Array = NDArray[np.float64]

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LEAST = -700.0  # below, exp is taken as that
_FEWEST = 1e-10  # points that a component has at least


def _compiled(function: Callable[_Arguments, _Returned]) -> Callable[_Arguments, _Returned]:
    compiled: Callable[_Arguments, _Returned] = njit(
        nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"}
    )(function)
    return compiled


@_compiled
def run_em(
    features: Array,
    theta: Array,
    dims: int,
    noise: float,
    floor: float,
    most: int,
    check_every: int,
    tolerance: float,
) -> bool:
    """Iterate a run until its mean log density stands still; return whether it did.

    Parameters
    ----------
    features : (F, n)
        1, z_i, z_i z_j for i <= j.
    theta : (F, K)
        Coefficients, overwritten; the last column is that of the noise where there is any.
    noise : float
        Log density of the noise; NaN without any.
    floor : float
        Added to the variances.
    """
    n_features, n = features.shape
    n_columns = theta.shape[1]
    tau, highest, total = np.empty((n_columns, n)), np.empty(n), np.empty(n)
    powers = np.empty(n, np.int64)
    scales = powers.view(np.float64)
    sums = np.empty((n_columns, n_features))
    level = -math.inf
    for iteration in range(1, most + 1):
        now = _expect(features, theta, tau, highest, total, powers, scales)
        for k in range(n_columns):
            for f in range(n_features):
                value = 0.0
                for i in range(n):
                    value += tau[k, i] * features[f, i]
                sums[k, f] = value
        _maximise(sums, theta, dims, noise, floor)
        if iteration % check_every == 0 or iteration == most:
            if abs(now - level) < tolerance:
                return True
            level = now
    return False


@_compiled
def seek_centres(z: Array, first: int, draws: Array, lloyd_steps: int) -> NDArray[np.int64]:
    """Nearest centre (n,) of points z (n, L), by k-means++ and a few Lloyd steps.

    The first centre is that point; each of the K - 1 draws in [0, 1) chooses the next one, by the
    squared distances to the nearest centre so far.
    """
    n, dims = z.shape
    k = len(draws) + 1
    centres, counts = np.zeros((k, dims)), np.zeros(k)
    centres[0] = z[first]
    nearest, own = np.full(n, math.inf), np.zeros(n, np.int64)
    for c in range(1, k):
        total = 0.0
        for i in range(n):
            nearest[i] = min(nearest[i], _squared(z[i], centres[c - 1]))
            total += nearest[i]
        chosen, passed = int(draws[c - 1] * n), 0.0
        if total > 0:  # not all points in one place
            chosen = n - 1
            for i in range(n):
                passed += nearest[i]
                if passed > draws[c - 1] * total:
                    chosen = i
                    break
        centres[c] = z[chosen]
    for _ in range(lloyd_steps):
        _assign(z, centres, own)
        centres[:] = 0.0
        counts[:] = 0.0
        for i in range(n):
            counts[own[i]] += 1.0
            for d in range(dims):
                centres[own[i], d] += z[i, d]
        for c in range(k):
            centres[c] /= max(counts[c], 1.0)
    _assign(z, centres, own)
    return own


@_compiled
def _assign(z: Array, centres: Array, own: NDArray[np.int64]) -> None:
    for i in range(len(z)):
        least = math.inf
        for c in range(len(centres)):
            distance = _squared(z[i], centres[c])
            if distance < least:
                least = distance
                own[i] = c


@_compiled
def _squared(one: Array, other: Array) -> float:
    """Squared distance of two points (L,)."""
    total = 0.0
    for d in range(len(one)):
        total += (one[d] - other[d]) ** 2
    return total


@_compiled
def _expect(
    features: Array,
    theta: Array,
    tau: Array,
    highest: Array,
    total: Array,
    powers: NDArray[np.int64],
    scales: Array,
) -> float:
    """Responsibilities (K, n) of the points; return their mean log density."""
    n_features, n = features.shape
    for k in range(theta.shape[1]):
        joint = tau[k]
        joint[:] = theta[0, k]
        for f in range(1, n_features):
            weight = theta[f, k]
            for i in range(n):
                joint[i] += weight * features[f, i]
        if k == 0:
            highest[:] = joint
        else:
            for i in range(n):
                highest[i] = max(highest[i], joint[i])
    total[:] = 0.0
    for k in range(theta.shape[1]):
        _exp(tau[k], highest, powers, scales)
        for i in range(n):
            total[i] += tau[k, i]
    mean = 0.0
    for i in range(n):
        mean += math.log(total[i]) + highest[i]
        total[i] = 1.0 / total[i]
    for k in range(theta.shape[1]):
        for i in range(n):
            tau[k, i] *= total[i]
    return float(mean / n)


@_compiled
def _exp(x: Array, less: Array, powers: NDArray[np.int64], scales: Array) -> None:
    """Replace x (n,) by exp(x - less); `scales` are the bits of `powers`."""
    for i in range(len(x)):
        value = max(x[i] - less[i], _LEAST)
        whole = math.floor(value * _LOG2_E + 0.5)
        powers[i] = (np.int64(whole) + 1023) << 52
        r = (value - whole * _LN2_HIGH) - whole * _LN2_LOW
        p = 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        x[i] = p * r + 1.0
    for i in range(len(x)):
        x[i] *= scales[i]


@_compiled
def _maximise(sums: Array, theta: Array, dims: int, noise: float, floor: float) -> None:
    """Coefficients of the components, and of the noise, that have these sums (K, F)."""
    n_columns = len(sums)
    n_components = n_columns if math.isnan(noise) else n_columns - 1
    all_counts = 0.0
    for k in range(n_columns):
        all_counts += max(sums[k, 0], _FEWEST)
    mean, covariance, inverse = np.empty(dims), np.empty((dims, dims)), np.empty((dims, dims))
    for k in range(n_components):
        count = max(sums[k, 0], _FEWEST)
        for i in range(dims):
            mean[i] = sums[k, 1 + i] / count
        f = 1 + dims
        for i in range(dims):
            for j in range(i, dims):
                covariance[i, j] = sums[k, f] / count - mean[i] * mean[j]
                covariance[j, i] = covariance[i, j]
                f += 1
            covariance[i, i] += floor
        constant = math.log(count / all_counts) - 0.5 * dims * math.log(2 * math.pi)
        constant -= 0.5 * _invert(covariance, inverse, floor)
        f = 1 + dims
        for i in range(dims):
            linear = 0.0
            for j in range(dims):
                linear += inverse[i, j] * mean[j]
            theta[1 + i, k] = linear
            constant -= 0.5 * linear * mean[i]
            for j in range(i, dims):
                theta[f, k] = -0.5 * inverse[i, j] if i == j else -inverse[i, j]
                f += 1
        theta[0, k] = constant
    if n_components < n_columns:
        theta[0, n_components] = math.log(max(sums[n_components, 0], _FEWEST) / all_counts) + noise


@_compiled
def _invert(covariance: Array, inverse: Array, floor: float) -> float:
    """Write the inverse of a covariance (L, L); return its log determinant.

    The determinant of two dimensions is never less than the floor of the variances allows.
    """
    dims = len(covariance)
    if dims == 2:
        a, b, d = covariance[0, 0], covariance[0, 1], covariance[1, 1]
        determinant = max(a * d - b * b, 0.5 * floor * (a + d))
        inverse[0, 0], inverse[1, 1] = d / determinant, a / determinant
        inverse[0, 1] = inverse[1, 0] = -b / determinant
        return math.log(determinant)
    root = np.zeros((dims, dims))
    log_determinant = 0.0
    for i in range(dims):
        for j in range(i + 1):
            value = covariance[i, j]
            for m in range(j):
                value -= root[i, m] * root[j, m]
            if i == j:
                root[i, i] = math.sqrt(max(value, 0.5 * floor))
                log_determinant += 2 * math.log(root[i, i])
            else:
                root[i, j] = value / root[j, j]
    for column in range(dims):
        for i in range(dims):
            value = 1.0 if i == column else 0.0
            for m in range(i):
                value -= root[i, m] * inverse[m, column]
            inverse[i, column] = value / root[i, i]
        for i in range(dims - 1, -1, -1):
            value = inverse[i, column]
            for m in range(i + 1, dims):
                value -= root[m, i] * inverse[m, column]
            inverse[i, column] = value / root[i, i]
    return log_determinant
