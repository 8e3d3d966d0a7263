"""Text from files and instruments as text that can be shown: a name moves no cursor."""

from __future__ import annotations

import unicodedata

# Control characters, those that turn the direction of writing, halves of pairs, line separators.
_FORMULA = ("=", "+", "-", "@")
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str, *, keep: str = "") -> str:
    """Return a text in which what cannot be seen is spelled out, as backslash and code.

    Parameters
    ----------
    text : str
    keep : str
        Characters that may stay, such as a line break.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in keep or unicodedata.category(c) not in _HIDDEN else _spelled(c) for c in text
    )


def one_line(text: str) -> str:
    """Return a text on one line, without what cannot be seen; for a terminal or a log."""
    return printable(" ".join(text.split()))


def defused(text: str) -> str:
    """Return a cell of a table that no spreadsheet takes for a formula.

    One that begins with ``= + - @`` gets an apostrophe in front, as spreadsheets mark text.
    """
    shown = printable(text)
    return f"'{shown}" if shown.lstrip(" ").startswith(_FORMULA) else shown


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
