"""Nanonis `.3ds`: a spectrum at every point of a grid; points that were not measured are missing.

After a header of "key=value" lines, each point holds its parameters and then every channel, as
big-endian float32. The first point is the lower left one, the rows go up.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, ScanFrame, SpectrumGrid
from corescout.readers.nanonis_dat import column_of

_END = b":HEADER_END:"
_MAX_HEADER = 2**20


def read(path: Path, channel: str | None = None) -> SpectrumGrid:
    """Read one channel of a grid, the first one if none is named.

    The axis runs from the sweep's start to its end as the parameters of the first point say. The
    pitch is that of the points' own X and Y, else size / (N - 1).

    Raises
    ------
    InputError
        If there is no such channel, no point was measured, or a point is cut short.
    """
    with path.open("rb") as file:
        head, found, _ = file.read(_MAX_HEADER).partition(_END)
    if not found:
        raise InputError("a Nanonis grid", f"no {_END.decode()} in {path.name}", "copy it again")
    header = _header(head.decode("latin-1"))
    width, height = (int(n) for n in header["Grid dim"].split("x"))
    n_points = int(header["Points"])
    columns = [column_of(label) for label in _list(header["Channels"])]
    parameters = _list(header["Fixed parameters"]) + _list(header["Experiment parameters"])
    n_parameters = int(header["# Parameters (4 byte)"])
    name, unit, factor = _chosen(columns, channel, path)
    values = _values(path, len(head) + len(_END), (height, width), n_parameters,
                     n_points * len(columns))  # fmt: skip
    known = dict(zip(parameters, np.moveaxis(values[:, :, :n_parameters], -1, 0), strict=False))
    first = n_parameters + n_points * [c[0] for c in columns].index(name)
    axis_name, axis_unit, axis_factor = column_of(header.get("Sweep Signal", "Bias (V)"))
    start, end = (known[key][0, 0] for key in ("Sweep Start", "Sweep End"))
    return SpectrumGrid(
        frame=_frame(header, (height, width), known),
        axis=np.linspace(start, end, n_points) * axis_factor,
        response=np.flipud(values[:, :, first : first + n_points] * factor),
        axis_name=axis_name.lower(),
        axis_unit=axis_unit,
        unit=unit,
        source=str(path),
    )


def _header(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value.strip().strip('"') for key, equals, value in pairs if equals}


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _chosen(
    columns: list[tuple[str, str, float]], channel: str | None, path: Path
) -> tuple[str, str, float]:
    names = [name for name, _, _ in columns]
    if not names or (channel is not None and channel not in names):
        raise InputError(
            f"a channel {channel!r}" if channel else "a channel",
            f"{', '.join(names) or 'none'} in {path.name}",
            "name one of these",
        )
    return columns[names.index(channel) if channel else 0]


def _values(
    path: Path, after: int, shape: tuple[int, int], n_parameters: int, n_values: int
) -> NDArray[np.float64]:
    """(H, W, parameters and channels) in stored order; NaN where a grid is not finished."""
    height, width = shape
    each, n_points = n_parameters + n_values, height * width
    with path.open("rb") as file:
        file.seek(after)
        at = after + len(file.readline())  # what follows the end of the header on its line
    stored = (path.stat().st_size - at) // 4
    if n_points < 1 or each < 1 or n_parameters < 2 or not each <= stored <= each * n_points:
        raise InputError(
            f"{n_points} points of {each} values, or fewer of them",
            f"{stored:,} values in {path.name}",
            "copy it again",
        )
    if stored % each:
        raise InputError(
            f"whole points of {each} values", f"{stored:,} values in {path.name}",
            "wait until the point is written, or copy it again",
        )  # fmt: skip
    if n_points * each > 4 * stored + 2**26:
        raise InputError(
            f"a grid of {n_points} points that is underway",
            f"{stored // each} points in {path.name}",
            "wait until more of it is measured",
        )
    values = np.full((n_points, each), np.nan)
    done = np.fromfile(path, ">f4", stored, offset=at).reshape(-1, each)
    with np.errstate(invalid="ignore"):  # a damaged number may be a signalling NaN
        values[: len(done)] = done
    return values.reshape(height, width, each)


def _frame(
    header: dict[str, str], shape: tuple[int, int], known: dict[str, NDArray[np.float64]]
) -> ScanFrame:
    height, width = shape
    cx, cy, size_x, size_y, angle_deg = (float(n) for n in _list(header["Grid settings"])[:5])
    pitch = [size_x / max(width - 1, 1), size_y / max(height - 1, 1)]
    rule = "pitch = size / (N - 1)"
    x, y = known.get("X (m)"), known.get("Y (m)")
    if x is not None and y is not None:
        spans = (
            np.hypot(x[0, -1] - x[0, 0], y[0, -1] - y[0, 0]),
            np.hypot(x[-1, 0] - x[0, 0], y[-1, 0] - y[0, 0]),
        )
        stored = [s / max(n - 1, 1) for s, n in zip(spans, (width, height), strict=True)]
        if all(math.isfinite(p) and p > 0 for p in stored):
            pitch, rule = [float(p) for p in stored], "pitch of the points' own X and Y"
    return ScanFrame(
        shape, (pitch[0], pitch[1]), (cx, cy), math.radians(angle_deg),
        (rule, "the first point is the lower left one"),
    )  # fmt: skip
