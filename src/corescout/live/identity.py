"""Types keep their number, and with it name and colour, from one representation to the next.

The same points are seen by both; new types are assigned to old ones so that most points keep theirs
(optimal assignment; Kuhn, 1955). What matches no old type gets a number that was never used.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result

LEAST_SHARED = 0.3  # Jaccard index of the points of two types, to be the same one


@dataclass
class Identities:
    """Numbers that were given in a session, and the names that they have."""

    names: dict[int, str] = field(default_factory=dict)

    def begin(self, result: Result) -> None:
        """Take over the types of the first representation."""
        for number, name in enumerate(result.core_points.type_names, start=1):
            self.names.setdefault(number, name)

    def keep(self, result: Result, before: NDArray[np.int64] | None) -> Result:
        """Return a result whose types have the numbers of the old ones that they match.

        Parameters
        ----------
        before : (N,) or None
            Types that the points of `result` have under the old representation, 0 where one has
            none; None where it could not be applied: all types are new then.
        """
        mapping = self._mapping(types_of_points(result), before)
        return renumbered(result, mapping, self.names)

    def _mapping(self, now: NDArray[np.int64], before: NDArray[np.int64] | None) -> dict[int, int]:
        kinds = [int(k) for k in np.unique(now)]
        mapping = {} if before is None else matched(now, before)
        unused = max(self.names, default=0) + 1
        for kind in kinds:
            if kind not in mapping:
                mapping[kind] = unused
                self.names[unused] = f"type {unused}"
                unused += 1
        return mapping


def matched(now: NDArray[np.int64], before: NDArray[np.int64]) -> dict[int, int]:
    """Old number of each new type that has one: the assignment that shares the most points."""
    from scipy.optimize import linear_sum_assignment

    new, old = np.unique(now), np.unique(before[before > 0])
    if len(old) == 0:
        return {}
    shared = np.array([[np.sum((now == n) & (before == o)) for o in old] for n in new])
    either = np.array([[np.sum((now == n) | (before == o)) for o in old] for n in new])
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return {
        int(new[i]): int(old[j])
        for i, j in zip(rows, columns, strict=True)
        if shared[i, j] >= LEAST_SHARED * either[i, j]
    }


def types_of_points(result: Result) -> NDArray[np.int64]:
    """Type of each point of a result."""
    component = result.mixture.assign(np.asarray(result.fit.latents.mean)).argmax(axis=1)
    return np.asarray(np.asarray(result.type_of_component)[component], dtype=np.int64)


def renumbered(result: Result, mapping: dict[int, int], names: dict[int, str]) -> Result:
    """Return a result with other numbers for its types."""
    for kind in np.unique(result.type_of_component):
        mapping.setdefault(int(kind), int(kind))
    table = np.zeros(max(mapping) + 1, np.int64)
    for old, new in mapping.items():
        table[old] = new
    types = table[np.asarray(result.type_of_component)]
    count = int(types.max())
    core = result.core_points
    return replace(
        result,
        type_of_component=types,
        core_points=replace(
            core,
            type=table[np.asarray(core.type)],
            type_names=tuple(names.get(k, f"type {k}") for k in range(1, count + 1)),
        ),
        targets=tuple(replace(t, type=mapping.get(t.type, t.type)) for t in result.targets),
    )
