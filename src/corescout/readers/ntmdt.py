"""NT-MDT `.mdt`: a row of frames; those of images hold scales, variables and 16-bit numbers.

The first stored line is the lowest, whatever the direction of the scan: so it is in Gwyddion, to
which written files were given. Frames of newer programs (MDA) are left to SciFiReaders, the extra
``mdt``, which turns the stored image by 90 degrees and swaps its axes: both are undone.
"""

from __future__ import annotations

import re
import struct
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.roles import role_of
from corescout.readers.stored import StoredImage, scans_of

_FILE_HEADER, _FRAME_HEADER = 33, 22
_IMAGE, _MDA = 0, (105, 106)
_SCALES = struct.Struct("<ffhffhffh")  # offset, step and unit of x, y, z
_MODE = struct.Struct("<HHHH")  # mode, columns, rows, dots
_SPARE = 36  # bytes of the variables that are needed
# Codes of units, each held against Gwyddion 2.62
_UNITS = {
    -5: "m", -4: "cm", -3: "mm", -2: "um", -1: "nm", 0: "angstrom", 1: "nA", 2: "V", 4: "kHz",
    5: "deg", 6: "%", 8: "V", 9: "s", 10: "ms", 11: "us", 12: "ns", 20: "A", 21: "mA", 22: "uA",
    23: "nA", 24: "pA", 25: "V", 26: "mV", 27: "uV", 28: "nV", 29: "pV", 30: "N", 31: "mN",
    32: "uN", 33: "nN", 34: "pN",
}  # fmt: skip
_SIGNALS = {0: "Height", 1: "DFL", 2: "Lateral F", 3: "Bias V", 4: "Current", 5: "FB-Out", 6: "Mag",
            7: "Mag*Sin", 8: "Mag*Cos", 9: "RMS", 10: "CalcMag", 11: "Phase1", 12: "Phase2",
            13: "CalcPhase"}  # fmt: skip
_PASSES = {"F": "trace", "B": "retrace"}


class _Frame(NamedTuple):
    """Where a frame lies in the file, and what its header says."""

    start: int
    end: int
    kind: int
    variables: int
    taken_at: datetime | None


def read_all(path: Path) -> list[Scan]:
    """Read the images of a file, a scan for each size and place. The pitch is as stored.

    Raises
    ------
    InputError
        If a frame is cut short, or there is no image of a kind that is read.
    """
    content = path.read_bytes()
    frames = _frames(content, path)
    images = [i for f in frames if f.kind == _IMAGE and (i := _image(content, f)) is not None]
    if images:
        return scans_of(images, uid=path.stem, source=str(path), metadata={})
    if any(frame.kind in _MDA for frame in frames):
        return [_by_scifireaders(path)]
    raise InputError("an image", f"none in {path.name}", "export the scan as .gwy")


def _frames(content: bytes, path: Path) -> list[_Frame]:
    if len(content) < _FILE_HEADER:
        raise InputError("a header of 33 bytes", f"{len(content)} in {path.name}", "copy it again")
    (last,) = struct.unpack_from("<H", content, 12)
    frames, at = [], _FILE_HEADER
    for number in range(last + 1):
        if at + _FRAME_HEADER > len(content):
            raise _cut(number, last, path)
        size, kind = struct.unpack_from("<IH", content, at)
        year, month, day, hour, minute, second, variables = struct.unpack_from(
            "<7H", content, at + 8
        )
        if size < _FRAME_HEADER or at + size > len(content):
            raise _cut(number, last, path)
        try:
            taken_at = datetime(year, month, day, hour, minute, second)
        except ValueError:
            taken_at = None
        frames.append(_Frame(at + _FRAME_HEADER, at + size, kind, variables, taken_at))
        at += size
    return frames


def _cut(number: int, last: int, path: Path) -> InputError:
    return InputError(
        f"{last + 1} frames as the header says",
        f"frame {number + 1} of {path.name} is cut short",
        "copy it again, or wait until it is written completely",
    )


