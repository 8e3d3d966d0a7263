"""A Gaussian process over inputs of key points: what a property is where it was not measured.

    y = m + f(x) + e,   f ~ GP(0, s^2 Matern_5/2(x, x'; l_1 ... l_D)),   e ~ N(0, n^2)

with a length scale for each input (automatic relevance determination). Few loops and many inputs
would let the length scales fit anything: they are maximum a posteriori, with the log-normal prior
that grows with the dimension (Hvarfner et al., ICML 2024). The noise n comes from places of like
inputs: a second loop at one place is no repeat, since the first one has written there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data.short_repr import short_repr

_LENGTH_SPREAD, _NOISE, _NOISE_SPREAD = 0.4, 0.3, 1.0  # of the priors, in logs; decision 30
_SIGNAL_SPREAD = 0.7
_SIGNAL_BOUNDS, _LENGTH_BOUNDS, _NOISE_BOUNDS = (-9.0, 5.0), (-4.0, 9.0), (-9.0, 2.5)  # logs
_JITTER = 1e-8
_MOST_WILD = 0.05  # of the loops; more are no accidents but what the property is like
_MOST_STEPS = 40  # of the optimiser
_WILD = 4.0  # standard deviations of its leave-one-out prediction: a loop to distrust
_MOST_FOR_SCALES = 250  # loops that length scales are fitted to; the prediction uses all
_NORMAL_90 = 1.6449
_CALM = 10.0  # loops that the width of the intervals is worth without having seen any
_NARROWEST, _WIDEST = 0.8, 3.0


@dataclass(frozen=True, eq=False)
class Predictor:
    """A fitted process.

    Attributes
    ----------
    inputs : (n, D)
        Of the loops.
    mean, spread : float
        Of the values: the process is of (y - mean) / spread.
    length : (D,)
        Length scales, in inputs.
    signal, noise : float
        Standard deviations s and n, in `spread`.
    factor, weights : (n, n), (n,)
        Cholesky factor L of the covariance of the loops, and K^-1 (y - m).
    widened : float
        What intervals are multiplied by, from leave-one-out residuals.
    left_out : (n,)
        Leave-one-out residual of each loop in units of its predicted standard deviation.
    """

    inputs: NDArray[np.float64]
    mean: float
    spread: float
    length: NDArray[np.float64]
    signal: float
    noise: float
    factor: NDArray[np.float64]
    weights: NDArray[np.float64]
    widened: float = 1.0
    left_out: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    __repr__ = short_repr

    def covariance(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prior covariance (A, B) of f between inputs (A, D) and (B, D), in spread^2."""
        return _matern(a / self.length, b / self.length, self.signal)

    def projected(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """L^-1 k(loops, x) (n, N): its columns' products are what the loops tell of f."""
        from scipy.linalg import solve_triangular

        crossed = self.covariance(self.inputs, x)
        return np.asarray(solve_triangular(self.factor, crossed, lower=True, check_finite=False))

    def predict(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation (N,), (N,) of f at inputs (N, D), in the unit of y."""
        told = self.projected(x)
        mean = self.mean + self.spread * (self.covariance(self.inputs, x).T @ self.weights)
        variance = np.maximum(self.signal**2 - (told**2).sum(axis=0), 1e-12)
        return mean, self.spread * self.widened * np.sqrt(variance)

    def of_a_loop(self, std: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviation of what a loop would show, from that of f: noise is added."""
        return np.hypot(std, self.widened * self.noise * self.spread)

    def residuals_without(self, block: NDArray[np.int64]) -> NDArray[np.float64]:
        """Residual (n,) of each loop where its block (n,) is left out, in the unit of y.

        In closed form with the length scales as they are, K^-1_BB r_B = (K^-1 y)_B: no fit anew,
        and so a little too good.
        """
        from scipy.linalg import cho_solve

        inverse = cho_solve((self.factor, True), np.eye(len(self.inputs)), check_finite=False)
        residual = np.zeros(len(block))
        for b in np.unique(block):
            own = np.flatnonzero(block == b)
            residual[own] = np.linalg.solve(inverse[np.ix_(own, own)], self.weights[own])
        return residual * self.spread

    @property
    def relevance(self) -> NDArray[np.float64]:
        """1 / length scale (D,): 0 for an input that does not matter."""
        return np.asarray(1 / self.length)


def fit_predictor(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    start: Predictor | None = None,
    *,
    doubt: bool = True,
) -> Predictor:
    """Fit a process to values (n,) at inputs (n, D).

    A loop more than four standard deviations from what all others predict for it is given the
    variance of its own residual: one wild loop moves nothing.

    Parameters
    ----------
    start : Predictor, optional
        Of fewer loops, whose length scales are the start.
    doubt : bool
        Distrust wild loops; not where values are 0 and 1.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    mean, spread = float(np.median(y)), _robust_spread(y)
    target = (y - mean) / spread
    extra = np.zeros(len(y))
    theta = _start(x.shape[1], start)
    for _ in range(2):
        theta = _hyperparameters(x, target, extra, theta)
        fitted = _condition(x, target, extra, theta, mean, spread)
        wild = (np.abs(fitted.left_out) > _WILD) & (extra == 0)
        if not doubt or not wild.any() or wild.sum() > _MOST_WILD * len(y):
            break
        extra = np.where(wild, (fitted.left_out * np.sqrt(_left_out_variance(fitted))) ** 2, extra)
    return _calibrated(fitted, extra)


def _robust_spread(y: NDArray[np.float64]) -> float:
    low, high = np.percentile(y, [16, 84])
    spread = float(high - low) / 2
    return spread if spread > 0 else float(y.std()) or 1.0


def _start(n_inputs: int, start: Predictor | None) -> NDArray[np.float64]:
    """Log of signal variance, length scales, noise variance."""
    if start is not None and len(start.length) == n_inputs:
        return np.asarray(
            np.log(np.concatenate([[start.signal**2], start.length, [start.noise**2]]))
        )
    length = np.full(n_inputs, np.sqrt(max(n_inputs, 1)))
    return np.asarray(np.log(np.concatenate([[1.0], length, [_NOISE]])))


def _prior(theta: NDArray[np.float64], n_inputs: int) -> tuple[float, NDArray[np.float64]]:
    """Log density of the log hyperparameters, and its gradient."""
    middle = np.concatenate(
        [[0.0], np.full(n_inputs, np.sqrt(2) + 0.5 * np.log(max(n_inputs, 1))), [np.log(_NOISE)]]
    )
    spread = np.concatenate([[_SIGNAL_SPREAD], np.full(n_inputs, _LENGTH_SPREAD), [_NOISE_SPREAD]])
    off = (theta - middle) / spread
    return float(-0.5 * (off**2).sum()), -off / spread


def log_likelihood(
    theta: NDArray[np.float64],
    x: NDArray[np.float64],
    target: NDArray[np.float64],
    extra: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Log marginal likelihood and its gradient, as scikit-learn's, in a tenth of its time.

    With the Matern 5/2 kernel dk/d(log l_d) = s^2 5/3 (1 + sqrt 5 r) exp(-sqrt 5 r) (dx_d / l_d)^2,
    and sum_ij M_ij (x_i - x_j)^2 = 2 sum_i x_i^2 sum_j M_ij - 2 x^T M x for a symmetric M: one
    product of matrices gives all length scales.

    Parameters
    ----------
    theta : (D + 2,)
        Logs of s^2, of the length scales, and of n^2.
    x : (n, D)
    target, extra : (n,)
        Values, and variances that are added for single loops.
    """
    from scipy.linalg import LinAlgError, cho_solve, cholesky
    from scipy.spatial.distance import cdist

    signal2, noise2 = np.exp(theta[0]), np.exp(theta[-1])
    scaled = x / np.exp(theta[1:-1])
    root = np.sqrt(5.0) * cdist(scaled, scaled)
    decay = np.exp(-root)
    signal = signal2 * (1 + root + root * root / 3) * decay
    covariance = signal.copy()
    covariance[np.diag_indices(len(x))] += noise2 + _JITTER + extra
    try:
        factor = cholesky(covariance, lower=True, check_finite=False)
    except LinAlgError:
        return -1e25, np.zeros_like(theta)
    weights = cho_solve((factor, True), target, check_finite=False)
    inverse = cho_solve((factor, True), np.eye(len(x)), check_finite=False)
    likelihood = (
        -0.5 * float(target @ weights)
        - float(np.log(np.diag(factor)).sum())
        - 0.5 * len(x) * np.log(2 * np.pi)
    )
    outer = np.outer(weights, weights) - inverse
    m = outer * (signal2 * (5 / 3) * (1 + root) * decay)
    lengths = (scaled**2 * m.sum(axis=1)[:, None]).sum(axis=0) - (scaled * (m @ scaled)).sum(axis=0)
    gradient = np.concatenate(
        [[0.5 * (outer * signal).sum()], lengths, [0.5 * noise2 * np.trace(outer)]]
    )
    return float(likelihood), gradient


def _hyperparameters(
    x: NDArray[np.float64],
    target: NDArray[np.float64],
    extra: NDArray[np.float64],
    theta: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Maximum a posteriori of the log hyperparameters, from a start."""
    from scipy.optimize import minimize

    if len(x) > _MOST_FOR_SCALES:  # evenly spread over the order of measuring
        some = np.linspace(0, len(x) - 1, _MOST_FOR_SCALES).astype(int)
        x, target, extra = x[some], target[some], extra[some]

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        likelihood, slope = log_likelihood(at, x, target, extra)
        prior, prior_slope = _prior(at, x.shape[1])
        return -likelihood - prior, -(slope + prior_slope)

    bounds = [_SIGNAL_BOUNDS, *[_LENGTH_BOUNDS] * x.shape[1], _NOISE_BOUNDS]
    found = minimize(
        loss, np.clip(theta, *np.array(bounds).T), jac=True, bounds=bounds,
        method="L-BFGS-B", options={"maxiter": _MOST_STEPS},
    )  # fmt: skip
    return np.asarray(found.x)


def _condition(
    x: NDArray[np.float64],
    target: NDArray[np.float64],
    extra: NDArray[np.float64],
    theta: NDArray[np.float64],
    mean: float,
    spread: float,
) -> Predictor:
    """The process given the loops, with its leave-one-out residuals (Rasmussen, eq. 5.12)."""
    from scipy.linalg import cho_solve, cholesky

    signal, noise = float(np.exp(theta[0] / 2)), float(np.exp(theta[-1] / 2))
    length = np.exp(theta[1:-1])
    covariance = _matern(x / length, x / length, signal)
    covariance[np.diag_indices(len(x))] += noise**2 + _JITTER + extra
    # The mean is that of generalised least squares: near places count once.
    factor = cholesky(covariance, lower=True, check_finite=False)
    ones = cho_solve((factor, True), np.ones(len(x)), check_finite=False)
    offset = float(ones @ target / ones.sum())
    weights = cho_solve((factor, True), target - offset, check_finite=False)
    inverse = cho_solve((factor, True), np.eye(len(x)), check_finite=False)
    left_out = weights / np.sqrt(np.diag(inverse))
    return Predictor(
        x, mean + spread * offset, spread, length, signal, noise, factor, weights, 1.0, left_out
    )


def _left_out_variance(fitted: Predictor) -> NDArray[np.float64]:
    from scipy.linalg import cho_solve

    inverse = cho_solve((fitted.factor, True), np.eye(len(fitted.inputs)), check_finite=False)
    return np.asarray(1 / np.diag(inverse))


def _calibrated(fitted: Predictor, extra: NDArray[np.float64]) -> Predictor:
    """Widen or narrow the intervals to what leave-one-out residuals say, wild loops among them."""
    variance = _left_out_variance(fitted)
    residual = np.abs(fitted.left_out) * np.sqrt(variance)
    off = residual / np.sqrt(np.maximum(variance - extra, 1e-12))
    count = len(off)
    seen = float(np.quantile(off, 0.9)) / _NORMAL_90 if count else 1.0
    widened = (count * seen + _CALM) / (count + _CALM)
    return replace(fitted, widened=float(np.clip(widened, _NARROWEST, _WIDEST)))


def _matern(a: NDArray[np.float64], b: NDArray[np.float64], signal: float) -> NDArray[np.float64]:
    from scipy.spatial.distance import cdist

    r = np.sqrt(5.0) * cdist(a, b)
    return np.asarray(signal**2 * (1 + r + r * r / 3) * np.exp(-r))
