"""Errors as an operator of the window reads them: what is wrong and in which step it is mended."""

from __future__ import annotations

from pydantic import ValidationError

_OPTIONS = (  # of the command line, and where the window has them
    ("with --windows", "in step 3"), ("--windows", "the windows of step 3"),
    ("with --channel", "in step 1"), ("--channel", "the channel of step 1"),
    ("with --pixel-size", "as a scale of its layer"), ("with --out", "under Export"),
    (
        "go on with --resume; what was finished is kept in the run folder",
        "press Explore, which goes on from what was finished",
    ),
    ("one by one, without --pooled", "each by itself"),
    ("--invariances", "the invariances of step 3"), ("--detector", "the detector of step 2"),
)  # fmt: skip


def reason_of(error: BaseException) -> str:
    """Return what is wrong, in one line, in words of the window."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        text = f"{where}: {said}" if where else said
        return f"{text}; correct it in step 3"
    return in_window_words(str(error).splitlines()[0] if str(error) else type(error).__name__)


def in_window_words(text: str) -> str:
    """Name steps of the window where a text names options of the command line."""
    for option, step in _OPTIONS:
        text = text.replace(option, step)
    return text
