"""WSxM `.stp`, `.top` and others: a text header of a declared size, then one image.

Numbers of floating point are in the unit of "Z Amplitude"; integers share that amplitude over the
range that they span. The image is stored turned by 180 degrees, the last line first.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.numpy_array import ONLY
from corescout.readers.roles import Mode, role_of

_MAX_HEADER = 2**20
_TYPES = {"short": "<i2", "integer": "<i2", "float": "<f4", "double": "<f8"}
_TIMES = ("%A, %B %d, %Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S")
_QUANTITY = re.compile(r"\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)(?![\d.,])\s*(\S*)")


def read(path: Path) -> Scan:
    """Read the image of a file, in SI units. The pitch is the amplitude of an axis / N.

    Raises
    ------
    InputError
        If the file is cut short or holds a curve or a movie.
    """
    with path.open("rb") as file:
        head = file.read(_MAX_HEADER)
    lines = head.split(b"\n", 3)
    kind = lines[1].strip().decode("latin-1") if len(lines) > 2 else ""
    found = re.search(rb"Image header size:\s*(\d+)", lines[2]) if len(lines) > 2 else None
    if found is None or kind != "SxM Image file":
        raise InputError("a WSxM image", f"{kind or 'no header'!r} in {path.name}", "open an image")
    start = int(found[1])
    header = _header(head[:start].decode("latin-1"))
    shape = int(header["number of rows"]), int(header["number of columns"])
    dtype = np.dtype(_TYPES[header.get("image data type", "short").lower()])
    count, stored = shape[0] * shape[1], path.stat().st_size - start
    if min(shape) < 1 or count * dtype.itemsize > stored:
        raise InputError(
            f"{count:,} values of {dtype.itemsize} bytes", f"{stored:,} bytes in {path.name}",
            "copy it again",
        )  # fmt: skip
    raw = np.fromfile(path, dtype, count, offset=start).reshape(shape).astype(np.float64)
    values, unit, doubts = _in_si(raw[::-1, ::-1], dtype.kind, header)
    name = header.get("acquisition channel", "").strip() or ONLY
    role = role_of(name, _mode(header))
    direction = _direction(path)
    return Scan(
        uid=path.stem,
        channels={name: values.astype(np.float32)},
        units={name: unit},
        frame=_frame(header, shape),
        roles={name: role} if role else {},
        directions={name: direction} if direction else {},
        acquired_at=_time(header),
        source=str(path),
        metadata=header,
        warnings=doubts,
    )


def _header(text: str) -> dict[str, str]:
    """Lines "Key: value" of all sections, keys in lower case; the first of a key counts."""
    header: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith("["):
            header.setdefault(key.strip().lower(), value.strip())
    return header


def _in_si(
    raw: NDArray[np.float64], kind: str, header: dict[str, str]
) -> tuple[NDArray[np.float64], str, tuple[str, ...]]:
    amplitude = _QUANTITY.match(header.get("z amplitude", ""))
    if amplitude is None:
        return raw, "", ("the file has no readable Z Amplitude: its numbers are as stored",)
    factor, unit = si_value(amplitude[2])
    if kind == "f":
        return raw * factor, unit, ()
    span = float(np.ptp(raw))
    return raw * (float(amplitude[1]) * factor / span if span else factor), unit, ()


def _mode(header: dict[str, str]) -> Mode:
    text = header.get("acquisition mode", header.get("operation mode", "")).lower()
    return "tapping" if any(word in text for word in ("jumping", "dynamic", "tapping")) else ""


def _direction(path: Path) -> str | None:
    """By the name, as WSxM writes it: "scan.f.top" is forward, "scan.b.top" backward."""
    suffixes = [s.lower() for s in path.suffixes]
    return "trace" if ".f" in suffixes else ("retrace" if ".b" in suffixes else None)


def _frame(header: dict[str, str], shape: tuple[int, int]) -> ScanFrame | None:
    width = _length(header.get("x amplitude", ""))
    height = _length(header.get("y amplitude", header.get("x amplitude", "")))
    if not width or not height or min(width, height) <= 0:
        return None
    assumed = ["pitch = amplitude / N"]
    centre = [_length(header.get(f"{axis} offset", "")) for axis in "xy"]
    if None in centre:
        assumed.append("centre 0, the file has no X Offset or Y Offset")
    else:
        assumed.append("X Offset and Y Offset taken as the centre, unverified on WSxM")
    turn = _QUANTITY.match(header.get("rotation", ""))
    if turn is None:
        assumed.append("angle 0, the file has none")
    angle_deg = float(turn[1]) if turn else 0.0
    if angle_deg:
        assumed.append("Rotation taken as clockwise positive, unverified on WSxM")
    return ScanFrame(
        shape,
        (width / shape[1], height / shape[0]),
        (centre[0] or 0.0, centre[1] or 0.0),
        math.radians(angle_deg),
        tuple(assumed),
    )


def _length(text: str) -> float | None:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    factor, unit = si_value(found[2])
    return float(found[1]) * factor if unit == "m" else None


def _time(header: dict[str, str]) -> datetime | None:
    for form in _TIMES:
        try:
            return datetime.strptime(header.get("acquisition time", ""), form)
        except ValueError:
            continue
    return None
