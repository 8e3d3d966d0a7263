"""Asylum force and spectroscopy curves in `.ibw`: a wave [point, channel] with labelled columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corescout.data import InputError, Measurement
from corescout.readers.asylum_ibw import check_complete
from corescout.readers.asylum_note import acquired_at, number, parse_note

# The first of these that is recorded is what the curve runs over.
_AXES = (("Bias", "V"), ("UserIn0", "V"), ("ZSnsr", "m"), ("LVDT", "m"), ("Raw", "m"))
_UNITS = {"Defl": "m", "Amp": "m", "Phase": "deg", "Freq": "Hz", "ZSnsr": "m", "LVDT": "m",
          "Raw": "m", "Bias": "V", "Cur": "A", "UserIn0": "V"}  # fmt: skip


def read(path: Path) -> Measurement:
    """Read all columns of a curve.

    Raises
    ------
    InputError
        If the file is cut short or holds an image.
    """
    from igor2 import binarywave

    check_complete(path)
    wave = binarywave.load(str(path))["wave"]
    data = np.asarray(wave["wData"], dtype=np.float64)
    names = column_names(wave)
    if data.ndim != 2 or len(names) != data.shape[1]:
        raise InputError(
            "a curve of shape (points, channels)",
            f"a wave of shape {data.shape} in {path.name}",
            "open it as a scan if it is an image",
        )
    columns = dict(zip(names, data.T, strict=True))
    axis, unit = next(((n, u) for n, u in _AXES if n in columns), (names[0], ""))
    note = parse_note(wave["note"].decode("latin-1"))
    place = number(note, "XLVDT"), number(note, "YLVDT")
    return Measurement(
        target_uid=None,
        axis=columns[axis],
        axis_name=axis,
        axis_unit=unit,
        channels={n: v for n, v in columns.items() if n != axis},
        units={n: _UNITS.get(n, "") for n in names if n != axis},
        xy_m=None if place[0] is None or place[1] is None else (place[0], place[1]),
        acquired_at=acquired_at(note),
        source=str(path),
        metadata=note,
    )


def column_names(wave: dict) -> list[str]:  # type: ignore[type-arg]
    """Labels of the columns of a curve, empty for an image."""
    labels = wave["labels"]
    if len(labels) < 2:
        return []
    return [name for raw in labels[1] if (name := raw.decode("latin-1").strip("\0 "))]
