"""Nanonis `.sxm`: forward and backward images of every channel; unscanned lines are missing."""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.roles import Mode, Words, role_of, words_of

_END = b":SCANIT_END:"
_START = b"\x1a\x04"
_DIRECTIONS = {"both": ("trace", "retrace"), "forward": ("trace",), "backward": ("retrace",)}
_MAX_HEADER = 2**22


def read(path: Path) -> Scan:
    """Read all channels; rows are turned so that row 0 is the +Y edge.

    Up-scans are stored from the bottom line, backward images from the right: both are turned.
    Values are in SI units. The pitch is range / N, the offset the frame's centre.
    """
    with path.open("rb") as file:
        head = file.read(_MAX_HEADER)
    end = head.find(_END)
    start = head.find(_START, max(end, 0))
    if end < 0 or start < 0:
        raise InputError("a Nanonis header", f"none in {path.name}", "copy it again")
    header = _header(head[:end])
    # Headers are not always ASCII: latin-1 maps every byte.
    width, height = (int(n) for n in header["SCAN_PIXELS"].split())
    images = _images(header)
    n_px = width * height
    available = (path.stat().st_size - start - len(_START)) // 4
    if not 0 < n_px * len(images) <= available:
        raise InputError(
            f"{len(images)} images of {width} x {height} px",
            f"{available} values in {path.name}",
            "copy it again",
        )
    kind = ">f4" if "MSBFIRST" in header.get("SCANIT_TYPE", "MSBFIRST") else "<f4"
    values = np.fromfile(path, kind, n_px * len(images), offset=start + len(_START))
    stack = values.reshape(len(images), height, width).astype(np.float32)
    stack[~np.isfinite(stack)] = np.nan
    if header.get("SCAN_DIR", "").strip().lower() == "up":
        stack = stack[:, ::-1]
    channels, units, directions = {}, {}, {}
    for image, (name, given, direction) in zip(stack, images, strict=True):
        factor, unit = si_value(given)
        image = image if factor == 1.0 else (image * factor).astype(np.float32)
        full = f"{name}{direction.capitalize()}"
        channels[full] = image[:, ::-1] if direction == "retrace" else image
        units[full], directions[full] = unit, direction
    missing = np.isnan(stack).all(axis=(0, 2))
    roles, warnings = _roles(header, units)
    return Scan(
        uid=path.stem,
        channels=channels,
        units=units,
        frame=_frame(header, (height, width)),
        roles=roles,
        directions=directions,
        acquired_at=_time(header),
        rows_done=int((~missing).sum()) if missing.any() else None,
        source=str(path),
        metadata=header,
        warnings=(
            *warnings,
            *(("lines that were not scanned are missing",) if missing.any() else ()),
        ),
    )


def _header(raw: bytes) -> dict[str, str]:
    """Split ":KEY:" lines and the lines that follow each."""
    fields: dict[str, str] = {}
    key = ""
    for line in raw.decode("latin-1").splitlines():
        if re.fullmatch(r":[^:\t]+(?:[:>][^\t]*)?:", line.strip()):
            key = line.strip().strip(":")
            fields[key] = ""
        elif key:
            fields[key] += ("\n" if fields[key] else "") + line.strip("\r\n")
    return {name: value.strip() for name, value in fields.items()}


def _images(header: dict[str, str]) -> list[tuple[str, str, str]]:
    """Name, unit and direction of each stored image, in order."""
    lines = header["DATA_INFO"].splitlines()
    mark = "\t" if "\t" in lines[0] else None  # names and units may hold spaces, or be empty
    rows = [[cell.strip() for cell in line.strip("\r\n ").split(mark)] for line in lines]
    rows = [row[1:] if mark and row and not row[0] else row for row in rows]
    columns = {name: i for i, name in enumerate(rows[0])}
    return [
        (row[columns["Name"]], row[columns["Unit"]], direction)
        for row in rows[1:]
        if any(row)
        for direction in _DIRECTIONS[row[columns["Direction"]].lower()]
    ]


def _roles(header: dict[str, str], units: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Roles of the channels by their names, and what is in doubt about them.

    A lock-in measures a piezoresponse where it modulates the bias and demodulates no current. An
    amplitude without a lock-in is the oscillation controller's.
    """
    modulated = header.get("Lock-in>Modulated signal", "").lower()
    demodulated = header.get("Lock-in>Demodulated signal", "").lower()
    is_other = bool(modulated) and ("bias" not in modulated or "current" in demodulated)
    roles: dict[str, str] = {}
    in_doubt = False
    for name, unit in units.items():
        words = words_of(name)
        if not words.is_lock_in:
            mode: Mode = "tapping"
        else:
            mode = "other lock-in" if is_other or unit == "A" else ""
            in_doubt |= not modulated and mode == "" and words.quantity != ""
        role = role_of(_with_harmonic(name, words, header), mode)
        if role:
            roles[name] = role
    doubt = "the file does not say what the lock-in modulates: it is taken as a piezoresponse"
    return roles, [doubt] if in_doubt else []


def _with_harmonic(name: str, words: Words, header: dict[str, str]) -> str:
    """The name with the harmonic of its demodulator, where the header says it."""
    number = words.demodulator or "1"
    harmonic = header.get(f"Lock-in>Harmonic D{number}", header.get("Lock-in>Harmonic", "1"))
    plain = words.is_lock_in and words.quantity and not words.harmonic and harmonic.isdigit()
    return f"harmonic {harmonic} {name}" if plain and int(harmonic) > 1 else name


def _frame(header: dict[str, str], shape: tuple[int, int]) -> ScanFrame | None:
    size_x, size_y = (_number(n) for n in header["SCAN_RANGE"].split())
    centre_x, centre_y = (_number(n) for n in header["SCAN_OFFSET"].split())
    if not (math.isfinite(size_x) and size_x > 0 and size_y > 0):
        return None
    angle_deg = _number(header.get("SCAN_ANGLE", "0"))
    assumed = ["pitch = range / N"]
    if any("," in header.get(key, "") for key in ("SCAN_RANGE", "SCAN_OFFSET", "SCAN_ANGLE")):
        assumed.append("decimal commas in the header are taken as points")
    if "SCAN_DIR" not in header:
        assumed.append("the scan goes down, the file does not say")
    if "SCAN_ANGLE" not in header:
        assumed.append("angle 0, the file has none")
    return ScanFrame(
        shape,
        (size_x / shape[1], size_y / shape[0]),
        (centre_x, centre_y),
        math.radians(angle_deg),
        tuple(assumed),
    )


def _number(text: str) -> float:
    return float(text.replace(",", ".", 1))


def _time(header: dict[str, str]) -> datetime | None:
    text = f"{header.get('REC_DATE', '')} {header.get('REC_TIME', '')}"
    try:
        return datetime.strptime(text, "%d.%m.%Y %H:%M:%S")
    except ValueError:
        return None
