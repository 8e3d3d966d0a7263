"""What was said, decided and seen, as lines of JSON: flushed and synced before anything follows."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corescout.instruments.entries import (
    Approved,
    Entry,
    MessageSent,
    StateChanged,
    TargetMeasured,
    WrittenSeen,
    entry_of,
)
from corescout.whole import append_whole, end_last_line, read_journal


class Journal:
    """Appends entries to a file; each is on the disk when `write` returns.

    Parameters
    ----------
    path : str or Path
        Created if absent; an unfinished last line, left by a crash, is ended first.
    synced : bool
        Whether each entry is on the disk before `write` returns; at an instrument it is.
    """

    def __init__(self, path: str | Path, *, synced: bool = True) -> None:
        self.path = Path(path)
        self._synced = synced
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file = self.path.open("ab+", buffering=0)
        end_last_line(self._file)

    def write(self, entry: Entry) -> None:
        """Append an entry, with the time unless it has one.

        Raises
        ------
        OSError
            If the disk is full: what could not be noted must not be done, and is not noted later.
        """
        at = entry.at or datetime.now(UTC).isoformat()
        line = json.dumps({"at": at, **entry.to_json()}, sort_keys=True, allow_nan=False) + "\n"
        with self._lock:
            append_whole(self._file, line.encode(), synced=self._synced)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_entries(path: str | Path) -> tuple[Entry, ...]:
    """Return the entries of a journal, of this version or of 0.1.0."""
    return tuple(entry_of(line) for line in read_journal(path))


@dataclass(frozen=True)
class JournalState:
    """What a journal says of the last session.

    Attributes
    ----------
    state : str
        The last one; "OBSERVE" where nothing was noted.
    digest : str or None
        Of the plan that was approved last.
    begun : mapping of str to (x, y) in metres or None
        Targets that were marked or measured, or begun to be, and where the tip was sent: they are
        not measured again without asking. One that was begun and not finished counts as well: the
        bias may have written a domain.
    finished : frozenset of str
        Those of them whose measurement came back.
    written_m : tuple of float
        Radii of the domains that spectra were seen to write.
    """

    state: str
    digest: str | None
    begun: Mapping[str, tuple[float, float] | None]
    finished: frozenset[str]
    written_m: tuple[float, ...] = ()


def last_state(entries: Sequence[Mapping[str, Any]]) -> JournalState:
    """Read the state back from the entries of a journal."""
    state, digest, finished = "OBSERVE", None, set()
    begun: dict[str, tuple[float, float] | None] = {}
    place: tuple[float, float] | None = None
    written: list[float] = []
    for entry in map(entry_of, entries):
        if isinstance(entry, StateChanged):
            state = entry.state
        elif isinstance(entry, Approved):
            digest = entry.digest
        elif isinstance(entry, MessageSent):
            values, uid = entry.values, entry.target_uid
            place = (values["x_m"], values["y_m"]) if "x_m" in values else place
            if uid and entry.kind in ("spectrum", "zoom", "mark"):
                begun[uid] = place
        elif isinstance(entry, TargetMeasured) and entry.target_uid:
            finished.add(entry.target_uid)
        elif isinstance(entry, WrittenSeen) and entry.radius_m:
            written.append(entry.radius_m)
    return JournalState(state, digest, begun, frozenset(finished), tuple(written))


def last_time(entries: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Return the latest time of the entries, None without one."""
    found = []
    for entry in entries:
        try:
            found.append(datetime.fromisoformat(entry["at"]))
        except (KeyError, TypeError, ValueError):
            continue
    return max((t for t in found if t.tzinfo is not None), default=None)
