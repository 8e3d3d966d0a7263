"""The answer in plain words."""

from __future__ import annotations

import numpy as np

from corescout.data import Candidate, Evidence, Trial
from corescout.search.decision import Decision

_INVARIANCE = {"r": "rotation", "t": "translation", "s": "scale"}


def verdict(
    winner: Candidate,
    decision: Decision,
    evidence: Evidence,
    n_types: int,
    seed_agreement: float | None,
    n_seeds: int,
    pitch_m: float | None,
    trials: tuple[Trial, ...],
) -> str:
    """Say what was chosen, how many types, how sure, what was second and what was skipped."""
    sentences = [f"{representation(winner, pitch_m)}: {_types(n_types, evidence)}."]
    if n_seeds > 1 and seed_agreement is not None and np.isfinite(seed_agreement):
        sentences.append(f"{n_seeds} seeds agree with ARI {seed_agreement:.2f}.")
    sentences.append(_sentence(evidence.reason))
    if decision.tied:
        names = ", ".join(tie.candidate.label for tie in decision.tied)
        sentences.append(f"Tied with {names}; the simplest is shown.")
    if decision.runners_up:
        second = decision.runners_up[0]
        sentences.append(f"Next was {second.candidate.label}: {second.reason}.")
    sentences += _skipped(trials)
    return " ".join(sentences)


def representation(candidate: Candidate, pitch_m: float | None) -> str:
    """Name a candidate: "Window 13 px (102 nm), invariant to rotation"."""
    size = f" ({candidate.window_px * pitch_m * 1e9:.0f} nm)" if pitch_m else ""
    if candidate.kind != "vae":
        return f"Window {candidate.window_px} px{size}, {candidate.kind.upper()}"
    kinds = [_INVARIANCE[c] for c in candidate.invariances if c in _INVARIANCE]
    what = f"invariant to {' and '.join(kinds)}" if kinds else "no invariance"
    return f"Window {candidate.window_px} px{size}, {what}"


def _types(n_types: int, evidence: Evidence) -> str:
    if not evidence.has_types:
        return "no evidence of separate types in this scan; the densest region is shown instead"
    return f"{n_types} types" if n_types != 1 else "1 type"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _skipped(trials: tuple[Trial, ...]) -> list[str]:
    sentences = []
    for state, verb in (("void", "collapsed"), ("failed", "failed"), ("not_tried", "not tried")):
        labels = [t.candidate.label for t in trials if t.state == state]
        if labels:
            shown = ", ".join(labels[:6]) + (", ..." if len(labels) > 6 else "")
            sentences.append(f"{len(labels)} {verb}: {shown}.")
    return sentences
