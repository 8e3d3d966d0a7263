"""Two scans compared by their types: shares, densities, and agreement where they overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from corescout.data import Result
from corescout.library.repeat import PlaceByPlace, place_by_place
from corescout.wall_lengths import WallLengths, wall_lengths


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
    places : PlaceByPlace
        How far the types agree where the scans overlap.
    """

    rows: tuple[TypeShare, ...]
    same_representation: bool
    places: PlaceByPlace


def compare(
    first: Result,
    second: Result,
    lengths: tuple[WallLengths | None, WallLengths | None] | None = None,
) -> Comparison:
    """Compare the types of two results.

    Where they can be registered a drift between the scans is taken off.

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
    return Comparison(
        rows=tuple(_row(name, (first, second), walls) for name in names),
        same_representation=_same(first, second),
        places=place_by_place(first, second),
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


def _same(first: Result, second: Result) -> bool:
    return first.weights.keys() == second.weights.keys() and all(
        np.array_equal(first.weights[name], second.weights[name]) for name in first.weights
    )
