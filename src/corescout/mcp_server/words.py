"""Text from files and callers as data: what cannot be seen is spelled out, and nothing is long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from corescout.data.printable import one_line, printable

NAME_LENGTH, TEXT_LENGTH, LONGEST_VALUE = 80, 400, 4000
_MOST_ENTRIES = 60
_CUT = "..."


def bounded(text: object, most: int = TEXT_LENGTH) -> str:
    """Return a text on one line of at most `most` characters, without control characters."""
    raw = str(text)[: 4 * most]  # what is spelled out may be longer, never shorter
    line = one_line(raw)
    return line if len(line) <= most and len(raw) == len(str(text)) else line[: most - 3] + _CUT


def bounded_values(values: Mapping[Any, Any], most: int = _MOST_ENTRIES) -> dict[str, str]:
    """Return the first entries of a mapping from a file as bounded text."""
    pairs = list(values.items())[:most]
    return {bounded(k, NAME_LENGTH): bounded(v, 200) for k, v in pairs}


def plain(value: Any) -> Any:
    """Return JSON values: numbers that are none become null, text is cut and keeps its lines."""
    if isinstance(value, Mapping):
        return {bounded(k, NAME_LENGTH): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return printable(str(value)[:LONGEST_VALUE], keep="\n")
