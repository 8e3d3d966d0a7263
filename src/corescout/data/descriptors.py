"""Wall descriptors: physical numbers of the wall at each key point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class WallDescriptors:
    """Descriptors of N key points, in the order of the patches.

    Attributes
    ----------
    columns : mapping of str to (N,) float64
        By name, the unit in it; NaN where a descriptor is not defined.
    """

    columns: Mapping[str, NDArray[np.float64]]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        checked: dict[str, NDArray[np.float64]] = {}
        count = len(next(iter(self.columns.values()))) if self.columns else 0
        for name, values in self.columns.items():
            checked[name] = readonly(f"WallDescriptors.columns[{name!r}]", values, (count,))
        object.__setattr__(self, "columns", checked)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the descriptors, in order."""
        return tuple(self.columns)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(N, D), a column for each name."""
        if not self.columns:
            return np.zeros((0, 0))
        return np.column_stack(list(self.columns.values()))
