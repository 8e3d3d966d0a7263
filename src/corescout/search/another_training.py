"""What another training of the same scan may show, from the trainings that there are.

Types are shown where what the winner tells apart keeps to its own places. On codes without gaps
another training has another winner, or another cut, and on some scans nothing of it keeps to
places. Each training of each finalist could have been the winner: what they say differs as far as
two explorations would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corescout.data.sentences import ended
from corescout.plan import DecisionPlan
from corescout.search.merging import agreement_of
from corescout.search.places import Places
from corescout.trial import Outcome

UNSURE_AGREEMENT = 0.5
MOST_OTHERS = 0.5  # of the trainings that show several types where this shows one, or one


@dataclass(frozen=True)
class AnotherTraining:
    """What trainings of the finalists say, each as if it had won.

    Attributes
    ----------
    trainings : int
        All seeds of all finalists that did not collapse.
    keeping : int
        Of these that tell apart what keeps to its own places, so that several types are shown.
    """

    trainings: int = 0
    keeping: int = 0

    @classmethod
    def of(cls, trained: Sequence[Outcome], plan: DecisionPlan) -> AnotherTraining:
        """Ask every training; none where the plan does not ask for places."""
        asked = plan.possible_types and plan.null_surrogates > 0
        if not asked or plan.largest_agreement is None:
            return cls()
        return cls(len(trained), sum(_keeps_to_places(o, plan) for o in trained))

    def in_words(self, n_types: int) -> str:
        """Say that another training may show one type, or several; "" where it hardly will.

        Parameters
        ----------
        n_types : int
            That are shown.
        """
        if self.trainings < 2:
            return ""
        others = self.keeping if n_types == 1 else self.trainings - self.keeping
        if others <= MOST_OTHERS * self.trainings:
            return ""
        what = "several types" if n_types == 1 else "one type"
        return ended(
            f"{others} of {self.trainings} trainings of the finalists would show {what} by"
            f" themselves: another training may show {what}"
        )


def _keeps_to_places(outcome: Outcome, plan: DecisionPlan) -> bool:
    fit = outcome.fit
    places = Places.of(np.asarray(fit.center_yx_px), outcome.candidate.window_px)
    found = agreement_of(fit.mixtures, outcome.rewards, fit.codes, places, plan, tested=False)
    return found.value - found.standard_error > (plan.largest_agreement or 0.0)
