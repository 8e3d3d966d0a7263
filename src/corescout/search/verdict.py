"""The answer in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from corescout.data import Candidate, Evidence, Result, Trial, TypedPoints
from corescout.data.candidate import KIND_NAMES
from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.rewards import REWARDS
from corescout.search.another_training import UNSURE_AGREEMENT
from corescout.search.decision import Decision
from corescout.search.grade import grade_in_words
from corescout.search.whose_types import WhoseTypes
from corescout.square_grid import SquareGrid
from corescout.vocabulary import invariance_words

_KNOWN_SIGMAS = 3.0


def verdict(
    winner: Candidate,
    decision: Decision,
    evidence: Evidence,
    n_types: int,
    whose: WhoseTypes,
    grid: SquareGrid,
    trials: tuple[Trial, ...],
    void: str = "",
) -> str:
    """Say what was chosen, how many types, how sure, what was second and what was skipped.

    Parameters
    ----------
    whose : WhoseTypes
        Who makes the types that are shown, and how far seeds agree on these.
    """
    name = representation(winner, grid.pitch_m)
    first = name if whose.together is None else "Candidates together"
    sentences = [ended(f"{first}: {_types(n_types, evidence)}")]
    if whose.words:
        sentences.append(whose.words)
    if whose.together is not None:
        sentences.append(ended(f"The winner is {name[:1].lower()}{name[1:]}"))
    if grade := grade_in_words(evidence, grid.shorter_side_m):
        sentences.append(_sentence(grade))
    sentences += _over_seeds(whose, n_types)
    if decision.reason and decision.reason != evidence.reason:
        sentences.append(_sentence(decision.reason))
    sentences.append(_sentence(evidence.reason))
    if decision.tied:
        names = "; ".join(tie.candidate.in_nm(grid.pitch_m) for tie in decision.tied)
        sentences.append(f"Tied with {names}; the simplest is taken.")
    if decision.runners_up:
        second = decision.runners_up[0]
        sentences.append(ended(f"Next was {second.candidate.in_nm(grid.pitch_m)}: {second.reason}"))
    if void:
        sentences.append(ended(f"Without a score: {void}"))
    sentences += _skipped(trials)
    return " ".join(sentences)


def _over_seeds(whose: WhoseTypes, n_types: int) -> list[str]:
    """Sentences on how far seeds agree on the types that are shown, and whether they show any."""
    agreement, sentences = whose.agreement, []
    if whose.n_seeds > 1 and agreement is not None and np.isfinite(agreement):
        sentences.append(f"{whose.n_seeds} seeds agree on these types with ARI {agreement:.2f}.")
        if agreement < UNSURE_AGREEMENT:
            sentences.append("Another training would part the points otherwise.")
    if other := whose.another.in_words(n_types):
        sentences.append(other)
    return sentences


def with_evidence_in_words(
    why: str, before: Evidence, after: Evidence, n_types: int, side_m: float | None
) -> str:
    """Return the words of a verdict whose evidence is another one by now.

    Parameters
    ----------
    why : str
        As `verdict` made it with the evidence before; where that stands in other words, the new
        grade follows at the end.
    side_m : float or None
        Shorter side of the scan.
    """
    old, new = (_of_evidence(each, n_types, side_m) for each in (before, after))
    for was, now in zip(old, new, strict=True):
        if was:
            why = why.replace(was, now, 1)
    return why if new[1] in why else f"{why} {new[1]}"


def _of_evidence(evidence: Evidence, n_types: int, side_m: float | None) -> tuple[str, str, str]:
    """What is said of the number of types, of the grade, and why."""
    grade = grade_in_words(evidence, side_m)
    return (
        ended(f": {_types(n_types, evidence)}"),
        _sentence(grade) if grade else "",
        _sentence(evidence.reason),
    )


def applied_verdict(result: Result, there: TypedPoints) -> str:
    """Say what the types of an earlier exploration are on the points of another scan."""
    kinds = there.types.of_point
    shares = ", ".join(
        f"{look.name} {np.mean(kinds == n):.0%}" for n, look in result.types.looks.items()
    )
    unknown = there.mixture.beyond(there.z, _KNOWN_SIGMAS)
    whose = representation(result.winner, result.analysis_pitch_m)
    if result.votes is not None:
        whose = "Candidates together"
    return (
        f"{whose}: the"
        f" {result.types_in_words} of {result.scan.source or result.scan.uid} applied to"
        f" {counted(len(there), 'point')}: {ended(shares)} {np.mean(unknown):.0%} of the points lie"
        f" beyond {_KNOWN_SIGMAS:g} sigma of every type; many of them mean that this scan needs an"
        " exploration of its own."
    )


def void_own_rewards(trials: Sequence[Trial], wanted: Iterable[str]) -> tuple[str, ...]:
    """Say which rewards of one's own have no value where training went well, and why."""
    notes = []
    for name in wanted:
        if name in REWARDS:
            continue
        asked = [t.rewards[name] for t in trials if t.state == "done" and name in t.rewards]
        void = [reward.void_because for reward in asked if reward.void_because is not None]
        if void:
            of = f"{len(void)} of {counted(len(asked), 'training')}"
            notes.append(f"reward {name!r} is void for {of}: {void[0]}")
    return tuple(notes)


def representation(candidate: Candidate, pitch_m: float | None) -> str:
    """Name a candidate: "Window 102 nm (13 px), invariant to rotation"."""
    size = f"{candidate.window_px} px"
    if pitch_m:
        size = f"{candidate.window_px * pitch_m * 1e9:.0f} nm ({size})"
    if candidate.kind != "vae":
        return f"Window {size}, {KIND_NAMES[candidate.kind]} (a baseline)"
    words = invariance_words(candidate.invariances)
    what = "no invariance" if words == "none" else f"invariant to {words}"
    return f"Window {size}, {what}"


def _types(n_types: int, evidence: Evidence) -> str:
    if evidence.has_types:
        return counted(n_types, "type")
    if n_types == 1:
        return "no evidence of separate types in this scan, so all points are shown as one type"
    return (
        f"no evidence of separate types in this scan; {n_types} possible types are shown, which"
        f" {_where(evidence)}"
    )


def _where(evidence: Evidence) -> str:
    """Whether what is shown keeps to places, as far as that was asked of it."""
    if evidence.is_spread:
        return "do not keep to their own places as those of the winner alone do"
    return "keep to their own places"


def _sentence(text: str) -> str:
    return ended(text[:1].upper() + text[1:])


def _skipped(trials: tuple[Trial, ...]) -> list[str]:
    sentences = []
    for state, verb in (("void", "collapsed"), ("failed", "failed"), ("not_tried", "not tried")):
        seeds = Counter(t.candidate.label for t in trials if t.state == state)
        if seeds:
            labels = [f"{name} ({n} seeds)" if n > 1 else name for name, n in seeds.items()]
            shown = "; ".join(labels[:6]) + ("; ..." if len(labels) > 6 else "")
            sentences.append(ended(f"{seeds.total()} {verb}: {shown}"))
    return sentences
