"""The folder of the library: one file a type, written whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from corescout.data import InputError
from corescout.folders import LIBRARY_VARIABLE, types_folder
from corescout.library import files
from corescout.library.entry import LibraryType
from corescout.whole import write_whole

SUFFIX = ".type.npz"


class Library:
    """Named types in a folder.

    Several programs may use it at once: each type is a file of its own, put in place by one rename.

    Parameters
    ----------
    folder : path, optional
        Made when the first type is added.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder) if folder is not None else types_folder()

    def entries(self) -> tuple[LibraryType, ...]:
        """Return the types by name; files that cannot be read are left out (see `damaged`)."""
        found = []
        for path in self._paths():
            try:
                found.append(files.read(path))
            except InputError:
                continue
        return tuple(sorted(found, key=lambda e: (e.name.casefold(), e.created_at, e.uid)))

    def damaged(self) -> dict[Path, str]:
        """Return the files of the folder that cannot be read, and why."""
        reasons: dict[Path, str] = {}
        for path in self._paths():
            try:
                files.read(path)
            except InputError as error:
                reasons[path] = str(error)
        return reasons

    def get(self, key: str) -> LibraryType:
        """Return the type of a name or the beginning of its identifier.

        Raises
        ------
        InputError
            If there is none, or more than one.
        """
        known_types = self.entries()
        matches = [e for e in known_types if e.uid == key] or [
            e for e in known_types if e.name.casefold() == key.casefold() or e.uid.startswith(key)
        ]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InputError(
                f"one type called {key!r}",
                ", ".join(f"{e.name} ({e.uid})" for e in matches),
                "give the identifier",
            )
        known = ", ".join(e.name for e in known_types) or "none"
        raise InputError(f"a type of the library ({known})", repr(key), "choose one of these")

    def add(self, entry: LibraryType) -> Path:
        """Keep a type; return its file.

        Raises
        ------
        InputError
            If a type of that name is there already, or the folder cannot be written.
        """
        if any(e.name.casefold() == entry.name.casefold() for e in self.entries()):
            raise InputError(
                "a name that is not in the library yet", repr(entry.name), "give another with it"
            )
        return self._write(entry)

    def rename(self, uid: str, name: str) -> LibraryType:
        """Give a type another name."""
        entry = replace(self.get(uid), name=name)
        self._path_of(uid).unlink()
        self._write(entry)
        return entry

    def remove(self, uid: str) -> None:
        """Delete a type."""
        self._path_of(uid).unlink()

    def _paths(self) -> tuple[Path, ...]:
        return tuple(sorted(self.folder.glob(f"*{SUFFIX}")))

    def _path_of(self, uid: str) -> Path:
        found = [p for p in self._paths() if p.name.endswith(f"{uid}{SUFFIX}")]
        if not found:
            raise InputError("a type of the library", repr(uid), "see 'corescout types list'")
        return found[0]

    def _write(self, entry: LibraryType) -> Path:
        target = self.folder / f"{_slug(entry.name)}-{entry.uid}{SUFFIX}"
        content = files.to_bytes(entry)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(target, content, sync=True)
        except OSError as error:
            raise InputError(
                f"room and the right to write the library {self.folder}",
                error.strerror or str(error),
                f"free some space, or name another folder in {LIBRARY_VARIABLE}",
            ) from error
        return target


def _slug(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name).strip("_")[:40] or "type"
