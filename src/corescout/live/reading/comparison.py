"""Two scans of one area: which types they give to the places that both show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result
from corescout.data.pairs import pairs_at_one_place
from corescout.live.reading.identity import types_of_points

SAME_PLACE_PX = 2.0  # of the coarser scan: key points this close are of one place


@dataclass(frozen=True, eq=False)
class Overlap:
    """Key points of two scans that lie at one place of the sample.

    Attributes
    ----------
    rows : (n, 2) int64
        Row of the first and of the second result.
    types : (n, 2) int64
    drift_m : tuple of float
        By which the second was moved back.
    found : int
        Key points of the second scan that lie on the first.
    """

    rows: NDArray[np.int64]
    types: NDArray[np.int64]
    drift_m: tuple[float, float]
    found: int

    @property
    def agreement(self) -> float:
        """Share of the places with the same type."""
        return float(np.mean(self.types[:, 0] == self.types[:, 1])) if len(self.types) else 0.0

    @property
    def by_chance(self) -> float:
        """The share that independent types of these frequencies would have."""
        kinds = np.unique(self.types)
        shares = [(self.types[:, i][:, None] == kinds).mean(axis=0) for i in (0, 1)]
        return float(shares[0] @ shares[1]) if len(self.types) else 0.0

    @property
    def mutual_information(self) -> float:
        """Adjusted mutual information; 0 by chance, 1 for the same types, of whatever number."""
        from sklearn.metrics import adjusted_mutual_info_score

        return float(adjusted_mutual_info_score(self.types[:, 0], self.types[:, 1]))


def overlap_of(first: Result, second: Result, drift_m: tuple[float, float] = (0.0, 0.0)) -> Overlap:
    """Pair the key points of two results whose scans have frames.

    Parameters
    ----------
    drift_m : tuple of float
        (x, y) of the sample from the first scan to the second, as `register(first, second)` says.
    """
    here, there = first.scan.frame, second.scan.frame
    if here is None or there is None:
        raise ValueError("overlap_of: expected scans with frames")
    places = here.to_m(np.asarray(first.patches.center_yx_px))
    others = there.to_m(np.asarray(second.patches.center_yx_px)) - np.asarray(drift_m)
    reach = SAME_PLACE_PX * max(*here.pitch_m, *there.pitch_m)
    rows = pairs_at_one_place(places, others, reach)
    types = np.stack(
        [types_of_points(first)[rows[:, 0]], types_of_points(second)[rows[:, 1]]], axis=1
    )
    return Overlap(rows, types, drift_m, int(here.contains_m(others).sum()))
