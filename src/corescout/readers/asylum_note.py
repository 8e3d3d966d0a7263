"""The wave note of Asylum Research: "key: value" lines with the frame of the scan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from corescout.data import ScanFrame


def parse_note(text: str) -> dict[str, str]:
    """Parse the note into a dict of strings."""
    pairs = (line.partition(":") for line in text.replace("\n", "\r").split("\r"))
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def frame_from_note(
    note: Mapping[str, str],
    shape_px: tuple[int, int],
    pitch_m: tuple[float, float] | None,
    pitch_rule: str,
) -> ScanFrame | None:
    """Return the frame; `XOffset`, `YOffset` are its centre, `ScanAngle` its angle in degrees.

    Without `pitch_m` the pitch is size / N.
    """
    if pitch_m is None:
        fast, slow = number(note, "FastScanSize"), number(note, "SlowScanSize")
        if not fast or not slow:
            return None
        pitch_m, pitch_rule = (fast / shape_px[1], slow / shape_px[0]), "pitch = ScanSize / N"
    assumed = [pitch_rule, *not_numbers(note)]
    if "XOffset" not in note or "YOffset" not in note:
        assumed.append("centre 0, the file has no offset")
    if "ScanAngle" not in note:
        assumed.append("angle 0, the file has none")
    if number(note, "ScanAngle"):
        assumed.append("ScanAngle taken as clockwise positive, unverified on Asylum")
    return ScanFrame(
        shape_px,
        pitch_m,
        (number(note, "XOffset") or 0.0, number(note, "YOffset") or 0.0),
        math.radians(number(note, "ScanAngle") or 0.0),
        tuple(assumed),
    )


def not_numbers(note: Mapping[str, str]) -> tuple[str, ...]:
    """Say which part of the frame is there and is no number, such as one with a decimal comma."""
    keys = ("FastScanSize", "SlowScanSize", "XOffset", "YOffset", "ScanAngle")
    return tuple(
        f"{key} is no number ({note[key][:40]!r}): it is taken as unknown, and as 0 in the frame"
        for key in keys
        if key in note and number(note, key) is None
    )


def acquired_at(note: Mapping[str, str]) -> datetime | None:
    """Return the local time of the acquisition, where the note has it in a known form."""
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %I:%M:%S %p"):
        try:
            return datetime.strptime(f"{note.get('Date', '')} {note.get('Time', '')}", form)
        except ValueError:
            continue
    # Igor counts seconds of local time from 1904.
    seconds = number(note, "Seconds")
    if seconds is None or not 0 < seconds < 1e10:
        return None
    return datetime(1904, 1, 1) + timedelta(seconds=int(seconds))


def number(note: Mapping[str, str], key: str) -> float | None:
    """Return the finite number under a key of the note, None where there is none."""
    try:
        value = float(note[key])
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) else None
