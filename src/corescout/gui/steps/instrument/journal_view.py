"""The journal of the session, as lines that a person reads."""

from __future__ import annotations

import json
from pathlib import Path

from qtpy.QtWidgets import QPlainTextEdit

from corescout.instruments.entries import Entry, entry_of, said

_MOST_LINES = 500


class JournalView(QPlainTextEdit):
    """Follows a journal as it grows."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setMaximumHeight(140)
        self.setMaximumBlockCount(_MOST_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setAccessibleName("Journal")
        self._path: Path | None = None
        self._offset = 0

    def follow(self, path: Path | None) -> None:
        """Show another journal from its beginning; None ends it, the lines stay."""
        self._path, self._offset = path, 0
        if path is not None:
            self.clear()

    def refresh(self) -> None:
        """Append what was written since; a line that is not whole yet waits."""
        if self._path is None or not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        lines = [entry_words(entry) for entry in map(_entry, whole.splitlines()) if entry]
        if lines:
            self.appendPlainText("\n".join(lines[-_MOST_LINES:]))


def entry_words(entry: Entry) -> str:
    """Say an entry: its time, and what was done or decided."""
    return f"{entry.at[11:19]}  {said(entry)}"


def _entry(line: bytes) -> Entry | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return entry_of(found) if isinstance(found, dict) and "what" in found else None
