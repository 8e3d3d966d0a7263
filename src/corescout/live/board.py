"""What a runner tells: one frozen snapshot, signals, and what became of each scan."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from corescout.data import InputError, Scan
from corescout.live.day import Day
from corescout.live.inbox import Waiting
from corescout.live.next_scan import Understood
from corescout.live.states import Outcome, ScanRecord, Signals, Snapshot, Stage

LOG = logging.getLogger("corescout.live")


class Board:
    """Holds the snapshot; from any thread.

    Parameters
    ----------
    day : Day
    source : str
        What is watched, for people.
    report_every : int
        Scans between two writings of the day's page.

    Attributes
    ----------
    session_state : callable
        State of the instrument's session; "" without one.
    """

    def __init__(self, day: Day, source: str, report_every: int) -> None:
        self.signals = Signals()
        self.session_state: Callable[[], str] = lambda: ""
        self._day, self._report_every = day, report_every
        self._snapshot = Snapshot(source=source)
        self._lock = threading.Lock()

    @property
    def snapshot(self) -> Snapshot:
        """Everything that there is to show, now."""
        return self._snapshot

    def show(self, **changes: Any) -> None:
        """Change the snapshot."""
        with self._lock:
            changes.setdefault("session", self.session_state())
            self._snapshot = replace(self._snapshot, **changes)
            snapshot = self._snapshot
        self._emit(self.signals.changed, snapshot)

    def stage(self, stage: Stage, message: str) -> None:
        """Say what happens now."""
        self.show(stage=stage, message=message)

    def say(self, text: str) -> None:
        """Say a line for the log."""
        self._emit(self.signals.said, text)

    def done(
        self, record: ScanRecord, scan: Scan | None = None, understood: Understood | None = None
    ) -> None:
        """Note what became of a scan: once in the journal, in the folder, and to who listens."""
        try:
            record = self._day.keep(record, scan, understood)
        except (OSError, InputError) as error:
            record = replace(record, warnings=(*record.warnings, f"not written: {error}"))
        file = "" if scan is None else str(scan.metadata.get("file_sha256", ""))
        self._day.write("scan outcome", file_sha256=file, **_plain(record))
        with self._lock:
            self._snapshot = replace(self._snapshot, records=(*self._snapshot.records, record))
        self._emit(self.signals.scan_done, record)
        self._emit(self.signals.changed, self._snapshot)
        self.say(str(record))
        if len(self._snapshot.records) % self._report_every == 0:
            self._day.write_page(self._snapshot)

    def _emit(self, signal: Any, value: object) -> None:
        """Tell who listens; a listener that fails is its own affair."""
        try:
            signal.emit(value)
        except Exception:
            LOG.exception("a listener failed")


def record_of(waiting: Waiting, outcome: Outcome, reason: str) -> ScanRecord:
    """Begin the record of a scan that waited."""
    return ScanRecord(
        waiting.number, waiting.scan.uid, waiting.scan.revision, outcome, reason,
        arrived_at=waiting.at,
    )  # fmt: skip


def _plain(record: ScanRecord) -> dict[str, Any]:
    """For the journal."""
    values = asdict(record)
    values["arrived_at"] = None if record.arrived_at is None else record.arrived_at.isoformat()
    values["types"] = {str(k): n for k, n in record.types.items()}
    return values
