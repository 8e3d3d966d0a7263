"""NSID HDF5, as pycroscopy reads it: a channel per group, [x, y], both axes growing upwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import Scan
from corescout.whole import whole_file

WRITER = "corescout"


def write_nsid(scan: Scan, path: str | Path) -> Path:
    """Write all channels with units, axes in metres, frame and the vendor's metadata.

    The frame's centre, angle and time stand in `original_metadata` as Asylum names them
    (XOffset, YOffset in metres, ScanAngle in degrees).
    """
    import h5py

    path = Path(path)
    with whole_file(path) as partial, h5py.File(partial, "w") as file:
        write_channels(file, scan)
    return path


def write_channels(file: Any, scan: Scan, measurement: str = "Measurement_000") -> None:
    """Write the channels of a scan into an open file, under `measurement`."""
    import h5py

    for i, (name, values) in enumerate(scan.channels.items()):
        group = file.create_group(f"{measurement}/Channel_{i:03d}/{_safe(name)}")
        data = group.create_dataset(_safe(name), data=np.flipud(values).T)
        data.attrs["DIMENSION_LABELS"] = np.array(["x", "y"], dtype=h5py.string_dtype())
        data.attrs.update(
            data_type="IMAGE",
            quantity=name,
            units=scan.units[name],
            modality="SPM",
            source=scan.source,
            main_data_name=name,
            writer=WRITER,
            role=scan.roles.get(name, ""),
            direction=scan.directions.get(name, ""),
        )
        for k, axis in enumerate("xy"):
            length = values.shape[1 - k]
            pitch = scan.frame.pitch_m[k] if scan.frame is not None else 1.0
            scale = group.create_dataset(axis, data=np.arange(length) * pitch)
            scale.make_scale(axis)
            unit = "m" if scan.frame is not None else "pixel"
            scale.attrs.update(units=unit, quantity=axis, dimension_type="SPATIAL")
            data.dims[k].attach_scale(scale)
        group.create_group("original_metadata").attrs.update(_note(scan))


def _note(scan: Scan) -> dict[str, str | float]:
    note: dict[str, str | float] = {k: str(v) for k, v in scan.metadata.items() if k}
    # An attribute holds at most 64 KiB.
    note = {k: str(v)[:16000] for k, v in note.items()}
    if scan.frame is not None:
        note["XOffset"], note["YOffset"] = (repr(float(c)) for c in scan.frame.center_m)
        note["ScanAngle"] = repr(float(np.rad2deg(scan.frame.angle_rad)))
    if scan.acquired_at is not None:
        note["Date"] = scan.acquired_at.strftime("%Y-%m-%d")
        note["Time"] = scan.acquired_at.strftime("%H:%M:%S")
    return note


def _safe(name: str) -> str:
    return name.replace("/", "-") or "channel"
