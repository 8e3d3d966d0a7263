"""When is a file complete, and is it new? The states of the files of one folder.

A file is taken when its size and time did not change over two polls, it passes what its format says
of itself (an Igor wave its checksum, its size and Asylum's footer; see `corescout.readers`), and it
parses. A hash of its bytes is its identity. What does not get there in time is set aside, aloud.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from corescout.data import InputError, Measurement, Scan
from corescout.readers import read_scan
from corescout.readers.registry import has_reader
from corescout.readers.spectroscopy import SPECTRUM_SUFFIXES, read_measurement
from corescout.switching import loop_of

POLLS = 2  # without a change
BATCH = 16  # files that are read before others are looked for

Signature = tuple[int, int]  # size in bytes, time of the last change in ns


@dataclass(frozen=True)
class SetAside:
    """A file that was not taken, and why."""

    path: Path
    reason: str


@dataclass
class _Waiting:
    """A file that may not be complete yet."""

    signature: Signature
    since_s: float  # of the last change
    polls: int = 0
    problem: str = ""


@dataclass(frozen=True)
class _Known:
    """What a name held when it was looked at last."""

    signature: Signature
    sha256: str | None  # None: it was there before the watch, or was set aside unread
    revision: int


class Arrivals:
    """Decides about files; knows no clock and no thread of its own.

    Parameters
    ----------
    timeout_s : float
        Without a change, after which a file that cannot be read is set aside.
    known : iterable of str
        SHA-256 of files that were taken before, in an earlier watch: they are passed over.
    """

    def __init__(self, timeout_s: float, known: Iterable[str] = ()) -> None:
        self._timeout_s = timeout_s
        self._waiting: dict[Path, _Waiting] = {}
        self._known: dict[Path, _Known] = {}
        self._names: dict[str, str] = {}
        self._before = frozenset(known)

    @property
    def waiting(self) -> dict[Path, str]:
        """Files that are looked at, and what they are waited for."""
        return {p: w.problem or "it is being written" for p, w in list(self._waiting.items())}

    def skip(self, path: Path) -> None:
        """Take a file as known that was there before the watch."""
        signature = signature_of(path) if is_wanted(path) else None
        if signature is not None:
            self._known[path] = _Known(signature, None, 0)

    def saw(self, path: Path, now_s: float) -> None:
        """Look at a file from now on, if it is new or has changed."""
        if not is_wanted(path) or path in self._waiting:
            return
        signature = signature_of(path)
        known = self._known.get(path)
        if signature is not None and (known is None or known.signature != signature):
            self._waiting[path] = _Waiting(signature, now_s)

    def poll(self, now_s: float) -> Iterator[Scan | Measurement | SetAside]:
        """Look at every file that is waited for; yields what is decided, oldest first.

        At most `BATCH` files are read, the newest of all: a scan that comes now does not wait for a
        thousand old ones.
        """
        settled = [path for path in list(self._waiting) if self._has_settled(path, now_s)]
        for path in sorted(settled, key=lambda p: self._waiting[p].signature[1])[-BATCH:]:
            found = self._take(path, now_s)
            if found is not None:
                yield found

    # -- inner ----------------------------------------------------------------------------

    def _has_settled(self, path: Path, now_s: float) -> bool:
        """Whether a file did not change over two polls; a changed one begins anew."""
        waiting, signature = self._waiting[path], signature_of(path)
        if signature is None:
            del self._waiting[path]  # gone, or renamed: its new name is seen by itself
            return False
        if signature != waiting.signature:
            self._waiting[path] = _Waiting(signature, now_s)
            return False
        waiting.polls += 1
        return waiting.polls >= POLLS

    def _take(self, path: Path, now_s: float) -> Scan | Measurement | SetAside | None:
        """Read a file that has settled."""
        waiting, content, digest = self._waiting[path], None, None
        before = self._known.get(path)
        if not waiting.problem or waiting.polls % 8 == 0:  # a lock is given back without a change
            try:
                digest = sha256_of(path)
                if digest in self._before:
                    self._done(path, waiting.signature, digest, before.revision if before else 0)
                    return None
                if digest in self._names:
                    return self._same_again(path, digest, waiting.signature)
                content = read_content(path)
            except (InputError, OSError) as error:
                waiting.problem = " ".join(str(error).split())
        if signature_of(path) != waiting.signature:
            return None  # written to while it was read: the next poll sees it
        if content is None or digest is None:
            if now_s - waiting.since_s < self._timeout_s:
                return None
            self._done(path, waiting.signature, None, before.revision if before else -1)
            return SetAside(path, waiting.problem)
        revision = before.revision + 1 if before else 0
        self._done(path, waiting.signature, digest, revision)
        self._names[digest] = path.name
        metadata = {**content.metadata, "file_sha256": digest}
        if isinstance(content, Scan):
            return replace(content, revision=revision, metadata=metadata)
        return replace(content, metadata=metadata)

    def _same_again(self, path: Path, digest: str, signature: Signature) -> SetAside | None:
        """Content that was taken before: the file was touched, copied or renamed."""
        before = self._known.get(path)
        self._done(path, signature, digest, before.revision if before else 0)
        if before is not None and before.sha256 == digest:
            return None
        return SetAside(path, f"the same content as {self._names[digest]}")

    def _done(self, path: Path, signature: Signature, digest: str | None, revision: int) -> None:
        del self._waiting[path]
        self._known[path] = _Known(signature, digest, revision)


def read_content(path: Path) -> Scan | Measurement:
    """Read a scan, or the spectrum that a file holds instead of one: of SS-PFM its loop.

    Raises
    ------
    InputError
        If it is neither, or not complete.
    """
    if not has_reader(path):
        return loop_of(read_measurement(path))
    try:
        return read_scan(path)
    except InputError:
        if path.suffix.lower() not in SPECTRUM_SUFFIXES:
            raise
        try:
            return loop_of(read_measurement(path))
        except InputError:
            pass
        raise


def is_wanted(path: Path) -> bool:
    """Whether a name may be a scan or a spectrum; hidden and temporary files are not."""
    if path.name.startswith((".", "~")):
        return False
    return has_reader(path) or path.suffix.lower() in SPECTRUM_SUFFIXES


def signature_of(path: Path) -> Signature | None:
    """Size and time of a file, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if not path.is_dir() else None


def sha256_of(path: Path) -> str:
    """Hash of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Files of a folder; what is inside a run folder is ours, not the instrument's."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not f.endswith(".corescout") and recursive]
        yield from (Path(parent) / name for name in names)
