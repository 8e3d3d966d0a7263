"""Whose types are shown: those of the winner alone, or those that candidates make together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Consensus, Mixture
from corescout.data.sentences import ended
from corescout.plan import DecisionPlan, Plan
from corescout.search.agreement import mean_agreement
from corescout.search.another_training import AnotherTraining
from corescout.search.consensus import Agreed, agreed_over_seeds
from corescout.search.decision import Decision
from corescout.search.found_trials import FoundTrials
from corescout.search.provisional import kept_outcome, typed_outcome
from corescout.search.unanimity import LEAST_AGREEMENT, LEAST_GAIN, Unanimity, unanimity
from corescout.trial import Outcome


@dataclass(frozen=True, eq=False)
class WhoseTypes:
    """Who makes the types.

    Attributes
    ----------
    together : Agreed or None
        What candidates agree on; None where the winner makes the types alone.
    agreement : float or None
        Mean adjusted Rand index between what seeds show; None of one seed or one type.
    n_seeds : int
        How many were compared.
    words : str
        Who decided and why, a sentence; "" where nobody was asked.
    another : AnotherTraining
        How many trainings of the finalists would show several types.
    type_of_component : (K,) int64 or None
        Types of the winner's components where it decides alone by gaps, each with places of its
        own; None where they stay as they are.
    """

    together: Agreed | None
    agreement: float | None
    n_seeds: int
    words: str = ""
    another: AnotherTraining = field(default_factory=AnotherTraining)
    type_of_component: NDArray[np.int64] | None = None


def whose_types(
    found: FoundTrials,
    decision: Decision,
    winner: Outcome,
    alone: tuple[Mixture, NDArray[np.int64]],
    plan: Plan,
    stop: threading.Event | None = None,
) -> WhoseTypes:
    """Decide who makes the types.

    The winner does where that is asked for, where it needed no training, where one type is shown,
    and where all finalists tell the same types apart by themselves (`search.unanimity`). Else the
    finalists and scattering make them together, unless they agree on a single type.

    Parameters
    ----------
    alone : (Mixture, (K,) int64)
        The mixture of the winner and the type of each component.
    stop : Event, optional
        Ends the fits of a consensus.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    mixture, types = alone
    another = AnotherTraining.of(found.trained_finalists(), plan.decision)
    if int(types.max()) == 1:
        return WhoseTypes(None, None, found.n_seeds(decision.winner), another=another)
    if plan.decision.types == "consensus" and winner.candidate.kind != "scattering":
        each = unanimity(found.trained_finalists(), plan.decision)
        if each.holds:
            kept = _of_winner(found.seeds_of(decision.winner), winner, each, plan.decision)
            return replace(kept, another=another)
        voters = found.voters_by_seed()
        yx_px, window_px = np.asarray(winner.fit.center_yx_px), winner.candidate.window_px
        together, agreement = agreed_over_seeds(voters, yx_px, window_px, mixture, plan, stop)
        if int(together.type_of_component.max()) > 1:
            said = _voted(together.votes.consensus, each)
            return WhoseTypes(together, agreement, len(voters), said, another)
    shown = found.shown_agreement(decision.winner)
    return WhoseTypes(None, shown, found.n_seeds(decision.winner), another=another)


def _of_winner(
    seeds: Sequence[Outcome], winner: Outcome, each: Unanimity, plan: DecisionPlan
) -> WhoseTypes:
    """Return the types of the winner alone, each with places of its own."""
    typed = kept_outcome(winner, plan)
    types = np.asarray(typed.type_of_component)
    shown = [np.asarray(kept_outcome(seed, plan).types.of_point) for seed in seeds]
    agreement = mean_agreement(shown) if len(shown) > 1 else None
    joined = int(np.max(typed_outcome(winner, plan).type_of_component)) - int(types.max())
    words = _kept(winner, each, joined)
    return WhoseTypes(None, agreement, len(seeds), words, type_of_component=types)


def _kept(winner: Outcome, each: Unanimity, joined: int) -> str:
    agreed = (
        f" and {each.trainings} trainings of the finalists agree on the types with ARI"
        f" {each.agreement:.2f}"
    )
    return ended(
        f"Whose types these are: {winner.candidate.label} alone, as wide gaps part the codes (gain"
        f" {each.gain:.1f}){agreed if each.trainings > 1 else ''}{_joined(joined)}"
    )


def _joined(count: int) -> str:
    """Say how many types were joined to others; "" of none."""
    if not count:
        return ""
    what = "One type has" if count == 1 else f"{count} types have"
    return f". {what} no places of {'its' if count == 1 else 'their'} own and joined those around"


def _voted(whose: Consensus, each: Unanimity) -> str:
    return (
        f"Whose types these are: {len(whose.voters)} candidates together ({whose.in_words}),"
        f" smoothed over neighbours within {whose.reach_px:.0f} px{_why_voted(each)}; their weights"
        f" take {whose.size_bytes / 1e6:.1f} MB."
    )


def _why_voted(each: Unanimity) -> str:
    """Why none of them speaks for all; "" where nothing was trained."""
    if each.gain < LEAST_GAIN:
        return f", as gaps part the codes of each too little to decide alone (gain {each.gain:.1f})"
    if each.agreement < LEAST_AGREEMENT:
        return f", as each alone finds other types (ARI {each.agreement:.2f})"
    return ""
