"""What loops that are planned will leave unknown: the process, conditioned without their values.

Notation: N key points, R of them as a sample of all ("references"), n loops. Variances are in
units of the predictor's spread, squared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.prediction import Predictor

_REFERENCES = 300
_LEAST_OF_TYPE = 25


def references(kind: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A sample (R,) of key points, at least 25 of each type, and the share each stands for."""
    rng = np.random.default_rng(seed)
    rows, share = [], []
    for t in np.unique(kind):
        own = np.flatnonzero(kind == t)
        count = min(len(own), max(_LEAST_OF_TYPE, round(_REFERENCES * len(own) / len(kind))))
        rows.append(np.sort(rng.choice(own, count, replace=False)))
        share.append(np.full(count, len(own) / len(kind) / count))
    return np.concatenate(rows), np.concatenate(share)


class LoopPosterior:
    """Variances of f at all key points, and covariances with the references; loops can be added.

    Parameters
    ----------
    predictor : Predictor
    x : (N, D)
        Inputs of all key points.
    reference : (R,) int64

    Attributes
    ----------
    variance : (N,)
    covariance : (N, R)
    noise2 : float
    """

    def __init__(
        self, predictor: Predictor, x: NDArray[np.float64], reference: NDArray[np.int64]
    ) -> None:
        self._predictor, self._x, self.reference = predictor, x, reference
        self._told = [predictor.projected(x)]
        self.noise2 = predictor.noise**2
        self.variance = np.maximum(predictor.variance - (self._told[0] ** 2).sum(axis=0), 1e-12)
        self.covariance = predictor.covariance(x, x[reference])
        self.covariance -= self._told[0].T @ self._told[0][:, reference]

    def add(self, row: int) -> None:
        """Take a loop at a key point as measured: rank-one update of everything."""
        g = self._predictor.covariance(self._x, self._x[row][None])[:, 0]
        for told in self._told:
            g = g - told.T @ told[:, row]
        g = g / np.sqrt(max(float(g[row]), 1e-12) + self.noise2)
        self._told.append(g[None])
        self.variance = np.maximum(self.variance - g**2, 1e-12)
        self.covariance -= g[:, None] * g[self.reference][None]
