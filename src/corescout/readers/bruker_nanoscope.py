"""Bruker Nanoscope `.spm`, `.000` to `.999`, `.di`: a text header, then the images as integers.

value = raw * Z scale / 2^(8 bytes) * sensitivity. The first stored line is the lowest. Keys are
compared in lower case: version 5 writes "Scan size", later ones "Scan Size".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.roles import Mode, role_of
from corescout.readers.stored import StoredImage, scans_of

_Section = dict[str, str]
_MAX_HEADER = 2**22
# One with a decimal comma is none: read up to the comma it would be wrong in silence.
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\d.,])"
_SCALE = re.compile(
    rf"V\s*(?:\[(?P<sens>[^\]]*)\])?\s*\((?P<lsb>{_NUMBER})\s*(?P<lsb_unit>\S*)/LSB\)"
    rf"\s*(?P<value>{_NUMBER})\s*(?P<unit>\S*)"
)
_SENSITIVITY = re.compile(rf"V\s*(?P<value>{_NUMBER})\s*(?P<unit>\S*)")
_LOG = re.compile(r"log\((.*)\)", re.IGNORECASE)
_ARBITRARY = ("arb", "arb.", "a.u.")
_DIRECTIONS = ("trace", "retrace")


def read_all(path: Path) -> list[Scan]:
    """Read all images, a scan for each size, in SI units.

    The pitch is Scan Size / N, the centre the X and Y Offset, the angle Rotate Ang. in radians.

    Raises
    ------
    InputError
        If the file holds force curves, is cut short, or has no image.
    """
    with path.open("rb") as file:
        head = file.read(_MAX_HEADER).split(b"\x1a", 1)[0]
    sections = _sections(head.decode("latin-1"))
    images = [s for s in sections if s[""].lower() == "ciao image list" and "data offset" in s]
    if not images:
        raise InputError(
            "a Nanoscope image",
            f"{sections[0][''] if sections else 'no section'!r} in {path.name}",
            "open an image; save force volumes (.pfc) and files from before version 4.2 as .gwy in"
            " Gwyddion",
        )
    general: _Section = {}
    last = ("ciao scan list",)  # its keys are those of the frame, whatever other lists call them
    for section in sorted(sections, key=lambda s: s[""].lower() in last):
        if section[""].lower() != "ciao image list":
            general |= {key: value for key, value in section.items() if key}
    warnings: list[str] = []
    return scans_of(
        [_image(section, general, path, warnings.append) for section in images],
        uid=f"{path.stem}-{general.get('date', '')}",
        source=str(path),
        metadata=general,
        acquired_at=_time(general),
        warnings=warnings,
    )


def _image(
    image: _Section, general: _Section, path: Path, warn: Callable[[str], None]
) -> StoredImage:
    shape = _shape(image)
    label, direction = _label(image)
    is_second = image.get("scan line", "main").lower() != "main"
    label = f"{label} Interleave" if is_second else label
    name = f"{label} {direction.capitalize()}" if direction else label
    factor, unit, doubt = _factor(image, general)
    if doubt:
        warn(f"{name!r}: {doubt}")
    raw = _raw(path, image, shape)
    values = np.flipud(raw * (factor / _divisor(image, shape, raw)))
    known = int(image.get("valid data len x", shape[1]))
    if 0 < known < shape[1]:
        values = np.where(np.arange(shape[1]) < known, values, np.nan)
    done = int(image.get("valid data len y", shape[0]))
    is_partial = 0 < done < shape[0]
    if is_partial:
        values = _with_missing(values, done, image)
    return StoredImage(
        name=name,
        values=values,
        unit=unit,
        role=role_of(label, _mode(general)),
        direction=direction,
        frame=_frame(image, general, shape, warn),
        rows_done=done if is_partial else None,
    )


def _sections(text: str) -> list[_Section]:
    """Split the header at the lines that name a section; its name is under ""."""
    sections: list[_Section] = []
    for line in text.splitlines():
        if line.startswith("\\*"):
            sections.append({"": line[2:].strip()})
        elif line.startswith("\\") and sections:
            # "\@2:Z scale: V [Sens. Zsens] ...": the key keeps neither @ nor the group number
            key, _, value = re.sub(r"^\\(@(\d+:)?)?", "", line).partition(":")
            sections[-1].setdefault(key.strip().lower(), value.strip())
    return sections


def _shape(image: _Section) -> tuple[int, int]:
    return int(image["number of lines"]), int(image["samps/line"])


def _label(image: _Section) -> tuple[str, str | None]:
    """Label and direction: 'S [Height] "Height Sensor"' gives "Height Sensor"."""
    quoted = re.search(r'"([^"]+)"|\[([^\]]+)\]\s*(?:""\s*)?$', image.get("image data", ""))
    direction = image.get("line direction", "").lower()
    label = quoted[1] or quoted[2] if quoted else "Channel"
    return label, direction if direction in _DIRECTIONS else None


def _mode(general: _Section) -> Mode:
    """Return the mode as MicroscopeList says: 'S [TMMode] "Tapping"'."""
    text = general.get("microscopelist", general.get("microscope mode", "")).lower()
    return "tapping" if "tapping" in text else ("contact" if "contact" in text else "")


def _raw(path: Path, image: _Section, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Stored integers, after a look at whether the file holds them."""
    offset, length = int(image["data offset"]), int(image["data length"])
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
    return int(image["data length"]) // (shape[0] * shape[1]) if min(shape) > 0 else 0


