"""Counts as a person reads them: "1 target", "12,040 key points"."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s where it is not one: "1 type", "0 types"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
