"""NT-MDT `.mdt` through SciFiReaders (the extra ``mdt``); not checked on a real file.

SciFiReaders turns the stored image by 90 degrees and swaps its axes: both are undone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.channels import free_name, si_value
from corescout.readers.roles import role_of


def read(path: Path) -> Scan:
    """Read the images of the size of the first one.

    Raises
    ------
    InputError
        If SciFiReaders is not installed or there is no image.
    """
    try:
        from SciFiReaders import MDTReader
    except ImportError as error:
        raise InputError(
            "SciFiReaders, which reads .mdt",
            f"it is not installed ({error})",
            'install it with: pip install "napari-corescout[mdt]"',
        ) from error
    images = [d for d in MDTReader(str(path)).read().values() if getattr(d, "ndim", 0) == 2]
    if not images:
        raise InputError("an image", f"none in {path.name}", "export the scan as .gwy")
    shape = images[0].shape
    channels: dict[str, Any] = {}
    units: dict[str, str] = {}
    for image in images:
        if image.shape != shape:
            continue
        factor, unit = si_value(str(image.units))
        name = free_name(str(image.title).split(":")[-1].strip() or "Channel", channels)
        stored = np.rot90(np.asarray(image)).reshape(_shape_px(images[0]))
        channels[name] = (stored * factor).astype(np.float32)
        units[name] = unit
    return Scan(
        uid=path.stem,
        channels=channels,
        units=units,
        frame=_frame(images[0]),
        roles={n: role_of(n) for n in channels if role_of(n)},
        source=str(path),
        metadata={str(k): str(v) for k, v in images[0].metadata.items()},
        warnings=("orientation of .mdt is that of SciFiReaders, unverified",),
    )


def _shape_px(image: Any) -> tuple[int, int]:
    """(H, W): the axis that it calls y holds the columns."""
    return len(image._axes[0].values), len(image._axes[1].values)


def _frame(image: Any) -> ScanFrame | None:
    rows, columns = image._axes[0], image._axes[1]
    pitch = [
        abs(float(axis.values[1] - axis.values[0])) * si_value(str(axis.units))[0]
        for axis in (columns, rows)
    ]
    if min(pitch) <= 0:
        return None
    assumed = ("pitch as stored", "centre 0, angle 0, unread from .mdt")
    return ScanFrame(_shape_px(image), (pitch[0], pitch[1]), assumed=assumed)
