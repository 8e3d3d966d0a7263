"""What a stranger's file may ask for: its own bytes, and no more memory than it can fill."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from corescout.data.errors import InputError

if TYPE_CHECKING:
    import h5py

LARGEST_FILE_BYTES = 2 * 2**30  # no image of a scanning probe is larger
_FACTOR, _SPARE_BYTES = 20, 2**26  # a file may unpack to so many times its size, and so much more
_NPY_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def why_no_file(found: os.stat_result) -> str | None:
    """Say why something in a folder is not to be read; None for a file of a bearable size.

    A pipe or a device has no end and may never answer: nothing of it is read.
    """
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file but a pipe, a device or the like"
    if found.st_size > LARGEST_FILE_BYTES:
        return f"it has {found.st_size:,} bytes, at most {LARGEST_FILE_BYTES:,} are read"
    return None


def regular_file(path: Path) -> Path:
    """Return the path of a file that has an end; a folder is left to who opens it.

    Raises
    ------
    InputError
        If it is a pipe, a device or the like, or larger than is read.
    OSError
        If there is none.
    """
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode) and (why := why_no_file(found)) is not None:
        raise InputError("a file of bearable size", f"{path}: {why}", "give another")
    return path


def check_unpacked(declared_bytes: int, path: Path) -> None:
    """Refuse what unpacks to far more than the file holds, before anything is allocated.

    Raises
    ------
    InputError
        If more than 20 times the file and 64 MiB are declared.
    """
    length = path.stat().st_size
    if declared_bytes > _FACTOR * length + _SPARE_BYTES:
        raise InputError(
            f"a file that holds the {declared_bytes:,} bytes that it declares",
            f"{length:,} bytes in {path.name}",
            "copy it again",
        )


def check_npy(path: Path) -> None:
    """Refuse a `.npy` that declares more than it holds.

    Raises
    ------
    InputError
    ValueError
        If it has no header of such a file.
    """
    with path.open("rb") as file:
        declared, length = _npy_bytes(file), path.stat().st_size
    if declared > length:
        raise InputError(
            f"a file that holds the {declared:,} bytes of its array",
            f"{length:,} bytes in {path.name}",
            "copy it again",
        )


@contextmanager
def bounded_npz(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """Open a `.npz` whose arrays, as the archive and their own headers say, are bearable.

    Raises
    ------
    InputError
        If they are not.
    ValueError, zipfile.BadZipFile, OSError
        If it is none.
    """
    declared = 0
    with zipfile.ZipFile(regular_file(path)) as archive:
        check_unpacked(sum(entry.file_size for entry in archive.infolist()), path)
        for entry in archive.infolist():
            if entry.filename.endswith(".npy"):
                with archive.open(entry) as file:
                    declared += _npy_bytes(file)
    check_unpacked(declared, path)
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        yield stored


@contextmanager
def own_h5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file of ours that refers to nothing outside it and declares what it can hold.

    Raises
    ------
    InputError
        If a link, a storage or a virtual dataset leads elsewhere, or a size is unbearable.
    OSError
        If it is none.
    """
    import h5py

    with h5py.File(regular_file(path), "r") as file:
        check_unpacked(_own_bytes(file, path), path)
        yield file


def _npy_bytes(file: IO[bytes]) -> int:
    """Bytes that the header of an array declares; objects (which would be code) have none."""
    version = np.lib.format.read_magic(file)
    if version not in _NPY_HEADERS:
        raise ValueError(f"expected version 1.0 or 2.0 of the array format, found {version}")
    shape, _, dtype = _NPY_HEADERS[version](file)
    count = 1
    for length in shape:
        count *= int(length)
    return count * dtype.itemsize


def _own_bytes(file: h5py.File, path: Path) -> int:
    """Bytes of all datasets; each is reached once, through links that name an object."""
    import h5py

    seen: set[int] = set()
    total, groups = 0, [file["/"]]
    while groups:
        group = groups.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _elsewhere(path, f"the link {group.name}/{name}")
            item: Any = group[name]
            place = h5py.h5o.get_info(item.id).addr
            if place in seen:
                continue
            seen.add(place)
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise _elsewhere(path, f"the dataset {item.name}")
                total += item.nbytes
    return total


def _elsewhere(path: Path, what: str) -> InputError:
    return InputError(
        "a file that holds its own data",
        f"{path.name}, in which {what} leads elsewhere",
        "take it from who wrote it, not from a stranger",
    )
