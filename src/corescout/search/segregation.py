"""Do types lie in different places? Agreement of assignments at a distance, with its error.

The parts of one pattern - its edges, tips and junctions - differ as much as types do, and a
mixture finds them just as well. They repeat, though: far enough away to share no pixels, one is
met next to the other as often as next to itself. Types keep to their own places on the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MOST_POINTS = 2000  # pairs grow with the square
_LEAST_PX = 20.0
_LEAST_WINDOWS = 1.25


@dataclass(frozen=True)
class Segregation:
    """How far assignments agree beyond chance at a distance.

    Attributes
    ----------
    value : float
        0 for a pattern that is the same everywhere, up to 1.
    standard_error : float
        By leaving out one spatial block at a time.
    n_blocks : int
    distance_px : (float, float)
        Of the pairs that were compared.
    """

    value: float
    standard_error: float
    n_blocks: int
    distance_px: tuple[float, float]

    def p_value(self, floor: float) -> float:
        """Return how likely a value this high is where the true one is `floor`: one-sided t."""
        from scipy.stats import t

        if self.n_blocks < 2 or not self.standard_error > 0:
            return 1.0
        return float(t.sf((self.value - floor) / self.standard_error, self.n_blocks - 1))


def distances_px(window_px: int) -> tuple[float, float]:
    """Nearest and farthest pair: beyond the overlap of two windows, up to twice as far."""
    nearest = max(_LEAST_PX, _LEAST_WINDOWS * window_px)
    return nearest, 2 * nearest


def segregation(
    tau: NDArray[np.float64], yx_px: NDArray[np.float64], distance_px: tuple[float, float]
) -> Segregation:
    """Correlate responsibilities tau (N, K) over pairs of places yx_px (N, 2) at a distance.

    With c_i = tau_i - mean tau: mean over pairs of c_i . c_j, over mean of c_i . c_i (Moran's I
    for a vector, with binary weights of a ring).
    """
    if len(tau) > _MOST_POINTS:
        rows = np.random.default_rng(0).choice(len(tau), _MOST_POINTS, replace=False)
        tau, yx_px = tau[rows], yx_px[rows]
    c = tau - tau.mean(axis=0)
    spread = float((c * c).sum(axis=1).mean())
    near, far = distance_px
    difference = yx_px[:, None, :] - yx_px[None, :, :]
    distance = np.hypot(difference[..., 0], difference[..., 1])
    pairs = (distance > near) & (distance <= far)
    if spread < 1e-9 or not pairs.any():
        return Segregation(0.0, float("inf"), 0, distance_px)
    block = _blocks(yx_px, far)
    member = np.eye(int(block.max()) + 1)[block]
    sums = member.T @ (np.where(pairs, c @ c.T, 0.0) / spread) @ member
    counts = member.T @ pairs.astype(float) @ member
    value = sums.sum() / counts.sum()
    error, n_blocks = _jackknife(sums, counts)
    return Segregation(float(value), error, n_blocks, distance_px)


def _jackknife(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> tuple[float, int]:
    """Standard error of sum/count when every pair with an end in one block is left out in turn."""

    def without(table: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(table.sum() - 2 * table.sum(axis=1) + np.diag(table))

    left = without(counts)
    values = without(sums)[left > 0] / left[left > 0]
    n = len(values)
    if n < 2:
        return float("inf"), n
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum())), n


def _blocks(yx_px: NDArray[np.float64], side_px: float) -> NDArray[np.int64]:
    cell = np.floor((yx_px - yx_px.min(axis=0)) / side_px).astype(np.int64)
    _, block = np.unique(cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1], return_inverse=True)
    return np.asarray(block, dtype=np.int64)
