"""Scans that wait for the analysis: the newest is taken, what is older is superseded."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from corescout.data import Scan

MOST_WAITING = 16


@dataclass(frozen=True, eq=False)
class Waiting:
    """A scan that has arrived whole."""

    number: int
    scan: Scan
    at: datetime
    came_s: float  # on the monotonic clock


class Inbox:
    """Between the thread that receives and the one that analyses.

    Parameters
    ----------
    count : int
        Arrivals before this watch: numbers go on from there.
    """

    def __init__(self, count: int = 0) -> None:
        self._scans: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._seen: set[tuple[str, str]] = set()
        self._count = count

    def __len__(self) -> int:
        return len(self._scans)

    def number(self) -> int:
        """Number an arrival that does not wait."""
        with self._changed:
            self._count += 1
            return self._count

    def put(self, scan: Scan, came_s: float) -> Waiting | None:
        """Let a scan wait; None if this very one came before (after a loss, instruments repeat)."""
        identity = (scan.uid, scan.content_sha256)
        with self._changed:
            if identity in self._seen:
                return None
            self._seen.add(identity)
            self._count += 1
            waiting = Waiting(self._count, scan, datetime.now(UTC), came_s)
            self._scans.append(waiting)
            self._changed.notify_all()
            return waiting

    def take(self) -> tuple[Waiting | None, tuple[Waiting, ...]]:
        """Return the newest scan and those that it supersedes; (None, ()) if none waits."""
        with self._changed:
            if not self._scans:
                return None, ()
            newest = self._scans.pop()
            older = tuple(self._scans)
            self._scans.clear()
            return newest, older

    def take_surplus(self) -> tuple[Waiting, ...]:
        """Return the oldest of more than `MOST_WAITING`: scans take memory while they wait."""
        with self._changed:
            count = max(0, len(self._scans) - MOST_WAITING)
            return tuple(self._scans.popleft() for _ in range(count))

    def wait(self, seconds: float) -> None:
        """Wait until something comes or `wake` is called."""
        with self._changed:
            if not self._scans:
                self._changed.wait(seconds)

    def wake(self) -> None:
        """End a wait."""
        with self._changed:
            self._changed.notify_all()
