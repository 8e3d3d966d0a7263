"""Sentences put together from texts that may or may not end with a full stop of their own."""

from __future__ import annotations

_OWN_ENDS = ("?", "!", "…", "...")


def ended(text: str) -> str:
    """Return a text with one mark at its end: a question mark, "!" or "..." of its own, or a stop.

    Reasons come from errors, instruments and files: some are sentences, some are clauses.
    """
    text = text.rstrip()
    return text if text.endswith(_OWN_ENDS) else f"{text.rstrip('.;:, ')}."


def clause(text: str) -> str:
    """Return a text without full stops at its end, to go on after it."""
    text = text.rstrip()
    return text if text.endswith(_OWN_ENDS) else text.rstrip(". ")
