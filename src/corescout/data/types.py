"""Types of microstructure: which point is of which, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True)
class TypeLook:
    """How a type is called and shown.

    Attributes
    ----------
    name : str
    color : str or None
        "#rrggbb"; None for the colour of its number.
    hidden : bool
        Not drawn, and given no targets.
    """

    name: str
    color: str | None = None
    hidden: bool = False

    def __post_init__(self) -> None:
        # a colour stands in pages and layers; a stranger's file must not put anything else there
        if self.color is not None and not re.fullmatch(r"#[0-9a-fA-F]{6}", self.color):
            raise ValueError(f"TypeLook.color: expected #rrggbb or None, got {self.color!r}")


@dataclass(frozen=True, eq=False)
class Types:
    """The types of N points. Numbers count from 1 and are kept for good: merging leaves a gap.

    Attributes
    ----------
    of_point : (N,) int64
        Type of each point.
    by_hand : (N,) bool
        Points that a person put where they are; no fit moves them.
    looks : mapping of int to TypeLook
        The types there are, by number.
    """

    of_point: NDArray[np.int64]
    by_hand: NDArray[np.bool_]
    looks: Mapping[int, TypeLook]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "of_point", (None,), np.int64)
        set_readonly(self, "by_hand", (len(self.of_point),), np.bool_)
        object.__setattr__(self, "looks", dict(sorted(self.looks.items())))
        unknown = set(np.unique(self.of_point).tolist()) - set(self.looks)
        if unknown:
            raise ValueError(f"Types.of_point: types {sorted(unknown)} have no name")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The types, in the order of their numbers."""
        return tuple(self.looks)

    @property
    def colors(self) -> dict[int, str]:
        """The colours that were chosen; the others have that of their number."""
        return {n: look.color for n, look in self.looks.items() if look.color is not None}

    @property
    def hidden(self) -> frozenset[int]:
        """Types that are not shown."""
        return frozenset(n for n, look in self.looks.items() if look.hidden)

    def name(self, number: int) -> str:
        """Return the name of a type; one that is none (0, or merged away) is named as such."""
        look = self.looks.get(number)
        return look.name if look is not None else f"type {number}" if number else "no type"

    def rows(self, number: int) -> NDArray[np.int64]:
        """Return the points of a type."""
        return np.flatnonzero(self.of_point == number)

    def count(self, number: int) -> int:
        """Return how many points a type has."""
        return int(np.count_nonzero(self.of_point == number))
