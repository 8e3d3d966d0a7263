"""Gwyddion `.gwy`: every data field of the container is a channel; row 0 is the top."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.asylum_note import acquired_at, frame_from_note
from corescout.readers.channels import clean_label, direction_of, free_name, si_value
from corescout.readers.roles import role_of

_DATA = re.compile(r"/(\d+)/data")
_MAX_PX = 2**28
_SIZES = {"b": 1, "c": 1, "i": 4, "q": 8, "d": 8}  # bytes of the container's types


def read(path: Path) -> Scan:
    """Read the images of a container; those of another size than the first are left out.

    The frame is that of the fields (size / N); offset and angle come from Asylum's metadata
    where it is there, else from the fields' offset.
    """
    import gwyfile

    with path.open("rb") as file:
        if file.read(4) == b"GWYO":
            raise InputError(
                "a Gwyddion 2 container (GWYP)",
                f"the old container GWYO in {path.name}",
                "open it in Gwyddion and save it again",
            )
    check_structure(path)
    container = gwyfile.load(str(path))
    numbers = sorted(int(m[1]) for key in container if (m := _DATA.fullmatch(key)))
    if not numbers:
        raise InputError("an image in the container", f"none in {path.name}", "export one")
    first = container[f"/{numbers[0]}/data"]
    shape = (int(first["yres"]), int(first["xres"]))
    channels: dict[str, np.ndarray] = {}
    units: dict[str, str] = {}
    warnings: list[str] = []
    for number in numbers:
        field = container[f"/{number}/data"]
        name = clean_label(str(container.get(f"/{number}/data/title", f"Channel{number}")))
        if (int(field["yres"]), int(field["xres"])) != shape:
            warnings.append(f"{name!r} has another size and was left out")
            continue
        values = _values(field, shape, path)
        factor, unit = si_value(_unit(field, "si_unit_z"))
        channels[free_name(name, channels)] = (values * factor).astype(np.float32)
        units[list(channels)[-1]] = unit
    note = _note(container, numbers[0])
    return Scan(
        uid=path.stem,
        channels=channels,
        units=units,
        frame=_frame(first, note, shape),
        roles={n: role_of(n) for n in channels if role_of(n)},
        directions={n: d for n in channels if (d := direction_of(n)) is not None},
        acquired_at=acquired_at(note),
        source=str(path),
        metadata=note,
        warnings=tuple(warnings),
    )


def check_structure(path: Path) -> None:
    """Walk the container and compare every declared size with the file.

    Raises
    ------
    InputError
        If an object or array ends beyond what holds it, or is of an unknown type.
    """
    content = memoryview(path.read_bytes())
    try:
        _walk(content, 4, len(content))
    except (ValueError, IndexError, struct.error) as error:
        raise InputError(
            "a complete Gwyddion container", f"{error} in {path.name}", "save it again in Gwyddion"
        ) from error


def _walk(content: memoryview, start: int, end: int) -> int:
    """Check one object (name, size, components) and return where it ends."""
    at = _text_end(content, start, end)
    (size,) = struct.unpack_from("<I", content, at)
    at, stop = at + 4, at + 4 + size
    if stop > end:
        raise ValueError(f"an object that ends at byte {stop} of {end}")
    while at < stop:
        at = _text_end(content, at, stop)
        kind, at = chr(content[at]), at + 1
        count = 1
        if kind in "CIQDSO":
            (count,) = struct.unpack_from("<I", content, at)
            kind, at = kind.lower(), at + 4
        if kind in _SIZES:
            at += count * _SIZES[kind]
        elif kind in "so":
            for _ in range(count):
                at = (_text_end if kind == "s" else _walk)(content, at, stop)
        else:
            raise ValueError(f"a component of unknown type {kind!r}")
        if at > stop:
            raise ValueError(f"a component that ends at byte {at} of {stop}")
    return at


def _text_end(content: memoryview, start: int, end: int) -> int:
    """Return the place after the NUL that ends a text."""
    at = start
    while at < end and content[at]:
        at += 1
    if at >= end:
        raise ValueError(f"a text without an end at byte {start}")
    return at + 1


def _values(field: Any, shape: tuple[int, int], path: Path) -> np.ndarray:
    values = np.asarray(field["data"], dtype=np.float64)
    if values.size > _MAX_PX or values.size != shape[0] * shape[1]:
        raise InputError(
            f"{shape[0]} x {shape[1]} values", f"{values.size} in {path.name}", "save it again"
        )
    return values.reshape(shape)


def _frame(field: Any, note: dict[str, str], shape: tuple[int, int]) -> ScanFrame | None:
    factor, unit = si_value(_unit(field, "si_unit_xy"))
    size = [factor * float(field.get(key, 0.0)) for key in ("xreal", "yreal")]
    if unit != "m" or not all(math.isfinite(s) and s > 0 for s in size):
        return None
    pitch = (size[0] / shape[1], size[1] / shape[0])
    if "ScanAngle" in note:
        return frame_from_note(note, shape, pitch, "pitch = size / N of the Gwyddion field")
    # Gwyddion's offset is that of the upper left corner, its y grows downwards.
    left, top = (factor * float(field.get(key, 0.0)) for key in ("xoff", "yoff"))
    centre = (left + size[0] / 2, -(top + size[1] / 2))
    assumed = ("pitch = size / N of the Gwyddion field", "centre from the field's offset, angle 0")
    return ScanFrame(shape, pitch, centre, assumed=assumed)


def _note(container: Any, number: int) -> dict[str, str]:
    meta = container.get(f"/{number}/meta", {})
    return {str(key): str(value) for key, value in meta.items()}


def _unit(field: Any, name: str) -> str:
    unit = field.get(name)
    return str(unit.get("unitstr", "")) if unit is not None else ""
