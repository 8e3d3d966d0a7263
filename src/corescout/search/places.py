"""Do types lie in different places? How far assignments agree at a distance.

The parts of one pattern - its edges, tips and junctions - differ as much as types do, and a
mixture finds them just as well. They repeat, though: far enough away to share no pixels, one is
met next to the other as often as next to itself. Types keep to their own places on the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MOST_POINTS = 20_000  # in the middle of a larger scan: pairs grow with their number
_LEAST_PX = 14.0
_LEAST_WINDOWS = 1.25
_PERMUTATIONS = 499

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlaceAgreement:
    """How far assignments agree beyond chance at a distance.

    Attributes
    ----------
    value : float
        0 for a pattern that is the same everywhere, up to 1.
    standard_error : float
        By leaving out one spatial block at a time.
    p_value : float
        Of no agreement at all; NaN where it was not asked.
    distance_px : (float, float)
        Of the pairs that were compared.
    """

    value: float
    standard_error: float
    p_value: float
    distance_px: tuple[float, float]

    def __str__(self) -> str:
        near, far = self.distance_px
        return (
            f"agreement {near:.0f} to {far:.0f} px apart {self.value:.2f}"
            f" +- {self.standard_error:.2f}"
        )


@dataclass(frozen=True, eq=False)
class Places:
    """Pairs of key points at a distance, and the cells they lie in.

    Attributes
    ----------
    rows : (n,) int64
        The key points that are used.
    pairs : (P, 2) int64
        Positions in `rows`, each pair once.
    block, cell : (n,) int64
        Squares of the far and of the near distance.
    cell_pairs : (Q, 2) int64
        Cells whose points are such a distance apart on average.
    distance_px : (float, float)
    """

    rows: NDArray[np.int64]
    pairs: NDArray[np.int64]
    block: NDArray[np.int64]
    cell: NDArray[np.int64]
    cell_pairs: NDArray[np.int64]
    distance_px: tuple[float, float]

    @classmethod
    def of(cls, yx_px: Floats, window_px: int) -> Places:
        """Pair places yx_px (N, 2) beyond the overlap of two windows, up to twice as far."""
        near = max(_LEAST_PX, _LEAST_WINDOWS * window_px)
        from_middle = np.abs(yx_px - np.median(yx_px, axis=0)).max(axis=1)
        rows = np.sort(np.argsort(from_middle, kind="stable")[:_MOST_POINTS])
        yx = yx_px[rows]
        cell = _squares(yx, near)
        counts = np.bincount(cell)
        middle = np.stack([np.bincount(cell, axis) / counts for axis in yx.T], axis=1)
        return cls(
            rows=rows,
            pairs=_at_distance(yx, near, 2 * near),
            block=_squares(yx, 2 * near),
            cell=cell,
            cell_pairs=_at_distance(middle, near, 2 * near),
            distance_px=(near, 2 * near),
        )

    def cross(self, tau: Floats) -> Floats:
        """Mean over pairs of c_i c_j' (K, K), symmetric, with c = tau - mean tau of tau (N, K)."""
        c = self._centred(tau)
        i, j = self.pairs.T
        product = c[i].T @ c[j]
        return np.asarray((product + product.T) / max(2 * len(self.pairs), 1))

    def agreement(self, tau: Floats, *, tested: bool = False) -> PlaceAgreement:
        """Correlate responsibilities tau (N, K) over the pairs.

        Mean over pairs of c_i . c_j, over mean of c_i . c_i: Moran's I for a vector, with binary
        weights of a ring. Tested, by exchanging whole cells: within one, points depend on each
        other whatever the pattern.
        """
        c = self._centred(tau)
        spread = float((c * c).sum(axis=1).mean())
        if spread < 1e-9 or not len(self.pairs):
            return PlaceAgreement(0.0, float("inf"), 1.0, self.distance_px)
        i, j = self.pairs.T
        products = (c[i] * c[j]).sum(axis=1) / spread
        error = self._jackknife(products)
        p_value = self._p_value(c) if tested else float("nan")
        return PlaceAgreement(float(products.mean()), error, p_value, self.distance_px)

    def _centred(self, tau: Floats) -> Floats:
        chosen = tau[self.rows]
        return np.asarray(chosen - chosen.mean(axis=0))

    def _jackknife(self, products: Floats) -> float:
        """Standard error of their mean when every pair with an end in one block is left out."""
        a, b = self.block[self.pairs].T
        n_blocks = int(self.block.max()) + 1

        def left(weights: Floats) -> Floats:
            touching = np.bincount(a, weights, n_blocks) + np.bincount(b, weights, n_blocks)
            inside = np.bincount(a[a == b], weights[a == b], n_blocks)
            return np.asarray(weights.sum() - touching + inside)

        count = left(np.ones(len(products)))
        values = left(products)[count > 0] / count[count > 0]
        n = len(values)
        if n < 2:
            return float("inf")
        return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))

    def _p_value(self, c: Floats) -> float:
        """How often cells whose contents are exchanged agree as much or more."""
        n_cells = int(self.cell.max()) + 1
        sums = np.stack([np.bincount(self.cell, column, n_cells) for column in c.T], axis=1)
        if not len(self.cell_pairs):
            return 1.0
        i, j = self.cell_pairs.T

        def total(content: NDArray[np.generic]) -> float:
            return float((content[i] * content[j]).sum())

        rng = np.random.default_rng(0)
        observed = total(sums)
        exchanged = [total(sums[rng.permutation(n_cells)]) for _ in range(_PERMUTATIONS)]
        reached = int(np.sum(np.asarray(exchanged) >= observed - 1e-12 * abs(observed)))
        return (1 + reached) / (1 + _PERMUTATIONS)


def _at_distance(yx: Floats, near: float, far: float) -> NDArray[np.int64]:
    from scipy.spatial import cKDTree

    pairs = cKDTree(yx).query_pairs(far, output_type="ndarray").astype(np.int64)
    apart = np.linalg.norm(yx[pairs[:, 0]] - yx[pairs[:, 1]], axis=1)
    return np.asarray(pairs[apart > near])


def _squares(yx: Floats, side_px: float) -> NDArray[np.int64]:
    """Number of the square (n,) that each place lies in, those without any left out."""
    cell = np.floor((yx - yx.min(axis=0)) / side_px).astype(np.int64)
    _, number = np.unique(cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1], return_inverse=True)
    return np.asarray(number.ravel(), dtype=np.int64)
