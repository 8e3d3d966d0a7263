"""Lines of the journal as entries: the closed set of them, of this version and of 0.1.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from corescout.data.printable import one_line
from corescout.instruments.entries import session, tools, watch
from corescout.instruments.entries.entry import Entry
from corescout.instruments.entries.watch import ScanOutcome


@dataclass(frozen=True, kw_only=True)
class Unknown(Entry):
    """A line of another version, or of another program."""

    kind: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def words(self) -> str:
        return f"{self.kind} " + ", ".join(f"{k} {v}" for k, v in self.values.items())

    def to_json(self) -> dict[str, Any]:
        return {"what": self.kind, **self.values}


KNOWN: dict[str, type[Entry]] = {
    kind.what: kind
    for place in (session, watch, tools)
    for kind in vars(place).values()
    if isinstance(kind, type) and issubclass(kind, Entry) and kind is not Entry
}
_AROUND, _TUPLES = ("what", "at", "format"), ("at_m", "wanted_m", "drift_m", "file_signature",
                                                       "lines")  # fmt: skip


def said(entry: Entry) -> str:
    """Say an entry on one line, as far as it goes: a line of the journal may hold anything."""
    try:
        return one_line(entry.words())
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):
        return f"{one_line(entry.what)} (the entry in the journal is not complete)"


def entry_of(line: Mapping[str, Any]) -> Entry:
    """Return the entry of a line of the journal, of this version or of 0.1.0."""
    kind, at = KNOWN.get(str(line.get("what"))), str(line.get("at", ""))
    values = {name: value for name, value in line.items() if name not in _AROUND}
    if kind is None:
        return Unknown(at=at, kind=str(line.get("what", "")), values=values)
    if kind is ScanOutcome:
        sha, file = (str(values.pop(name, None) or "") for name in ("file_sha256", "file"))
        signature = _value("file_signature", values.pop("file_signature", ())) or ()
        return ScanOutcome(
            at=at, record=values, file_sha256=sha, file=file, file_signature=signature
        )
    known = {f.name for f in fields(kind)}
    taken = {name: _value(name, value) for name, value in values.items() if name in known}
    return kind(at=at, **taken)


def _value(name: str, value: Any) -> Any:
    """Places are pairs; JSON has lists."""
    return tuple(value) if name in _TUPLES and isinstance(value, list) else value
