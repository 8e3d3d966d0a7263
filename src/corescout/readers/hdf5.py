"""HDF5 of the pycroscopy family: NSID and USID.

NSID images are `[x, y]` as their dimension labels say. USID is a flat list with X fastest: files
translated from Gwyddion hold the image itself, those from Igor its own order `[x, y]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.asylum_note import acquired_at, frame_from_note
from corescout.readers.channels import clean_label, direction_of, role_of, unit_of

_Channel = tuple[str, str, NDArray[np.float32], tuple[float, float], Mapping[str, str]]


def read(path: Path) -> Scan:
    """Read all image channels.

    Raises
    ------
    InputError
        If there is no image in the file.
    """
    import h5py

    warnings: list[str] = []
    with h5py.File(path, "r") as file:
        channels = list(_nsid(file)) or list(_usid(file, warnings))
    if not channels:
        raise InputError(
            "NSID or USID images", f"none in {path.name}", "export the scan as NSID or USID"
        )
    shape = channels[0][2].shape
    channels = [c for c in channels if c[2].shape == shape]
    names: list[str] = []
    for i, channel in enumerate(channels):
        names.append(channel[0] if channel[0] not in names else f"{channel[0]} ({i})")
    note = channels[0][4]
    return Scan(
        uid=f"{path.stem}-{note.get('Date', '')}-{note.get('Seconds', '')}",
        channels={n: c[2] for n, c in zip(names, channels, strict=True)},
        units={n: c[1] for n, c in zip(names, channels, strict=True)},
        frame=_frame(note, (shape[0], shape[1]), channels[0][3]),
        roles={n: role_of(n) for n in names if role_of(n)},
        directions={n: d for n in names if (d := direction_of(n)) is not None},
        acquired_at=acquired_at(note),
        source=str(path),
        metadata=dict(note),
        warnings=tuple(warnings),
    )


def _nsid(file: Any) -> Iterator[_Channel]:
    import h5py

    found: list[Any] = []
    file.visititems(
        lambda _, item: (
            found.append(item)
            if isinstance(item, h5py.Dataset)
            and item.ndim == 2
            and "DIMENSION_LABELS" in item.attrs
            else None
        )
    )
    for item in found:
        _check_size(item)
        labels = [_text(label) for label in item.attrs["DIMENSION_LABELS"]]
        group = item.parent
        values = np.asarray(item[()], dtype=np.float32)
        if labels == ["x", "y"]:
            values = np.flipud(values.T)
        elif labels != ["y", "x"]:
            continue
        name = clean_label(_text(item.attrs.get("quantity", item.name.split("/")[-1])))
        pitch = tuple(_pitch(group[axis][()]) if axis in group else 0.0 for axis in ("x", "y"))
        yield (
            name,
            _unit(item, name),
            np.ascontiguousarray(values),
            (pitch[0], pitch[1]),
            _note(group),
        )


def _usid(file: Any, warnings: list[str]) -> Iterator[_Channel]:
    import h5py

    found: list[Any] = []
    file.visititems(
        lambda name, item: (
            found.append(item)
            if isinstance(item, h5py.Dataset) and name.endswith("Raw_Data")
            else None
        )
    )
    translator = _text(file.attrs.get("translator", file.attrs.get("data_type", "")))
    for item in found:
        _check_size(item)
        positions = np.asarray(file[item.attrs["Position_Values"]][()], dtype=np.float64)
        indices = np.asarray(file[item.attrs["Position_Indices"]][()])
        width, height = (int(indices[:, axis].max()) + 1 for axis in (0, 1))
        if item.shape != (width * height, 1):
            continue
        values = np.asarray(item[()], dtype=np.float32)
        if "Igor" in translator:
            values = np.flipud(values.reshape(width, height).T)
        else:
            values = values.reshape(height, width)
        if "Igor" not in translator and "Gwyddion" not in translator:
            warnings.append(f"unknown translator {translator!r}: rows are taken as stored")
        label = _text(item.attrs.get("quantity", ""))
        if "labels" in file[item.attrs["Spectroscopic_Values"]].attrs and not label:
            label = _text(file[item.attrs["Spectroscopic_Values"]].attrs["labels"][0])
        name = clean_label(label)
        pitch = (_pitch(np.unique(positions[:, 0])), _pitch(np.unique(positions[:, 1])))
        yield (
            name,
            _unit(item, name),
            np.ascontiguousarray(values),
            pitch,
            _note(file[item.parent.name].parent),
        )


def _check_size(item: Any) -> None:
    """Chunks can declare more than the file holds: refuse before anything is allocated."""
    if item.size > 2**30:
        raise InputError("an image of at most 2^30 pixels", f"{item.shape}", "export one image")


def _frame(
    note: Mapping[str, str], shape_px: tuple[int, int], pitch_m: tuple[float, float]
) -> ScanFrame | None:
    stored = pitch_m if min(pitch_m) > 0 else None
    return frame_from_note(note, shape_px, stored, "pitch as stored in the position axes")


def _pitch(axis: NDArray[np.float64]) -> float:
    return float(abs(axis[-1] - axis[0]) / (len(axis) - 1)) if len(axis) > 1 else 0.0


def _unit(item: Any, name: str) -> str:
    unit = _text(item.attrs.get("units", ""))
    return unit_of(name) or ("" if unit in ("a.u.", "generic") else unit)


def _note(group: Any) -> dict[str, str]:
    source = group["original_metadata"].attrs if "original_metadata" in group else group.attrs
    return {key: _text(value) for key, value in source.items()}


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
