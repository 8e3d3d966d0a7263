"""Gwyddion Simple Field `.gsf`: one image with its size."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import direction_of, si_value
from corescout.readers.numpy_array import ONLY
from corescout.readers.roles import role_of

ANGLE = "AngleDegrees"  # clockwise; of Corescout's own files, Gwyddion has none


def read(path: Path) -> Scan:
    """Read the image; the pitch is size / N, the offset that of the upper left corner."""
    import gsffile

    _check_length(path)
    values, header = gsffile.read_gsf(str(path))
    name = str(header.get("Title", "")).strip() or ONLY
    factor, unit = si_value(str(header.get("ZUnits", "")))
    return Scan(
        uid=path.stem,
        channels={name: (np.asarray(values, dtype=np.float64) * factor).astype(np.float32)},
        units={name: unit},
        frame=_frame(header, values.shape),
        roles={name: role_of(name)} if role_of(name) else {},
        directions={name: d} if (d := direction_of(name)) is not None else {},
        source=str(path),
        metadata={str(k): v for k, v in header.items()},
    )


def _check_length(path: Path) -> None:
    """Compare the declared size with the file before anything is allocated."""
    with path.open("rb") as file:
        head = file.read(65536)
    lines = head.split(b"\0", 1)[0].decode("utf-8", "replace").splitlines()
    fields = dict(line.split("=", 1) for line in lines[1:] if "=" in line)
    numbers = {key.strip(): value.strip() for key, value in fields.items()}
    try:
        expected = 4 * int(numbers["XRes"]) * int(numbers["YRes"])
    except (KeyError, ValueError) as error:
        raise InputError(
            "XRes and YRes in the header", f"{error} in {path.name}", "export it again"
        ) from error
    if not 0 < expected <= path.stat().st_size:
        raise InputError(
            f"{expected} bytes of pixels",
            f"{path.stat().st_size} bytes in {path.name}",
            "copy it again",
        )


def _frame(header: dict[str, object], shape: tuple[int, ...]) -> ScanFrame | None:
    factor, unit = si_value(str(header.get("XYUnits", "")))
    try:
        size_x, size_y = (factor * float(str(header[k])) for k in ("XReal", "YReal"))
        left, top = (factor * float(str(header.get(k, 0.0))) for k in ("XOffset", "YOffset"))
        angle_deg = float(str(header.get(ANGLE, 0.0)))
    except (KeyError, ValueError):
        return None
    numbers = (size_x, size_y, left, top, angle_deg)
    if unit != "m" or not all(map(math.isfinite, numbers)) or min(size_x, size_y) <= 0:
        return None
    height, width = shape
    angle = f"angle as Corescout wrote it ({ANGLE})" if ANGLE in header else "angle 0"
    return ScanFrame(
        (height, width),
        (size_x / width, size_y / height),
        (left + size_x / 2, -(top + size_y / 2)),
        math.radians(angle_deg),
        ("pitch = size / N", f"centre from the field's offset, {angle}"),
    )
