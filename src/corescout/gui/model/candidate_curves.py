"""Candidates as curves: a reward over the window, one curve for each kind. No Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corescout.data import Candidate, Trial
from corescout.data.candidate import KIND_NAMES
from corescout.data.counted import counted
from corescout.vocabulary import INVARIANCE_LABELS


@dataclass(frozen=True)
class Dot:
    """One candidate of a curve.

    Attributes
    ----------
    number : int
        Of the trial with the first seed: what a click shows.
    value, spread : float
        Mean over the seeds and their standard deviation; the spread of a single one is NaN.
    n_seeds : int
    void : str or None
        Why the value must not be compared; drawn hollow.
    """

    number: int
    candidate: Candidate
    value: float
    spread: float
    n_seeds: int
    void: str | None

    def words(self, reward: str, pitch_m: float | None) -> str:
        """Say what it is: the tooltip."""
        size = f" ({self.candidate.window_px} px)" if pitch_m else ""
        lines = [f"{self.candidate.in_nm(pitch_m)}{size}"]
        if math.isfinite(self.value):
            spread = f" ± {self.spread:.2g}" if math.isfinite(self.spread) else ""
            lines.append(f"{reward} {self.value:.3g}{spread}, {counted(self.n_seeds, 'seed')}")
        if self.void:
            lines.append(f"not compared: {self.void}")
        return "\n".join([*lines, "Click to see its latent space and core points"])


@dataclass(frozen=True)
class Curve:
    """Candidates that differ in their window."""

    key: str
    label: str
    dots: tuple[Dot, ...]


def curves(trials: Sequence[Trial], reward: str) -> list[Curve]:
    """Return a curve for each invariance and baseline, by growing window.

    Trials that differ in the seed alone are one dot. One that failed or was not tried has none.
    """
    groups: dict[str, dict[int, list[Trial]]] = {}
    for trial in trials:
        if trial.state in ("done", "void"):
            windows = groups.setdefault(curve_key(trial.candidate), {})
            windows.setdefault(trial.candidate.window_px, []).append(trial)
    return [
        Curve(key, _label(key), tuple(_dot(found[w], reward) for w in sorted(found)))
        for key, found in groups.items()
    ]


def curve_key(candidate: Candidate) -> str:
    """Return what candidates of one curve share."""
    return candidate.invariances if candidate.kind == "vae" else candidate.kind


def _label(key: str) -> str:
    return INVARIANCE_LABELS.get(key) or KIND_NAMES.get(key, key)


def _dot(trials: list[Trial], reward: str) -> Dot:
    first = min(trials, key=lambda t: t.number)
    found = [t.rewards[reward] for t in trials if reward in t.rewards]
    sound = [r.value for r in found if r.void_because is None and math.isfinite(r.value)]
    values = sound or [r.value for r in found if math.isfinite(r.value)]
    void = None
    if not sound:
        void = first.reason or next((r.void_because for r in found if r.void_because), None)
        void = void or f"it has no {reward}"
    return Dot(
        number=first.number,
        candidate=first.candidate,
        value=float(np.mean(values)) if values else math.nan,
        spread=float(np.std(sound, ddof=1)) if len(sound) > 1 else math.nan,
        n_seeds=len(sound),
        void=void,
    )
