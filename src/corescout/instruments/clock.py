"""The time of day that is never set back: what has expired stays expired."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class SteadyClock:
    """Goes on with the monotonic clock from the latest time that it has seen.

    The computer's clock is followed forward, never back. From any thread.

    Parameters
    ----------
    not_before : datetime or None
        A time that is known to have passed, such as that of the last entry of a journal.
    """

    def __init__(self, not_before: datetime | None = None) -> None:
        now = datetime.now(UTC)
        self._from = now if not_before is None else max(now, not_before)
        self._from_s = time.monotonic()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the time, UTC."""
        with self._lock:
            now_s = time.monotonic()
            here = self._from + timedelta(seconds=now_s - self._from_s)
            self._from, self._from_s = max(datetime.now(UTC), here), now_s
            return self._from

    def set_back(self) -> timedelta:
        """Return by how much the computer's clock is behind; 0 as a rule."""
        return self.now() - datetime.now(UTC)
