"""Whether structure predicts a property: cross-validation in blocks of the scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.short_repr import short_repr
from corescout.prediction.gaussian_process import fit_predictor
from corescout.prediction.kernel import Part

LEAST_LOOPS = 20  # with fewer no R2 is said
_MOST_FOLDS = 8
_NORMAL_90 = 1.6449
_DRAWS = 400


@dataclass(frozen=True, eq=False)
class Validation:
    """What cross-validation in blocks found.

    Attributes
    ----------
    n, n_folds : int
        Loops and folds.
    r2, r2_error : float
        1 - SS(residuals) / SS(about the mean of the other blocks), and its standard error over
        blocks; NaN with too few loops or blocks.
    coverage : float
        Share of the loops inside their 90 % interval.
    per_block : tuple of float
        What each block adds to `r2`; empty where that is NaN.
    """

    n: int
    n_folds: int
    r2: float = float("nan")
    r2_error: float = float("nan")
    coverage: float = float("nan")
    per_block: tuple[float, ...] = ()

    __repr__ = short_repr

    @property
    def predicts(self) -> bool | None:
        """Whether structure tells more than the mean does, at 95 %; None if not known yet."""
        if not np.isfinite(self.r2):
            return None
        return bool(self.r2 - _NORMAL_90 * self.r2_error > 0)

    def words(self, name: str = "the property") -> str:
        """Say it in a sentence."""
        if self.n < LEAST_LOOPS:
            return (
                f"{self.n} loops: whether structure predicts {name} is asked from {LEAST_LOOPS} on"
            )
        if not np.isfinite(self.r2):
            return f"{self.n} loops lie too close together to ask whether structure predicts {name}"
        figures = (
            f"R2 {self.r2:.2f} +- {self.r2_error:.2f} in {self.n_folds} blocks that were left out,"
            f" {self.coverage:.0%} of {self.n} loops inside their 90 % interval"
        )
        if self.predicts:
            return f"structure predicts {name}: {figures}"
        return f"structure predicts {name} no better than the mean: {figures}"


def blocks_of(xy: NDArray[np.float64], side: float) -> NDArray[np.int64]:
    """Number the squares of a side that places (n, 2) lie in, (n,) from 0."""
    cell = np.floor((xy - xy.min(axis=0)) / side).astype(np.int64)
    return np.unique(cell, axis=0, return_inverse=True)[1].reshape(-1)


def cross_validate(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    block: NDArray[np.int64],
    seed: int = 0,
    parts: tuple[Part, ...] | None = None,
) -> Validation:
    """Predict each block of loops from all others, the process fitted anew without it.

    Parameters
    ----------
    x : (n, D)
    y : (n,)
    block : (n,)
        Wider than the correlation length and the written radius; more than eight are dealt out
        into eight folds.
    parts : tuple of Part, optional
        Of the kernel.
    """
    fold = _folds(block, seed)
    n_folds = len(np.unique(fold))
    if len(y) < LEAST_LOOPS or n_folds < 3:
        return Validation(len(y), n_folds)
    residual, about, inside = np.zeros(len(y)), np.zeros(len(y)), np.zeros(len(y), bool)
    start = None
    for k in np.unique(fold):
        out = fold == k
        fitted = fit_predictor(x[~out], y[~out], start, parts=parts)
        start = fitted if start is None else start
        mean, std = fitted.predict(x[out])
        residual[out] = y[out] - mean
        about[out] = y[out] - y[~out].mean()
        inside[out] = np.abs(residual[out]) <= _NORMAL_90 * fitted.of_a_loop(std)
    r2, error, added = _r2(residual, about, block, seed)
    return Validation(len(y), n_folds, r2, error, float(inside.mean()), added)


def _folds(block: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Deal blocks out into folds of about equal size, the largest first."""
    numbers, counts = np.unique(block, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(numbers))
    order = order[np.argsort(-counts[order], kind="stable")]
    n_folds = min(_MOST_FOLDS, len(numbers))
    size, fold_of = np.zeros(max(n_folds, 1)), {}
    for i in order:
        smallest = int(size.argmin())
        fold_of[int(numbers[i])] = smallest
        size[smallest] += counts[i]
    return np.array([fold_of[int(b)] for b in block], dtype=np.int64)


def _r2(
    residual: NDArray[np.float64],
    about: NDArray[np.float64],
    block: NDArray[np.int64],
    seed: int,
) -> tuple[float, float, tuple[float, ...]]:
    """R2, its standard error over draws of the blocks (bootstrap), and what each block adds."""
    numbers, of = np.unique(block, return_inverse=True)
    left = np.bincount(of, residual**2, len(numbers))
    all_of_it = np.bincount(of, about**2, len(numbers))
    total = float(all_of_it.sum())
    if not total > 0:
        return float("nan"), float("nan"), ()
    drawn = np.random.default_rng(seed).integers(0, len(numbers), (_DRAWS, len(numbers)))
    spread = 1 - left[drawn].sum(axis=1) / np.maximum(all_of_it[drawn].sum(axis=1), 1e-300)
    added = np.bincount(of) / len(of) - left / total
    return 1 - float(left.sum()) / total, float(spread.std()), tuple(map(float, added))
