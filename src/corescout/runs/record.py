"""The record of an exploration in its run folder, from the first second: what a crash leaves.

``record/`` holds ``about.json`` (which scan, which versions and machine), ``plan.json`` as it was
asked for, ``key_points.npz`` where they were given by hand, ``journal.jsonl``, and a file in
``trials/`` for every finished one. One process writes: the journal by whole lines that are on the
disk before anything follows, every other file whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout

from corescout.data import InputError, Keypoints, Scan
from corescout.data.bounds import bounded_npz, regular_file
from corescout.plan import Plan
from corescout.runs import layout
from corescout.runs.further_kept import KeptFurther
from corescout.runs.tables import machine, to_json, versions
from corescout.whole import append_whole, end_last_line, read_journal, write_whole

FORMAT_VERSION = 1


class Record:
    """The trials that an exploration has finished, kept in its run folder.

    Parameters
    ----------
    folder : Path
        Of the run; its ``record`` is there, see `begin`.

    Raises
    ------
    InputError
        If there is no record, another process writes it, or it is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._path = self.folder / layout.RECORD
        if not (self._path / layout.ABOUT).is_file():
            raise InputError(
                f"a run folder with the record of its trials ({layout.RECORD}/{layout.ABOUT})",
                f"{self.folder}" + ("" if self.folder.exists() else ", which does not exist"),
                "give the folder of an exploration that was not finished",
            )
        self._lock = FileLock(self._path / layout.LOCK, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                "a run folder that no other program writes",
                f"{self.folder}, into which another exploration writes",
                "wait until it has ended, or choose another place with --out",
            ) from None
        try:
            self.about = _about(self._path)
            self.plan = _plan(self._path)
            for left in (self._path / layout.FINISHED_TRIALS).glob(".*.partial*"):
                left.unlink(missing_ok=True)
            self._file = (self._path / layout.JOURNAL).open("ab+", buffering=0)
            end_last_line(self._file)
            self._entries = read_journal(self._path / layout.JOURNAL)
        except BaseException:
            self._lock.release()
            raise
        self._others: list[tuple[Path, dict[str, dict[str, Any]]]] = []
        self._begun_here = False  # by this program, so that nothing is lost with it while empty
        self._hashes = {e["key"]: e["sha256"] for e in self._entries if e["what"] == "finished"}

    @classmethod
    def begin(
        cls,
        folder: str | Path,
        scan: Scan,
        plan: Plan,
        keypoints: Keypoints | None = None,
        further: Sequence[KeptFurther] = (),
    ) -> Self:
        """Make the record of a new exploration; one that is there is replaced.

        Parameters
        ----------
        further : sequence of KeptFurther
            Scans in which the types will be looked for.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        path = Path(folder) / layout.RECORD
        try:
            if (path / layout.ABOUT).is_file():
                cls(folder).close()  # refuses where somebody writes it
            shutil.rmtree(path, ignore_errors=True)
            (path / layout.FINISHED_TRIALS).mkdir(parents=True)
            write_whole(path / layout.PLAN, to_json(plan.model_dump(mode="json")), sync=True)
            if keypoints is not None:
                write_whole(path / layout.GIVEN_POINTS, _points_bytes(keypoints), sync=True)
            write_whole(path / layout.ABOUT, to_json(_about_table(scan, further)), sync=True)
            record = cls(folder)
        except OSError as error:
            _remove(path)
            raise no_room(Path(folder), error, kept=False) from error
        record._begun_here = True
        record.note("begun")
        return record

    def discard_if_empty(self) -> None:
        """Remove the record of an exploration that failed before anything was finished.

        One that was begun by an earlier start stays: it holds a plan, and perhaps key points that
        were drawn by hand.
        """
        if not self._goes_on:
            self.close()
            _remove(self._path)

    @property
    def _goes_on(self) -> bool:
        """Whether there is something to go on with."""
        return bool(self.n_trials) or not self._begun_here

    # -- what is kept ---------------------------------------------------------------------

    def reuse(self, run: str | Path) -> None:
        """Look for trials in another run's record too; those that are found are copied.

        Raises
        ------
        InputError
            If the run has no files of trials.
        """
        path = Path(run) / layout.RECORD
        if not any((path / layout.FINISHED_TRIALS).glob("*.h5")):
            raise InputError(
                "a run that keeps the files of its trials",
                f"{run}, which has none",
                "explore again: it is older than 0.2, was pruned, or is no run",
            )
        entries = read_journal(path / layout.JOURNAL)
        known = {e["key"]: e for e in entries if e["what"] == "finished"}
        self._others.append((path / layout.FINISHED_TRIALS, known))

    def get(self, key: str) -> bytes | None:
        """Return the file of a finished trial; None if it is not there or damaged."""
        return self._own(key) or self._from_others(key)

    def _from_others(self, key: str) -> bytes | None:
        for folder, known in self._others:
            if key not in known:
                continue
            try:
                content = regular_file(folder / f"{key}.h5").read_bytes()
            except OSError:
                continue
            if known[key]["sha256"] == hashlib.sha256(content).hexdigest():
                self.put(key, content, str(known[key]["label"]))
                return content
        return None

    def _own(self, key: str) -> bytes | None:
        try:
            content = regular_file(self._trial(key)).read_bytes()
        except OSError:
            return None
        found = hashlib.sha256(content).hexdigest()
        if key not in self._hashes:  # it was killed between the file and its entry
            self._enter(key, "", found, len(content))
        return content if self._hashes[key] == found else None

    def put(self, key: str, content: bytes, label: str) -> None:
        """Keep the file of a finished trial; it and its entry are on the disk on return.

        Raises
        ------
        InputError
            If the disk is full; what was kept before is intact.
        """
        found = hashlib.sha256(content).hexdigest()
        if self._hashes.get(key) == found:
            return
        try:
            write_whole(self._trial(key), content, sync=True)
        except OSError as error:
            raise no_room(self.folder, error, kept=self._goes_on) from error
        self._enter(key, label, found, len(content))

    def died(self, key: str, label: str, why: str) -> int:
        """Note that a worker died under a trial; return how often that has been."""
        self.note("died", key=key, label=label, why=why)
        return self.deaths(key)

    def deaths(self, key: str) -> int:
        """How many workers have died under a trial, in this start and in those before."""
        return sum(e["what"] == "died" and e.get("key") == key for e in self._entries)

    def note(self, what: str, **facts: object) -> None:
        """Append an entry to the journal; it is on the disk on return.

        Raises
        ------
        InputError
            If the disk is full; the journal is as it was.
        """
        entry = {"at": datetime.now(UTC).isoformat(), "what": what, **facts}
        try:
            append_whole(self._file, (json.dumps(entry) + "\n").encode(), synced=True)
        except OSError as error:
            raise no_room(self.folder, error, kept=self._goes_on) from error
        self._entries.append(entry)

    # -- what it is of --------------------------------------------------------------------

    @property
    def n_trials(self) -> int:
        """Finished trials that are kept."""
        return len(self._hashes)

    @property
    def source(self) -> str:
        """File that the scan was read from."""
        return str(self.about["source"])

    @property
    def further(self) -> tuple[KeptFurther, ...]:
        """Scans in which the types are looked for, as they were named when it was begun."""
        return tuple(map(KeptFurther.from_table, self.about.get("further", ())))

    @property
    def keypoints(self) -> Keypoints | None:
        """Those that were given by hand."""
        path = self._path / layout.GIVEN_POINTS
        if not path.is_file():
            return None
        with bounded_npz(path) as stored:
            return Keypoints(stored["yx_px"], stored["score"], str(stored["source"]))

    def check_scan(self, scan: Scan) -> None:
        """Refuse another scan than the one that was explored.

        Raises
        ------
        InputError
        """
        if scan.content_sha256 != self.about["content_sha256"]:
            raise InputError(
                f"the scan that {self.folder} is of (SHA-256 of its values"
                f" {self.about['content_sha256'][:12]}...)",
                f"{scan.source or scan.uid} ({scan.content_sha256[:12]}...)",
                "give the file that was explored, or explore this one again with --out",
            )

    def changed_versions(self) -> str:
        """Say which versions have changed since it was begun; "" if none has."""
        then, now = self.about["versions"], versions()
        changed = [f"{n} {then.get(n)} became {v}" for n, v in now.items() if then.get(n) != v]
        return ", ".join(changed)

    def close(self) -> None:
        """Close the journal and let others write; the lock leaves no file."""
        self._file.close()
        if self._lock.is_locked:
            with suppress(OSError):  # while it is held: nobody else can have taken it yet
                (self._path / layout.LOCK).unlink()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter(self, key: str, label: str, sha256: str, n_bytes: int) -> None:
        self.note("finished", key=key, label=label, sha256=sha256, bytes=n_bytes)
        self._hashes[key] = sha256

    def _trial(self, key: str) -> Path:
        return self._path / layout.FINISHED_TRIALS / f"{key}.h5"


def _remove(path: Path) -> None:
    """Remove a record, and its folder where that holds nothing else."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.parent.rmdir()


