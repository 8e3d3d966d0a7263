"""Asylum Research `.ibw` (Igor binary wave, version 5).

`wData[x, y, channel]`, both axes growing with +X and +Y: `flipud(wData[:, :, i].T)` has row 0 at
the +Y edge. The pitch is the wave's own, ScanSize / (N - 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from corescout.data import InputError, Scan
from corescout.readers.asylum_note import acquired_at, frame_from_note, not_numbers, parse_note
from corescout.readers.channels import clean_label, direction_of, unit_of
from corescout.readers.roles import Mode, roles_of

_HEADER_BYTES = 384  # bin header 64 + wave header 320: these sum to 0 as int16
_FOOTERS = (b"MFP3D", b"Force")  # of scans and of curves
_NO_FOOTER = (
    "the file has no footer of the instrument's software, as one saved again in Igor: whether it is"
    " complete was checked by its header only"
)


def read(path: Path) -> Scan:
    """Read all image channels.

    Raises
    ------
    InputError
        If the file is cut short, its header is damaged, or it holds no image.
    """
    from igor2 import binarywave

    warnings = check_complete(path)
    wave = binarywave.load(str(path))["wave"]
    data = np.asarray(wave["wData"])
    is_curve = data.ndim == 2 and len(wave["labels"]) > 1 and any(wave["labels"][1])
    if (
        is_curve
        or data.ndim not in (2, 3)
        or data.dtype.kind not in "fiu"
        or min(data.shape[:2]) < 2
    ):
        raise InputError(
            "an image scan",
            f"a wave of shape {data.shape} in {path.name}",
            "open a scan; force curves and spectra are measurements, not scans",
        )
    data = data[:, :, None] if data.ndim == 2 else data
    note = parse_note(wave["note"].decode("latin-1"))
    labels = _labels(wave["labels"], data.shape[2])
    names = list(labels)
    mode = mode_of(note)
    if mode == "tapping":
        warnings.append("the mode is AC: its amplitude is the cantilever's, no piezoresponse")
    images = {name: np.flipud(data[:, :, i].T).astype(np.float32) for i, name in enumerate(names)}
    pitch_x, pitch_y = (float(v) for v in wave["wave_header"]["sfA"][:2])
    has_scale = bytes(np.asarray(wave["wave_header"]["dimUnits"])[0].tobytes()).startswith(b"m")
    shape = (data.shape[1], data.shape[0])
    frame = frame_from_note(
        note,
        shape,
        (pitch_x, pitch_y) if has_scale and pitch_x > 0 and pitch_y > 0 else None,
        "pitch as stored in the wave, ScanSize / (N - 1)",
    )
    return Scan(
        uid=f"{path.stem}-{note.get('Date', '')}-{note.get('Seconds', '')}",
        channels=images,
        units={name: unit_of(label) for name, label in labels.items()},
        frame=frame,
        roles=roles_of(labels, mode),
        directions={n: d for n, label in labels.items() if (d := direction_of(label)) is not None},
        acquired_at=acquired_at(note),
        source=str(path),
        metadata=note,
        warnings=(*warnings, *not_numbers(note)),
    )


def _labels(labels: list[list[bytes]], count: int) -> dict[str, str]:
    """Labels by the names of the channels: one that repeats is numbered, "HeightRetrace (3)"."""
    raw = [label.decode("latin-1") for label in labels[2] if label] if len(labels) > 2 else []
    given = [clean_label(label) for label in raw[:count]]
    given += [f"Channel{i}" for i in range(len(given), count)]
    return {n if n not in given[:i] else f"{n} ({i})": n for i, n in enumerate(given)}


def check_complete(path: Path) -> list[str]:
    """Compare the size of a file with what its own header declares: cut at 99 % it still parses.

    Returns
    -------
    list of str
        What cannot be checked.

    Raises
    ------
    InputError
        If it is cut short, its header is damaged, or it is of a version without images.
    """
    content = path.read_bytes()
    order = "<" if content[0] else ">"
    version = int.from_bytes(content[:2], "little" if order == "<" else "big")
    if version != 5:
        raise InputError(
            "an Igor wave of version 5",
            f"version {version} in {path.name}, which holds one column of numbers and no image",
            "save it again in Igor Pro 6 or later, or export it as .npy",
        )
    if len(content) < _HEADER_BYTES:
        raise _cut(path, len(content), _HEADER_BYTES)
    if np.frombuffer(content[:_HEADER_BYTES], f"{order}i2").sum(dtype=np.int64) & 0xFFFF:
        raise InputError(
            "an Igor wave with a valid checksum",
            f"a damaged header in {path.name}",
            "copy the file again from the instrument",
        )
    # wfmSize, formula, note, data units, 4 dimension units, 4 dimension labels, indices, options
    sizes = np.frombuffer(content[4:64], f"{order}i4")[:15].astype(np.int64)
    declared = 64 + int(sizes[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]].sum())
    if len(content) < declared:
        raise _cut(path, len(content), declared)
    note = content[64 + int(sizes[0]) :]
    if b"ScanSize" not in note or content[-32:].rstrip(b"\0 \r\n").endswith(_FOOTERS):
        return []
    if len(content) > declared:
        raise InputError(
            "an Asylum file that ends in MFP3D or Force",
            f"{path.name} ends within its footer",
            "wait until it is written completely, or copy it again",
        )
    return [_NO_FOOTER]


def mode_of(note: Mapping[str, str]) -> Mode:
    """Return the mode of imaging: older notes count them (1 AC, 3 PFM), newer ones name them."""
    text = note.get("ImagingMode", "").strip()
    if text == "1" or text.upper().startswith("AC"):
        return "tapping"
    return "contact" if text in ("0", "Contact") else ""


def _cut(path: Path, found: int, declared: int) -> InputError:
    return InputError(
        f"{declared:,} bytes as the file's header says",
        f"{found:,} in {path.name}",
        "wait until it is written completely, or copy it again",
    )
