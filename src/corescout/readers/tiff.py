"""TIFF by content: Park, JPK, OME-TIFF, else plain grey images without a scale."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan, ScanFrame
from corescout.data.bounds import check_unpacked
from corescout.readers import jpk_tiff, park_tiff
from corescout.readers.channels import direction_of, free_name, si_value
from corescout.readers.numpy_array import scan_of
from corescout.readers.roles import role_of
from corescout.readers.stored import StoredImage, scans_of

_COLOUR = (2, 6)  # photometric RGB, YCbCr
_TEXTS = (270, park_tiff.DATA, park_tiff.HEADER)  # tags of single bytes: the description, Park's
_SEPARATE = 2  # planar configuration
_LARGEST_PITCH_M = 1e-4


def read_all(path: Path) -> list[Scan]:
    """Read the channels of a TIFF, of whatever kind; JPK's of several sizes are scans of their own.

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
                return [park_tiff.read(file, path)]
            if jpk_tiff.U_LENGTH in tags:
                return jpk_tiff.read_all(file, path)
            if file.pages[0].photometric in _COLOUR and not _is_stack(file.pages[0]):
                raise InputError(
                    "a grey image",
                    f"a colour picture in {path.name}",
                    "export the data, not a picture",
                )
            _check_size(file, path)
            if file.is_mmstack or file.is_ndtiff:  # tifffile would open the other files of a set
                return [scan_of(np.stack([page.asarray() for page in file.pages]), path)]
            if file.is_ome:
                return _ome(file, path)
            return _plain(file, path)
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        raise InputError(
            "a TIFF without compression, or with Deflate",
            f"{path.name}: {error}",
            "save it without compression, or install imagecodecs",
        ) from error
    except tifffile.TiffFileError as error:
        raise InputError("a complete TIFF", f"{path.name}: {error}", "copy it again") from error


def _plain(file: Any, path: Path) -> list[Scan]:
    """Pages of one size are channels; those of several sizes are scans of their own."""
    planes = [scan_of(series.asarray(), path) for series in file.series]
    if len(planes) == 1:
        frame = _imagej_frame(file, planes[0].shape_px)
        labels = _imagej_labels(file, len(planes[0].channels))
        if not labels:
            return [replace(planes[0], frame=frame)]
        images = [
            StoredImage(name, values, role=role_of(name), direction=direction_of(name), frame=frame)
            for name, values in zip(labels, planes[0].channels.values(), strict=True)
        ]
        return scans_of(images, uid=path.stem, source=str(path), metadata={})
    images = [
        StoredImage(f"Series{k} {name}" if len(plane.channels) > 1 else f"Series{k}", values)
        for k, plane in enumerate(planes, 1)
        for name, values in plane.channels.items()
    ]
    return scans_of(images, uid=path.stem, source=str(path), metadata={})


def _imagej_labels(file: Any, count: int) -> list[str]:
    """The label of each plane of ImageJ; none where it has not one for each."""
    found = (file.imagej_metadata or {}).get("Labels") if file.is_imagej else None
    labels = [str(label).strip() for label in found or []]
    return labels if len(labels) == count and all(labels) else []


def _is_stack(page: Any) -> bool:
    """Three channels of real numbers one after the other: tifffile itself calls them colours."""
    return bool(
        page.planarconfig == _SEPARATE and page.dtype is not None and page.dtype.kind == "f"
    )


def _check_complete(file: Any, path: Path) -> None:
    """Every strip of every page lies within the file, and so does the directory of every page."""
    end = max((_end(page) for page in file.pages), default=0)
    end = max(end, _directories_end(file, path.stat().st_size))
    if end > path.stat().st_size:
        raise InputError(
            f"{end:,} bytes as the TIFF's directory says",
            f"{path.stat().st_size:,} in {path.name}",
            "wait until it is written completely, or copy it again",
        )


def _directories_end(file: Any, size: int) -> int:
    """Where the directories end, with the texts that decide how the file is read.

    tifffile leaves out a page, and a text, that lies beyond the end of a file.
    """
    form, end, seen = file.tiff, 0, set[int]()

    def number(layout: str, at: int) -> int:
        file.filehandle.seek(at)
        return int(struct.unpack(layout, file.filehandle.read(struct.calcsize(layout)))[0])

    at = int(form.offsetsize)  # of the first offset: a header is two such words
    while at + form.offsetsize <= size:
        start = number(form.offsetformat, at)
        if start == 0 or start in seen:
            return end
        seen.add(start)
        end = max(end, start + int(form.tagnosize))
        if end > size:
            return end
        count = number(form.tagnoformat, start)
        at = start + int(form.tagnosize) + count * int(form.tagsize)
        if at + form.offsetsize > size:
            break
        for tag in range(start + int(form.tagnosize), at, int(form.tagsize)):
            length = number(form.offsetformat, tag + 4)
            if number(form.byteorder + "H", tag) in _TEXTS and length > form.offsetsize:
                end = max(end, number(form.offsetformat, tag + 4 + int(form.offsetsize)) + length)
    return max(end, at + int(form.offsetsize))


