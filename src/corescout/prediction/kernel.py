"""Kernels: what a process is expected to look like before any loop, as a sum of parts.

    k(x, x') = sum_p s_p^2 Matern_5/2(|(x_p - x'_p) / l_p|)

A part is a function of some inputs: of the types alone, of the place alone. That the parts are
added up is what few loops can be fitted by: a step between two types is found by the loops of all
places, and not by those alone that are alike in thirty inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Part:
    """One function of the sum, and what is expected of it: log-normal priors.

    Attributes
    ----------
    columns : (d,) int64
        Its inputs.
    spread, spread_log : float
        Standard deviation s, in that of the values, and how far it may be off, in logs of s^2.
    length, length_log : float
        Length scales l, in inputs, and how far they may be off, in logs.
    shared : bool
        One length scale for all its inputs; else one for each (automatic relevance determination).
    """

    columns: NDArray[np.int64]
    spread: float
    length: float
    spread_log: float = 0.7
    length_log: float = 0.4
    shared: bool = False

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "columns", (None,), np.int64)

    @property
    def n_lengths(self) -> int:
        """How many length scales it has."""
        return 1 if self.shared else len(self.columns)

    @property
    def prior(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Middle and spread (1 + n_lengths,) of the logs of s^2 and of the length scales."""
        count = self.n_lengths
        middle = np.concatenate([[2 * np.log(self.spread)], np.full(count, np.log(self.length))])
        return middle, np.concatenate([[self.spread_log], np.full(count, self.length_log)])


def one_part(n_inputs: int) -> tuple[Part, ...]:
    """All inputs in one part: the prior that grows with the dimension (Hvarfner et al., 2024)."""
    length = float(np.exp(np.sqrt(2) + 0.5 * np.log(max(n_inputs, 1))))
    return (Part(np.arange(n_inputs), 1.0, length),)


@dataclass(frozen=True, eq=False)
class Kernel:
    """Parts with their hyperparameters.

    Attributes
    ----------
    parts : tuple of Part
    theta : (H,)
        Logs of s^2 and of the length scales, part by part.
    """

    parts: tuple[Part, ...]
    theta: NDArray[np.float64]

    __repr__ = short_repr

    def split(self) -> list[tuple[Part, float, NDArray[np.float64]]]:
        """Each part with its s^2 and its length scales (n_lengths,)."""
        found, at = [], 0
        for part in self.parts:
            end = at + 1 + part.n_lengths
            found.append((part, float(np.exp(self.theta[at])), np.exp(self.theta[at + 1 : end])))
            at = end
        return found

    def of_parts(self) -> list[tuple[Part, Kernel]]:
        """Each part with the kernel of it alone."""
        return [
            (part, Kernel((part,), np.concatenate([[np.log(signal2)], np.log(length)])))
            for part, signal2, length in self.split()
        ]

    @property
    def variance(self) -> float:
        """Of f at any place."""
        return sum(signal2 for _, signal2, _ in self.split())

    def relevance(self, n_inputs: int) -> NDArray[np.float64]:
        """Relevance s / l of each input (D,), over its parts: 0 for one that does not matter."""
        found = np.zeros(n_inputs)
        for part, signal2, length in self.split():
            found[part.columns] += np.sqrt(signal2) / length
        return found

    def covariance(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance (A, B) of f between inputs (A, D) and (B, D)."""
        total = np.zeros((len(a), len(b)))
        for part, signal2, length in self.split():
            r, decay = _distance(a[:, part.columns] / length, b[:, part.columns] / length)
            total += signal2 * (1 + r + r * r / 3) * decay
        return total

    def with_slopes(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[Slope]]:
        """Covariance (n, n) of inputs with themselves, and what its gradient is made of."""
        total, slopes = np.zeros((len(x), len(x))), []
        for part, signal2, length in self.split():
            scaled = x[:, part.columns] / length
            r, decay = _distance(scaled, scaled)
            own = signal2 * (1 + r + r * r / 3) * decay
            slopes.append(Slope(part, scaled, own, signal2 * (5 / 3) * (1 + r) * decay))
            total += own
        return total, slopes


@dataclass(frozen=True, eq=False)
class Slope:
    """Gradient of a part's covariance over the logs of its hyperparameters.

    dk/d(log l_d) = s^2 5/3 (1 + sqrt 5 r) exp(-sqrt 5 r) (dx_d / l_d)^2, and
    sum_ij M_ij (x_i - x_j)^2 = 2 sum_i x_i^2 sum_j M_ij - 2 x^T M x for a symmetric M: one product
    of matrices gives all length scales.

    Attributes
    ----------
    part : Part
    scaled : (n, d)
        Inputs over length scales.
    own, by_length : (n, n)
        The covariance, and the factor of (dx_d / l_d)^2.
    """

    part: Part
    scaled: NDArray[np.float64]
    own: NDArray[np.float64]
    by_length: NDArray[np.float64]

    def against(self, outer: NDArray[np.float64]) -> NDArray[np.float64]:
        """Half the trace (1 + n_lengths,) of a symmetric (n, n) with each derivative."""
        m = outer * self.by_length
        x = self.scaled
        lengths = (x**2 * m.sum(axis=1)[:, None]).sum(axis=0) - (x * (m @ x)).sum(axis=0)
        lengths = np.array([lengths.sum()]) if self.part.shared else lengths
        return np.concatenate([[0.5 * (outer * self.own).sum()], lengths])


def _distance(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance (A, B) times sqrt 5, and e to the minus that."""
    from scipy.spatial.distance import cdist

    r = np.sqrt(5.0) * cdist(a, b)
    return r, np.exp(-r)
