"""Light records of the search: one candidate's outcome, and how far the search is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corescout.data.candidate import Candidate
from corescout.data.keypoints import Keypoints
from corescout.data.mixture import Mixture
from corescout.data.provisional import Provisional
from corescout.data.reward import Reward
from corescout.data.short_repr import short_repr

TrialState = Literal["done", "void", "failed", "not_tried"]


@dataclass(frozen=True)
class Trial:
    """What a candidate scored. Goes to the store; carries no arrays.

    Attributes
    ----------
    number : int
        Place in the fixed order of the plan.
    candidate : Candidate
    state : {"done", "void", "failed", "not_tried"}
        "void": trained but its rewards must not be compared (collapsed).
    rewards : mapping of str to Reward
    seconds : float
    reason : str or None
        Why it is void, failed or was not tried.
    """

    number: int
    candidate: Candidate
    state: TrialState
    rewards: Mapping[str, Reward] = field(default_factory=dict)
    seconds: float = 0.0
    reason: str | None = None

    def __repr__(self) -> str:
        why = f", {self.reason[:60]!r}" if self.reason else ""
        named = f"{len(self.rewards)} rewards"
        return f"Trial({self.number}, {self.candidate.label!r}, {self.state!r}, {named}{why})"


@dataclass(frozen=True)
class Progress:
    """A snapshot of a running exploration, for whoever shows it.

    Attributes
    ----------
    stage : str
        What is being done, in words: "key points", "training", "seeds", "evidence", "report".
    fraction : float
        0 to 1 over the whole exploration.
    seconds_left : float or None
        Estimate; None until there is one.
    trials : tuple of Trial
        Those finished so far, in the order of the plan.
    latents_by_trial : mapping of int to (N, L)
        Codes of the finished trials by their number.
    mixture_by_trial : mapping of int to Mixture
        The mixture of each that its gain is highest with.
    keypoints : Keypoints or None
        Those whose codes they are, on the scan's own pixels.
    provisional : Provisional or None
        Types that need no training, from the first second on; None where the plan has none.
    """

    stage: str
    fraction: float
    seconds_left: float | None = None
    trials: tuple[Trial, ...] = ()
    latents_by_trial: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)
    mixture_by_trial: Mapping[int, Mixture] = field(default_factory=dict)
    keypoints: Keypoints | None = None
    provisional: Provisional | None = None

    __repr__ = short_repr