def _divisor(image: _Section, shape: tuple[int, int], raw: NDArray[np.float64]) -> float:
    """2^(8 bytes). Where header and storage disagree, numbers of 16 bits alone are of 16 bits.

    Their full scale is then what the header's volts per LSB say.
    """
    stored = _stored_bytes(image, shape)
    if int(image.get("bytes/pixel", stored)) == stored or np.abs(raw).max() > 2**15:
        return 2.0 ** (8 * stored)
    scale = _SCALE.match(image.get("z scale", ""))
    steps = abs(float(scale["value"])) / float(scale["lsb"]) if scale else math.inf
    return 2.0**32 if steps > 2.0**20 else 2.0**16


def _with_missing(values: NDArray[np.float64], done: int, image: _Section) -> NDArray[np.float64]:
    """Lines that were not scanned are missing: below for a frame that goes down, else above.

    Where only the other edge holds lines of one number, these are.
    """
    empty = np.ptp(values, axis=1) == 0
    goes_down = image.get("frame direction", "down").lower() != "up"
    below, above = empty[done:].all(), empty[: len(empty) - done].all()
    if below != above:
        goes_down = bool(below)
    values = values.copy()
    values[slice(done, None) if goes_down else slice(0, len(values) - done)] = np.nan
    return values


def _factor(image: _Section, general: _Section) -> tuple[float, str, str]:
    """Full scale of an image in SI, its unit, and what is in doubt about them."""
    scale = _SCALE.match(image.get("z scale", ""))
    if scale is None:
        return 1.0, "", "its scale is not known: the numbers are as stored"
    to_si, unit = si_value(scale["unit"])
    factor = float(scale["value"]) * to_si
    sensitivity = _SENSITIVITY.match(general.get((scale["sens"] or "").lower(), ""))
    if sensitivity is None:
        is_given = (scale["sens"] or "None") == "None"
        doubt = "" if is_given else f"no [{scale['sens']}]: it is not in its own unit"
        return factor, unit, doubt
    gain = float(sensitivity["value"])
    numerator, _, denominator = _split_unit(sensitivity["unit"])
    if not numerator:
        return factor * gain, unit, ""
    if _LOG.fullmatch(numerator):
        return factor * gain, numerator, "its values are logarithms"
    top, unit = si_value(numerator)
    is_arbitrary = denominator.lower() in _ARBITRARY
    bottom = 1.0 if not denominator or is_arbitrary else si_value(denominator)[0]
    return factor * gain * top / bottom, unit, ""


def _split_unit(unit: str) -> tuple[str, str, str]:
    """Split at the slash outside of brackets: "log(Pa)/log(Arb)", "nm/V"."""
    found = re.fullmatch(r"((?:[^/(]|\([^)]*\))*)(/?)(.*)", unit)
    return (found[1], found[2], found[3]) if found else (unit, "", "")


