"""Bruker Nanoscope `.spm`, `.000` to `.999`, `.di`: a text header, then the images as integers.

value = raw * Z scale / 2^(8 bytes) * sensitivity. The first stored line is the lowest.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import free_name, si_value
from corescout.readers.roles import role_of

_Section = dict[str, str]
_MAX_HEADER = 2**22
_NUMBER = r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"
_SCALE = re.compile(
    rf"V\s*(?:\[(?P<sens>[^\]]*)\])?\s*\((?P<lsb>{_NUMBER})[^)]*\)"
    rf"\s*(?P<value>{_NUMBER})\s*(?P<unit>\S*)"
)
_SENSITIVITY = re.compile(rf"V\s*(?P<value>{_NUMBER})\s*(?P<unit>\S*)")


def read(path: Path) -> Scan:
    """Read all images of one size, in SI units.

    The pitch is Scan Size / N, the centre the X and Y Offset, the angle Rotate Ang.

    Raises
    ------
    InputError
        If the file holds force curves, is cut short, or has no image.
    """
    with path.open("rb") as file:
        head = file.read(_MAX_HEADER).split(b"\x1a", 1)[0]
    sections = _sections(head.decode("latin-1"))
    images = [s for s in sections if s[""] == "Ciao image list" and "Data offset" in s]
    if not images:
        raise InputError(
            "a Nanoscope image",
            f"{sections[0][''] if sections else 'no section'!r} in {path.name}",
            "open an image; force curves are measurements, not scans",
        )
    general: _Section = {}
    for section in sections:
        if section[""] != "Ciao image list":
            general |= {key: value for key, value in section.items() if key}
    shape = _shape(images[0])
    channels: dict[str, NDArray[np.float32]] = {}
    units: dict[str, str] = {}
    directions: dict[str, str] = {}
    warnings: list[str] = []
    for image in images:
        name, direction = _name(image)
        if _shape(image) != shape:
            warnings.append(f"{name!r} has another size and was left out")
            continue
        factor, unit = _factor(image, general)
        if direction:
            name = f"{name} {direction.capitalize()}"
        name = free_name(name, channels)
        factor /= _divisor(image, shape)
        channels[name] = np.flipud(_raw(path, image, shape) * factor).astype(np.float32)
        units[name] = unit
        if direction:
            directions[name] = direction
    done = int(images[0].get("Valid data len Y", shape[0]))
    return Scan(
        uid=f"{path.stem}-{general.get('Date', '')}",
        channels=channels,
        units=units,
        frame=_frame(images[0], general, shape),
        roles={n: role_of(n) for n in channels if role_of(n)},
        directions=directions,
        acquired_at=_time(general),
        rows_done=done if 0 < done < shape[0] else None,
        source=str(path),
        metadata=general,
        warnings=tuple(warnings),
    )


def _sections(text: str) -> list[_Section]:
    """Split the header at the lines that name a section; its name stands under ""."""
    sections: list[_Section] = []
    for line in text.splitlines():
        if line.startswith("\\*"):
            sections.append({"": line[2:].strip()})
        elif line.startswith("\\") and sections:
            # "\@2:Z scale: V [Sens. Zsens] ...": the key keeps neither @ nor the group number
            key, _, value = re.sub(r"^\\(@(\d+:)?)?", "", line).partition(":")
            sections[-1].setdefault(key.strip(), value.strip())
    return sections


def _shape(image: _Section) -> tuple[int, int]:
    return int(image["Number of lines"]), int(image["Samps/line"])


def _name(image: _Section) -> tuple[str, str | None]:
    """Name and direction: 'S [Height] "Height Sensor"' gives "Height Sensor"."""
    quoted = re.search(r'"([^"]*)"', image.get("Image Data", ""))
    direction = image.get("Line Direction", image.get("Line direction", "")).lower()
    return quoted[1] if quoted else "Channel", direction if direction in _DIRECTIONS else None


_DIRECTIONS = ("trace", "retrace")


def _raw(path: Path, image: _Section, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Stored integers, after a look at whether the file holds them."""
    offset, length = int(image["Data offset"]), int(image["Data length"])
    n_bytes = _stored_bytes(image, shape)
    if n_bytes not in (2, 4) or not 0 < offset <= offset + length <= path.stat().st_size:
        raise InputError(
            f"{shape[0]} x {shape[1]} pixels of 2 or 4 bytes at byte {offset}",
            f"{length:,} bytes declared, {path.stat().st_size:,} bytes in {path.name}",
            "copy it again",
        )
    values = np.fromfile(path, f"<i{n_bytes}", shape[0] * shape[1], offset=offset)
    return values.reshape(shape).astype(np.float64)


def _stored_bytes(image: _Section, shape: tuple[int, int]) -> int:
    """Bytes of a pixel by the length of the data: newer files say 2 Bytes/pixel and store 4."""
    return int(image["Data length"]) // (shape[0] * shape[1]) if min(shape) > 0 else 0


def _divisor(image: _Section, shape: tuple[int, int]) -> float:
    """2^(8 bytes); where header and storage disagree, the header's volts per LSB decide."""
    stored = _stored_bytes(image, shape)
    if int(image.get("Bytes/pixel", stored)) == stored:
        return 2.0 ** (8 * stored)
    scale = _SCALE.match(image.get("Z scale", ""))
    steps = abs(float(scale["value"])) / float(scale["lsb"]) if scale else math.inf
    return 2.0**32 if steps > 2.0**20 else 2.0**16


def _factor(image: _Section, general: _Section) -> tuple[float, str]:
    """Full scale of an image in SI, and its unit."""
    scale = _SCALE.match(image.get("Z scale", ""))
    if scale is None:
        return 1.0, ""
    to_si, unit = si_value(scale["unit"])
    factor = float(scale["value"]) * to_si
    sensitivity = _SENSITIVITY.match(general.get(scale["sens"] or "", ""))
    if sensitivity is None:
        return factor, unit
    numerator, per, denominator = sensitivity["unit"].partition("/")
    if not numerator:
        return factor * float(sensitivity["value"]), unit
    top, unit = si_value(numerator)
    bottom = si_value(denominator)[0] if per else 1.0
    return factor * float(sensitivity["value"]) * top / bottom, unit


def _frame(image: _Section, general: _Section, shape: tuple[int, int]) -> ScanFrame | None:
    size = re.match(rf"({_NUMBER})\s+({_NUMBER})\s*(\S+)", image.get("Scan Size", ""))
    if size is None:
        return None
    factor, unit = si_value(size[3].replace("~m", "um"))
    size_m = float(size[1]) * factor, float(size[2]) * factor
    if unit != "m" or min(size_m) <= 0:
        return None
    angle_deg = float(general.get("Rotate Ang.", "0").split()[0])
    assumed = ["pitch = Scan Size / N", "centre = X Offset, Y Offset"]
    if angle_deg:
        assumed.append("Rotate Ang. taken as clockwise positive, unverified on Bruker")
    return ScanFrame(
        shape,
        (size_m[0] / shape[1], size_m[1] / shape[0]),
        (_length(general.get("X Offset", "")), _length(general.get("Y Offset", ""))),
        math.radians(angle_deg),
        tuple(assumed),
    )


def _length(text: str) -> float:
    found = re.match(rf"({_NUMBER})\s*(\S+)", text)
    return float(found[1]) * si_value(found[2].replace("~m", "um"))[0] if found else 0.0


def _time(general: _Section) -> datetime | None:
    try:
        return datetime.strptime(general.get("Date", ""), "%I:%M:%S %p %a %b %d %Y")
    except ValueError:
        return None
