"""The journal of the server: who asked for what, before it is done, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corescout.data import InputError
from corescout.instruments.entries import ToolAnswered, ToolCalled
from corescout.instruments.journal import Journal
from corescout.mcp_server.words import bounded

LARGEST_JOURNAL_BYTES = 64 * 2**20


class Notes:
    """Writes the journal; what cannot be noted is not done.

    Parameters
    ----------
    path : Path
        Continued where it is there.
    """

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)
        self._number = 0

    def called(self, caller: str, tool: str, arguments: Mapping[str, Any] | None) -> int:
        """Note a call; return its number.

        Raises
        ------
        InputError
            If the disk is full, or the journal as large as it may get.
        """
        self._number += 1
        said = bounded(json.dumps(arguments or {}, default=str), 500)
        try:
            if self._journal.path.stat().st_size > LARGEST_JOURNAL_BYTES:
                raise InputError("a journal below 64 MiB", "a longer one", "begin another folder")
            self._journal.write(
                ToolCalled(caller=caller, tool=tool, arguments=said, number=self._number)
            )
        except OSError as error:
            raise InputError(
                "room for the journal", bounded(error.strerror or error), "free some space"
            ) from error
        return self._number

    def answered(self, caller: str, tool: str, number: int, outcome: str, seconds: float) -> None:
        """Note what came of a call; a disk that is full then is met by the next call."""
        try:
            self._journal.write(
                ToolAnswered(
                    caller=caller,
                    tool=tool,
                    number=number,
                    outcome=bounded(outcome, 200),
                    seconds=round(seconds, 3),
                )
            )
        except OSError:
            return

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()
