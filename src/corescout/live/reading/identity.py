"""Types keep their number, and with it name and colour, from one representation to the next.

The same points are seen by both; new types are assigned to old ones so that most points keep theirs
(optimal assignment; Kuhn, 1955). What matches no old type gets a number that was never used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result, TypeLook
from corescout.data.same_types import matched


@dataclass
class Identities:
    """Numbers that were given in a session, and what they are called and look like."""

    looks: dict[int, TypeLook] = field(default_factory=dict)

    def take(self, result: Result) -> None:
        """Take over names and colours: of the first representation, or as a person edited them."""
        self.looks.update(result.types.looks)

    def keep(
        self,
        result: Result,
        now: NDArray[np.int64] | None = None,
        before: NDArray[np.int64] | None = None,
    ) -> Result:
        """Return a result whose types have the numbers of the old ones that they match.

        Parameters
        ----------
        now, before : (N,)
            Types of the same points under the representation of `result` and under the old one, 0
            where one has none. None where the old one could not be applied: all types are new.
        """
        mapping = {} if now is None or before is None else matched(now, before)
        for kind in np.unique(result.type_of_component).tolist():
            if kind not in mapping:
                mapping[kind] = max(self.looks, default=0) + 1
                self.looks[mapping[kind]] = TypeLook(f"type {mapping[kind]}")
        return renumbered(result, mapping, self.looks)


def types_of_points(result: Result) -> NDArray[np.int64]:
    """Type of each point of a result."""
    return np.asarray(result.types.of_point)


def renumbered(result: Result, mapping: Mapping[int, int], looks: Mapping[int, TypeLook]) -> Result:
    """Return a result with other numbers for its types, and the looks that these have."""
    table = np.arange(max([int(result.type_of_component.max()), *mapping]) + 1)
    for old, new in mapping.items():
        table[old] = new
    types = table[np.asarray(result.type_of_component)]
    numbers = np.unique(types).tolist()
    mine = {n: looks.get(n, TypeLook(f"type {n}")) for n in numbers}
    plain = all(look == TypeLook(look.name) for look in mine.values())
    seen = replace(result.types, of_point=table[types_of_points(result)], looks=mine)
    core = result.core_points
    names = tuple(looks[n].name if n in looks else f"type {n}" for n in range(1, max(numbers) + 1))
    return replace(
        result,
        type_of_component=types,
        core_points=replace(core, type=table[np.asarray(core.type)], type_names=names),
        targets=tuple(replace(t, type=int(table[t.type])) for t in result.targets),
        edited_types=None if plain and result.edited_types is None else seen,
    )
