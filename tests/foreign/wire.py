"""Bytes of the Nanonis TCP protocol: one letter for each type, big-endian throughout.

Letters of a layout: ``I i H f d`` are scalars, ``s`` is a text after its size, ``S`` are texts
after the size of them all in bytes and their number, ``P`` are texts after their number alone,
``*f`` is an array after its length, ``+f`` is an array as long as the last ``i`` before it,
``2`` is a table of f32 after its rows and columns.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

HEADER_BYTES = 40
NAME_BYTES = 32
SCALARS = {"I": 4, "i": 4, "H": 2, "f": 4, "d": 8}


class MalformedError(ValueError):
    """A body that does not fit its layout."""


@dataclass(frozen=True)
class Request:
    name: str
    body: bytes
    wants_answer: bool


def parse_header(header: bytes) -> tuple[str, int, bool]:
    """The name, the size of the body, and whether an answer is wanted."""
    name = header[:NAME_BYTES].rstrip(b"\0").decode("ascii", "replace")
    size, answer = struct.unpack(">iH", header[NAME_BYTES : NAME_BYTES + 6])
    return name, size, bool(answer)


def response(name: str, results: bytes, error: str = "", encoding: str = "cp1252") -> bytes:
    """A whole response: header, results, then status, size and text of the error."""
    text = error.encode(encoding, "replace")
    body = results + struct.pack(">Ii", 1 if error else 0, len(text)) + text
    return (
        name.encode("ascii").ljust(NAME_BYTES, b"\0")
        + struct.pack(">i", len(body))
        + bytes(4)
        + body
    )


class _Reader:
    def __init__(self, body: bytes, encoding: str) -> None:
        self.body, self.encoding, self.at = body, encoding, 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.body):
            raise MalformedError(f"{size} bytes wanted at {self.at} of {len(self.body)}")
        self.at += size
        return self.body[self.at - size : self.at]

    def scalar(self, letter: str) -> int | float:
        return struct.unpack(">" + letter, self.take(SCALARS[letter]))[0]

    def array(self, letter: str, count: int) -> list[int | float]:
        return list(struct.unpack(f">{max(count, 0)}{letter}", self.take(SCALARS[letter] * count)))

    def text(self) -> str:
        return self.take(int(self.scalar("i"))).decode(self.encoding, "replace")


def decode(layout: str, body: bytes, encoding: str = "cp1252") -> list:
    """The values of a body.

    Raises
    ------
    MalformedError
        If bytes lack or are left over.
    """
    reader, values, count = _Reader(body, encoding), [], 0
    for letter in layout.split():
        if letter in SCALARS:
            values.append(reader.scalar(letter))
            count = int(values[-1]) if letter == "i" else count
        elif letter == "s":
            values.append(reader.text())
        elif letter == "S":
            reader.scalar("i")
            values.append([reader.text() for _ in range(int(reader.scalar("i")))])
        elif letter == "P":
            values.append([reader.text() for _ in range(int(reader.scalar("i")))])
        elif letter[0] == "*":
            values.append(reader.array(letter[1], int(reader.scalar("i"))))
        elif letter[0] == "+":
            values.append(reader.array(letter[1], count))
        else:
            raise ValueError(letter)
    if reader.at != len(body):
        raise MalformedError(f"{len(body) - reader.at} bytes are left over")
    return values


def _texts(values: list[str], encoding: str) -> bytes:
    encoded = [value.encode(encoding, "replace") for value in values]
    return b"".join(struct.pack(">i", len(text)) + text for text in encoded)


def encode(layout: str, values: tuple | list, encoding: str = "cp1252") -> bytes:
    """The results part of a response body."""
    out = b""
    for letter, value in zip(layout.split(), values, strict=True):
        if letter in SCALARS:
            out += struct.pack(">" + letter, value)
        elif letter == "s":
            text = value.encode(encoding, "replace")
            out += struct.pack(">i", len(text)) + text
        elif letter == "S":
            texts = _texts(value, encoding)
            out += struct.pack(">ii", len(texts), len(value)) + texts
        elif letter[0] in "*+":
            count = struct.pack(">i", len(value)) if letter[0] == "*" else b""
            out += count + struct.pack(f">{len(value)}{letter[1]}", *value)
        elif letter == "2":
            table = np.asarray(value, dtype=">f4")
            out += struct.pack(">ii", *table.shape) + table.tobytes()
        else:
            raise ValueError(letter)
    return out
