"""Findings: what makes a scan doubtful, how much of it, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A doubt about a scan.

    Attributes
    ----------
    kind : str
        "lost lines", "line jumps", "fading", "tip change", "saturation", "no contrast", "drift",
        "few walls", "contradiction" or "cross-talk".
    message : str
        What was measured and what helps, in words.
    share : float or None
        Share of the lines or pixels that it concerns, where that can be said.
    lines : tuple of int
        Lines of the scan that it concerns, where it has a place.
    """

    kind: str
    message: str
    share: float | None = None
    lines: tuple[int, ...] = ()
