"""Gwyddion Simple Field `.gsf`: one image with its size."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import direction_of, si_value
from corescout.readers.numpy_array import ONLY
from corescout.readers.roles import role_of

_MAX_HEADER = 2**16
ANGLE = "AngleDegrees"  # clockwise; of Corescout's own files, Gwyddion has none


def read(path: Path) -> Scan:
    """Read the image; the pitch is size / N, the offset that of the upper left corner.

    Raises
    ------
    InputError
        If the header has no size, or the file holds fewer pixels.
    """
    header, start = _header(path)
    try:
        width, height = int(header["XRes"]), int(header["YRes"])
    except (KeyError, ValueError) as error:
        raise InputError(
            "XRes and YRes in the header", f"{error} in {path.name}", "export it again"
        ) from error
    stored = path.stat().st_size - start
    if min(width, height) < 1 or 4 * width * height > stored:
        raise InputError(
            f"{width} x {height} pixels of 4 bytes",
            f"{stored:,} bytes in {path.name}",
            "copy it again",
        )
    values = np.fromfile(path, "<f4", width * height, offset=start).reshape(height, width)
    name = header.get("Title", "").strip() or ONLY
    factor, unit = si_value(header.get("ZUnits", ""))
    role = role_of(name)
    return Scan(
        uid=path.stem,
        channels={name: (values.astype(np.float64) * factor).astype(np.float32)},
        units={name: unit},
        frame=_frame(header, (height, width)),
        roles={name: role} if role else {},
        directions={name: d} if (d := direction_of(name)) is not None else {},
        source=str(path),
        metadata=header,
        warnings=_not_numbers(header),
    )


def _header(path: Path) -> tuple[dict[str, str], int]:
    """Lines "key = value", of which a value may hold "=" too, and where the pixels begin.

    The header ends with one to four NUL bytes, so that its length is a multiple of four.
    """
    with path.open("rb") as file:
        raw, nul, _ = file.read(_MAX_HEADER).partition(b"\0")
    if not nul:
        raise InputError("a header that ends", f"none in {path.name}", "copy it again")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    pairs = (line.partition("=") for line in text.split("\n")[1:])
    header = {key.strip(): value.strip() for key, equals, value in pairs if equals}
    return header, len(raw) + 4 - len(raw) % 4


def _not_numbers(header: dict[str, str]) -> tuple[str, ...]:
    """What of the frame is there and is no number, such as one with a decimal comma."""
    keys = [k for k in ("XReal", "YReal", "XOffset", "YOffset", ANGLE) if k in header]
    return tuple(
        f"{key} is no number ({header[key][:40]!r}): the scale is taken as unknown"
        for key in keys
        if not _is_number(header[key])
    )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _frame(header: dict[str, str], shape: tuple[int, ...]) -> ScanFrame | None:
    factor, unit = si_value(header.get("XYUnits", ""))
    try:
        size_x, size_y = (factor * float(header[k]) for k in ("XReal", "YReal"))
        left, top = (factor * float(header.get(k, 0.0)) for k in ("XOffset", "YOffset"))
        angle_deg = float(header.get(ANGLE, 0.0))
    except (KeyError, ValueError):
        return None
    numbers = (size_x, size_y, left, top, angle_deg)
    if unit != "m" or not all(map(math.isfinite, numbers)) or min(size_x, size_y) <= 0:
        return None
    height, width = shape
    angle = f"angle as Corescout wrote it ({ANGLE})" if ANGLE in header else "angle 0"
    given = "XOffset" in header and "YOffset" in header
    corner = "the field's offset" if given else "a corner at 0, the file has no offset"
    return ScanFrame(
        (height, width),
        (size_x / width, size_y / height),
        (left + size_x / 2, -(top + size_y / 2)),
        math.radians(angle_deg),
        ("pitch = size / N", f"centre from {corner}, {angle}"),
    )
