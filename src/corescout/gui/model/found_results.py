"""Every result of the window: what was found, when, and with which settings. No Qt."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from psygnal import Signal

from corescout.data import Result, Scan
from corescout.gui.model.held_result import HeldResult


@dataclass(frozen=True, eq=False)
class Found:
    """One result, and what it was found with.

    Attributes
    ----------
    key : int
        Of this window; never given twice.
    held : HeldResult
        With its edits; in memory while it is shown, else on disk once the session has it.
    origin : {"search", "opened", "watch", "read"}
        Explored here, read from a folder, understood by a watch, or read with other types.
    found_with : mapping of str to object or None
        Settings of each step, when it was found.
    at_s : float
        Unix time.
    saved : HeldResult or None
        As a run folder of the operator's has it.
    edited : bool
        Whether a person changed it in this window.
    """

    key: int
    held: HeldResult
    origin: str = "search"
    found_with: Mapping[str, Any] | None = None
    at_s: float = field(default_factory=time.time)
    saved: HeldResult | None = None
    edited: bool = False

    @property
    def result(self) -> Result:
        """With its edits; read from disk where it is there, or InputError."""
        return self.held.get()

    @property
    def scan(self) -> Scan:
        """The scan that it is of."""
        return self.held.scan

    @property
    def unsaved(self) -> bool:
        """Whether it would be lost with the window; what is read again in a second is not."""
        return self.saved is not self.held and self.origin != "read"

    @property
    def words(self) -> str:
        """Say what it is: "170 nm, none, 9 types, 11:58"."""
        return f"{self.held.words}, {time.strftime('%H:%M', time.localtime(self.at_s))}"

    @property
    def scan_name(self) -> str:
        """Name of the file of its scan."""
        scan = self.scan
        return scan.source.replace("\\", "/").rpartition("/")[2] or scan.uid


class FoundResults:
    """The list of results, the oldest first. Nothing leaves it but by `remove`.

    Attributes
    ----------
    shown : int or None
        Key of the result that the panels show.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._entries: dict[int, Found] = {}
        self._last = 0
        self.shown: int | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Found]:
        return iter(tuple(self._entries.values()))

    def get(self, key: int | None) -> Found | None:
        """Return the result of a key, if it is in the list."""
        return None if key is None else self._entries.get(key)

    @property
    def present(self) -> Found | None:
        """The one that is shown."""
        return self.get(self.shown)

    def of_scan(self, scan: Scan) -> list[Found]:
        """Return the results of a scan, the oldest first."""
        return [e for e in self if e.scan.uid == scan.uid]

    def known(self, result: Result) -> Found | None:
        """Return the entry that a result is, with or without edits."""
        return next((e for e in self if e.held.is_of(result.fit)), None)

    def add(self, result: Result, **about: Any) -> Found:
        """Append a result; `about` are further attributes of `Found`."""
        self._last += 1
        entry = Found(self._last, HeldResult(result), **about)
        self._entries[entry.key] = entry
        self.changed.emit()
        return entry

    def change(self, key: int, **changes: Any) -> None:
        """Change what is known of a result: its edits, whether a run folder holds it."""
        entry = self._entries.get(key)
        if entry is not None:
            result = changes.pop("result", None)
            if result is not None and not entry.held.holds(result):
                changes["held"] = HeldResult(result)
            self._entries[key] = replace(entry, **changes)
            self.changed.emit()

    def show(self, key: int | None) -> None:
        """Note which one the panels show."""
        if key != self.shown:
            self.shown = key
            self.changed.emit()

    def remove(self, key: int) -> Found | None:
        """Take a result out of the list; return it."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.shown = None if self.shown == key else self.shown
            self.changed.emit()
        return entry

    def put_back(self, entry: Found) -> None:
        """Take a removed result in again, where it was."""
        self._entries = dict(sorted([*self._entries.items(), (entry.key, entry)]))
        self.changed.emit()
