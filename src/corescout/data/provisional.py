"""Types that are shown while the search that confirms or replaces them is still running."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.cores import CorePoints
from corescout.data.counted import counted
from corescout.data.short_repr import short_repr
from corescout.data.target import Target
from corescout.data.typed_points import TypedPoints


@dataclass(frozen=True, eq=False)
class Provisional:
    """What scattering, which nothing is trained for, says of a scan: to look at, claimed by nobody.

    Nothing measures at these targets by itself: they are no part of a result.

    Attributes
    ----------
    number : int
        Of the trial that they come from.
    yx_px : (N, 2)
        Centres of the patches on the scan's own pixels.
    typed : TypedPoints
    core_points : CorePoints
    targets : tuple of Target
    seconds : float
        After the search began.
    """

    number: int
    yx_px: NDArray[np.float64]
    typed: TypedPoints
    core_points: CorePoints
    targets: tuple[Target, ...]
    seconds: float

    __repr__ = short_repr

    @property
    def n_types(self) -> int:
        """Number of types."""
        return len(self.typed.types.numbers)

    @property
    def in_words(self) -> str:
        """What is shown and what it is worth, in a line without a full stop."""
        kinds = self.typed.types
        shares = ", ".join(f"{kinds.name(n)} {kinds.count(n)}" for n in kinds.numbers)
        types = counted(self.n_types, "provisional type")
        return (
            f"{types} at {counted(len(self.typed), 'key point')} ({shares}), without training"
            " and tested by nothing; the search confirms or replaces them"
        )
