"""The journal of the session, as lines that a person reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QPlainTextEdit

from corescout.instruments.messages import Message, in_words

_MOST_LINES = 500


class JournalView(QPlainTextEdit):  # type: ignore[misc]
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


def entry_words(entry: Mapping[str, Any]) -> str:
    """Say an entry: its time, and what was done or decided."""
    time = str(entry.get("at", ""))[11:19]
    return f"{time}  {_words(entry)}"


def _words(entry: Mapping[str, Any]) -> str:
    what = entry["what"]
    if what == "state":
        why = entry.get("why") or ""
        return f"{entry['before']} -> {entry['state']}" + (f": {why[:90]}" if why else "")
    if what == "message":
        said = in_words(Message(entry["kind"], entry["values"], entry.get("target_uid")))
        return f"sent: {said}"
    if what == "preview":
        errors = entry.get("errors") or []
        return f"dry run of plan {entry['digest'][:8]}" + (f": {len(errors)} errors" * bool(errors))
    if what == "approved":
        return f"plan {entry['digest'][:8]} approved by {entry['by']}"
    if what == "arrived":
        return f"arrived, {entry['off_m'] * 1e9:.1f} nm off"
    if what == "stop":
        return str(entry.get("said", what))
    if what == "drift" and entry.get("drift_m"):
        x, y = entry["drift_m"]
        return f"drift {(x * x + y * y) ** 0.5 * 1e9:.1f} nm {entry.get('refused') or ''}"
    rest = {k: v for k, v in entry.items() if k not in ("at", "what", "plan", "sha256")}
    return f"{what} " + ", ".join(f"{k} {v}" for k, v in rest.items())


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "what" in found else None
