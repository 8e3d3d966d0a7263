"""Evidence as a reward: how likely a surface without types does as well as the winner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from corescout.data import Candidate, Evidence, Reward, Trial

NAME = "evidence"


def evidence(found: Evidence) -> Reward:
    """Return the p-value of the winner's types; lower is better.

    p = max(p_gain, p_places): p_gain = (1 + #{g_i >= g}) / (1 + n) with the winner's gain g and the
    gains g_i of n surfaces without types on the same road (Monte Carlo test; Davison and Hinkley,
    1997), p_places that of no agreement between points at a distance. The larger, as both must hold
    (intersection-union test; Berger, 1982). Void where it was not asked.
    """
    parts = {"gain": found.gain, "n_null": float(len(found.null_gains))}
    if math.isfinite(found.agreement):
        parts |= {"agreement": found.agreement, "agreement_error": found.agreement_error}
    if not math.isfinite(found.p_value):
        return Reward(NAME, math.nan, "lower", parts, void_because=found.reason)
    return Reward(NAME, found.p_value, "lower", parts)


def with_evidence(trials: Sequence[Trial], winner: Candidate, found: Evidence) -> tuple[Trial, ...]:
    """Return the trials, the winner's with the evidence among its rewards."""
    reward = evidence(found)
    return tuple(
        replace(t, rewards={**t.rewards, NAME: reward}) if t.candidate == winner else t
        for t in trials
    )
