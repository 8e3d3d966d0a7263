"""Gwyddion `.gwy`: every data field of the container is a channel; row 0 is the top."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.asylum_ibw import mode_of
from corescout.readers.asylum_note import acquired_at, frame_from_note, not_numbers, number
from corescout.readers.channels import clean_label, direction_of, si_value
from corescout.readers.gwyddion_container import read_container
from corescout.readers.roles import role_of
from corescout.readers.stored import StoredImage, scans_of

_DATA = re.compile(r"/(\d+)/data")
_MAX_PX = 2**28


def read_all(path: Path) -> list[Scan]:
    """Read the images of a container, a scan for each size and place among them.

    The frame is that of the field (size / N); offset and angle come from Asylum's metadata of the
    channel where it is there, else from the field's offset. Titles that repeat are kept apart.
    """
    content = path.read_bytes()
    if content.startswith(b"GWYO"):
        raise InputError(
            "a Gwyddion 2 container (GWYP)",
            f"the old container GWYO in {path.name}",
            "open it in Gwyddion and save it again",
        )
    try:
        container = read_container(content)
    except (ValueError, IndexError, struct.error) as error:
        raise InputError(
            "a complete Gwyddion container", f"{error} in {path.name}", "save it again in Gwyddion"
        ) from error
    fields = {int(m[1]): v for k, v in container.items() if (m := _DATA.fullmatch(k))}
    images = [
        _image(container, index, fields[index], path)
        for index in sorted(fields)
        if isinstance(fields[index], dict) and "data" in fields[index]
    ]
    if not images:
        raise InputError("an image in the container", f"none in {path.name}", "export one")
    doubts = dict.fromkeys(text for i in images for text in not_numbers(i.metadata or {}))
    return scans_of(images, uid=path.stem, source=str(path), metadata={}, warnings=tuple(doubts))


def _image(
    container: Mapping[str, Any], index: int, field: Mapping[str, Any], path: Path
) -> StoredImage:
    shape = int(field["yres"]), int(field["xres"])
    label = clean_label(str(container.get(f"/{index}/data/title", ""))) or f"Channel{index}"
    factor, unit = si_value(_unit(field, "si_unit_z"))
    note = _note(container, index)
    return StoredImage(
        name=label,
        values=_values(field, shape, path) * factor,
        unit=unit,
        role=role_of(label, mode_of(note)),
        direction=direction_of(label),
        frame=_frame(field, note, shape),
        acquired_at=acquired_at(note),
        metadata=note,
    )


def _values(field: Mapping[str, Any], shape: tuple[int, int], path: Path) -> np.ndarray:
    values = np.asarray(field["data"], dtype=np.float64)
    if values.size > _MAX_PX or values.size != shape[0] * shape[1]:
        raise InputError(
            f"{shape[0]} x {shape[1]} values", f"{values.size} in {path.name}", "save it again"
        )
    return values.reshape(shape)


def _frame(
    field: Mapping[str, Any], note: dict[str, str], shape: tuple[int, int]
) -> ScanFrame | None:
    factor, unit = si_value(_unit(field, "si_unit_xy"))
    size = [factor * float(field.get(key, 0.0)) for key in ("xreal", "yreal")]
    if unit != "m" or not all(math.isfinite(s) and s > 0 for s in size):
        return None
    pitch = (size[0] / shape[1], size[1] / shape[0])
    if "ScanAngle" in note:
        frame = frame_from_note(note, shape, pitch, "pitch = size / N of the Gwyddion field")
        return frame if frame is None else _said_if_cropped(frame, note)
    # Gwyddion's offset is that of the upper left corner, its y grows downwards.
    left, top = (factor * float(field.get(key, 0.0)) for key in ("xoff", "yoff"))
    centre = (left + size[0] / 2, -(top + size[1] / 2))
    given = "xoff" in field and "yoff" in field
    corner = "the field's offset" if given else "a corner at 0, the field has no offset"
    assumed = ("pitch = size / N of the Gwyddion field", f"centre from {corner}, angle 0")
    return ScanFrame(shape, pitch, centre, assumed=assumed)


def _said_if_cropped(frame: ScanFrame, note: Mapping[str, str]) -> ScanFrame:
    """The frame with a doubt, where the field is smaller than the scan that its metadata is of."""
    scanned = number(note, "FastScanSize"), number(note, "SlowScanSize")
    parts = [
        size < whole - 2 * pitch
        for size, whole, pitch in zip(frame.size_m, scanned, frame.pitch_m, strict=True)
        if whole
    ]
    if not any(parts):
        return frame
    doubt = (
        "the field is a part of its scan: its place in it is unknown, the scan's centre is taken"
    )
    return replace(frame, assumed=(*frame.assumed, doubt))


def _note(container: Mapping[str, Any], index: int) -> dict[str, str]:
    meta = container.get(f"/{index}/meta", {})
    meta = meta if isinstance(meta, dict) else {}
    return {key: str(value) for key, value in meta.items() if key}


def _unit(field: Mapping[str, Any], name: str) -> str:
    unit = field.get(name)
    return str(unit.get("unitstr", "")) if isinstance(unit, dict) else ""
