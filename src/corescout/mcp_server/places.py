"""The named folders, and the files in them: nothing outside can be reached by any name."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corescout.data import InputError
from corescout.mcp_server.words import bounded
from corescout.readers import can_read
from corescout.runs import is_run
from corescout.steering import says_where

Kind = Literal["scan", "run", "day", "measurements"]
RESULTS = "results"  # what the folder of the server itself is called
JOURNAL = "journal.jsonl"
MEASUREMENTS = "measurements.csv"  # of a day
LARGEST_BYTES = 512 * 2**20  # of a file that is read
LARGEST_TABLE_BYTES = 16 * 2**20  # of a table, which becomes lists of text
_DEEPEST, _MOST_LOOKED_AT = 6, 20_000
_LONGEST_NAME = 400


@dataclass(frozen=True)
class NamedFile:
    """A scan, a run, a day or a table of measurements, by the name that a tool takes."""

    kind: Kind
    name: str
    size_bytes: int


class AllowedPlaces:
    """Folders that may be read, by name; the server's own among them.

    Parameters
    ----------
    folders : sequence of Path
        To be read, with what is in them.
    own : Path
        To be written, and read.

    Raises
    ------
    InputError
        If one is no folder.
    """

    def __init__(self, folders: Sequence[Path], own: Path) -> None:
        self.own = own.resolve()
        self.folders: dict[str, Path] = {RESULTS: self.own}
        for folder in folders:
            if not folder.is_dir():
                raise InputError("a folder of scans", f"{folder}, which is none", "check the path")
            place = folder.resolve()
            if place not in self.folders.values():
                self.folders[self._free_name(place.name or "folder")] = place

    def find(self, name: str) -> Path:
        """Return the place of a name such as ``scans/monday/scan_0001.ibw``.

        Raises
        ------
        InputError
            If it is not below a named folder, also by a link, or is not there.
        """
        parts = name.split("/")
        wrong = len(name) > _LONGEST_NAME or "\\" in name or not name.isprintable()
        wrong = wrong or any(part in ("", ".", "..") or ":" in part for part in parts)
        root = self.folders.get(parts[0])
        if wrong or root is None:
            raise self._not_there(name)
        try:
            place = root.joinpath(*parts[1:]).resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise self._not_there(name) from error
        if not place.is_relative_to(root):
            raise self._not_there(name)
        return place

    def scan(self, name: str) -> Path:
        """Return the place of a scan file of a bearable size."""
        place = self.find(name)
        found = place.stat()
        if stat.S_ISDIR(found.st_mode):
            raise InputError("a scan file", bounded(name), "take a name of kind scan of list_files")
        _check_file(place, name)
        return place

    def run(self, name: str) -> Path:
        """Return the folder of a run, none of whose files leads elsewhere."""
        place = self.find(name)
        if not place.is_dir() or not is_run(place):
            raise InputError("a run", bounded(name), "take a name of kind run of list_files")
        self._check_inside(place, name)
        return place

    def day(self, name: str) -> Path:
        """Return the folder of a day, whose journal does not lead elsewhere."""
        place = self.find(name)
        if not place.is_dir() or not _is_day(place):
            raise InputError("a day", bounded(name), "take a name of kind day of list_files")
        journal = (place / JOURNAL).resolve()
        if not journal.is_relative_to(place):
            raise self._not_there(name)
        _check_file(journal, name)
        return place

    def table(self, name: str) -> Path:
        """Return the place of a table of measurements of a bearable size."""
        place = self.find(name)
        if place.is_dir() or place.suffix.lower() != ".csv":
            raise InputError(
                "a table of measurements", bounded(name), "take a name of kind measurements of"
                " list_files",
            )  # fmt: skip
        _check_file(place, name, LARGEST_TABLE_BYTES)
        return place

    def is_run(self, name: str) -> bool:
        """Whether a name is that of a run."""
        place = self.find(name)
        return place.is_dir() and is_run(place)

    def all(self, folder: str | None = None) -> list[NamedFile]:
        """Return what can be read below a folder, or below all of them; own runs first."""
        if folder is None:
            return [found for name in self.folders for found in self._below(name, self.find(name))]
        place = self.find(folder)
        if not place.is_dir():
            raise InputError("a folder", bounded(folder), "leave it out to see all")
        return list(self._below(folder, place))

    def without_paths(self, text: str) -> str:
        """Return a text in which the named folders stand by their names."""
        for name, place in sorted(self.folders.items(), key=lambda f: -len(str(f[1]))):
            text = text.replace(str(place), name)
        return text

    def _below(self, name: str, place: Path) -> Iterator[NamedFile]:
        looked_at = 0
        for at, folders, files in os.walk(place, followlinks=False):
            here = Path(at)
            said = "/".join((name, *here.relative_to(place).parts))
            depth = len(here.relative_to(place).parts)
            if here != place or name not in self.folders:
                kind = _kind_of_folder(here)
                if kind is not None:
                    yield from self._folder_of(kind, said)
                    if kind == "day" and MEASUREMENTS in files:
                        yield from self._table_of(f"{said}/{MEASUREMENTS}")
                    folders[:] = ["scans"] if kind == "day" and "scans" in folders else []
                    continue
            elif _is_day(here):
                yield from self._folder_of("day", said)
            folders[:] = sorted(folders) if depth < _DEEPEST else []
            for file in sorted(files):
                looked_at += 1
                if looked_at > _MOST_LOOKED_AT:
                    return
                found = self._scan_of(f"{said}/{file}")
                if found is not None:
                    yield found
                elif file.lower().endswith(".csv"):
                    yield from self._table_of(f"{said}/{file}")

    def _folder_of(self, kind: Kind, name: str) -> Iterator[NamedFile]:
        """A run or a day, unless something of it leads elsewhere."""
        try:
            (self.run if kind == "run" else self.day)(name)
        except (InputError, OSError):
            return
        yield NamedFile(kind, name, 0)

    def _scan_of(self, name: str) -> NamedFile | None:
        try:
            place = self.find(name)
            _check_file(place, name)
            return NamedFile("scan", name, place.stat().st_size) if can_read(place) else None
        except (InputError, OSError):
            return None

    def _table_of(self, name: str) -> Iterator[NamedFile]:
        """A table that says of each row where it was measured."""
        try:
            place = self.table(name)
            with place.open(newline="", encoding="utf-8-sig") as file:
                columns = next(csv.reader([file.readline(4096)]), [])
        except (InputError, OSError, UnicodeDecodeError, csv.Error):
            return
        if says_where(columns):
            yield NamedFile("measurements", name, place.stat().st_size)

    def _check_inside(self, folder: Path, name: str) -> None:
        """Refuse a run in which a link leads out of it, or which is too large."""
        total = 0
        for number, path in enumerate(folder.rglob("*")):
            if not path.resolve().is_relative_to(folder) or number > 1000:
                raise InputError("a run that holds its own files", bounded(name), "copy it again")
            total += path.stat().st_size if path.is_file() else 0
        if total > LARGEST_BYTES:
            raise InputError(f"a run of at most {LARGEST_BYTES:,} bytes", f"{total:,}", "no remedy")

    def _free_name(self, name: str) -> str:
        name = bounded(name, 60).replace("/", "_").replace("\\", "_").replace(":", "_")
        free, number = name, 2
        while free in self.folders:
            free, number = f"{name}-{number}", number + 1
        return free

    def _not_there(self, name: str) -> InputError:
        return InputError(
            f"a name below {', '.join(self.folders)}", repr(bounded(name, 120)),
            "take one of list_files",
        )  # fmt: skip


def _check_file(place: Path, name: str, most: int = LARGEST_BYTES) -> None:
    found = place.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > most:
        raise InputError(f"a regular file of at most {most:,} bytes", bounded(name), "take another")


def _kind_of_folder(folder: Path) -> Kind | None:
    if is_run(folder):
        return "run"
    return "day" if _is_day(folder) else None


def _is_day(folder: Path) -> bool:
    """A folder with the journal of a watch; the server's own journal is none."""
    return (folder / JOURNAL).is_file() and (folder / "scans").is_dir()
