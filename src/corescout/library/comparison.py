"""Two scans compared by their types: shares, densities, and agreement where they overlap."""

from __future__ import annotations

from collections.abc import Mapping
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
        Both, where the scans call it differently.
    numbers : tuple of int
        Of the type on each scan; 0 where it is not there.
    count : tuple of int
    share : tuple of float
        Of the key points.
    per_um2 : tuple of float or None
        Key points per square micrometre.
    wall_um : tuple of float or None
        Length of wall.
    """

    name: str
    numbers: tuple[int, int]
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
        Types that are the same are one row: those of one representation by their numbers, others
        by the places that both scans show, and where these do not tell by the names that a person
        gave.
    same_representation : bool
        Whether both were seen by one network.
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
    same, places = _same(first, second), place_by_place(first, second)
    kinds = _pairs(first, second, places.same_types, same_representation=same)
    return Comparison(
        rows=tuple(_row(pair, (first, second), walls) for pair in kinds),
        same_representation=same,
        places=places,
    )


def _pairs(
    first: Result, second: Result, by_place: Mapping[int, int], *, same_representation: bool
) -> list[tuple[int, int]]:
    """Numbers of each type on both scans, 0 where one does not have it."""
    left, right = first.types.looks, second.types.looks
    found: dict[int, int] = {}
    if same_representation:
        kept = np.intersect1d(first.type_of_component, second.type_of_component).tolist()
        found = {n: n for n in kept if n in left and n in right}
    by_name = {
        n: m
        for n, one in left.items()
        for m, other in right.items()
        if one.name == other.name and one.name != f"type {n}"
    }
    for more in (by_place, by_name):
        for n, m in more.items():
            if n not in found and m not in found.values():
                found[n] = m
    alone = [(0, m) for m in right if m not in found.values()]
    return [(n, found.get(n, 0)) for n in left] + alone


def _row(
    numbers: tuple[int, int],
    results: tuple[Result, Result],
    walls: tuple[WallLengths | None, WallLengths | None],
) -> TypeShare:
    counts, shares, densities, lengths = [], [], [], []
    for number, result, wall in zip(numbers, results, walls, strict=True):
        count, area = result.types.count(number) if number else 0, _area_um2(result)
        counts.append(count)
        shares.append(count / max(1, len(result.types.of_point)))
        densities.append(None if area is None else count / area)
        metres = wall.of_type_m(result.types, number) if wall is not None else None
        lengths.append(None if metres is None else metres * 1e6)
    return TypeShare(
        _name(numbers, results),
        numbers,
        (counts[0], counts[1]),
        (shares[0], shares[1]),
        (densities[0], densities[1]),
        (lengths[0], lengths[1]),
    )


def _name(numbers: tuple[int, int], results: tuple[Result, Result]) -> str:
    """What the type is called: on both scans if it differs, with its scan if the other has one."""
    called = [r.types.name(n) for n, r in zip(numbers, results, strict=True) if n]
    if len(called) == 2:
        return called[0] if called[0] == called[1] else " / ".join(called)
    side = 0 if numbers[0] else 1
    others = {look.name for look in results[1 - side].types.looks.values()}
    return f"{called[0]} of the {('first', 'second')[side]}" if called[0] in others else called[0]


def _area_um2(result: Result) -> float | None:
    frame = result.scan.frame
    return None if frame is None else float(np.prod(np.asarray(frame.size_m) * 1e6))


def _same(first: Result, second: Result) -> bool:
    return first.weights.keys() == second.weights.keys() and all(
        np.array_equal(first.weights[name], second.weights[name]) for name in first.weights
    )
