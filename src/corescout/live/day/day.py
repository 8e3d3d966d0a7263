"""The folder of a day: the journal, a run folder for each scan, small pictures, measurements."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from corescout.data import InputError, Measurement, Scan, Target
from corescout.instruments import Journal, read_entries
from corescout.instruments.entries import Entry, PolicySigned, ScanOutcome, WatchBegan, WatchEnded
from corescout.live.day.backlog import Backlog
from corescout.live.day.measured_table import MEASUREMENTS, add_rows
from corescout.live.day.records import to_entry
from corescout.live.day.thumbnails import write_thumbnail
from corescout.runs import write_run

if TYPE_CHECKING:
    from corescout.instruments.folder import SetAside
    from corescout.live.policy import Policy
    from corescout.live.reading.next_scan import Understood
    from corescout.live.states import ScanRecord

JOURNAL, PAGE = "journal.jsonl", "day.html"
SCANS, PICTURES = "scans", "pictures"
_OURS = {JOURNAL, PAGE, SCANS, PICTURES, MEASUREMENTS, ".lock"}


class Day:
    """Writes what a runner does into one folder; a folder that is there is continued.

    What the disk does not take is kept and written as soon as it does. The journal itself, which a
    session writes to, is strict: what could not be noted there must not be done.

    Parameters
    ----------
    folder : str or Path
    runs : bool
        Whether each analysed scan gets a run folder.
    synced : bool
        Of the journal; at an instrument it is.

    Raises
    ------
    InputError
        If another watch writes to the folder.
    """

    def __init__(self, folder: str | Path, *, runs: bool = True, synced: bool = True) -> None:
        self.folder = Path(folder)
        self._runs = runs
        for name in (SCANS, PICTURES):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.folder / ".lock", thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise InputError(
                "a folder of the day that nobody else writes to",
                f"{self.folder}, which another watch or window uses",
                "end that one, or give another folder",
            ) from error
        self.journal = Journal(self.folder / JOURNAL, synced=synced)
        self._backlog = Backlog()

    @property
    def problem(self) -> str:
        """Why something could not be written yet, in words; "" if all is on the disk."""
        return self._backlog.problem

    def write(self, entry: Entry) -> None:
        """Append an entry to the journal, now or as soon as the disk takes it."""
        timed = replace(entry, at=entry.at or datetime.now(UTC).isoformat())
        self._backlog.put(partial(self.journal.write, timed))

    def write_policy(self, policy: Policy) -> None:
        """Note who signed what."""
        values = asdict(policy)
        values["actions"] = sorted(policy.actions)
        values["expires_at"] = policy.expires_at.isoformat()
        self.write(PolicySigned(**values))

    def write_outcome(
        self, record: ScanRecord, file_sha256: str, unread: SetAside | None = None
    ) -> None:
        """Note what became of a scan; of a file that was not taken where it is, and its state."""
        entry = ScanOutcome(record=to_entry(record), file_sha256=file_sha256)
        if unread is not None:
            entry = replace(entry, file=unread.place, file_signature=tuple(unread.signature or ()))
        self.write(entry)

    def retry(self) -> None:
        """Write what the disk did not take before."""
        self._backlog.retry()

    def keep(
        self, record: ScanRecord, scan: Scan | None, understood: Understood | None
    ) -> ScanRecord:
        """Keep what there is of a scan: its picture, and its run folder if it was analysed."""
        if scan is None:
            return record
        name = f"{record.number:04d}-{_safe(record.uid)}"
        result = understood.result if understood is not None else None
        write_thumbnail(scan, result, self.folder / PICTURES / f"{name}.png")
        if result is None or not self._runs:
            return replace(record, folder=name)
        path = self.folder / SCANS / f"{name}.corescout"
        write_run(result, path, overwrite=True, log=f"{result.verdict}\n")
        return replace(record, folder=name)

    def add_measurement(self, target: Target, measurement: Measurement) -> None:
        """Append a measurement to the table, beside the target that it answers."""
        self._backlog.put(partial(add_rows, self.folder / MEASUREMENTS, target, measurement))

    def known_files(self) -> set[str]:
        """SHA-256 of the files that the journal has an outcome of."""
        outcomes = (e for e in self._entries() if isinstance(e, ScanOutcome))
        return {e.file_sha256 for e in outcomes if e.file_sha256}

    def last_number(self) -> int:
        """Number of the last scan of the journal: the next ones are counted on."""
        outcomes = (e for e in self._entries() if isinstance(e, ScanOutcome))
        numbers = (e.record.get("number") for e in outcomes)
        return max((n for n in numbers if isinstance(n, int)), default=0)

    def left_undecided(self, source: str) -> dict[str, tuple[int, ...]] | None:
        """Files that the last watch of a source found there or set aside, if it never ended.

        The program or the computer went down: what is in the folder beside these, and is none of
        the `known_files`, has no outcome yet.

        Parameters
        ----------
        source : str
            Its name, as `Source` has it.

        Returns
        -------
        mapping of str to (int, int), or None
            By the place in the folder, size and time of writing; None where no watch was broken
            off.
        """
        found: dict[str, tuple[int, ...]] | None = None
        for entry in self._entries():
            if isinstance(entry, WatchBegan) and entry.source == source:
                found = _signatures(entry.there_before)
            elif isinstance(entry, WatchEnded):
                found = None
            elif isinstance(entry, ScanOutcome) and found is not None and entry.file:
                found[entry.file] = tuple(entry.file_signature)[:2]
        return found

    def write_page(self, source: str) -> Path:
        """Write the page of the day; return its path.

        Raises
        ------
        OSError
            If the disk is full; the page before stays.
        """
        from corescout.live.day.day_page import write_day_page

        return write_day_page(self.folder, source)

    def close(self) -> None:
        """Close the journal and let others write to the folder."""
        self.retry()
        self.journal.close()
        self._lock.release()

    def _entries(self) -> tuple[Entry, ...]:
        return read_entries(self.folder / JOURNAL)


def remove_day(folder: Path) -> None:
    """Remove the folder of a day, for one that is to replace it.

    Raises
    ------
    InputError
        If it holds anything else, or somebody writes to it.
    """
    if not folder.exists():
        return
    if not folder.is_dir() or not {path.name for path in folder.iterdir()} <= _OURS:
        raise InputError(
            "the folder of a day to overwrite", f"{folder}, which has other contents",
            "give another with --out",
        )  # fmt: skip
    Day(folder).close()  # nobody else has it
    shutil.rmtree(folder)


def _signatures(there: Any) -> dict[str, tuple[int, ...]] | None:
    """Size and time of files by their place; None where an entry says nothing of them."""
    if not isinstance(there, Mapping):
        return None
    return {str(k): tuple(v) for k, v in there.items() if isinstance(v, list | tuple)}


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:60]
