"""How far the types of two scans agree place by place, and how far they would by chance.

Types lie in patches, so that points dealt at random are no null: neighbours agree whatever the
types are worth. The null is the same two scans laid on one another at wrong places, two correlation
lengths of the pattern or more away. As many of these as there are tell little where a scan holds
few independent cells of that size: no p-value is smaller than 1 / (1 + cells).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result
from corescout.data.counted import counted
from corescout.data.pairs import pairs_at_one_place
from corescout.data.same_types import matched
from corescout.registration import register
from corescout.rewards.context import correlation_length_px

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_REACH = 1.0  # spacings: key points farther apart than that are no pair
_LEAST_PAIRS = 20
_LENGTHS_AWAY = 2.0  # correlation lengths between a place and a wrong one, at least
_RINGS, _DIRECTIONS = (1.0, 1.5, 2.0), 12


@dataclass(frozen=True)
class PlaceByPlace:
    """Types of two scans where they overlap.

    Attributes
    ----------
    n_pairs : int
        Key points of the one scan that have a partner in the other.
    ami : float or None
        Adjusted mutual information of their types; None without a scale, with fewer than 20 pairs,
        or where either scan has one type there: nothing could disagree.
    why_none : str
        Why there is no number; "" where there is one.
    elsewhere : tuple of float
        The same at wrong places.
    cells : int
        Independent cells of two correlation lengths in the overlap.
    drift_m : tuple of float
        (x, y) that was taken off; 0 where the scans could not be registered.
    not_registered : str or None
        Why not.
    same_types : mapping of int to int
        Type of the second scan by that of the first, where they lie at the same places; none
        where the scans agree no better than at wrong places.
    """

    n_pairs: int
    ami: float | None
    why_none: str = ""
    elsewhere: tuple[float, ...] = ()
    cells: int = 0
    drift_m: tuple[float, float] = (0.0, 0.0)
    not_registered: str | None = None
    same_types: Mapping[int, int] = field(default_factory=dict)

    @property
    def p_value(self) -> float | None:
        """How often wrong places agree as much, no smaller than 1 / (1 + cells)."""
        if self.ami is None or not self.elsewhere:
            return None
        reached = sum(other >= self.ami for other in self.elsewhere)
        return max((1 + reached) / (1 + len(self.elsewhere)), 1 / (1 + self.cells))

    @property
    def in_words(self) -> str:
        """The agreement, and what it is by chance; no full stop."""
        if self.ami is None:
            return f"no agreement where the scans overlap: {self.why_none}"
        text = f"agreement where they overlap: AMI {self.ami:.2f} on {self.n_pairs} pairs"
        if self.p_value is None:
            return f"{text}; the overlap is too small to say how much is chance"
        chance = float(np.quantile(self.elsewhere, 0.95))
        return f"{text}; laid at wrong places up to {chance:.2f} (p = {self.p_value:.2f})"


def place_by_place(first: Result, second: Result) -> PlaceByPlace:
    """Compare the types of two results at the places that both show, their drift taken off."""
    one, other = _places_m(first), _places_m(second)
    if len(one) < 2 or not len(other):
        return PlaceByPlace(0, None, "a scan without a scale")
    found = register(first.scan, second.scan)
    drift = np.array(found.drift_m if found.refused is None else (0.0, 0.0))
    kinds = np.asarray(first.types.of_point), np.asarray(second.types.of_point)
    reach = _REACH * _spacing(one)
    other = other - drift
    pairs = pairs_at_one_place(one, other, reach)
    ami, why = _agreement(pairs, kinds)
    apart = _LENGTHS_AWAY * _length_m(first)
    elsewhere = [
        _agreement(pairs_at_one_place(one, other + step, reach), kinds)[0]
        for step in _steps(apart)
        if ami is not None
    ]
    chance = tuple(value for value in elsewhere if value is not None)
    better = ami is not None and ami > max(chance, default=0.0)
    return PlaceByPlace(
        len(pairs),
        ami,
        why,
        chance,
        _cells(one, other, apart),
        (float(drift[0]), float(drift[1])),
        found.refused,
        _same_types(pairs, kinds) if better else {},
    )


def _same_types(pairs: Numbers, kinds: tuple[Numbers, Numbers]) -> dict[int, int]:
    found = matched(kinds[1][pairs[:, 1]], kinds[0][pairs[:, 0]])
    return {before: now for now, before in sorted(found.items())}


def _agreement(pairs: Numbers, kinds: tuple[Numbers, Numbers]) -> tuple[float | None, str]:
    from sklearn.metrics import adjusted_mutual_info_score

    labels = kinds[0][pairs[:, 0]], kinds[1][pairs[:, 1]]
    if len(pairs) < _LEAST_PAIRS:
        return None, f"{counted(len(pairs), 'pair')} of key points"
    if min(len(np.unique(side)) for side in labels) < 2:
        return None, "one of them has one type there, so that nothing could disagree"
    return float(adjusted_mutual_info_score(*labels)), ""


def _steps(apart_m: float) -> Floats:
    """Shifts (S, 2) by so much or more, in all directions."""
    angle = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.concatenate([ring * apart_m * around for ring in _RINGS])


def _cells(one: Floats, other: Floats, apart_m: float) -> int:
    """How many squares of that side the overlap of two sets of places holds."""
    low = np.maximum(one.min(axis=0), other.min(axis=0))
    high = np.minimum(one.max(axis=0), other.max(axis=0))
    return int(np.prod(np.maximum(high - low, 0.0) / apart_m))


def _length_m(result: Result) -> float:
    """Correlation length of the first channel that was analysed."""
    frame = result.scan.frame
    image = np.asarray(result.scan.channel(result.channels[0]))
    pixel = 1.0 if frame is None else float(np.mean(frame.pitch_m))
    return correlation_length_px(image) * pixel


def _places_m(result: Result) -> Floats:
    """Places (N, 2) of the key points on the sample; none without a scale."""
    frame = result.scan.frame
    if frame is None:
        return np.zeros((0, 2))
    return frame.to_m(np.asarray(result.patches.center_yx_px))


def _spacing(places: Floats) -> float:
    """Median distance between neighbouring places."""
    from scipy.spatial import cKDTree

    return float(np.median(cKDTree(places).query(places, k=2)[0][:, 1]))
