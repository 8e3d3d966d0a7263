"""TIFF by content: Park, JPK, OME-TIFF, else plain grey images without a scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.readers import jpk_tiff, park_tiff
from corescout.readers.channels import free_name, role_of, si_value
from corescout.readers.numpy_array import scan_of

_COLOUR = (2, 6)  # photometric RGB, YCbCr
_SEPARATE = 2  # planar configuration


def read(path: Path) -> Scan:
    """Read the channels of a TIFF, of whatever kind.

    Raises
    ------
    InputError
        If it is a colour picture, no TIFF, or declares more than the file holds.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path, _multifile=False) as file:
            if len(file.pages) == 0:
                raise InputError("an image", f"none in {path.name}", "copy it again")
            _check_complete(file, path)
            tags = file.pages[0].tags
            if park_tiff.DATA in tags and park_tiff.HEADER in tags:
                return park_tiff.read(file, path)
            if jpk_tiff.U_LENGTH in tags:
                return jpk_tiff.read(file, path)
            if file.pages[0].photometric in _COLOUR and not _is_stack(file.pages[0]):
                raise InputError(
                    "a grey image",
                    f"a colour picture in {path.name}",
                    "export the data, not a picture",
                )
            _check_size(file, path)
            if file.is_mmstack or file.is_ndtiff:  # tifffile would open the other files of a set
                return scan_of(np.stack([page.asarray() for page in file.pages]), path)
            if file.is_ome:
                return _ome(file, path)
            return scan_of(file.asarray(), path)
    except tifffile.TiffFileError as error:
        raise InputError("a complete TIFF", f"{path.name}: {error}", "copy it again") from error


def _is_stack(page: Any) -> bool:
    """Three channels of real numbers one after the other: tifffile itself calls them colours."""
    return bool(
        page.planarconfig == _SEPARATE and page.dtype is not None and page.dtype.kind == "f"
    )


def _check_complete(file: Any, path: Path) -> None:
    """Every strip of every page lies within the file."""
    end = max(
        (o + n for p in file.pages for o, n in zip(p.dataoffsets, p.databytecounts, strict=False)),
        default=0,
    )
    if end > path.stat().st_size:
        raise InputError(
            f"{end:,} bytes as the TIFF's directory says",
            f"{path.stat().st_size:,} in {path.name}",
            "wait until it is written completely, or copy it again",
        )


def _check_size(file: Any, path: Path) -> None:
    """Compressed or not, refuse what unpacks to more than 100 times the file."""
    declared = sum(page.nbytes for page in file.pages)
    if declared > 100 * path.stat().st_size:
        raise InputError(
            f"a TIFF that holds the {declared:,} bytes that it declares",
            f"{path.stat().st_size:,} bytes in {path.name}",
            "copy it again",
        )


def _ome(file: Any, path: Path) -> Scan:
    """Channels of one plane (C, H, W), with the names and the pixel size of the OME-XML."""
    import tifffile

    series = file.series[0]
    if series.kind != "ome":  # its pixels are named in another file: none is opened
        raise InputError(
            "an OME-TIFF that holds its own pixels",
            f"{path.name}, whose OME-XML names other files or none of its pages",
            "export it as one file",
        )
    array = np.squeeze(series.asarray())
    plain = scan_of(array, path)
    image = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
    pixels = (image[0] if isinstance(image, list) else image)["Pixels"]
    given = pixels.get("Channel", [])
    given = given if isinstance(given, list) else [given]
    names: list[str] = []
    for i, old in enumerate(plain.channels):
        name = str(given[i].get("Name", old)) if i < len(given) else old
        names.append(free_name(name, names))
    sizes = [
        float(pixels.get(f"PhysicalSize{axis}", 0.0))
        * si_value(str(pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")))[0]
        for axis in "XY"
    ]
    frame = None
    if min(sizes) > 0:
        assumed = ("pitch = PhysicalSize of OME", "centre 0, angle 0, the file has none")
        frame = ScanFrame(plain.shape_px, (sizes[0], sizes[1]), assumed=assumed)
    return Scan(
        uid=plain.uid,
        channels=dict(zip(names, plain.channels.values(), strict=True)),
        frame=frame,
        roles={n: role_of(n) for n in names if role_of(n)},
        source=str(path),
        metadata={k: str(v) for k, v in pixels.items() if not isinstance(v, list | dict)},
    )
