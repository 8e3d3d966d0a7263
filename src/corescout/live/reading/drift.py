"""Drift from scan to scan, and targets that follow it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from corescout.data import Scan, Target
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
    rate_m_per_s : float or None
        Where both scans say when they were taken.
    channel : str
        That was compared.
    """

    since: str
    uid: str
    drift_m: tuple[float, float]
    refused: str | None
    rate_m_per_s: float | None = None
    channel: str = ""

    @property
    def length_m(self) -> float:
        """Length of the drift."""
        return math.hypot(*self.drift_m)

    def __str__(self) -> str:
        if self.refused is not None:
            return f"drift since {self.since} unknown: {self.refused}"
        x, y = (1e9 * d for d in self.drift_m)
        pace = self.rate_m_per_s
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
            _rate(before, scan, found.length_m), found.channel,
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


def _rate(before: Scan, scan: Scan, length_m: float) -> float | None:
    if before.acquired_at is None or scan.acquired_at is None:
        return None
    passed = (scan.acquired_at - before.acquired_at).total_seconds()
    return length_m / passed if passed > 0 else None
