"""Types merged, and a type split off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corescout.data import InputError, Result, TypeLook
from corescout.edits.components import Components
from corescout.edits.follow import with_types
from corescout.edits.looks import look_of


def merge(result: Result, into: int, others: Sequence[int]) -> Result:
    """Make several types one, which keeps the number, name and colour of `into`.

    The mixture stays: several of its components are then of one type.

    Raises
    ------
    InputError
        If there is no such type, or nothing to merge.
    """
    gone = sorted(set(others) - {into})
    if not gone:
        raise InputError("two types or more to merge", "one", "select another one as well")
    types = result.types
    for number in (into, *gone):
        look_of(types, number)
    kinds = result.type_of_component
    merged = replace(
        types,
        of_point=np.where(np.isin(types.of_point, gone), into, types.of_point),
        looks={n: look for n, look in types.looks.items() if n not in gone},
    )
    kinds = np.where(np.isin(kinds, gone), into, kinds)
    return with_types(result, replace(result.typed, type_of_component=kinds, edited_types=merged))


def split(result: Result, rows: ArrayLike, name: str | None = None) -> Result:
    """Make a new type of some points, by hand: exactly these, no fit moves them later.

    A component is fitted to them, so that the new type is also found on other scans; the
    components that they came from are fitted to what they keep.

    Parameters
    ----------
    rows : (n,) int
        Of the patches.
    name : str, optional

    Raises
    ------
    InputError
        If no point is given, or all of them.
    """
    z = result.codes
    chosen = checked_rows(rows, len(z))
    if len(chosen) in (0, len(z)):
        found = "all of them" if len(chosen) else "no point"
        raise InputError("some of the points", found, "draw around those that differ")
    types = result.types
    number = max(types.looks) + 1
    of_point = np.array(types.of_point)
    of_point[chosen] = number
    by_hand = np.array(types.by_hand)
    by_hand[chosen] = True
    looks = {n: look for n, look in types.looks.items() if (of_point == n).any()}
    looks[number] = TypeLook(_free_name(name or f"type {number}", looks.values()))
    split_off = Components.of(result).split_off(z, chosen, number, set(looks))
    parted = replace(types, of_point=of_point, by_hand=by_hand, looks=looks)
    return with_types(result, split_off.typed(z, parted))


def checked_rows(rows: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return rows in order, each once.

    Raises
    ------
    InputError
        If one is not there.
    """
    chosen = np.unique(np.asarray(rows, dtype=np.int64))
    if len(chosen) and not (chosen[0] >= 0 and chosen[-1] < count):
        raise InputError(
            f"points 0 to {count - 1}", f"{chosen[0]} to {chosen[-1]}", "select them again"
        )
    return chosen


def _free_name(wanted: str, looks: Iterable[TypeLook]) -> str:
    taken = {look.name for look in looks}
    name, count = wanted, 2
    while name in taken:
        name, count = f"{wanted} ({count})", count + 1
    return name
