"""Park Systems `.tiff`: a preview picture, the data in private tag 50434, its header in 50435."""

from __future__ import annotations

import math
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.numpy_array import ONLY
from corescout.readers.roles import role_of

DATA, HEADER = 50434, 50435
_DATE_TIME = 306
_DYNAMIC = ("NC", "TAPPING", "AC", "INTERMITTENT")  # head modes whose amplitude is the cantilever's
# Fields of the header in order, little-endian: name and struct code; text is UTF-16.
_FIELDS = (
    ("kind", "i"), ("source", "64s"), ("head_mode", "16s"), ("low_pass", "d"),
    ("flattened", "i"), ("ac_track", "i"), ("width", "i"), ("height", "i"), ("angle_deg", "d"),
    ("sine_scan", "i"), ("overscan", "d"), ("fast_direction", "i"), ("slow_direction", "i"),
    ("fast_axis", "i"), ("x_size_um", "d"), ("y_size_um", "d"), ("x_center_um", "d"),
    ("y_center_um", "d"), ("scan_rate_hz", "d"), ("set_point", "d"), ("set_point_unit", "16s"),
    ("tip_bias_v", "d"), ("sample_bias_v", "d"), ("data_gain", "d"), ("data_scale", "d"),
    ("data_offset", "d"), ("unit", "16s"), ("data_min", "i"), ("data_max", "i"),
    ("data_mean", "i"), ("compressed", "i"), ("log_scale", "i"), ("square", "i"),
    ("z_gain", "d"), ("z_range", "d"), ("xy_mode", "16s"), ("z_mode", "16s"),
    ("xy_servo", "16s"), ("data_type", "i"),
)  # fmt: skip
_LAYOUT = struct.Struct("<" + "".join(code for _, code in _FIELDS))
_TYPES = {0: "<i2", 1: "<i4", 2: "<f4"}


def read(file: Any, path: Path) -> Scan:
    """Read the one channel of an opened `tifffile.TiffFile`, in SI units.

    value = (raw * gain + offset) * scale. The first stored line is the lowest: the preview in the
    same file shows it. The pitch is size / N.

    Raises
    ------
    InputError
        If it holds spectroscopy or a line, or fewer data than its header declares.
    """
    tags = file.pages[0].tags
    raw_header, data = bytes(tags[HEADER].value), bytes(tags[DATA].value)
    if len(raw_header) < _LAYOUT.size:
        raise InputError(
            f"a Park header of {_LAYOUT.size} bytes", f"{len(raw_header)}", "copy the file again"
        )
    header = _decode(raw_header)
    shape = (header["height"], header["width"])
    kind = np.dtype(_TYPES.get(header["data_type"], "<i2"))
    if header["kind"] != 0 or min(shape) < 1 or len(data) < kind.itemsize * shape[0] * shape[1]:
        raise InputError(
            f"an image of {shape[0]} x {shape[1]} values",
            f"{len(data):,} bytes of data (kind {header['kind']}) in {path.name}",
            "open an image, not a line or spectroscopy; copy it again if it is one",
        )
    values = np.frombuffer(data, kind, shape[0] * shape[1]).reshape(shape).astype(np.float64)
    factor, unit = si_value(header["unit"])
    values = (values * header["data_gain"] + header["data_offset"]) * header["data_scale"]
    name = header["source"] or ONLY
    role = role_of(name, "tapping" if header["head_mode"].upper().startswith(_DYNAMIC) else "")
    return Scan(
        uid=path.stem,
        channels={name: np.flipud(values * factor).astype(np.float32)},
        units={name: unit},
        frame=_frame(header, shape),
        roles={name: role} if role else {},
        acquired_at=_time(tags),
        source=str(path),
        metadata=header,
    )


def _decode(raw: bytes) -> dict[str, Any]:
    values = _LAYOUT.unpack_from(raw)
    return {
        name: v.decode("utf-16-le", "replace").split("\0")[0].strip() if isinstance(v, bytes) else v
        for (name, _), v in zip(_FIELDS, values, strict=True)
    }


def _frame(header: dict[str, Any], shape: tuple[int, int]) -> ScanFrame | None:
    size_m = header["x_size_um"] * 1e-6, header["y_size_um"] * 1e-6
    if not (all(map(math.isfinite, size_m)) and min(size_m) > 0):
        return None
    assumed = ["pitch = size / N"]
    if header["angle_deg"]:
        assumed.append("angle taken as clockwise positive, unverified on Park")
    return ScanFrame(
        shape,
        (size_m[0] / shape[1], size_m[1] / shape[0]),
        (header["x_center_um"] * 1e-6, header["y_center_um"] * 1e-6),
        math.radians(header["angle_deg"]),
        tuple(assumed),
    )


def _time(tags: Any) -> datetime | None:
    try:
        return datetime.strptime(str(tags[_DATE_TIME].value).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except (KeyError, ValueError):
        return None
