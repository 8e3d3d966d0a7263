"""Drift from scan to scan, and targets that follow it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from corescout.data import Scan, Target
from corescout.instruments.first_look import Drifting
from corescout.live.reading.kinds import overlap
from corescout.registration import register

LEAST_OVERLAP = 0.3  # of the smaller frame, to be registered
NEARLY_ALL = 0.7  # of both frames: the same one
MOST_TRIED = 3


@dataclass(frozen=True)
class Drift:
    """Where the sample has moved between two scans.

    Attributes
    ----------
    since, uid : str
        `uid` of the earlier and of the later scan.
    drift_m : tuple of float
        (x, y): what lay at p on the earlier one lies at p + drift on the later one.
    refused : str or None
        Why the registration must not be used.
    drifting : Drifting or None
        How fast, where both scans say when they were taken and the registration holds.
    channel : str
        That was compared.
    """

    since: str
    uid: str
    drift_m: tuple[float, float]
    refused: str | None
    drifting: Drifting | None = None
    channel: str = ""

    @property
    def length_m(self) -> float:
        """Length of the drift."""
        return math.hypot(*self.drift_m)

    def __str__(self) -> str:
        if self.refused is not None:
            return f"drift since {self.since} unknown: {self.refused}"
        x, y = (1e9 * d for d in self.drift_m)
        known = self.drifting
        pace = None if known is None else known.length_m / known.seconds
        rate = "" if pace is None else f", {pace * 6e10:.2f} nm a minute"
        return f"drift since {self.since}: {x:+.0f} nm in X, {y:+.0f} nm in Y{rate}"


def drift_of(scan: Scan, earlier: Sequence[Scan]) -> Drift | None:
    """Register a scan with an earlier one that shows the same place; None without one.

    The latest one of about the same frame is tried first, then the latest others.
    """
    first: Drift | None = None
    for before in _candidates(scan, earlier)[:MOST_TRIED]:
        found = register(before, scan)
        drift = Drift(
            before.uid, scan.uid, found.drift_m, found.refused,
            drifting_between(before, scan, found.length_m), found.channel,
        )  # fmt: skip
        if drift.refused is None:
            return drift
        first = first or drift
    return first


def _candidates(scan: Scan, earlier: Sequence[Scan]) -> list[Scan]:
    """Earlier scans that share enough with a scan, the most promising first."""
    if scan.frame is None:
        return []
    found: list[tuple[bool, int, Scan]] = []
    for number, before in enumerate(earlier):
        if before.frame is None or before.uid == scan.uid:
            continue
        ways = overlap(scan.frame, before.frame), overlap(before.frame, scan.frame)
        if max(ways) >= LEAST_OVERLAP:
            found.append((min(ways) >= NEARLY_ALL, number, before))
    return [s for _, _, s in sorted(found, key=lambda f: f[:2], reverse=True)]


def shifted(targets: Iterable[Target], drift_m: tuple[float, float]) -> tuple[Target, ...]:
    """Move targets with the sample."""
    dx, dy = drift_m
    return tuple(
        t if t.xy_m is None else replace(t, xy_m=(t.xy_m[0] + dx, t.xy_m[1] + dy)) for t in targets
    )


def drifting_between(before: Scan, scan: Scan, length_m: float) -> Drifting | None:
    """How fast a sample drifted by a length between two scans; None without their times."""
    earlier, later = before.acquired_at, scan.acquired_at
    if earlier is None or later is None or (earlier.tzinfo is None) != (later.tzinfo is None):
        return None
    passed_s = (later - earlier).total_seconds()
    frames = [f for f in (before.frame, scan.frame) if f is not None]
    if passed_s <= 0 or not frames:
        return None
    return Drifting(length_m, passed_s, max(p for f in frames for p in f.pitch_m) / 2)