def is_unfinished(folder: str | Path) -> bool:
    """Say whether a folder holds the record of an exploration that was not brought to its end."""
    path = Path(folder) / layout.RECORD
    if not (path / layout.ABOUT).is_file() or not (path / layout.JOURNAL).is_file():
        return False
    ends = [e["what"] for e in read_journal(path / layout.JOURNAL)]
    return "decided" not in ends


def no_room(folder: Path, error: OSError, *, kept: bool) -> InputError:
    """What a full disk or a folder that cannot be written becomes.

    Parameters
    ----------
    kept : bool
        Whether there is something to go on with.
    """
    again = f"go on with --resume {folder}" if kept else "explore again"
    return InputError(
        f"room and the right to write the run folder {folder}",
        error.strerror or str(error),
        f"free some space and {again}, or choose another place with --out",
    )


def _about(path: Path) -> dict[str, Any]:
    found = _json(path / layout.ABOUT)
    if found.get("format_version", 0) > FORMAT_VERSION:
        raise InputError(
            f"a record of format version {FORMAT_VERSION} or older",
            f"version {found['format_version']} in {path}",
            "update Corescout",
        )
    return found


def _plan(path: Path) -> Plan:
    try:
        return Plan.model_validate(_json(path / layout.PLAN))
    except ValueError as error:
        raise InputError(
            "a plan of this version of Corescout", f"{path / layout.PLAN} ({error})"[:300],
            "explore the scan again",
        ) from error  # fmt: skip


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(regular_file(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("an undamaged record", f"{path} ({error})", "explore again") from error
    if not isinstance(found, dict):
        raise InputError("an undamaged record", f"{path}", "explore again")
    return found


def _about_table(scan: Scan, further: Sequence[KeptFurther]) -> Mapping[str, object]:
    return {
        "format_version": FORMAT_VERSION,
        "begun_at": datetime.now(UTC).isoformat(),
        "source": str(Path(scan.source).absolute()) if scan.source else "",
        "scan_uid": scan.uid,
        "scan_sha256": scan.file_sha256,
        "content_sha256": scan.content_sha256,
        "further": [each.table for each in further],
        "versions": versions(),
        "machine": machine(),
        "process": os.getpid(),
    }


def _points_bytes(keypoints: Keypoints) -> bytes:
    memory = io.BytesIO()
    np.savez(
        memory,
        yx_px=keypoints.yx_px,
        score=keypoints.score,
        source=np.array(keypoints.source),
    )
    return memory.getvalue()
