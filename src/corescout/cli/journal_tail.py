"""What comes into a journal, printed as it comes: for programs that follow a watch."""

from __future__ import annotations

import sys
from pathlib import Path


class JournalTail:
    """Prints the lines that are added to a journal from now on.

    It reads the file: who does not take what is printed holds up nothing but the printing.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = path.stat().st_size if path.exists() else 0

    def print_new(self) -> None:
        """Print the whole lines that have come since the last time."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._at += len(whole)
        if whole:
            sys.stdout.write(whole.decode("utf-8", "replace"))
            sys.stdout.flush()
