"""Formats that the library SurfaceTopography reads (the extra ``formats``): Keysight `.mi`.

Its heights are `[x, y]` with y downwards, checked against Gwyddion: the transpose is the image with
row 0 at the top.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import si_value
from corescout.readers.roles import role_of
from corescout.readers.stored import StoredImage, scans_of

# Each format's own class: the library's search by content would try every parser it has.
_READERS = {".mi": ("MI", "MIReader")}


def read_all(path: Path) -> list[Scan]:
    """Read the images of a file, a scan for each size. The pitch is size / N.

    Raises
    ------
    InputError
        If the library is not installed or finds no image.
    """
    module, name = _READERS[path.suffix.lower()]
    try:
        reader_class = getattr(import_module(f"SurfaceTopography.IO.{module}"), name)
    except ImportError as error:
        raise InputError(
            f"SurfaceTopography, which reads {path.suffix}",
            f"it is not installed ({error})",
            'install it with: pip install "napari-corescout[formats]", or save the file as .gwy in'
            " Gwyddion",
        ) from error
    with reader_class(str(path)) as reader:
        images = [_image(reader, channel) for channel in reader.channels if channel.dim == 2]
    if not images:
        raise InputError("an image", f"none in {path.name}", "open a scan")
    return scans_of(images, uid=path.stem, source=str(path), metadata={})


def _image(reader: Any, channel: Any) -> StoredImage:
    topography = reader.topography(channel_index=channel.index)
    heights = np.ma.filled(np.ma.asarray(topography.heights(), dtype=np.float64), np.nan)
    factor, unit = si_value(str(channel.data_unit or channel.unit or ""))
    name = str(channel.name or "Channel").strip()
    shape = (int(heights.shape[1]), int(heights.shape[0]))
    info = channel.info
    return StoredImage(
        name=name,
        values=heights.T * factor,
        unit=unit,
        role=role_of(name),
        frame=_frame(channel, shape),
        acquired_at=info.get("acquisition_time"),
        metadata={str(k): str(v) for k, v in dict(info.get("raw_metadata", {})).items()},
    )


def _frame(channel: Any, shape: tuple[int, int]) -> ScanFrame | None:
    factor, unit = si_value(str(channel.unit or ""))
    if channel.physical_sizes is None or unit != "m":
        return None
    width, height = (float(s) * factor for s in channel.physical_sizes)
    if not (np.isfinite([width, height]).all() and min(width, height) > 0):
        return None
    assumed = ("pitch = size / N", "centre 0, angle 0: the library gives none")
    return ScanFrame(shape, (width / shape[1], height / shape[0]), assumed=assumed)
