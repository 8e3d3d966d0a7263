"""The door: which reader a file gets, and the errors that all readers share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.data.bounds import why_no_file
from corescout.data.printable import printable
from corescout.data.raised import raised_at
from corescout.readers.channels import free_name
from corescout.readers.damage import damaged_as_input_error
from corescout.readers.own_names import own_names, with_own_names

Reader = Callable[[Path], list[Scan]]

_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_IGOR = tuple(n.to_bytes(2, order) for n in (1, 2, 3, 5) for order in ("little", "big"))
_NANOSCOPE = (b"\\*File ", b"\\*Force", b"\\*EC Fil")

# suffix -> module with a function `read`, and how files of the format may begin
SUFFIXES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".ibw": ("corescout.readers.asylum_ibw", _IGOR),
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
    ".nid": ("corescout.readers.nanosurf_nid", (b"[DataSet",)),
    ".stp": ("corescout.readers.wsxm", (b"WSxM fil",)),
    ".top": ("corescout.readers.wsxm", (b"WSxM fil",)),
    ".mi": ("corescout.readers.surface_topography", (b"fileType",)),
}
ENTRY_POINTS = "corescout.readers"
_GWY = "open it in Gwyddion and save it as .gwy"
# Files that hold what is no image, or that no reader at hand reads: what to do with them.
_ADVICE = {
    ".ardf": "export it as .ibw in Igor",
    ".jpk-force": "force curves are no scan: open the .jpk image of the same place",
    ".jpk-force-map": "save an image of it as .jpk, or " + _GWY,
    ".jpk-qi-data": "open its .jpk-qi-image, or save an image as .jpk",
    ".jpk-qi-series": "open its .jpk-qi-image, or save an image as .jpk",
    ".h5-jpk": "save its frames as .jpk, or " + _GWY,
    ".pfc": "save its channels as images in NanoScope Analysis, or " + _GWY,
    ".sm4": _GWY,
    ".nxs": "export the scan as NSID .h5, or open the instrument's own file",
    ".nhf": "save it as .nid, or " + _GWY,
    ".3ds": "it is a grid of spectra: read it with corescout.readers.read_spectrum_grid",
    ".dat": "a spectrum is read with corescout.read_measurement",
}


def read_scan(
    path: str | Path, *, pixel_size_m: float | None = None, channel: str | None = None
) -> Scan:
    """Read an image scan.

    Parameters
    ----------
    path : str or Path
    pixel_size_m : float, optional
        Pixel pitch for a file that has no scale; a file's own scale is never overruled.
    channel : str, optional
        Of a file with images of several sizes or places, the scan that has this channel; otherwise
        the one with a piezoresponse, else the one with the most images.

    Returns
    -------
    Scan
        Row 0 is the +Y edge.

    Raises
    ------
    InputError
        If the file is absent, not a file, empty, of an unknown format, cut short or damaged.
    """
    scans = read_scans(path, pixel_size_m=pixel_size_m)
    return next((s for s in scans if channel in s.channels), scans[0])


def read_scans(path: str | Path, *, pixel_size_m: float | None = None) -> list[Scan]:
    """Read every scan of a file: one for each size and place of its images, as `read_scan` does."""
    path = Path(path)
    head = _head_of(path)
    reader, magics = _format_of(path, head)
    if magics and not head.startswith(magics):
        raise InputError(
            f"a {path.suffix} file",
            f"other content in {path.name} (it begins with {head[:4]!r})",
            "export it again from the instrument software",
        )
    with damaged_as_input_error(path), np.errstate(over="ignore", invalid="ignore"):
        scans = reader(path)
    names, sha256 = own_names(), file_sha256(path)
    return [
        replace(
            _scaled(_with_missing_rows(with_own_names(_checked(scan, path), names)), pixel_size_m),
            file_sha256=sha256,
        )
        for scan in scans
    ]


def _scaled(scan: Scan, pixel_size_m: float | None) -> Scan:
    """The scan with the pixel size that the user gave, where the file has none."""
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
    suffix = _suffix(path)
    magics = SUFFIXES.get(suffix, ("", ()))[1]
    try:
        if why_no_file(path.stat()) is not None:
            return False
        with path.open("rb") as file:
            head = file.read(8)
    except OSError:
        return False
    return head.startswith(magics) if magics else bool(head) and suffix in foreign_readers()


def has_reader(path: str | Path) -> bool:
    """Say by the name alone whether there is a reader for a file."""
    suffix = _suffix(Path(path))
    return suffix in SUFFIXES or suffix in foreign_readers()


@cache
def foreign_readers() -> dict[str, EntryPoint]:
    """Readers of other packages by suffix, from the entry points of the group `corescout.readers`.

    An entry point is named by a suffix, ".xyz" or "xyz", and gives a function that takes a path and
    returns a `Scan` or a list of them. A suffix of Corescout's own is not given away.
    """
    found = {f".{e.name.lower().lstrip('.')}": e for e in entry_points(group=ENTRY_POINTS)}
    return {suffix: e for suffix, e in found.items() if suffix not in SUFFIXES}


def _own(module: str) -> Reader:
    """The reader of one of Corescout's own modules, imported when it is used."""

    def read(path: Path) -> list[Scan]:
        found = import_module(module)
        return found.read_all(path) if hasattr(found, "read_all") else [found.read(path)]

    return read


def _foreign(entry: EntryPoint) -> Reader:
    """The reader of another package. What it raises or returns wrongly is said with its name."""

    def read(path: Path) -> list[Scan]:
        function = None
        try:
            function = entry.load()
            given = function(path)
        except InputError:
            raise
        except Exception as error:
            where = raised_at(error, function) if function is not None else ""
            raise InputError(
                f"a {path.suffix} file that {entry.value} reads",
                f"{path.name}: {type(error).__name__}: {str(error)[:200]}{where}",
                "copy the file again if it may be cut short, tell the authors of that reader, or"
                " export the scan to another format",
            ) from error
        scans = [given] if isinstance(given, Scan) else given
        if not isinstance(scans, list) or not scans or not all(isinstance(s, Scan) for s in scans):
            raise InputError(
                f"a Scan or a list of them from {entry.value}",
                f"{type(given).__name__}",
                "tell the authors of that reader",
            )
        return scans

    return read


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


def _format_of(path: Path, head: bytes) -> tuple[Reader, tuple[bytes, ...]]:
    """The reader of a file, and how its format may begin (nothing is known of foreign ones)."""
    suffix = _suffix(path)
    if suffix in SUFFIXES:
        module, magics = SUFFIXES[suffix]
        return _own(module), magics
    if suffix in foreign_readers():
        return _foreign(foreign_readers()[suffix]), ()
    known = " ".join([*SUFFIXES, *foreign_readers()])
    remedy = _ADVICE.get(suffix) or _remedy(head)
    raise InputError(f"one of the formats {known}", path.name[-60:], remedy)


def _remedy(head: bytes) -> str:
    """What to do with a file whose name does not say its format."""
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        return "unpack it first"
    for suffix, (_, magics) in SUFFIXES.items():
        if suffix != ".npz" and head.startswith(tuple(m for m in magics if len(m) >= 4)):
            return f"it looks like a {suffix} file: give it that ending"
    return f"export the scan to one of these, or {_GWY}"


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
