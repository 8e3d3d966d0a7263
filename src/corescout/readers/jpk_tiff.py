"""JPK `.jpk`, `.jpk-qi-image`: a TIFF with a page for each channel and the facts in private tags.

A channel is stored as integers; each of its "slots" (raw, volts, calibrated) says how to scale
them. The default slot is used.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.roles import Mode, role_of
from corescout.readers.stored import StoredImage, scans_of

START_DATE, FEEDBACK_MODE = 0x8003, 0x8030
X0, Y0, U_LENGTH, V_LENGTH, THETA, REFLECT = range(0x8040, 0x8046)
CHANNEL, RETRACE, FANCY_NAME = range(0x8050, 0x8053)
N_SLOTS, DEFAULT_SLOT = 0x8080, 0x8081
# Tags of slot n: these + n * 0x30
SLOT_NAME, SLOT_UNIT, SLOT_SCALING = 0x8090, 0x80A2, 0x80A3
SLOT_MULTIPLY, SLOT_OFFSET = 0x80A4, 0x80A5
_SLOT_STEP = 0x30
_PLACE = {X0: "centre X", Y0: "centre Y", THETA: "angle"}
_LARGEST_SLOTS = 64
_TIMES = ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S",
          "%a %b %d %H:%M:%S %Y", "%d.%m.%Y %H:%M:%S")  # fmt: skip


def read_all(file: Any, path: Path) -> list[Scan]:
    """Read all channels of an opened `tifffile.TiffFile`, in SI units; a scan for each size.

    The first stored line is the lowest unless the grid is reflected. The pitch is size / N.

    Raises
    ------
    InputError
        If there is no channel, or the file holds fewer data than it declares.
    """
    images: list[StoredImage] = []
    mode = _mode(file.pages[0])
    for page in file.pages:
        if CHANNEL not in page.tags or page.photometric not in (0, 1):
            continue  # the first page is a thumbnail
        if page.nbytes > 100 * path.stat().st_size:
            raise InputError(
                f"the {page.nbytes:,} bytes that the page declares",
                f"{path.stat().st_size:,} in {path.name}",
                "copy it again",
            )
        label = _text(page, FANCY_NAME) or _text(page, CHANNEL)
        direction = "retrace" if _number(page, RETRACE) else "trace"
        factor, offset, unit = _scaling(page)
        values = page.asarray() * factor + offset
        values = values if _number(file.pages[0], REFLECT) else np.flipud(values)
        height, width = values.shape
        images.append(
            StoredImage(
                name=f"{label} {direction.capitalize()}",
                values=values,
                unit=unit,
                role=role_of(label, mode),
                direction=direction,
                frame=_frame(file.pages[0], (int(height), int(width))),
            )
        )
    if not images:
        raise InputError("a JPK channel", f"none in {path.name}", "export the image again")
    return scans_of(
        images,
        uid=path.stem,
        source=str(path),
        metadata={f"0x{t.code:04X}": _plain(t.value) for t in file.pages[0].tags.values()},
        acquired_at=_time(file.pages[0]),
    )


def _mode(page: Any) -> Mode:
    """Return the mode as the feedback says: in "ac" an amplitude is the cantilever's own."""
    text = _text(page, FEEDBACK_MODE).lower()
    return "tapping" if text.startswith(("ac", "phase")) else ""


def _scaling(page: Any) -> tuple[float, float, str]:
    """Factor, offset and SI unit of the default slot; raw numbers where it has none."""
    default = _text(page, DEFAULT_SLOT)
    for n in range(min(int(_number(page, N_SLOTS)), _LARGEST_SLOTS)):
        step = n * _SLOT_STEP
        if _text(page, SLOT_NAME + step) != default:
            continue
        if _text(page, SLOT_SCALING + step) != "LinearScaling":
            return 1.0, 0.0, ""
        to_si, unit = si_value(_text(page, SLOT_UNIT + step))
        multiply, offset = _number(page, SLOT_MULTIPLY + step), _number(page, SLOT_OFFSET + step)
        return multiply * to_si, offset * to_si, unit
    return 1.0, 0.0, ""


def _frame(page: Any, shape: tuple[int, int]) -> ScanFrame | None:
    size_m = abs(_number(page, U_LENGTH)), abs(_number(page, V_LENGTH))
    if min(size_m) <= 0:
        return None
    assumed = ["pitch = size / N", "grid x0, y0 taken as the centre, unverified on JPK"]
    absent = [name for code, name in _PLACE.items() if not _is_number(page, code)]
    if absent:
        assumed.append(f"{', '.join(absent)} 0: the file has none")
    theta = _number(page, THETA)
    if theta:
        assumed.append("grid angle taken as radians counter-clockwise, unverified on JPK")
    centre_m = (_number(page, X0), _number(page, Y0))
    pitch_m = (size_m[0] / shape[1], size_m[1] / shape[0])
    return ScanFrame(shape, pitch_m, centre_m, -theta, tuple(assumed))


def _is_number(page: Any, code: int) -> bool:
    value = page.tags[code].value if code in page.tags else None
    value = value[0] if isinstance(value, tuple) else value
    return isinstance(value, int | float) and math.isfinite(value)


def _number(page: Any, code: int) -> float:
    """Value of a tag as a finite number, 0 where it is absent."""
    value = page.tags[code].value if code in page.tags else 0.0
    try:
        number = float(value[0] if isinstance(value, tuple) else value)
    except (TypeError, ValueError):
        return 0.0
    return number if math.isfinite(number) else 0.0


def _text(page: Any, code: int) -> str:
    value = page.tags[code].value if code in page.tags else ""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text.strip("\0 ")


def _time(page: Any) -> datetime | None:
    """Time with its offset where it is a number; a zone's name (CEST) leaves it local."""
    text = re.sub(r"(:\d\d)[.,]\d+", r"\1", _text(page, START_DATE))
    text = re.sub(r"\s+[A-Z][A-Za-z/_]{1,30}(?=$|\s\d{4}$)", "", text)
    for form in _TIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else str(value)[:200]
