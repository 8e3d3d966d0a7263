"""Scans that are written to a folder in every way that goes wrong, and what must become of them."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from corescout.data import Scan
from corescout.data.bounds import LARGEST_FILE_BYTES
from corescout.exports import write_gsf

BURST, QUICK_BURST = 50, 8
LONGEST_PAUSE_S = 0.7  # inside a file: longer than two looks at it
CALM = ("plain", "half-written", "renamed", "old time")  # nothing is done to them later
_KINDS = (*CALM, "new name later", "rewritten", "duplicate")
_LONG_AGO_S = 1e9


@dataclass
class Ledger:
    """What was written.

    Attributes
    ----------
    contents : set of str
        SHA-256 of the files of which each must have one outcome.
    names : set of str
        Names that must be set aside once: copies, new names, what never completes.
    """

    contents: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


class Writer:
    """Writes scans to a folder.

    Parameters
    ----------
    folder : Path
    scan : Scan
        Every written one is this with other noise.
    seen : callable
        Whether a name without its suffix has an outcome.
    """

    def __init__(
        self, folder: Path, scan: Scan, seen: Callable[[str], bool], seed: int = 0
    ) -> None:
        self.ledger = Ledger()
        self._folder, self._scan, self._seen = folder, scan, seen
        self._rng, self._noise = random.Random(seed), np.random.default_rng(seed)
        self._later: list[tuple[str, Callable[[], None]]] = []
        self._count = self._strange = 0

    def nothing_later(self) -> bool:
        """Do what was put off, as far as outcomes allow; True when nothing is left."""
        self._do_later()
        return not self._later

    def write_next(self, kinds: Sequence[str] = _KINDS) -> str:
        """Write a scan in one of the ways, and do what was put off; returns its name."""
        kind = self._rng.choice(kinds)
        name, content = self._new()
        if kind == "half-written":
            self._in_parts(name, content)
        elif kind == "renamed":
            part = self._folder / f"{name}.part"
            part.write_bytes(content)
            part.rename(self._path(name))
        elif kind == "old time":
            part = self._folder / f"{name}.part"
            part.write_bytes(content)
            os.utime(part, (_LONG_AGO_S, _LONG_AGO_S))  # copied with its time kept
            part.rename(self._path(name))
        else:
            self._path(name).write_bytes(content)
        if kind == "new name later":
            self._later.append((name, lambda: self._rename(name)))
        elif kind == "rewritten":
            self._later.append((name, lambda: self._rewrite(name)))
        elif kind == "duplicate":
            self._later.append((name, lambda: self._copy(name)))
        self._do_later()
        return name

    def write_burst(self, count: int) -> None:
        """Write many at once."""
        for name, content in [self._new() for _ in range(count)]:
            self._path(name).write_bytes(content)

    def write_incomplete(self) -> None:
        """Write one that never completes."""
        name, content = self._new(counts=False)
        self._path(name).write_bytes(content[: int(0.9 * len(content))])
        self.ledger.names.add(self._path(name).name)

    def write_strange(self) -> None:
        """Put something into the folder that must be set aside, and must hang nothing."""
        self._count += 1
        name, kind = f"strange{self._count:04d}", self._strange % 4
        self._strange += 1
        path = self._folder / f"{name}.ibw"
        if kind == 0:
            os.mkfifo(path)
        elif kind == 1:
            path.symlink_to("/dev/zero")
        elif kind == 2:
            with path.open("wb") as file:
                file.truncate(LARGEST_FILE_BYTES + 1)
        else:  # a name that is no text, and no scan
            path = self._folder / os.fsdecode(os.fsencode(name) + b"\xfc\x1b.gsf")
            path.write_bytes(b"junk")
        self.ledger.names.add(path.name)

    # -- inner ----------------------------------------------------------------------------

    def _do_later(self) -> None:
        """Rename, rewrite and copy what has an outcome by now."""
        due = [(name, do) for name, do in self._later if self._seen(name)]
        self._later = [entry for entry in self._later if entry not in due]
        for _, do in due:
            do()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.gsf"

    def _new(self, *, counts: bool = True) -> tuple[str, bytes]:
        self._count += 1
        return f"scan{self._count:04d}", self._content(counts=counts)

    def _content(self, *, counts: bool = True) -> bytes:
        values = self._scan.channel()
        noisy = values + 0.05 * values.std() * self._noise.standard_normal(values.shape)
        scan = replace(self._scan, channels={self._scan.default_channel: noisy.astype(np.float32)})
        with tempfile.TemporaryDirectory() as folder:
            content = write_gsf(scan, folder)[0].read_bytes()
        if counts:
            self.ledger.contents.add(hashlib.sha256(content).hexdigest())
        return content

    def _in_parts(self, name: str, content: bytes) -> None:
        with self._path(name).open("wb") as file:
            for share in (0.2, 0.9, 1.0):
                file.write(content[file.tell() : int(share * len(content))])
                file.flush()
                if share < 1.0:
                    time.sleep(self._rng.uniform(0, LONGEST_PAUSE_S))

    def _rename(self, name: str) -> None:
        self._path(name).rename(self._path(f"{name}-renamed"))
        self.ledger.names.add(f"{name}-renamed.gsf")

    def _rewrite(self, name: str) -> None:
        self._path(name).write_bytes(self._content())

    def _copy(self, name: str) -> None:
        shutil.copyfile(self._path(name), self._path(f"{name}-copy"))
        self.ledger.names.add(f"{name}-copy.gsf")
