"""Asylum force and spectroscopy curves in `.ibw`: a wave [point, channel] with labelled columns."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Measurement
from corescout.readers.asylum_ibw import check_complete
from corescout.readers.asylum_note import acquired_at, number, parse_note
from corescout.readers.channels import free_name

# The first of these that is recorded and varies is what the curve runs over.
_AXES = ("Bias", "UserIn0", "ZSnsr", "LVDT", "Raw")
_UNITS = {"Defl": "m", "Amp": "m", "Phase": "deg", "Phas": "deg", "Freq": "Hz", "ZSnsr": "m",
          "LVDT": "m", "Raw": "m", "Bias": "V", "Cur": "A", "UserIn0": "V"}  # fmt: skip
ON_FIELD = "On field"
_FEWEST_POINTS, _FEWEST_PULSES = 16, 4
_REST_SHARE = 0.01  # of the range of the bias: what still is the bias between the pulses
_REST_LEAST, _PULSE_LEAST = 0.2, 0.05  # shares of the time without and with a pulse


def read(path: Path) -> Measurement:
    """Read all columns of a curve.

    A curve with a bias waveform runs over the bias. Where the waveform is that of SS-PFM, pulses
    between which it goes back to one bias, the channel "On field" is 1 during a pulse and 0 between
    (Jesse, Baddorf, Kalinin, Appl. Phys. Lett. 88, 062908, 2006); `corescout.switching` makes loops
    of it.

    Raises
    ------
    InputError
        If the file is cut short or holds an image.
    """
    from igor2 import binarywave

    warnings = check_complete(path)
    wave = binarywave.load(str(path))["wave"]
    data = np.asarray(wave["wData"], dtype=np.float64)
    names = column_names(wave)
    if data.ndim != 2 or len(names) != data.shape[1]:
        raise InputError(
            "a curve of shape (points, channels)",
            f"a wave of shape {data.shape} in {path.name}",
            "open it as a scan if it is an image",
        )
    data = _without_end(data)
    columns = dict(zip(_distinct(names), data.T, strict=True))
    varying = [n for n in _AXES if n in columns and np.ptp(columns[n][np.isfinite(columns[n])]) > 0]
    axis = varying[0] if varying else names[0]
    note = parse_note(wave["note"].decode("latin-1"))
    place = number(note, "XLVDT"), number(note, "YLVDT")
    channels = {n: v for n, v in columns.items() if n != axis}
    if axis == "Bias" and (pulses := on_field(columns[axis])) is not None:
        channels[ON_FIELD] = pulses.astype(np.float64)
    return Measurement(
        target_uid=None,
        axis=columns[axis],
        axis_name=axis,
        axis_unit=_unit(axis),
        channels=channels,
        units={n: _unit(n) for n in channels},
        xy_m=None if place[0] is None or place[1] is None else (place[0], place[1]),
        acquired_at=acquired_at(note),
        source=str(path),
        metadata=note | {f"warning {i}": text for i, text in enumerate(warnings, 1)},
    )


def on_field(bias_v: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """Say for each point (n,) whether it lies in a pulse; None where the bias is no row of pulses.

    Between pulses the bias goes back to one value, which then is the most frequent one by far; a
    triangle or a staircase has none.
    """
    known = bias_v[np.isfinite(bias_v)]
    if known.size < _FEWEST_POINTS:
        return None
    tolerance = _REST_SHARE * float(np.ptp(known))
    counts, edges = np.histogram(known, bins=round(0.5 / _REST_SHARE))
    fullest = int(np.argmax(counts))
    rest = float(np.median(known[(known >= edges[fullest]) & (known <= edges[fullest + 1])]))
    on = np.abs(bias_v - rest) > tolerance
    pulses = int(np.sum(np.diff(on.astype(int)) == 1))
    is_row = pulses >= _FEWEST_PULSES and _REST_LEAST < 1 - on.mean() < 1 - _PULSE_LEAST
    return on if is_row else None


def _without_end(data: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the points at the end that were not measured: there every column is missing."""
    known = np.flatnonzero(np.isfinite(data).any(axis=1))
    return data[: known[-1] + 1] if known.size else data


def _distinct(names: list[str]) -> list[str]:
    taken: list[str] = []
    for name in names:
        taken.append(free_name(name, taken))
    return taken


def _unit(name: str) -> str:
    return _UNITS.get(name, _UNITS.get(re.sub(r"[ \d]+$", "", name), ""))


def column_names(wave: dict) -> list[str]:  # type: ignore[type-arg]
    """Labels of the columns of a curve, empty for an image."""
    labels = wave["labels"]
    if len(labels) < 2:
        return []
    return [name for raw in labels[1] if (name := raw.decode("latin-1").strip("\0 "))]
