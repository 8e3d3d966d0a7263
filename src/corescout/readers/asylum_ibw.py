"""Asylum Research `.ibw` (Igor binary wave, version 5).

`wData[x, y, channel]`, both axes growing with +X and +Y: `flipud(wData[:, :, i].T)` has row 0 at
the +Y edge. The pitch is the wave's own, ScanSize / (N - 1).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corescout.data import InputError, Scan
from corescout.readers.asylum_note import acquired_at, frame_from_note, parse_note
from corescout.readers.channels import clean_label, direction_of, unit_of
from corescout.readers.roles import role_of

_HEADER_BYTES = 384  # bin header 64 + wave header 320: these sum to 0 as int16
_FOOTER = b"MFP3D"


def read(path: Path) -> Scan:
    """Read all image channels.

    Raises
    ------
    InputError
        If the file is cut short, its header is damaged, or it holds no image.
    """
    from igor2 import binarywave

    check_complete(path)
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
    names = _names(wave["labels"], data.shape[2])
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
        units={name: unit_of(name) for name in names},
        frame=frame,
        roles={name: role_of(name) for name in names if role_of(name)},
        directions={name: d for name in names if (d := direction_of(name)) is not None},
        acquired_at=acquired_at(note),
        source=str(path),
        metadata=note,
    )


def _names(labels: list[list[bytes]], count: int) -> list[str]:
    raw = [label.decode("latin-1") for label in labels[2] if label] if len(labels) > 2 else []
    names = [clean_label(label) for label in raw[:count]]
    names += [f"Channel{i}" for i in range(len(names), count)]
    return [n if n not in names[:i] else f"{n} ({i})" for i, n in enumerate(names)]


def check_complete(path: Path) -> None:
    """Compare the size of a file with what its own header declares: cut at 99 % it still parses.

    Raises
    ------
    InputError
        If it is cut short or its header is damaged.
    """
    content = path.read_bytes()
    order = "<" if content[0] else ">"
    if len(content) < _HEADER_BYTES:
        raise _cut(path, len(content), _HEADER_BYTES)
    if int.from_bytes(content[:2], "little" if order == "<" else "big") != 5:
        return  # older waves do not describe their size
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
    if b"ScanSize" in note and _FOOTER not in content[-16:]:
        raise InputError(
            "an Asylum file that ends in MFP3D",
            f"{path.name} ends before its footer",
            "wait until it is written completely, or copy it again",
        )


def _cut(path: Path, found: int, declared: int) -> InputError:
    return InputError(
        f"{declared:,} bytes as the file's header says",
        f"{found:,} in {path.name}",
        "wait until it is written completely, or copy it again",
    )