def _image(content: bytes, frame: _Frame) -> StoredImage | None:
    """The image of a frame, None where it holds points alone."""
    if frame.variables < _SPARE:
        raise ValueError(f"{frame.variables} bytes of variables in a frame of an image")
    scales = _SCALES.unpack_from(content, frame.start)
    signal = content[frame.start + _SCALES.size]
    at = frame.start + frame.variables
    _, width, height, dots = _MODE.unpack_from(content, at)
    at += _MODE.size + (14 + 16 * dots if dots else 0)
    end = at + 2 * width * height
    if end > frame.end:
        raise ValueError(f"{width} x {height} pixels in a frame that is too short")
    if min(width, height) < 2:
        return None
    raw = np.frombuffer(content, "<i2", width * height, at).reshape(height, width)
    offset, step, code = scales[6:9]
    factor, unit = si_value(_UNITS.get(code, ""))
    factor, unit = (0.01, "") if unit == "%" else (factor, unit)
    values = np.flipud(raw.astype(np.float64) * (step or 1.0) + offset) * factor
    label, direction = _label(_title(content, end, frame.end) or _SIGNALS.get(signal, "Channel"))
    return StoredImage(
        name=f"{label} {direction.capitalize()}" if direction else label,
        values=values,
        unit=unit,
        role=role_of(label),
        direction=direction,
        frame=_frame(scales, (height, width)),
        acquired_at=frame.taken_at,
    )


def _title(content: bytes, at: int, end: int) -> str:
    """The title behind the pixels, "" without one."""
    if at + 4 > end:
        return ""
    (length,) = struct.unpack_from("<I", content, at)
    raw = content[at + 4 : at + 4 + length] if 0 < length <= end - at - 4 else b""
    return raw.split(b"\0")[0].decode("latin-1").strip()


def _label(title: str) -> tuple[str, str | None]:
    """Label and direction of a title such as "2F: Mag"."""
    found = re.match(r"\d+([FB])?:\s*(.+)", title)
    return (found[2].strip(), _PASSES.get(found[1])) if found else (title, None)


def _frame(scales: tuple[Any, ...], shape: tuple[int, int]) -> ScanFrame | None:
    x_step, x_code, y_step, y_code = scales[1], scales[2], scales[4], scales[5]
    pitch = []
    for step, code in ((x_step, x_code), (y_step, y_code)):
        unit = _UNITS.get(code, "")
        factor, base = (1e-2, "m") if unit == "cm" else si_value(unit)
        pitch.append(abs(float(step)) * factor if base == "m" else 0.0)
    if not (np.isfinite(pitch).all() and min(pitch) > 0):
        return None
    assumed = ("pitch as stored", "centre 0, angle 0, unread from .mdt")
    return ScanFrame(shape, (pitch[0], pitch[1]), assumed=assumed)


def _by_scifireaders(path: Path) -> Scan:
    """Read the images of the size of the first one with SciFiReaders."""
    try:
        from SciFiReaders import MDTReader
    except ImportError as error:
        raise InputError(
            "SciFiReaders, which reads the frames of newer .mdt files",
            f"it is not installed ({error})",
            'install it with: pip install "napari-corescout[mdt]", or save the file as .gwy in'
            " Gwyddion",
        ) from error
    images = [d for d in MDTReader(str(path)).read().values() if getattr(d, "ndim", 0) == 2]
    stored = [_foreign(image) for image in images if image.shape == images[0].shape]
    if not stored:
        raise InputError("an image", f"none in {path.name}", "export the scan as .gwy")
    return scans_of(
        stored,
        uid=path.stem,
        source=str(path),
        metadata={str(k): str(v) for k, v in images[0].metadata.items()},
        warnings=("orientation of this .mdt is that of SciFiReaders, unverified",),
    )[0]


def _foreign(image: Any) -> StoredImage:
    """An image of SciFiReaders: the axis that it calls y holds the columns."""
    rows, columns = image._axes[0], image._axes[1]
    shape = (len(rows.values), len(columns.values))
    factor, unit = si_value(str(image.units))
    label, direction = _label(str(image.title))
    pitch = [
        abs(float(axis.values[1] - axis.values[0])) * si_value(str(axis.units))[0]
        for axis in (columns, rows)
    ]
    assumed = ("pitch as stored", "centre 0, angle 0, unread from .mdt")
    frame = ScanFrame(shape, (pitch[0], pitch[1]), assumed=assumed) if min(pitch) > 0 else None
    values = np.rot90(np.asarray(image)).reshape(shape) * factor
    return StoredImage(label or "Channel", values, unit, role_of(label), direction, frame)
