"""A direction is not a type: which candidates may decide, and what it means when none is left.

Without invariance to rotation a code keeps the direction of the wall and the side of it that a
point lies on; types of such codes are directions and flanks. Where candidates with rotation were
tried, only they decide. If all of these collapse because nothing is left to tell, the patches are
alike but for their direction: that is evidence for one type, not a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from corescout.data import Trial
from corescout.plan import DecisionPlan

if TYPE_CHECKING:
    from corescout.trial import Outcome

_AS_WELL = 1.3  # times the loss of the best of the same window, above the floor of grey targets
_EXPLAINED = 0.6  # of the loss of a patch of one grey

ALIKE = (
    "with rotation all patches are alike: the candidates with r rebuild them as well as the others"
    " and have nothing left to tell apart, so this is one type; what differs is its direction"
)
NOTHING_TRAINED = (
    "no candidate with rotation kept a code, and a code without it follows the direction of the"
    " wall, which is no type: all points are shown as one type (try further seeds or windows)"
)


def keeps_direction(trial: Trial, trials: Sequence[Trial], plan: DecisionPlan) -> bool:
    """Whether a candidate must not decide, as its code keeps the direction and others do not."""
    if plan.none_decides or trial.candidate.kind != "vae":
        return False
    tried = [t for t in trials if t.candidate.kind == "vae" and t.state != "not_tried"]
    invariant = any(turns(t.candidate.invariances) for t in tried)
    return invariant and not turns(trial.candidate.invariances)


def turns(invariances: str) -> bool:
    """Whether a candidate is invariant to rotation."""
    return invariances != "none" and "r" in invariances


def one_type(outcomes: Mapping[int, Outcome]) -> tuple[int, str] | None:
    """Return the candidate with rotation that shows one type best, and why; None without any.

    Asked where every candidate with rotation collapsed.
    """
    turned = {i: o for i, o in outcomes.items() if turns(o.candidate.invariances)}
    if not turned:
        return None
    loss = {i: _loss(o) for i, o in outcomes.items()}
    explained = {i: 1 - loss[i] / max(_flat_loss(o), 1e-12) for i, o in turned.items()}
    best = max(turned, key=lambda i: (explained[i], -i))
    window = turned[best].candidate.window_px
    least = min(loss[i] for i, o in outcomes.items() if o.candidate.window_px == window)
    alike = explained[best] >= _EXPLAINED and loss[best] <= _AS_WELL * least
    return best, ALIKE if alike else NOTHING_TRAINED


def _loss(outcome: Outcome) -> float:
    """Mean loss per pixel above the floor that grey targets cause, in nats."""
    fit = outcome.fit
    return float(np.mean(-np.asarray(fit.log_likelihood_per_px) - fit.target_entropy_per_px))


def _flat_loss(outcome: Outcome) -> float:
    """The same of a patch of the mean grey, for the Bernoulli likelihood."""
    grey = float(np.clip(outcome.mean_grey, 1e-6, 1 - 1e-6))
    cross = -(grey * np.log(grey) + (1 - grey) * np.log(1 - grey))
    return float(cross - np.mean(outcome.fit.target_entropy_per_px))
