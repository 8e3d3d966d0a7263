"""What a runner tells: one frozen snapshot, signals, and what became of each scan."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from corescout.data import InputError, Scan
from corescout.data.printable import one_line
from corescout.instruments.folder import SetAside
from corescout.live.day.day import Day
from corescout.live.loop.inbox import Waiting
from corescout.live.reading.next_scan import Understood
from corescout.live.states import (
    LiveSignals,
    OutcomeWord,
    ScanRecord,
    Snapshot,
    Stage,
    name_of,
)

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
        self.signals = LiveSignals()
        self.session_state: Callable[[], str] = lambda: ""
        self._day, self._report_every = day, report_every
        self._snapshot = Snapshot(source=source)
        self._on_page = 0  # records of the last writing
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
        self.show(stage=stage, message=message, progress=None)

    def say(self, text: str) -> None:
        """Say a line for the log; names in it may hold anything."""
        self._emit(self.signals.said, one_line(text))

    def done(
        self, record: ScanRecord, scan: Scan | None = None, understood: Understood | None = None,
        *, unread: SetAside | None = None,
    ) -> None:  # fmt: skip
        """Note what became of a scan: once in the journal, in the folder, and to who listens."""
        try:
            record = self._day.keep(record, scan, understood)
        except Exception as error:
            if not isinstance(error, OSError | InputError):
                LOG.exception("what there is of %s was not kept", record.uid)
            record = replace(record, warnings=(*record.warnings, f"not written: {error}"))
        file = "" if scan is None else str(scan.metadata.get("file_sha256", ""))
        self._day.write_outcome(record, file, unread)
        with self._lock:
            self._snapshot = replace(self._snapshot, records=(*self._snapshot.records, record))
        self._emit(self.signals.scan_done, record)
        self._emit(self.signals.changed, self._snapshot)
        self.say(str(record))
        self._tell_of_disk()

    def write_page(self, *, due_only: bool = False) -> None:
        """Write the page of the day; with `due_only`, if enough scans came since the last time."""
        count = len(self._snapshot.records)
        if due_only and count - self._on_page < self._report_every:
            return
        self._on_page = count
        try:
            self._day.write_page(self._snapshot.source)
        except OSError as error:
            LOG.error("the page of the day was not written: %s", error)
        except Exception:  # a page is no reason to end a night
            LOG.exception("the page of the day was not written")

    def look_at_disk(self) -> None:
        """Write what the disk did not take before, and say how that stands."""
        if self._day.problem or self._snapshot.not_written:
            self._day.retry()
            self._tell_of_disk()

    def _tell_of_disk(self) -> None:
        problem = self._day.problem
        if bool(problem) != bool(self._snapshot.not_written):
            self.say(f"NOT WRITTEN: {problem}" if problem else "all is written")
        if problem != self._snapshot.not_written:
            self.show(not_written=problem)

    def _emit(self, signal: Any, value: object) -> None:
        """Tell who listens; a listener that fails is its own affair."""
        try:
            signal.emit(value)
        except Exception:
            LOG.exception("a listener failed")


def record_of(waiting: Waiting, outcome: OutcomeWord, reason: str) -> ScanRecord:
    """Begin the record of a scan that waited."""
    return ScanRecord(
        waiting.number, waiting.scan.uid, waiting.scan.revision, outcome, reason,
        arrived_at=waiting.at, name=name_of(waiting.scan),
    )  # fmt: skip
