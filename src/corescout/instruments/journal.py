"""What was said, decided and seen, as lines of JSON: flushed and synced before anything follows."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


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
        self._file = self.path.open("ab+")
        self._end_last_line()

    def write(self, what: str, **values: Any) -> None:
        """Append an entry with the time.

        Raises
        ------
        OSError
            If the disk is full: what could not be noted must not be done.
        """
        entry = {"at": datetime.now(UTC).isoformat(), "what": what, **values}
        line = json.dumps(entry, sort_keys=True, allow_nan=False) + "\n"
        with self._lock:
            self._file.write(line.encode())
            self._file.flush()
            if self._synced:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _end_last_line(self) -> None:
        self._file.seek(0, os.SEEK_END)
        if self._file.tell() == 0:
            return
        self._file.seek(-1, os.SEEK_END)
        if self._file.read(1) != b"\n":
            self._file.write(b"\n")
            self._file.flush()


def read_journal(path: str | Path) -> list[dict[str, Any]]:
    """Return the entries; a line that a crash cut short is left out."""
    entries = []
    for line in Path(path).read_bytes().splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries


def measured(entries: list[dict[str, Any]]) -> set[str]:
    """Targets whose measurement was begun: they are not measured again without asking.

    One that was begun and not finished counts as well: the bias may have written a domain.
    """
    begun = {e["target_uid"] for e in entries if e["what"] == "message" and e.get("target_uid")}
    return {str(uid) for uid in begun}
