"""A line that says what an object holds, whatever the size of its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

_LONGEST = 60  # characters of a text
_MOST = 4  # entries of a list that are shown


def short_repr(self: Any) -> str:
    """Return ``Class(field=...)``: arrays as dtype and shape, long lists as their length.

    Used as the ``__repr__`` of dataclasses that hold arrays: a notebook would print megabytes.
    """
    shown = [f"{f.name}={_short(getattr(self, f.name))}" for f in fields(self) if f.repr]
    return f"{type(self).__name__}({', '.join(shown)})"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<{value.dtype} {value.shape}>"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}...")
    if is_dataclass(value) and not isinstance(value, type):
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        return _entries("{", [f"{_short(k)}: ..." for k in value], "}")
    if isinstance(value, (tuple, list)):
        return _entries("(", [_short(v) for v in value], ")")
    text = repr(value)
    return text if len(text) <= _LONGEST else f"<{type(value).__name__}>"


def _entries(begin: str, shown: list[str], end: str) -> str:
    more = len(shown) - _MOST
    said = [*shown[:_MOST], f"{more} more"] if more > 0 else shown
    return f"{begin}{', '.join(said)}{end}"
