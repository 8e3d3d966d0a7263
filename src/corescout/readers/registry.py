"""The door: which reader a file gets, and the errors that all readers share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.data.bounds import why_no_file
from corescout.data.printable import printable
from corescout.readers.channels import free_name
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
    head = _head_of(path)
    module, magics = _format_of(path, head)
    if not head.startswith(magics):
        raise InputError(
            f"a {path.suffix} file",
            f"other content in {path.name} (it begins with {head[:4]!r})",
            "export it again from the instrument software",
        )
    with damaged_as_input_error(path), np.errstate(over="ignore", invalid="ignore"):
        scan: Scan = import_module(module).read(path)
    scan = replace(_with_missing_rows(_checked(scan, path)), file_sha256=file_sha256(path))
    if pixel_size_m is None:
        return scan
    if scan.frame is not None:
        note = "the file has a scale of its own: the pixel size that was given is not used"
        return replace(scan, warnings=(*scan.warnings, note))
    pitch = (pixel_size_m, pixel_size_m)
    frame = ScanFrame(scan.shape_px, pitch, assumed=("pixel size given by the user",))
    return replace(scan, frame=frame)


def file_sha256(path: str | Path) -> str | None:
    """Return the SHA-256 of a file's bytes, as ``sha256sum`` says it; None if it is gone."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def can_read(path: str | Path) -> bool:
    """Say by suffix and first bytes whether a reader takes a file."""
    path = Path(path)
    magics = SUFFIXES.get(_suffix(path), ("", ()))[1]
    try:
        if not magics or why_no_file(path.stat()) is not None:
            return False
        with path.open("rb") as file:
            return file.read(8).startswith(magics)
    except OSError:
        return False


def has_reader(path: str | Path) -> bool:
    """Say by the name alone whether there is a reader for a file."""
    return _suffix(Path(path)) in SUFFIXES


def _head_of(path: Path) -> bytes:
    """Return the first bytes of a file that is there, may be read and is not empty."""
    try:
        if path.is_dir():
            raise InputError("a scan file", f"the folder {path}", "give one file in it")
        if not path.exists():
            raise InputError("a scan file", f"no file {path}", "check the path")
        if (why := why_no_file(path.stat())) is not None:
            raise InputError("a scan file", f"{path.name}: {why}", "give a file of the instrument")
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        found = f"{path.name}: {error.strerror or error}"
        raise InputError("a readable file", found, "check its name and permissions") from error
    if not head:
        raise InputError("a scan file", f"{path.name} is empty", "copy it again")
    return head


def _suffix(path: Path) -> str:
    """Suffix in lower case; Nanoscope counts its files from .000 to .999."""
    suffix = path.suffix.lower()
    return ".000" if re.fullmatch(r"\.\d{3}", suffix) else suffix


def _format_of(path: Path, head: bytes) -> tuple[str, tuple[bytes, ...]]:
    suffix = _suffix(path)
    if suffix == ".ardf":
        raise InputError("an image", f"Asylum's {path.name}", "export it as .ibw in Igor")
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(f"one of the formats {known}", f"{path.name}", _remedy(head))
    return SUFFIXES[suffix]


def _remedy(head: bytes) -> str:
    """What to do with a file whose name does not say its format."""
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        return "unpack it first"
    for suffix, (_, magics) in SUFFIXES.items():
        if head.startswith(tuple(m for m in magics if len(m) >= 4)):
            return f"it looks like a {suffix} file: give it that ending"
    return "export the scan to one of these"


def _checked(scan: Scan, path: Path) -> Scan:
    """Refuse what is no image; infinite pixels are missing ones, names are text."""
    if min(scan.shape_px) < 2:
        height, width = scan.shape_px
        raise InputError(
            "an image of at least 2 x 2 px", f"{width} x {height} px in {path.name}", "scan more"
        )
    scan = _with_printable_names(scan)
    infinite = [name for name, image in scan.channels.items() if np.isinf(image).any()]
    if not infinite:
        return scan
    channels = {
        name: np.where(np.isfinite(image), image, np.float32(np.nan)) if name in infinite else image
        for name, image in scan.channels.items()
    }
    note = f"infinite or too large values in {', '.join(map(repr, infinite))} are taken as missing"
    return replace(scan, channels=channels, warnings=(*scan.warnings, note))


def _with_printable_names(scan: Scan) -> Scan:
    """Names as text that can be written and shown; a file's may hold anything."""
    names: dict[str, str] = {}
    for name in scan.channels:
        names[name] = free_name(printable(name), set(names.values()))
    return replace(
        scan,
        uid=printable(scan.uid),
        source=printable(scan.source),
        channels={names[n]: v for n, v in scan.channels.items()},
        units={names[n]: printable(u) for n, u in scan.units.items()},
        roles={names[n]: r for n, r in scan.roles.items()},
        directions={names[n]: d for n, d in scan.directions.items()},
        warnings=tuple(map(printable, scan.warnings)),
    )


def _with_missing_rows(scan: Scan) -> Scan:
    """Count the rows of a partial scan: those at its top or bottom without a value are not done.

    Some programs fill them with one number. Such rows at one edge, when every row of the rest
    varies, are missing too.
    """
    if scan.rows_done is not None:
        return scan
    known = np.any([np.isfinite(v).any(axis=1) for v in scan.channels.values()], axis=0)
    filled = _filled_rows(scan) if known.all() else np.zeros_like(known)
    known &= ~filled
    if known.all() or not known.any():
        return scan
    rows = np.flatnonzero(known)
    inside = known[rows[0] : rows[-1] + 1]
    if not inside.all():
        return scan  # lost lines, not a scan in progress
    note = f"{len(rows)} of {len(known)} lines are scanned"
    channels = scan.channels
    if filled.any():
        channels = {
            name: np.where(filled[:, None], np.float32(np.nan), v) for name, v in channels.items()
        }
        note += "; the others hold one number and are taken as missing"
    return replace(scan, channels=channels, rows_done=len(rows), warnings=(*scan.warnings, note))


def _filled_rows(scan: Scan) -> NDArray[np.bool_]:
    """Rows (H,) at one edge, two or more, that hold one number in every channel; none elsewhere."""
    rows = [np.ptp(v, axis=1) == 0 for v in scan.channels.values()]
    flat: NDArray[np.bool_] = np.all(rows, axis=0)
    none = np.zeros_like(flat)
    if flat.all() or flat.sum() < 2 or flat[0] == flat[-1]:
        return none
    count = int(flat.sum())
    edge = slice(0, count) if flat[0] else slice(len(flat) - count, None)
    same = all(np.ptp(v[edge]) == 0 for v in scan.channels.values())
    return flat if flat[edge].all() and same else none
