"""Key points near each other on the sample, over which what is said of one is averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr

REACH_PX, SHARE = 18.0, 0.8  # of the neighbours: on a plateau of 18 to 32 px, 0.8 to 0.9


@dataclass(frozen=True, eq=False)
class Neighbours:
    """N key points and how far they are heard by each other.

    Attributes
    ----------
    yx_px : (N, 2)
        On the grid that the window counts in.
    reach_px : float
        Distance beyond which a point is no neighbour.
    share : float
        m in [0, 1]: what the neighbours together count, the point itself counting 1 - m.
    """

    yx_px: NDArray[np.float64]
    reach_px: float
    share: float

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "yx_px", (None, 2))

    @classmethod
    def around(cls, yx_px: NDArray[np.float64]) -> Neighbours:
        """Return key points (N, 2) on the grid of the analysis, with the usual reach and share."""
        return cls(yx_px, REACH_PX, SHARE)

    def smoothed(self, tau: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (1 - m) tau + m W tau of the posteriors tau (N, K).

        w_ij = exp(-d_ij^2 / (2 (R/2)^2)) for 0 < d_ij <= R, each row of W summing to 1, with the
        distance d_ij and the reach R. A point without neighbours keeps its own.
        """
        from scipy.sparse import coo_array
        from scipy.spatial import cKDTree

        count = len(self.yx_px)
        i, j = cKDTree(self.yx_px).query_pairs(self.reach_px, output_type="ndarray").T
        apart = np.linalg.norm(self.yx_px[i] - self.yx_px[j], axis=1)
        weight = np.exp(-(apart**2) / (2 * (self.reach_px / 2) ** 2))
        half = coo_array((weight, (i, j)), shape=(count, count)).tocsr()
        total = np.asarray(half.sum(axis=0) + half.sum(axis=1))
        heard = (half @ tau + half.T @ tau) / np.where(total > 0, total, 1.0)[:, None]
        mixed = (1 - self.share) * tau + self.share * heard
        return np.asarray(np.where(total[:, None] > 0, mixed, tau))
