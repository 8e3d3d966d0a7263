"""Types of two images compared at a distance, and with placements that are wrong.

Points of one image are compared with points of the other that lie further away than the pattern
knows of: beyond the overlap of two patches and beyond two correlation lengths. There the parts of
one pattern are met as often next to each other as next to themselves, in a repeat as in one image,
whereas zones hold. Noise of two images is independent, so none of it is common at any distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.short_repr import short_repr

Floats = NDArray[np.float64]

_LENGTHS = 2.0  # correlation lengths that points are apart, at least
_LEAST_PX, _LEAST_WINDOWS = 14.0, 1.25  # as the places of one image (`search.places`)
_BINS = 4  # of the near distance
_WRONG = 3.0  # near distances between the right placement and a wrong one, at least
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, eq=False)
class Placed:
    """Points of an image on the sample, and the probability of each type.

    Attributes
    ----------
    yx : (N, 2)
        In pixels of the first image's analysis, whichever image they are of.
    tau : (N, T)
        By each patch itself, not smoothed over neighbours.
    """

    yx: Floats
    tau: Floats

    __repr__ = short_repr

    def __len__(self) -> int:
        return len(self.yx)

    def take(self, rows: NDArray[np.bool_]) -> Placed:
        """Return some of the points."""
        return Placed(self.yx[rows], self.tau[rows])

    @property
    def centred(self) -> Floats:
        """Probabilities (N, T) less their means."""
        return np.asarray(self.tau - self.tau.mean(axis=0))


@dataclass(frozen=True)
class CrossAgreement:
    """How far types of two images agree at a distance.

    Attributes
    ----------
    value : float
        Mean over pairs of c_i . c'_j, over the root of mean c_i . c_i and mean c'_j . c'_j.
    standard_error : float
        By leaving out one spatial block at a time.
    p_value : float
        (1 + n f) / (1 + n), f being the share of the wrong placements that agree as much and n the
        number of cells of the near distance.
    cells : float
    """

    value: float
    standard_error: float
    p_value: float
    cells: float


def near_px(window_px: int, length_px: float) -> float:
    """Distance beyond which points are compared, of patches of a window and a pattern."""
    return max(_LEAST_PX, _LEAST_WINDOWS * window_px, _LENGTHS * length_px)


def cross_agreement(one: Placed, other: Placed, near: float) -> CrossAgreement | None:
    """Correlate the types of two images over pairs of points between `near` and twice that apart.

    Parameters
    ----------
    one, other : Placed
        Both of the same types, of the place that both show. One image with itself is asked how far
        it agrees within.
    near : float
        px.

    Returns
    -------
    CrossAgreement or None
        None where one of them has one type there, or no pair is so far apart.
    """
    spread = math.sqrt(_spread(one) * _spread(other))
    if min(_spread(one), _spread(other)) < _LEAST_SPREAD:
        return None
    i, j = _pairs(one.yx, other.yx, near)
    if not len(i):
        return None
    products = (one.centred[i] * other.centred[j]).sum(axis=1) / spread
    error = _jackknife(products, *_blocks(one.yx, other.yx, 2 * near), i, j)
    cells, share = _wrong_placements(one, other, near)
    p_value = (1 + cells * share) / (1 + cells)
    return CrossAgreement(float(products.mean()), error, p_value, cells)


def _spread(placed: Placed) -> float:
    return float((placed.centred**2).sum(axis=1).mean())


def _pairs(one: Floats, other: Floats, near: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    from scipy.spatial import cKDTree

    found = cKDTree(one).sparse_distance_matrix(cKDTree(other), 2 * near, output_type="ndarray")
    far = found[found["v"] > near]
    return far["i"].astype(np.int64), far["j"].astype(np.int64)


def _blocks(one: Floats, other: Floats, side: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of the square that each point of either lies in."""
    together = np.concatenate([one, other])
    cell = np.floor((together - together.min(axis=0)) / side).astype(np.int64)
    number = cell[:, 0] * (int(cell[:, 1].max()) + 1) + cell[:, 1]
    return number[: len(one)], number[len(one) :]


def _jackknife(
    products: Floats,
    block_one: NDArray[np.int64],
    block_other: NDArray[np.int64],
    i: NDArray[np.int64],
    j: NDArray[np.int64],
) -> float:
    """Standard error of their mean when every pair with an end in one block is left out."""
    a, b = block_one[i], block_other[j]
    count = int(max(block_one.max(), block_other.max())) + 1

    def left(weights: Floats) -> Floats:
        touching = np.bincount(a, weights, count) + np.bincount(b, weights, count)
        inside = np.bincount(a[a == b], weights[a == b], count)
        return np.asarray(weights.sum() - touching + inside)

    pairs = left(np.ones(len(products)))
    used = np.unique(np.concatenate([a, b]))
    used = used[pairs[used] > 0]
    values = left(products)[used] / pairs[used]
    n = len(values)
    if n < 2:
        return math.inf
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))


def _wrong_placements(one: Placed, other: Placed, near: float) -> tuple[float, float]:
    """Independent cells, and the share of wrong placements that agree as much as the right one.

    Points are collected in bins of near / 4 over the place that holds both, whose opposite edges
    are joined; of all shifts of the other image at once the mean over the ring is a convolution.
    Placements are wrong by three near distances or more: nearer ones bring points together that lie
    at one place, so that of one pattern they agree more than the right one.
    """
    low = np.minimum(one.yx.min(axis=0), other.yx.min(axis=0))
    size = np.maximum(one.yx.max(axis=0), other.yx.max(axis=0)) - low
    side = near / _BINS
    shape = np.maximum(np.ceil((size + 1e-9) / side).astype(int), 1)
    here, there = (_binned(p, low, side, shape) for p in (one, other))
    lag = _lags(shape) * side
    ring = np.fft.rfft2((lag > near) & (lag <= 2 * near))
    crossed = np.fft.irfft2(
        np.conj(np.fft.rfft2(here)) * np.fft.rfft2(there) * ring, s=tuple(shape)
    )
    total, pairs = crossed[:-1].sum(axis=0), crossed[-1]
    agreement = np.where(pairs > 0.5, total / np.maximum(pairs, 0.5), 0.0)
    is_wrong = lag >= _WRONG * near
    wrong = agreement[is_wrong]
    cells = float(is_wrong.mean() * np.prod(size) / near**2)
    reached = wrong >= agreement[0, 0] - 1e-12
    return cells, float(reached.mean()) if len(wrong) else 1.0


def _binned(placed: Placed, low: Floats, side: float, shape: NDArray[np.int64]) -> Floats:
    """Sums of the centred probabilities in each bin, and last the count of points."""
    cell = np.minimum(((placed.yx - low) / side).astype(np.int64), shape - 1)
    number = cell[:, 0] * shape[1] + cell[:, 1]
    columns = [*placed.centred.T, np.ones(len(placed))]
    bins = [np.bincount(number, column, int(np.prod(shape))) for column in columns]
    return np.reshape(bins, (len(columns), *shape))


def _lags(shape: NDArray[np.int64]) -> Floats:
    """Length of each shift of a torus, in bins."""
    y, x = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    return np.asarray(np.hypot(y[:, None], x[None, :]))
