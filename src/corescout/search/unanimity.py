"""Do the finalists say the same types, each by itself? Then there is nothing to vote on.

Where gaps part the codes, every window finds the same types with every seed, and what is lost by a
vote is lost in its mixture: whitening makes the axis that has the gap as large as all others, and
the codes of scattering part by other things. Codes without gaps have no cut of their own; each
training makes another one there, and all are heard together (`search.consensus`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.plan import DecisionPlan
from corescout.search.agreement import mean_agreement
from corescout.search.provisional import typed_outcome
from corescout.trial import Outcome

# Chosen on 50 generated surfaces and four real scans, judged on others (docs/decisions/0033).
LEAST_GAIN = 3.5
LEAST_AGREEMENT = 0.6


@dataclass(frozen=True)
class Unanimity:
    """What the trainings of the finalists say, each by itself.

    Attributes
    ----------
    trainings : int
        All seeds of all finalists that did not collapse.
    gain : float
        Median of the reward `gain` over them: how far gaps part the codes.
    agreement : float
        Mean adjusted Rand index over pairs of what they would show; NaN with fewer than two.
    """

    trainings: int
    gain: float
    agreement: float

    @classmethod
    def of(cls, gains: Sequence[float], types: Sequence[NDArray[np.int64]]) -> Unanimity:
        """Return what trainings say, from the gain of each and the types (N,) that it finds."""
        gain = float(np.median(gains)) if gains else float("nan")
        agreement = mean_agreement(types) if len(types) > 1 else float("nan")
        return cls(len(gains), gain, agreement)

    @property
    def holds(self) -> bool:
        """Whether gaps part the codes and all that were trained find the same types.

        A single training has nothing to agree with: gaps alone decide.
        """
        return self.gain >= LEAST_GAIN and not self.agreement < LEAST_AGREEMENT


def unanimity(trained: Sequence[Outcome], plan: DecisionPlan) -> Unanimity:
    """Ask the trainings of the finalists, none of them collapsed, for the types of each."""
    types = [np.asarray(typed_outcome(o, plan).types.of_point) for o in trained]
    return Unanimity.of([o.rewards["gain"].value for o in trained], types)
