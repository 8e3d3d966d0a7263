"""Two scans compared by their types: shares, densities, and agreement where they overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result
from corescout.data.pairs import pairs_at_one_place
from corescout.wall_lengths import WallLengths, wall_lengths

_REACH = 1.0  # spacings: key points farther apart than that are no pair
_LEAST_PAIRS = 20


@dataclass(frozen=True)
class TypeShare:
    """How much of a type there is on each of two scans; None where it is not known or not there.

    Attributes
    ----------
    name : str
    count : tuple of int
    share : tuple of float
        Of the key points.
    per_um2 : tuple of float or None
        Key points per square micrometre.
    wall_um : tuple of float or None
        Length of wall.
    """

    name: str
    count: tuple[int, int]
    share: tuple[float, float]
    per_um2: tuple[float | None, float | None]
    wall_um: tuple[float | None, float | None]


@dataclass(frozen=True)
class Comparison:
    """Two scans by their types.

    Attributes
    ----------
    rows : tuple of TypeShare
        Types of one name are one row.
    same_representation : bool
        Whether both were seen by one network; shares of types found apart are of different types,
        whatever their names.
    n_pairs : int
        Key points of the one scan that have a partner in the other, where they overlap.
    ami : float or None
        Adjusted mutual information of their types: 0 by chance, 1 for the same; None without a
        scale or with fewer than 20 pairs.
    """

    rows: tuple[TypeShare, ...]
    same_representation: bool
    n_pairs: int
    ami: float | None


def compare(
    first: Result,
    second: Result,
    lengths: tuple[WallLengths | None, WallLengths | None] | None = None,
) -> Comparison:
    """Compare the types of two results.

    Frames are taken as they are: a drift between the scans should be corrected before
    (`corescout.registration`).

    Parameters
    ----------
    lengths : pair of WallLengths or None, optional
        Measured here if None.
    """
    walls = lengths or (wall_lengths(first), wall_lengths(second))
    names = list(
        dict.fromkeys(
            look.name for result in (first, second) for look in result.types.looks.values()
        )
    )
    pairs = _pairs(first, second)
    ami = None
    if len(pairs) >= _LEAST_PAIRS:
        from sklearn.metrics import adjusted_mutual_info_score

        labels = (first.types.of_point[pairs[:, 0]], second.types.of_point[pairs[:, 1]])
        ami = float(adjusted_mutual_info_score(*labels))
    return Comparison(
        rows=tuple(_row(name, (first, second), walls) for name in names),
        same_representation=_same(first, second),
        n_pairs=len(pairs),
        ami=ami,
    )


def _row(
    name: str,
    results: tuple[Result, Result],
    walls: tuple[WallLengths | None, WallLengths | None],
) -> TypeShare:
    counts, shares, densities, lengths = [], [], [], []
    for result, wall in zip(results, walls, strict=True):
        number = next((n for n, look in result.types.looks.items() if look.name == name), 0)
        count, area = result.types.count(number) if number else 0, _area_um2(result)
        counts.append(count)
        shares.append(count / max(1, len(result.types.of_point)))
        densities.append(None if area is None else count / area)
        metres = wall.of_type_m(result.types, number) if wall is not None else None
        lengths.append(None if metres is None else metres * 1e6)
    return TypeShare(
        name,
        (counts[0], counts[1]),
        (shares[0], shares[1]),
        (densities[0], densities[1]),
        (lengths[0], lengths[1]),
    )


def _area_um2(result: Result) -> float | None:
    frame = result.scan.frame
    return None if frame is None else float(np.prod(np.asarray(frame.size_m) * 1e6))


def _pairs(first: Result, second: Result) -> NDArray[np.int64]:
    """Rows (P, 2) of key points that lie at one place of the sample."""
    one, other = _places_m(first), _places_m(second)
    if len(one) < 2:
        return np.zeros((0, 2), np.int64)
    return pairs_at_one_place(one, other, _REACH * _spacing(one))


def _places_m(result: Result) -> NDArray[np.float64]:
    """Places (N, 2) of the key points on the sample; none without a scale."""
    frame = result.scan.frame
    if frame is None:
        return np.zeros((0, 2))
    return frame.to_m(np.asarray(result.patches.center_yx_px))


def _spacing(places: NDArray[np.float64]) -> float:
    """Median distance between neighbouring places."""
    from scipy.spatial import cKDTree

    return float(np.median(cKDTree(places).query(places, k=2)[0][:, 1]))


def _same(first: Result, second: Result) -> bool:
    return first.weights.keys() == second.weights.keys() and all(
        np.array_equal(first.weights[name], second.weights[name]) for name in first.weights
    )