def _end(page: Any) -> int:
    """Where the last strip of a page ends; some programs count strips in bits, not in bytes."""
    counts = list(page.databytecounts)
    if page.compression == 1 and counts and not page.is_tiled:
        strip = min(page.rowsperstrip or page.imagelength, page.imagelength) * page.nbytes
        longest = -(-strip // max(page.imagelength, 1))  # what a strip can hold at most
        counts = [min(count, longest) for count in counts]
    return max((o + n for o, n in zip(page.dataoffsets, counts, strict=False)), default=0)


def _check_size(file: Any, path: Path) -> None:
    """Compressed or not, refuse what unpacks to more than 100 times the file."""
    declared = sum(page.nbytes for page in file.pages)
    if declared > 100 * path.stat().st_size:
        raise InputError(
            f"a TIFF that holds the {declared:,} bytes that it declares",
            f"{path.stat().st_size:,} bytes in {path.name}",
            "copy it again",
        )


def _imagej_frame(file: Any, shape: tuple[int, int]) -> ScanFrame | None:
    """Scale of ImageJ: pixels in a unit of length, in the resolution of the TIFF."""
    meta = file.imagej_metadata if file.is_imagej else None
    if not meta:
        return None
    said = str(meta.get("unit", "")).replace("\\u00B5", "\u00b5")
    said = {"micron": "um", "microns": "um", "micrometer": "um"}.get(said.lower(), said)
    factor, unit = (1e-2, "m") if said == "cm" else si_value(said)
    pitch = []
    for name in ("XResolution", "YResolution"):
        tag = file.pages[0].tags.get(name)
        above, below = tag.value if tag is not None else (0, 1)
        pitch.append(factor * below / above if above else 0.0)
    if unit != "m" or not all(0 < p < _LARGEST_PITCH_M for p in pitch):
        return None
    assumed = ("pitch as ImageJ's scale says", "centre 0, angle 0, the file has none")
    return ScanFrame(shape, (pitch[0], pitch[1]), assumed=assumed)


def _ome(file: Any, path: Path) -> list[Scan]:
    """Channels of planes (C, H, W), with the names and the pixel size of the OME-XML."""
    import tifffile

    described = _list(tifffile.xml2dict(file.ome_metadata)["OME"]["Image"])
    images: list[StoredImage] = []
    metadata: dict[str, str] = {}
    for k, series in enumerate(file.series):
        if series.kind != "ome":  # its pixels are named in another file: none is opened
            raise InputError(
                "an OME-TIFF that holds its own pixels",
                f"{path.name}, whose OME-XML names other files or none of its pages",
                "export it as one file",
            )
        check_unpacked(series.nbytes, path)  # the XML may declare more than there are pages
        plain = scan_of(np.squeeze(series.asarray()), path)
        pixels = described[k]["Pixels"] if k < len(described) else {}
        given = _list(pixels.get("Channel", []))
        names: list[str] = []
        for i, old in enumerate(plain.channels):
            name = str(given[i].get("Name", old)) if i < len(given) else old
            names.append(free_name(name, names))
        frame = _ome_frame(pixels, plain.shape_px)
        images += [
            StoredImage(name, values, role=role_of(name), direction=direction_of(name), frame=frame)
            for name, values in zip(names, plain.channels.values(), strict=True)
        ]
        metadata |= {k: str(v) for k, v in pixels.items() if not isinstance(v, list | dict)}
    return scans_of(images, uid=path.stem, source=str(path), metadata=metadata)


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _ome_frame(pixels: dict[str, Any], shape: tuple[int, int]) -> ScanFrame | None:
    """The frame by PhysicalSize; None where it has none, or one in no unit of length."""
    pitch = []
    for axis in "XY":
        factor, unit = si_value(str(pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")))
        size = float(pixels.get(f"PhysicalSize{axis}", 0.0))
        pitch.append(size * factor if unit == "m" else 0.0)
    if not all(0 < p < _LARGEST_PITCH_M for p in pitch):
        return None
    assumed = ("pitch = PhysicalSize of OME", "centre 0, angle 0, the file has none")
    return ScanFrame(shape, (pitch[0], pitch[1]), assumed=assumed)
