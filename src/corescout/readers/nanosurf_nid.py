"""Nanosurf `.nid`: sections of "key=value", then every data set as integers behind "#!".

value = Dim2Min + (raw + 2^(bits - 1)) / 2^bits * Dim2Range. The first stored line is the lowest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.roles import Mode, role_of
from corescout.readers.stored import StoredImage, scans_of

_START = b"#!"
_MAX_HEADER = 2**22
_Section = dict[str, str]


def read_all(path: Path) -> list[Scan]:
    """Read the images of all groups, a scan for each size.

    The pitch is Dim0Range / N, the centre X-Pos and Y-Pos, the angle Rotation.

    Raises
    ------
    InputError
        If the file is cut short or holds spectra alone.
    """
    with path.open("rb") as file:
        head, found, _ = file.read(_MAX_HEADER).partition(_START)
    if not found:
        raise InputError(
            "a Nanosurf header", f"no {_START.decode()} in {path.name}", "copy it again"
        )
    sections = _sections(head)
    info = sections.get("DataSet-Info", {})
    images: list[StoredImage] = []
    at = len(head) + len(_START)
    for key in _data_sets(sections):
        section = sections[key]
        raw, at = _raw(path, section, at)
        if min(raw.shape) > 1 and section.get("Dim1Unit"):
            images.append(_image(raw, section, info))
    if not images:
        raise InputError("an image", f"spectra alone in {path.name}", "open a scan")
    return scans_of(images, uid=path.stem, source=str(path), metadata=info, acquired_at=_time(info))


def _sections(head: bytes) -> dict[str, _Section]:
    """Sections by name. Newer files are UTF-8, older ones Latin-1."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    sections: dict[str, _Section] = {}
    current: _Section = {}
    for line in text.splitlines():
        if line.startswith("[") and line.rstrip().endswith("]"):
            current = sections.setdefault(line.strip()[1:-1], {})
        elif "=" in line and not line.startswith("--"):
            key, _, value = line.partition("=")
            current.setdefault(key.strip(), value.strip())
    return sections


def _data_sets(sections: Mapping[str, _Section]) -> list[str]:
    """Names of the data sets in stored order: group by group, channel by channel."""
    listed = sections.get("DataSet", {})
    keys = [
        (int(m[1]), int(m[2]), value)
        for key, value in listed.items()
        if (m := re.fullmatch(r"Gr(\d+)-Ch(\d+)", key)) and value in sections
    ]
    return [value for _, _, value in sorted(keys)]


def _raw(path: Path, section: _Section, at: int) -> tuple[NDArray[np.float64], int]:
    """Stored numbers as a share of the range, and where they end."""
    shape = int(section["Lines"]), int(section["Points"])
    bits = int(section.get("SaveBits", "16"))
    order = "<" if section.get("SaveOrder", "Intel") == "Intel" else ">"
    is_signed = section.get("SaveSign", "Signed") == "Signed"
    count = shape[0] * shape[1]
    if bits not in (8, 16, 32) or section.get("SaveMode", "Binary") != "Binary":
        raise InputError(
            "integers of 8, 16 or 32 bits",
            f"{section.get('SaveMode')} of {bits} bits in {path.name}",
            "save it again as binary",
        )
    end = at + count * bits // 8
    if count < 1 or end > path.stat().st_size:
        raise InputError(
            f"{end:,} bytes as the header says",
            f"{path.stat().st_size:,} in {path.name}",
            "copy it again",
        )
    stored = np.fromfile(path, f"{order}{'i' if is_signed else 'u'}{bits // 8}", count, offset=at)
    share = stored.reshape(shape).astype(np.float64) / 2.0**bits
    return (share + 0.5 if is_signed else share), end


def _image(raw: NDArray[np.float64], section: _Section, info: _Section) -> StoredImage:
    frame_name = section.get("Frame", "")
    direction = {"forward": "trace", "backward": "retrace"}.get(frame_name.lower().split(" ")[-1])
    label = section.get("Dim2Name", "Channel")
    factor, unit = si_value(section.get("Dim2Unit", ""))
    low, span = (float(section.get(k, 0.0)) for k in ("Dim2Min", "Dim2Range"))
    shape = (raw.shape[0], raw.shape[1])
    return StoredImage(
        name=f"{label} {direction.capitalize()}" if direction else f"{label} {frame_name}".strip(),
        values=np.flipud((low + raw * span) * factor),
        unit=unit,
        role=role_of(label, _mode(info)),
        direction=direction,
        frame=_frame(section, info, shape),
    )


def _mode(info: _Section) -> Mode:
    mode = info.get("Op. mode", "").lower()
    return "tapping" if mode.startswith(("dynamic", "phase")) else ""


def _frame(section: _Section, info: _Section, shape: tuple[int, int]) -> ScanFrame | None:
    size = []
    for axis in (0, 1):
        factor, unit = si_value(section.get(f"Dim{axis}Unit", ""))
        size.append(float(section.get(f"Dim{axis}Range", 0)) * factor if unit == "m" else 0.0)
    if not all(math.isfinite(s) and s > 0 for s in size):
        return None
    assumed = ["pitch = size / N"]
    centre = [_quantity(info.get(key, ""), "m") for key in ("X-Pos", "Y-Pos")]
    if None in centre:
        assumed.append("centre 0, the file has no X-Pos or Y-Pos")
    angle_deg = _quantity(info.get("Rotation", ""), "deg")
    if angle_deg is None:
        assumed.append("angle 0, the file has no Rotation")
    if angle_deg:
        assumed.append("Rotation taken as counter-clockwise, unverified on Nanosurf")
    return ScanFrame(
        shape,
        (size[0] / shape[1], size[1] / shape[0]),
        (centre[0] or 0.0, centre[1] or 0.0),
        -math.radians(angle_deg or 0.0),
        tuple(assumed),
    )


def _quantity(text: str, base: str) -> float | None:
    """Number of "1.3\u00b5m" in SI, None where it has another unit or is none."""
    found = re.fullmatch(r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*(\S+)", text.strip())
    if not found:
        return None
    factor, unit = si_value(found[2])
    return float(found[1]) * factor if unit == base else None


def _time(info: _Section) -> datetime | None:
    try:
        return datetime.strptime(f"{info['Date']} {info['Time']}", "%d-%m-%Y %H:%M:%S")
    except (KeyError, ValueError):
        return None
