"""Records of scans as lines of the journal, and back."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from corescout.data.printable import one_line
from corescout.instruments.entries import Entry, ScanOutcome
from corescout.live.states import ScanRecord

LOG = logging.getLogger("corescout.live")
_PAIRS = ("drift_m", "tip")


def to_entry(record: ScanRecord) -> dict[str, Any]:
    """Return the values of an entry; numbers that are none become null."""
    values = asdict(record)
    values["arrived_at"] = None if record.arrived_at is None else record.arrived_at.isoformat()
    values["types"] = {str(k): n for k, n in record.types.items()}
    return {name: _finite(value) for name, value in values.items()}


def records_of(entries: Iterable[Entry]) -> list[ScanRecord]:
    """Return what became of each scan, in the order of the journal; what is no record is left out.

    A day that was taken up again is one day.
    """
    outcomes = (e.record for e in entries if isinstance(e, ScanOutcome) and "number" in e.record)
    found = map(_record_or_none, outcomes)
    return [record for record in found if record is not None]


def _record_or_none(values: Mapping[str, Any]) -> ScanRecord | None:
    try:
        return _record(values)
    except (TypeError, ValueError, KeyError, AttributeError):
        LOG.warning("an outcome in the journal is not complete: %s", one_line(repr(values))[:200])
        return None


def _record(entry: Mapping[str, Any]) -> ScanRecord:
    known = {f.name for f in fields(ScanRecord)}
    values = {name: value for name, value in entry.items() if name in known}
    values["types"] = {int(k): int(n) for k, n in (values.get("types") or {}).items()}
    values["warnings"] = tuple(values.get("warnings") or ())
    for name in _PAIRS:
        values[name] = tuple(values[name]) if values.get(name) else None
    at = values.get("arrived_at")
    values["arrived_at"] = None if at is None else datetime.fromisoformat(at)
    values["seconds"] = values.get("seconds") or 0.0
    return ScanRecord(**values)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, tuple) and any(isinstance(v, float) for v in value):
        return None if not all(math.isfinite(v) for v in value) else value
    return value
