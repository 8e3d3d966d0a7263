"""What came in, when, what was physically so then, and what became of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One request as it arrived."""

    wall_s: float  # time.monotonic
    t: float  # the microscope's time
    port: int
    client: int  # number of the connection
    command: str
    arguments: list[Any]
    state: dict[str, Any]  # `Microscope.snapshot` as it arrived
    outcome: str = "waiting"  # done, refused: ..., dropped, swallowed, ignored, unknown
    acted_t: float | None = None  # when it took effect (the microscope's time)
    acted_on: list[Any] = field(default_factory=list)


class Log:
    """The controller's own log; a test reads it, nobody else writes it."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> Entry:
        with self._lock:
            self._entries.append(entry)
        return entry

    def entries(self, *commands: str, since_t: float = -1.0) -> list[Entry]:
        """Requests in the order of arrival: of these commands (or all), after `since_t`."""
        with self._lock:
            return [
                e
                for e in self._entries
                if (not commands or e.command in commands) and e.t > since_t
            ]

    def names(self, since_t: float = -1.0, without: Iterable[str] = ()) -> list[str]:
        return [
            entry.command
            for entry in self.entries(since_t=since_t)
            if entry.command not in set(without)
        ]

    def rested(self, since_t: float = -1.0) -> bool:
        """Whether a watch has waited for a scan since then, and saw that none runs."""
        names = self.names(since_t)
        waited = "Scan.WaitEndOfScan"
        return waited in names and "Scan.FrameGet" in names[names.index(waited) :]

    def acted(self, *commands: str, since_t: float = -1.0) -> list[Entry]:
        """Those that took effect after a time of the microscope."""
        return [e for e in self.entries(*commands) if e.acted_t is not None and e.acted_t > since_t]
