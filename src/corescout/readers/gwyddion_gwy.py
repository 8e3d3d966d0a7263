"""Gwyddion `.gwy`: every data field of the container is a channel; row 0 is the top."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.asylum_note import acquired_at, frame_from_note
from corescout.readers.channels import clean_label, direction_of, free_name, role_of, si_value

_DATA = re.compile(r"/(\d+)/data")
_MAX_PX = 2**28


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