def _frame(
    image: _Section, general: _Section, shape: tuple[int, int], warn: Callable[[str], None]
) -> ScanFrame | None:
    size = _size(image, general)
    if size is None:
        said = image.get("scan size", "") or general.get("scan size", "")
        warn(f"Scan Size {said[:40]!r} is no size: the scale is taken as unknown")
        return None
    assumed = ["pitch = Scan Size / N", "centre = X Offset, Y Offset"]
    full = _full_lines(image, general, shape)
    pitch = size[0] / shape[1], size[1] / full
    centre = [0.0, 0.0]
    for axis, key in enumerate(("x offset", "y offset")):
        length = _length(general.get(key, ""))
        if length is None:
            assumed.append(f"centre 0 in {'XY'[axis]}, the file has no readable {key.title()}")
        centre[axis] = length or 0.0
    angle_rad = _angle_rad(general.get("rotate ang.", "0"))
    if angle_rad is None:
        assumed.append(f"angle 0: {general['rotate ang.'][:40]!r} is no angle")
        warn(assumed[-1])
    if angle_rad:
        assumed.append("Rotate Ang. taken as radians, clockwise positive, unverified on Bruker")
    if full > shape[0]:
        along = (full - shape[0]) / 2 * pitch[1]
        along = -along if image.get("frame direction", "down").lower() == "up" else along
        turn = angle_rad or 0.0
        centre = [centre[0] + along * math.sin(turn), centre[1] + along * math.cos(turn)]
        assumed.append(
            f"{shape[0]} of {full} lines are stored: they lie where the frame begins,"
            f" {image.get('frame direction', 'down').lower()}wards"
        )
    return ScanFrame(
        shape, pitch, (centre[0], centre[1]), angle_rad or 0.0, tuple(assumed)
    )  # fmt: skip


def _size(image: _Section, general: _Section) -> tuple[float, float] | None:
    """Width and height of the whole frame in metres; where they are equal, the aspect counts."""
    text = image.get("scan size", "") or general.get("scan size", "")
    found = re.match(rf"({_NUMBER})(?:\s+({_NUMBER}))?\s*(\S+)", text)
    if found is None:
        return None
    factor, unit = si_value(_micro(found[3]))
    width, height = (float(found[i] or found[1]) * factor for i in (1, 2))
    if width == height:
        height = width / _aspect(image, general)
    ok = unit == "m" and all(math.isfinite(s) and s > 0 for s in (width, height))
    return (width, height) if ok else None


def _aspect(image: _Section, general: _Section) -> float:
    """Width over height: "2:1", "2.00", "1.33333:1"."""
    text = image.get("aspect ratio", "") or general.get("aspect ratio", "1:1")
    found = re.match(rf"({_NUMBER})(?:\s*:\s*({_NUMBER}))?", text.replace(",", "."))
    above, below = (float(found[1]), float(found[2] or 1)) if found else (1.0, 1.0)
    return above / below if above > 0 and below > 0 else 1.0


def _full_lines(image: _Section, general: _Section, shape: tuple[int, int]) -> int:
    """Lines of the whole frame: a capture that was stopped stores fewer."""
    lines, samples = general.get("lines", ""), general.get("samps/line", "")
    is_same = samples.isdigit() and int(samples) == shape[1]
    return int(lines) if lines.isdigit() and is_same and int(lines) > shape[0] else shape[0]


def _angle_rad(text: str) -> float | None:
    """Rotate Ang. is in radians, unless it says degrees or is more than a full turn."""
    found = re.match(rf"({_NUMBER})\s*(\S*)", text)
    if found is None:
        return None
    angle = float(found[1])
    is_degrees = found[2].lower() in ("deg", "°", "º") or abs(angle) > 2.01 * math.pi
    return math.radians(angle) if is_degrees else angle


def _length(text: str) -> float | None:
    found = re.fullmatch(rf"({_NUMBER})\s*(\S+)", text)
    if found is None:
        return None
    factor, unit = si_value(_micro(found[2]))
    return float(found[1]) * factor if unit == "m" else None


def _micro(unit: str) -> str:
    return unit.replace("~m", "um")


def _time(general: _Section) -> datetime | None:
    try:
        return datetime.strptime(general.get("date", ""), "%I:%M:%S %p %a %b %d %Y")
    except ValueError:
        return None
