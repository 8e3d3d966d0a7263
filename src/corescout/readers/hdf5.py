"""HDF5 of the pycroscopy family: NSID and USID.

Read with pyfive, which is plain Python: a damaged file ends the HDF5 library's process, and with it
the window and the experiment.

NSID images are `[x, y]` as their dimension labels say. USID is a flat list with X fastest: files
translated from Gwyddion hold the image itself, those from Igor its own order `[x, y]`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.data.bounds import check_unpacked
from corescout.readers.asylum_ibw import mode_of
from corescout.readers.asylum_note import acquired_at, frame_from_note, not_numbers
from corescout.readers.channels import clean_label, direction_of, si_value, unit_of
from corescout.readers.damage import damaged_as_input_error
from corescout.readers.roles import role_of
from corescout.readers.stored import StoredImage, scans_of

_REAL = "fiub"  # kinds of numbers: of complex ones amplitude and phase are images
_LARGEST_PITCH_M = 1e-4


class _Channel(NamedTuple):
    """An image as it is found in a file."""

    name: str
    unit: str
    values: NDArray[np.float32]
    pitch_m: tuple[float, float]
    note: Mapping[str, str]
    role: str
    direction: str | None


def read_all(path: Path) -> list[Scan]:
    """Read all image channels of a file, a scan for each size and place among them.

    Raises
    ------
    InputError
        If there is no image in the file.
    """
    with bounded_file(path) as file:
        return _scans_in(file, path)


def read(path: Path, group: str | None = None) -> Scan:
    """Read the first scan of a file, or of a group in it.

    Raises
    ------
    InputError
        If there is no image in the file.
    """
    with bounded_file(path) as file:
        return _scans_in(file if group is None else file[group], path)[0]


def attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of the file itself.

    Raises
    ------
    InputError
        If it is damaged.
    """
    with damaged_as_input_error(path), bounded_file(path) as file:
        return dict(file.attrs)


@contextmanager
def bounded_file(path: Path) -> Iterator[Any]:
    """Open a file with pyfive; a damaged size allocates nothing."""
    import pyfive

    with _BoundedReader(path) as stream, pyfive.File(stream) as file:
        yield file


def dimension_labels(item: Any) -> list[str]:
    """Names of the dimensions of an NSID dataset, none where it has none."""
    return [text_of(label) for label in item.attrs.get("DIMENSION_LABELS", ())]


class _BoundedReader(io.BufferedReader):
    """A file that refuses to read more than it holds: a damaged size allocates nothing."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._length = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes, all that is left if negative."""
        if size is not None and size > self._length:
            raise ValueError(f"{size:,} bytes asked of a file of {self._length:,}")
        return super().read(size)


def _scans_in(group: Any, path: Path) -> list[Scan]:
    warnings: list[str] = []
    found = list(_nsid(group, path)) or list(_usid(group, path, warnings))
    if not found:
        raise InputError(
            "NSID or USID images of real numbers",
            f"none in {path.name}",
            "export the scan as NSID or USID, or open it in Gwyddion and save it as .gwy",
        )
    first = found[0]
    doubts = dict.fromkeys(text for channel in found for text in not_numbers(channel.note))
    return scans_of(
        [_image(channel) for channel in found],
        uid=f"{path.stem}-{first.note.get('Date', '')}-{first.note.get('Seconds', '')}",
        source=str(path),
        metadata={},
        warnings=(*warnings, *doubts),
    )


def _image(channel: _Channel) -> StoredImage:
    height, width = channel.values.shape
    return StoredImage(
        name=channel.name,
        values=channel.values,
        unit=channel.unit,
        role=channel.role,
        direction=channel.direction,
        frame=_frame(channel.note, (height, width), channel.pitch_m),
        acquired_at=acquired_at(channel.note),
        metadata=dict(channel.note),
    )


def _nsid(file: Any, path: Path) -> Iterator[_Channel]:
    import pyfive

    found: list[Any] = []
    file.visititems(
        lambda _, item: (
            found.append(item)
            if isinstance(item, pyfive.Dataset)
            and item.ndim == 2
            and "DIMENSION_LABELS" in item.attrs
            and item.dtype.kind in _REAL
            else None
        )
    )
    _check_size(path, *found)
    for item in found:
        labels = [label.lower() for label in dimension_labels(item)]
        group = item.parent
        values = np.asarray(item[()], dtype=np.float32)
        (pitch_x, x_falls), (pitch_y, y_falls) = _axis(group, "x", path), _axis(group, "y", path)
        if labels == ["x", "y"]:
            values = values.T if y_falls else np.flipud(values.T)
        elif labels != ["y", "x"]:
            continue
        values = np.fliplr(values) if x_falls else values
        label = text_of(item.attrs.get("quantity", item.name.split("/")[-1]))
        yield _channel(item, label, values, (pitch_x, pitch_y), _note(group))


