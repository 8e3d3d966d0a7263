"""The time of day that is never set back: what has expired stays expired."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SteadyClock:
    """Goes on from when it was made with the monotonic clock, or with the computer's if later.

    Parameters
    ----------
    not_before : datetime or None
        A time that is known to have passed, such as that of the last entry of a journal.
    """

    def __init__(self, not_before: datetime | None = None) -> None:
        now = datetime.now(UTC)
        self._from = now if not_before is None else max(now, not_before)
        self._from_s = time.monotonic()

    def now(self) -> datetime:
        """Return the time, UTC."""
        return max(datetime.now(UTC), self._from + timedelta(seconds=self._passed_s()))

    def set_back(self) -> timedelta:
        """Return by how much the computer's clock is behind; 0 as a rule."""
        return self.now() - datetime.now(UTC)

    def _passed_s(self) -> float:
        return time.monotonic() - self._from_s
