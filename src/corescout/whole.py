"""Files that are written whole or not at all, and journals that grow by whole lines."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import Any


@contextmanager
def whole_file(path: Path, *, sync: bool = False) -> Iterator[Path]:
    """Give a place beside `path` to write to; it takes the name when all went well.

    Parameters
    ----------
    path : Path
    sync : bool
        Wait until the content is on the disk, so that the file is whole after a power cut too.

    Raises
    ------
    OSError
        If it cannot be written; where its folder is missing, the folder is named.
    """
    if not path.parent.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    partial = path.with_name(f".{path.stem[:40]}.partial{path.suffix}")
    try:
        yield partial
        if sync:
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes, *, sync: bool = False) -> None:
    """Write bytes, or a text as UTF-8 with plain line ends, whole or not at all.

    Halves of letters, as names of files that are no UTF-8 have them, are spelled out.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    with whole_file(path, sync=sync) as partial:
        partial.write_bytes(content)


def append_whole(file: RawIOBase, content: bytes, *, synced: bool = False) -> None:
    """Append to a file without a buffer, all or nothing.

    Raises
    ------
    OSError
        If the disk is full: the file is as it was, half a line would spoil the next one.
    """
    before = file.seek(0, os.SEEK_END)
    try:
        while content:  # a disk that is nearly full takes a part and says so by the count
            content = content[file.write(content) or 0 :]
        if synced:
            os.fsync(file.fileno())
    except OSError:
        file.truncate(before)
        raise


def end_last_line(file: RawIOBase) -> None:
    """End the last line of a journal, which a crash may have cut short."""
    if file.seek(0, os.SEEK_END) == 0:
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) != b"\n":
        file.write(b"\n")


def read_journal(path: str | Path) -> list[dict[str, Any]]:
    """Return the entries of a journal of JSON lines; a line that a crash cut short is left out."""
    entries = []
    for line in Path(path).read_bytes().splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and "what" in entry:
            entries.append(entry)
    return entries
