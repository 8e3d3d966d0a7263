"""A Gaussian process over inputs of key points: what a property is where it was not measured.

    y = m + f(x) + e,   f ~ GP(0, k),   e ~ Student t with four degrees of freedom, scale n

with the kernel k a sum of parts (`kernel`). Few loops and many inputs would let the length scales
fit anything: hyperparameters are maximum a posteriori. The noise n comes from places of like
inputs: a second loop at one place is no repeat, since the first one has written there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data.short_repr import short_repr
from corescout.prediction.kernel import Kernel, Part, one_part

_NOISE, _NOISE_LOG = 0.3, 1.0  # n in the spread of the values, and the log of n^2; decision 30
_BOUNDS = (-11.0, 9.0)  # of logs
_JITTER = 1e-8
_STEPS, _FEWER_STEPS, _ROUNDS = 40, 12, 4  # of the optimiser; how often loops are weighed anew
_FREEDOM = 4.0  # of Student's t: a loop four sigmas off counts a quarter
_SETTLED = 0.2  # change of a log weight
_MOST_FOR_SCALES = 250  # loops that length scales are fitted to; the prediction uses all
_NORMAL_90 = 1.6449
_CALM = 20.0  # loops that the width of the intervals is worth without having seen any
_NARROWEST, _WIDEST = 1.0, 3.0  # few residuals flatter: never narrower


@dataclass(frozen=True, eq=False)
class Predictor:
    """A fitted process.

    Attributes
    ----------
    inputs : (n, D)
        Of the loops.
    mean, spread : float
        Of the values: the process is of (y - mean) / spread.
    kernel : Kernel
        In units of `spread`.
    noise : float
        Scale n, in `spread`.
    doubt : (n,)
        What n^2 is multiplied by for each loop: 1 for one that is like the others.
    factor, weights : (n, n), (n,)
        Cholesky factor L of the covariance of the loops, and K^-1 (y - m).
    widened : float
        What intervals are multiplied by, from leave-one-out residuals.
    """

    inputs: NDArray[np.float64]
    mean: float
    spread: float
    kernel: Kernel
    noise: float
    doubt: NDArray[np.float64]
    factor: NDArray[np.float64]
    weights: NDArray[np.float64]
    widened: float = 1.0

    __repr__ = short_repr

    def covariance(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prior covariance (A, B) of f between inputs (A, D) and (B, D), in spread^2."""
        return self.kernel.covariance(a, b)

    @property
    def variance(self) -> float:
        """Prior variance of f, in spread^2."""
        return self.kernel.variance

    def projected(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """L^-1 k(loops, x) (n, N): its columns' products are what the loops tell of f."""
        from scipy.linalg import solve_triangular

        crossed = self.covariance(self.inputs, x)
        return np.asarray(solve_triangular(self.factor, crossed, lower=True, check_finite=False))

    def predict(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation (N,), (N,) of f at inputs (N, D), in the unit of y."""
        told = self.projected(x)
        mean = self.mean + self.spread * (self.covariance(self.inputs, x).T @ self.weights)
        variance = np.maximum(self.variance - (told**2).sum(axis=0), 1e-12)
        return mean, self.spread * self.widened * np.sqrt(variance)

    def of_a_loop(self, std: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviation of what a loop would show, from that of f: noise is added."""
        return np.hypot(std, self.widened * self.noise * self.spread)

    def left_out(
        self, block: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Residual (n,) of each loop where its block (n,) is left out, and the variance of f (n,).

        In `spread`; each loop by itself if None. In closed form with the hyperparameters as they
        are, K^-1_BB r_B = (K^-1 y)_B (Rasmussen and Williams, eq. 5.12): no fit anew, and so a
        little too good.
        """
        from scipy.linalg import cho_solve

        inverse = cho_solve((self.factor, True), np.eye(len(self.inputs)), check_finite=False)
        own_noise = self.noise**2 * self.doubt + _JITTER
        if block is None:
            variance = 1 / np.diag(inverse)
            return self.weights * variance, np.maximum(variance - own_noise, 0.0)
        residual, variance = np.zeros(len(block)), np.zeros(len(block))
        for b in np.unique(block):
            own = np.flatnonzero(block == b)
            among = np.linalg.inv(inverse[np.ix_(own, own)])
            residual[own], variance[own] = among @ self.weights[own], np.diag(among)
        return residual, np.maximum(variance - own_noise, 0.0)

    def change(
        self, columns: Sequence[int], a: NDArray[np.float64], b: NDArray[np.float64]
    ) -> tuple[float, float]:
        """Return how much the parts of some inputs change from a (D,) to b (D,), in the unit of y.

        Mean and standard deviation of g = sum_p f_p(b) - f_p(a) over the parts p of these columns
        alone: cov(g, y) = k_p(b, loops) - k_p(a, loops).
        """
        from scipy.linalg import solve_triangular

        crossed, prior = np.zeros(len(self.inputs)), 0.0
        for part, kernel in self.kernel.of_parts():
            if set(part.columns.tolist()) <= set(columns):
                ends = np.stack([a, b])
                k = kernel.covariance(ends, self.inputs)
                crossed += k[1] - k[0]
                prior += 2 * (kernel.variance - float(kernel.covariance(ends, ends)[0, 1]))
        told = solve_triangular(self.factor, crossed, lower=True, check_finite=False)
        variance = max(prior - float(told @ told), 0.0)
        mean = self.spread * float(crossed @ self.weights)
        return mean, self.spread * self.widened * float(np.sqrt(variance))

    @property
    def relevance(self) -> NDArray[np.float64]:
        """Relevance s / l (D,): 0 for an input that does not matter."""
        return self.kernel.relevance(self.inputs.shape[1])


def fit_predictor(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    start: Predictor | None = None,
    *,
    parts: tuple[Part, ...] | None = None,
    doubt: bool = True,
) -> Predictor:
    """Fit a process to values (n,) at inputs (n, D).

    Wild loops move little: each is weighed by its leave-one-out residual r in units of what is
    expected of it, n^2 (4 + r^2) / 5 where that is more (expectation and maximisation of Student's
    t; Lange, Little and Taylor, 1989).

    Parameters
    ----------
    start : Predictor, optional
        Of fewer loops, whose hyperparameters are the start.
    parts : tuple of Part, optional
        Of the kernel; all inputs in one if None.
    doubt : bool
        Distrust wild loops; not where values are 0 and 1.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    parts = one_part(x.shape[1]) if parts is None else parts
    spread = _robust_spread(y)
    fit = _Fit(x, (y - np.median(y)) / spread, parts)
    theta, weighed = fit.start(start), np.ones(len(y))
    for round_ in range(_ROUNDS if doubt else 1):
        theta = fit.hyperparameters(theta, weighed, _FEWER_STEPS if round_ else _STEPS)
        fitted = fit.condition(theta, weighed)
        anew = _doubt(fitted)
        settled = np.abs(np.log(anew / weighed)).max(initial=0.0) < _SETTLED
        if not doubt or settled:
            break
        weighed = anew
        fitted = fit.condition(theta, weighed)
    fitted = replace(fitted, mean=float(np.median(y)) + spread * fitted.mean, spread=spread)
    return _calibrated(fitted)


def _robust_spread(y: NDArray[np.float64]) -> float:
    low, high = np.percentile(y, [16, 84])
    spread = float(high - low) / 2
    return spread if spread > 0 else float(y.std()) or 1.0


def _doubt(fitted: Predictor) -> NDArray[np.float64]:
    """What the noise variance of each loop (n,) is multiplied by."""
    residual, variance = fitted.left_out()
    off = residual**2 / (variance + fitted.noise**2 + _JITTER)
    return np.maximum((_FREEDOM + off) / (_FREEDOM + 1), 1.0)


def _calibrated(fitted: Predictor) -> Predictor:
    """Widen the intervals to what leave-one-out residuals say, wild loops among them."""
    residual, variance = fitted.left_out()
    off = np.abs(residual) / np.sqrt(np.maximum(variance + fitted.noise**2, 1e-12))
    count = len(off)
    seen = float(np.quantile(off, 0.9)) / _NORMAL_90 if count else 1.0
    widened = (count * seen + _CALM) / (count + _CALM)
    return replace(fitted, widened=float(np.clip(widened, _NARROWEST, _WIDEST)))


def log_likelihood(
    theta: NDArray[np.float64],
    x: NDArray[np.float64],
    target: NDArray[np.float64],
    doubt: NDArray[np.float64],
    parts: tuple[Part, ...] | None = None,
) -> tuple[float, NDArray[np.float64]]:
    """Log marginal likelihood and its gradient, as scikit-learn's, in a tenth of its time.

    Parameters
    ----------
    theta : (H + 1,)
        Of the kernel, and the log of n^2.
    x : (n, D)
    target, doubt : (n,)
        Values, and what n^2 is multiplied by for each.
    """
    from scipy.linalg import LinAlgError, cho_solve, cholesky

    parts = one_part(x.shape[1]) if parts is None else parts
    covariance, slopes = Kernel(parts, theta[:-1]).with_slopes(x)
    own_noise = np.exp(theta[-1]) * doubt
    covariance[np.diag_indices(len(x))] += own_noise + _JITTER
    try:
        factor = cholesky(covariance, lower=True, check_finite=False)
    except LinAlgError:
        return -1e25, np.zeros_like(theta)
    weights = cho_solve((factor, True), target, check_finite=False)
    outer = np.outer(weights, weights)
    outer -= cho_solve((factor, True), np.eye(len(x)), check_finite=False)
    likelihood = (
        -0.5 * float(target @ weights)
        - float(np.log(np.diag(factor)).sum())
        - 0.5 * len(x) * np.log(2 * np.pi)
    )
    gradient = [*(slope.against(outer) for slope in slopes)]
    return likelihood, np.concatenate([*gradient, [0.5 * float(np.diag(outer) @ own_noise)]])


@dataclass(frozen=True, eq=False)
class _Fit:
    """Values (n,) about their median, in their spread, at inputs (n, D)."""

    x: NDArray[np.float64]
    target: NDArray[np.float64]
    parts: tuple[Part, ...]

    def prior(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Middle and spread of the log hyperparameters."""
        own = [part.prior for part in self.parts]
        middle = np.concatenate([*(m for m, _ in own), [2 * np.log(_NOISE)]])
        return middle, np.concatenate([*(s for _, s in own), [_NOISE_LOG]])

    def start(self, earlier: Predictor | None) -> NDArray[np.float64]:
        """Of a process of fewer loops, or the middle of the prior."""
        middle, _ = self.prior()
        if earlier is not None and len(earlier.kernel.theta) == len(middle) - 1:
            return np.append(earlier.kernel.theta, 2 * np.log(earlier.noise))
        return middle

    def hyperparameters(
        self, theta: NDArray[np.float64], doubt: NDArray[np.float64], steps: int
    ) -> NDArray[np.float64]:
        """Maximum a posteriori of the log hyperparameters, from a start."""
        from scipy.optimize import minimize

        some = np.arange(len(self.x))
        if len(some) > _MOST_FOR_SCALES:  # evenly spread over the order of measuring
            some = np.linspace(0, len(self.x) - 1, _MOST_FOR_SCALES).astype(int)
        middle, spread = self.prior()
        given = self.x[some], self.target[some], doubt[some], self.parts

        def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            likelihood, slope = log_likelihood(at, *given)
            off = (at - middle) / spread
            return -likelihood + 0.5 * float(off @ off), off / spread - slope

        found = minimize(
            loss, np.clip(theta, *_BOUNDS), jac=True, bounds=[_BOUNDS] * len(theta),
            method="L-BFGS-B", options={"maxiter": steps},
        )  # fmt: skip
        return np.asarray(found.x)

    def condition(self, theta: NDArray[np.float64], doubt: NDArray[np.float64]) -> Predictor:
        """The process given the loops."""
        kernel, noise = Kernel(self.parts, theta[:-1]), float(np.exp(theta[-1] / 2))
        return conditioned(kernel, noise, self.x, self.target, doubt)


def conditioned(
    kernel: Kernel,
    noise: float,
    x: NDArray[np.float64],
    target: NDArray[np.float64],
    doubt: NDArray[np.float64],
) -> Predictor:
    """The process with given hyperparameters; the mean is that of generalised least squares."""
    from scipy.linalg import cho_solve, cholesky

    covariance = kernel.covariance(x, x)
    covariance[np.diag_indices(len(x))] += noise**2 * doubt + _JITTER
    factor = cholesky(covariance, lower=True, check_finite=False)
    ones = cho_solve((factor, True), np.ones(len(x)), check_finite=False)  # near places count once
    offset = float(ones @ target / ones.sum())
    weights = cho_solve((factor, True), target - offset, check_finite=False)
    return Predictor(x, offset, 1.0, kernel, noise, doubt, factor, weights)
