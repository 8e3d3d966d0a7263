"""What goes to a terminal or a log: a name in it moves no cursor and forges no line."""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

from corescout.data.printable import one_line, printable

_KEPT = "\n\t"


class LineFormatter(logging.Formatter):
    """A message on one line; what follows an error keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - of the class above
        """Return the line of a record."""
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - of the class above
        """Return the lines of an error."""
        return printable(super().formatException(ei), keep=_KEPT)


class _Printable(io.TextIOWrapper):
    """A stream that spells out what cannot be seen."""

    def write(self, text: str, /) -> int:
        """Write a text; returns how many characters of it were taken."""
        super().write(printable(text, keep=_KEPT))
        return len(text)


def make_streams_printable() -> None:
    """Spell out control characters on stdout, and on stderr unless a progress bar is drawn there.

    A Windows console may also lack letters of a scan's path: they are spelled out too.
    """
    sys.stdout = _made(sys.stdout)
    if not sys.stderr.isatty():
        sys.stderr = _made(sys.stderr)
    elif hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(errors="backslashreplace")
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(LineFormatter())


def _made(stream: Any) -> Any:
    if not hasattr(stream, "buffer"):
        return stream
    stream.flush()
    return _Printable(
        stream.buffer, encoding=stream.encoding, errors="backslashreplace",
        line_buffering=stream.isatty(), write_through=not stream.isatty(),
    )  # fmt: skip