def _channel(
    item: Any,
    label: str,
    values: NDArray[np.float32],
    pitch_m: tuple[float, float],
    note: Mapping[str, str],
) -> _Channel:
    """Name, unit, role and direction: as the label says, or as Corescout wrote them itself."""
    if "writer" in item.attrs:
        unit, role, direction = (text_of(item.attrs[k]) for k in ("units", "role", "direction"))
        return _Channel(label, unit, values, pitch_m, note, role, direction or None)
    name = clean_label(label)
    factor, unit = _unit(item, name)
    values = values if factor == 1.0 else np.asarray(values * factor, dtype=np.float32)
    role = role_of(name, mode_of(note))
    return _Channel(name, unit, values, pitch_m, note, role, direction_of(name))


def _axis(group: Any, axis: str, path: Path) -> tuple[float, bool]:
    """Pitch of a position axis in metres, 0 where it has none, and whether its values fall."""
    axis = axis if axis in group else axis.upper()
    if axis not in group:
        return 0.0, False
    _check_size(path, group[axis])
    values = np.asarray(group[axis][()], dtype=np.float64)
    unit = text_of(group[axis].attrs.get("units", ""))
    return _pitch(values, unit), bool(len(values) > 1 and values[-1] < values[0])


def _usid(file: Any, path: Path, warnings: list[str]) -> Iterator[_Channel]:
    import pyfive

    found: list[Any] = []
    file.visititems(
        lambda name, item: (
            found.append(item)
            if isinstance(item, pyfive.Dataset)
            and name.endswith("Raw_Data")
            and item.dtype.kind in _REAL
            else None
        )
    )
    translator = text_of(file.attrs.get("translator", file.attrs.get("data_type", "")))
    _check_size(path, *found)
    for item in found:
        beside = [_beside(item, name) for name in ("Position_Values", "Position_Indices")]
        _check_size(path, *beside)
        positions, indices = np.asarray(beside[0][()], dtype=np.float64), np.asarray(beside[1][()])
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
        label = text_of(item.attrs.get("quantity", ""))
        if not label:
            label = text_of(_beside(item, "Spectroscopic_Values").attrs.get("labels", ""))
        units = np.ravel(_beside(item, "Position_Values").attrs.get("units", "m"))
        x_unit, y_unit = text_of(units[:1]), text_of(units[-1:])
        pitch = (
            _pitch(np.unique(positions[:, 0]), x_unit),
            _pitch(np.unique(positions[:, 1]), y_unit),
        )
        yield _channel(item, label, values, pitch, _note(file[item.parent.name].parent))


def _beside(item: Any, name: str) -> Any:
    """Find the ancillary dataset of a USID main dataset: in its group or in one above."""
    group = item.parent
    while name not in group:
        if group.name == "/":
            raise InputError(f"a dataset {name} for {item.name}", "none", "export the scan again")
        group = group.parent
    return group[name]


def _check_size(path: Path, *items: Any) -> None:
    """Chunks can declare more than the file holds: refuse before anything is allocated."""
    check_unpacked(sum(int(item.size) * item.dtype.itemsize for item in items), path)


def _frame(
    note: Mapping[str, str], shape_px: tuple[int, int], pitch_m: tuple[float, float]
) -> ScanFrame | None:
    stored = pitch_m if min(pitch_m) > 0 else None
    return frame_from_note(note, shape_px, stored, "pitch as stored in the position axes")


def _pitch(axis: NDArray[np.float64], unit: str) -> float:
    """Pitch in metres; 0 where it is none: such axes count pixels.

    The axes of a phase are labelled "deg" in files that hold metres: only a length's unit is
    believed, and beyond 0.1 mm no pixel of a scanning probe is.
    """
    if len(axis) < 2:
        return 0.0
    factor, base = si_value(unit)
    pitch = abs(float(axis[-1] - axis[0])) / (len(axis) - 1) * (factor if base == "m" else 1.0)
    return pitch if pitch < _LARGEST_PITCH_M else 0.0


def _unit(item: Any, name: str) -> tuple[float, str]:
    """Factor to SI and unit. Translators call everything "m": the name decides against that."""
    said = text_of(item.attrs.get("units", "")).strip()
    factor, unit = si_value(said)
    if unit and said not in ("m", "a.u.", "generic", "arb"):
        return factor, unit
    return 1.0, unit_of(name) or ("" if unit in ("a.u.", "generic", "arb") else unit)


def _note(group: Any) -> dict[str, str]:
    source = group["original_metadata"].attrs if "original_metadata" in group else group.attrs
    return {key: text_of(value) for key, value in source.items()}


def text_of(value: Any) -> str:
    """Decode an attribute: bytes, text, or an array of one of them."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:  # Asylum's notes have single bytes
        return value.decode("latin-1")
