"""The door: which reader a file gets, and the errors that all readers share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers.damage import damaged_as_input_error

Reader = Callable[[Path], Scan]

_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_NANOSCOPE = (b"\\*File ", b"\\*Force")

# suffix -> module with a function `read`, and how files of the format may begin
SUFFIXES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".ibw": ("corescout.readers.asylum_ibw", (b"\x05\x00", b"\x02\x00", b"\x00\x05", b"\x00\x02")),
    ".h5": ("corescout.readers.hdf5", (b"\x89HDF\r\n\x1a\n",)),
    ".hdf5": ("corescout.readers.hdf5", (b"\x89HDF\r\n\x1a\n",)),
    ".gwy": ("corescout.readers.gwyddion_gwy", (b"GWYP", b"GWYO")),
    ".gsf": ("corescout.readers.gwyddion_gsf", (b"Gwyddion",)),
    ".sxm": ("corescout.readers.nanonis_sxm", (b":NANONIS",)),
    ".npz": ("corescout.readers.numpy_array", (b"PK\x03\x04",)),
    ".npy": ("corescout.readers.numpy_array", (b"\x93NUMPY",)),
    ".tif": ("corescout.readers.tiff", _TIFF),
    ".tiff": ("corescout.readers.tiff", _TIFF),
    ".jpk": ("corescout.readers.tiff", _TIFF),
    ".jpk-qi-image": ("corescout.readers.tiff", _TIFF),
    ".spm": ("corescout.readers.bruker_nanoscope", _NANOSCOPE),
    ".di": ("corescout.readers.bruker_nanoscope", _NANOSCOPE),
    ".000": ("corescout.readers.bruker_nanoscope", _NANOSCOPE),
    ".mdt": ("corescout.readers.ntmdt", (b"\x01\xb0\x93\xff",)),
}


def read_scan(path: str | Path, *, pixel_size_m: float | None = None) -> Scan:
    """Read an image scan.

    Parameters
    ----------
    path : str or Path
    pixel_size_m : float, optional
        Pixel pitch for a file that has no scale; a file's own scale is never overruled.

    Returns
    -------
    Scan
        Row 0 is the +Y edge.

    Raises
    ------
    InputError
        If the file is absent, not a file, empty, of an unknown format, cut short or damaged.
    """
    path = Path(path)
    _check_file(path)
    module, magics = _format_of(path)
    with path.open("rb") as file:
        head = file.read(8)
    if not head.startswith(magics):
        raise InputError(
            f"a {path.suffix} file",
            f"other content in {path.name} (it begins with {head[:4]!r})",
            "export it again from the instrument software",
        )
    with damaged_as_input_error(path):
        scan: Scan = import_module(module).read(path)
    scan = _with_missing_rows(scan)
    if pixel_size_m is not None and scan.frame is None:
        pitch = (pixel_size_m, pixel_size_m)
        frame = ScanFrame(scan.shape_px, pitch, assumed=("pixel size given by the user",))
        scan = replace(scan, frame=frame)
    return scan


def can_read(path: str | Path) -> bool:
    """Say by suffix and first bytes whether a reader takes a file."""
    path = Path(path)
    magics = SUFFIXES.get(_suffix(path), ("", ()))[1]
    try:
        with path.open("rb") as file:
            return bool(magics) and file.read(8).startswith(magics)
    except OSError:
        return False


def has_reader(path: str | Path) -> bool:
    """Say by the name alone whether there is a reader for a file."""
    return _suffix(Path(path)) in SUFFIXES


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError("a scan file", f"the folder {path}", "give one file in it")
    if not path.exists():
        raise InputError("a scan file", f"no file {path}", "check the path")
    try:
        empty = path.stat().st_size == 0
    except OSError as error:
        raise InputError("a readable file", str(error), "check its permissions") from error
    if empty:
        raise InputError("a scan file", f"{path.name} is empty", "copy it again")


def _suffix(path: Path) -> str:
    """Suffix in lower case; Nanoscope counts its files from .000 to .999."""
    suffix = path.suffix.lower()
    return ".000" if re.fullmatch(r"\.\d{3}", suffix) else suffix


def _format_of(path: Path) -> tuple[str, tuple[bytes, ...]]:
    suffix = _suffix(path)
    if suffix == ".ardf":
        raise InputError("an image", f"Asylum's {path.name}", "export it as .ibw in Igor")
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(
            f"one of the formats {known}", f"{path.name}", "export the scan to one of these"
        )
    return SUFFIXES[suffix]


def _with_missing_rows(scan: Scan) -> Scan:
    """Count the rows of a partial scan: those at its top or bottom without a value are not done."""
    if scan.rows_done is not None:
        return scan
    known = np.any([np.isfinite(v).any(axis=1) for v in scan.channels.values()], axis=0)
    if known.all() or not known.any():
        return scan
    rows = np.flatnonzero(known)
    inside = known[rows[0] : rows[-1] + 1]
    if not inside.all():
        return scan  # lost lines, not a scan in progress
    note = f"{len(rows)} of {len(known)} lines are scanned"
    return replace(scan, rows_done=len(rows), warnings=(*scan.warnings, note))
