"""When is a file complete, and is it new? The states of the files of one folder.

A file is taken when its size and time did not change over two polls, it passes what its format says
of itself (an Igor wave its checksum, its size and Asylum's footer; see `corescout.readers`), and it
parses. A hash of its bytes is its identity. What does not get there in time is set aside, aloud.

Times of a share count in steps of two seconds: a file that is written again within one looks the
same, so each is hashed once more when the step is over. What is no regular file, or larger than any
scan, is set aside unread.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from corescout.data import InputError, Measurement, Scan
from corescout.data.bounds import why_no_file
from corescout.readers import read_scan
from corescout.readers.registry import has_reader
from corescout.readers.spectroscopy import SPECTRUM_SUFFIXES, read_measurement
from corescout.switching import loop_of

POLLS = 2  # without a change
BATCH = 16  # files that are read before others are looked for
CLOCK_STEP_S = 3.0  # two seconds of a share, and some

Signature = tuple[int, int]  # size in bytes, time of the last write in ns
_State = tuple[int, int, int]  # and the time of the last change of any kind: rights, name


@dataclass(frozen=True)
class SetAside:
    """A file that was not taken, and why."""

    path: Path
    reason: str
    signature: tuple[int, ...] | None = field(default=None, compare=False)
    place: str = field(default="", compare=False)  # in the folder that is watched


@dataclass
class _Waiting:
    """A file that may not be complete yet."""

    state: _State
    since_s: float  # of the last change
    polls: int = 0
    problem: str = ""


@dataclass(frozen=True)
class _Known:
    """What a name held when it was looked at last."""

    state: _State
    sha256: str | None  # None: it was there before the watch, or was set aside unread
    revision: int
    before: bool = False  # it was there before the watch

    def is_like(self, state: _State) -> bool:
        """Whether nothing has changed; other rights make no new scan of an old file."""
        return state[:2] == self.state[:2] if self.before else state == self.state


class Arrivals:
    """Decides about files; knows no clock and no thread of its own.

    Parameters
    ----------
    timeout_s : float
        Without a change, after which a file that cannot be read is set aside.
    known : iterable of str
        SHA-256 of files that were taken before, in an earlier watch: they are passed over.
    step_s : float, optional
        After which a file is hashed once more.
    """

    def __init__(
        self, timeout_s: float, known: Iterable[str] = (), step_s: float | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._step_s = CLOCK_STEP_S if step_s is None else step_s
        self._refused: dict[Path, SetAside] = {}
        self._again: dict[Path, float] = {}  # when to hash a file once more
        self._waiting: dict[Path, _Waiting] = {}
        self._known: dict[Path, _Known] = {}
        self._names: dict[str, str] = {}
        self._before = frozenset(known)

    @property
    def waiting(self) -> dict[Path, str]:
        """Files that are looked at, and what they are waited for."""
        return {p: w.problem or "it is being written" for p, w in list(self._waiting.items())}

    @property
    def passed_over(self) -> dict[Path, Signature]:
        """Files that were there before the watch and have not changed since."""
        return {p: k.state[:2] for p, k in self._known.items() if k.before}

    def skip(self, path: Path) -> None:
        """Take a file as known that was there before the watch."""
        found = _stat(path) if is_wanted(path) else None
        if found is not None:
            self._known[path] = _Known(_state(found), None, 0, before=True)

    def saw(self, path: Path, now_s: float) -> None:
        """Look at a file from now on, if it is new or has changed."""
        if not is_wanted(path) or path in self._waiting:
            return
        found = _stat(path)
        if found is None:
            return
        state, known = _state(found), self._known.get(path)
        if known is not None and known.is_like(state):
            return
        if (why := why_no_file(found)) is not None:
            self._refused[path] = SetAside(path, why, state)
            self._known[path] = _Known(state, None, known.revision if known else -1)
            return
        self._waiting[path] = _Waiting(state, now_s)

    def poll(self, now_s: float) -> Iterator[Scan | Measurement | SetAside]:
        """Look at every file that is waited for; yields what is decided, oldest first.

        At most `BATCH` files are read, the newest of all: a scan that comes now does not wait for a
        thousand old ones.
        """
        while self._refused:
            yield self._refused.pop(next(iter(self._refused)))
        self._look_again(now_s)
        settled = [path for path in list(self._waiting) if self._has_settled(path, now_s)]
        for path in sorted(settled, key=lambda p: self._waiting[p].state[1])[-BATCH:]:
            found = self._take(path, now_s)
            if found is not None:
                yield found

    # -- inner ----------------------------------------------------------------------------

    def _look_again(self, now_s: float) -> None:
        """Hash files again that could have been written to within a step of the clock."""
        due = [path for path, at_s in self._again.items() if at_s <= now_s]
        for path in due[:BATCH]:
            del self._again[path]
            known, state = self._known.get(path), _state_of(path)
            if known is None or state != known.state or path in self._waiting:
                continue  # it has changed visibly: that is seen by itself
            try:
                changed = sha256_of(path) != known.sha256
            except OSError:
                continue
            if changed:
                self._waiting[path] = _Waiting(state, now_s)

    def _has_settled(self, path: Path, now_s: float) -> bool:
        """Whether a file did not change over two polls; a changed one begins anew."""
        waiting, state = self._waiting[path], _state_of(path)
        if state is None:
            del self._waiting[path]  # gone, or renamed: its new name is seen by itself
            return False
        if state != waiting.state:
            self._waiting[path] = _Waiting(state, now_s)
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
                    self._done(path, waiting.state, digest, before.revision if before else 0)
                    return None
                if digest in self._names:
                    return self._same_again(path, digest, waiting.state)
                content = read_content(path)
            except (InputError, OSError) as error:
                waiting.problem = " ".join(str(error).split())
        if _state_of(path) != waiting.state:
            return None  # written to while it was read: the next poll sees it
        if content is None or digest is None:
            if now_s - waiting.since_s < self._timeout_s:
                return None
            self._done(path, waiting.state, None, before.revision if before else -1)
            return SetAside(path, waiting.problem, waiting.state)
        revision = before.revision + 1 if before else 0
        self._done(path, waiting.state, digest, revision)
        self._again[path] = waiting.since_s + self._step_s
        self._names[digest] = path.name
        metadata = {**content.metadata, "file_sha256": digest}
        if isinstance(content, Scan):
            return replace(content, revision=revision, metadata=metadata)
        return replace(content, metadata=metadata)

    def _same_again(self, path: Path, digest: str, state: _State) -> SetAside | None:
        """Content that was taken before: the file was touched, copied or renamed."""
        before = self._known.get(path)
        self._done(path, state, digest, before.revision if before else 0)
        if before is not None and before.sha256 == digest:
            return None
        return SetAside(path, f"the same content as {self._names[digest]}", state)

    def _done(self, path: Path, state: _State, digest: str | None, revision: int) -> None:
        del self._waiting[path]
        self._known[path] = _Known(state, digest, revision)


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
    """Size and time of a regular file of a bearable size, None where there is none."""
    state = _state_of(path)
    return None if state is None else state[:2]


def size_and_time_of(path: Path) -> Signature | None:
    """Size and time of whatever is there and no folder, also of what is not read."""
    found = _stat(path)
    return None if found is None else _state(found)[:2]


def _state_of(path: Path) -> _State | None:
    found = _stat(path)
    return None if found is None or why_no_file(found) is not None else _state(found)


def _stat(path: Path) -> os.stat_result | None:
    """What the system says of a file; None where there is none, or a folder."""
    try:
        found = path.stat()
    except OSError:
        return None
    return None if stat.S_ISDIR(found.st_mode) else found


def _state(found: os.stat_result) -> _State:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def sha256_of(path: Path) -> str:
    """Hash of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Files of a folder; what is inside a run folder is ours, not the instrument's."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not f.endswith(".corescout") and recursive]
        yield from (Path(parent) / name for name in names)
