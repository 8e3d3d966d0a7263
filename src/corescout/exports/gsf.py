"""Gwyddion Simple Field: one channel per file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from corescout.data import Scan
from corescout.whole import whole_file


def write_gsf(scan: Scan, folder: str | Path, stem: str | None = None) -> list[Path]:
    """Write every channel of a scan as STEM_CHANNEL.gsf.

    The field's offset is that of the upper left corner. Gwyddion has no angle: a rotated frame
    keeps its size and centre, and a field of the header of its own says the angle.

    Returns
    -------
    list of Path
        One for each channel.
    """
    import gsffile

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, values in scan.channels.items():
        path = folder / file_name(f"{stem or scan.uid}_{name}.gsf")
        meta = {"Title": name, **_place(scan)}
        if scan.units[name]:
            meta["ZUnits"] = scan.units[name]
        with whole_file(path) as partial:
            gsffile.write_gsf(str(partial), np.ascontiguousarray(values, dtype="<f4"), meta)
        written.append(path)
    return written


def file_name(text: str) -> str:
    """Return a text as a file name that every system takes."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", text)


def _place(scan: Scan) -> dict[str, object]:
    frame = scan.frame
    if frame is None:
        return {}
    (width, height), (x, y) = frame.size_m, frame.center_m
    return {
        "XYUnits": "m",
        "XReal": width,
        "YReal": height,
        "XOffset": x - width / 2,
        "YOffset": -(y + height / 2),
        "AngleDegrees": float(np.rad2deg(frame.angle_rad)),
    }
