"""The container of `.gwy` files, read within the bounds of the file.

An object is its name, its size in bytes and its components; a component is its name, a letter for
its type and its value (Gwyddion user guide, "Gwyddion native format"). Texts are UTF-8 by the
format and Latin-1 in files of some programs.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

_NUMBERS = {"b": ("?", "?"), "c": ("c", "S1"), "i": ("<i", "<i4"), "q": ("<q", "<i8"),
            "d": ("<d", "<f8")}  # fmt: skip
_DEEPEST = 64


def read_container(content: bytes) -> dict[str, Any]:
    """Return the components of the object that a file holds, its four magic bytes left out.

    Objects in it are dicts of the same kind with their type under "", arrays are read-only arrays.

    Raises
    ------
    ValueError, IndexError, struct.error
        If an object, an array or a text ends beyond what holds it, or is of an unknown type.
    """
    found, _ = _object(content, 4, len(content), 0)
    return found


def _object(content: bytes, start: int, end: int, depth: int) -> tuple[dict[str, Any], int]:
    """One object, and where it ends."""
    if depth > _DEEPEST:
        raise ValueError(f"objects within {depth} objects")
    name, at = _text(content, start, end)
    (size,) = struct.unpack_from("<I", content, at)
    at, stop = at + 4, at + 4 + size
    if stop > end:
        raise ValueError(f"an object that ends at byte {stop} of {end}")
    found: dict[str, Any] = {"": name}
    while at < stop:
        key, at = _text(content, at, stop)
        found[key], at = _component(content, at, stop, depth)
    return found, at


def _component(content: bytes, at: int, stop: int, depth: int) -> tuple[Any, int]:
    kind, at = chr(content[at]), at + 1
    if kind in "bciqd":
        code, _ = _NUMBERS[kind]
        ends = at + struct.calcsize(code)
        _within(ends, stop)
        if kind == "c":  # some programs write a text of one letter so
            return content[at:ends].decode("latin-1"), ends
        return struct.unpack_from(code, content, at)[0], ends
    if kind == "s":
        return _text(content, at, stop)
    if kind == "o":
        return _object(content, at, stop, depth + 1)
    if kind not in "CIQDSO":
        raise ValueError(f"a component of unknown type {kind!r}")
    (count,) = struct.unpack_from("<I", content, at)
    return _array(content, at + 4, stop, kind, count, depth)


def _array(
    content: bytes, at: int, stop: int, kind: str, count: int, depth: int
) -> tuple[Any, int]:
    if kind in "SO":
        values: list[Any] = []
        for _ in range(count):
            value: Any
            if kind == "S":
                value, at = _text(content, at, stop)
            else:
                value, at = _object(content, at, stop, depth + 1)
            values.append(value)
        return values, at
    dtype = np.dtype(_NUMBERS[kind.lower()][1])
    ends = at + count * dtype.itemsize
    _within(ends, stop)
    return np.frombuffer(content, dtype, count, at), ends


def _within(at: int, stop: int) -> None:
    if at > stop:
        raise ValueError(f"a component that ends at byte {at} of {stop}")


def _text(content: bytes, start: int, end: int) -> tuple[str, int]:
    """A text and the place after the NUL that ends it."""
    at = content.find(b"\0", start, end)
    if at < 0:
        raise ValueError(f"a text without an end at byte {start}")
    raw = content[start:at]
    try:
        return raw.decode("utf-8"), at + 1
    except UnicodeDecodeError:
        return raw.decode("latin-1"), at + 1
