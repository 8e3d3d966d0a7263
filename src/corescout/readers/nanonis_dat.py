"""Nanonis `.dat`: "key<tab>value" lines, [DATA], a line of column names, then numbers."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import numpy as np

from corescout.data import InputError, Measurement
from corescout.readers.channels import free_name, si_value

_START = "[DATA]"
_COMMA = "the numbers have decimal commas: they are taken as points"


def read(path: Path) -> Measurement:
    """Read a spectrum; the first column is its axis, the rest its channels.

    Raises
    ------
    InputError
        If there is no data section or its last line is incomplete.
    """
    text = path.read_bytes().decode("latin-1")
    head, found, table = text.partition(_START)
    lines = [line for line in table.splitlines() if line.strip()]
    if not found or len(lines) < 2:
        raise InputError(
            "a [DATA] section with columns", f"none in {path.name}", "wait until it is written"
        )
    pairs = (line.partition("\t") for line in head.splitlines())
    header = {key.strip(): value.strip() for key, tab, value in pairs if tab}  # "User" may be empty
    columns = [column_of(label) for label in lines[0].split("\t") if label.strip()]
    rows = [line.split("\t") for line in lines[1:]]
    if not all(len(row) >= len(columns) for row in rows) or not text.endswith("\n"):
        raise InputError(
            f"{len(columns)} numbers in every line",
            f"an incomplete line in {path.name}",
            "wait until it is written completely, or copy it again",
        )
    place = [header.get("X (m)", ""), header.get("Y (m)", "")]
    has_comma = any("," in number for row in [*rows, place] for number in row)
    values = np.array([[_number(v) for v in row[: len(columns)]] for row in rows])
    values = values * np.array([factor for _, _, factor in columns])
    (axis_name, axis_unit, _), *channels = columns
    names: list[str] = []
    for name, _, _ in channels:
        names.append(free_name(name, names))
    return Measurement(
        target_uid=None,
        axis=values[:, 0],
        axis_name=axis_name,
        axis_unit=axis_unit,
        channels={name: values[:, i + 1] for i, name in enumerate(names)},
        units={name: unit for name, (_, unit, _) in zip(names, channels, strict=True)},
        xy_m=_place(header),
        acquired_at=_time(header),
        source=str(path),
        metadata=header | ({"warning 1": _COMMA} if has_comma else {}),
    )


def column_of(label: str) -> tuple[str, str, float]:
    """Return name, SI unit and factor of a label such as "Current [bwd] (A)"."""
    found = re.fullmatch(r"(.*?)\s*\(([^()]*)\)\s*(\[[^]]*\])?", label.strip())
    if not found:
        return label.strip(), "", 1.0
    factor, unit = si_value(found[2])
    return f"{found[1]} {found[3] or ''}".strip(), unit, factor


def _number(text: str) -> float:
    """A number, also with a decimal comma: columns are parted by tabs, so that it is no list."""
    try:
        return float(text.replace(",", ".", 1))
    except ValueError as error:
        raise InputError("numbers in a table", f"{text[:40]!r}", "export it again") from error


def _place(header: dict[str, str]) -> tuple[float, float] | None:
    try:
        return _number(header["X (m)"]), _number(header["Y (m)"])
    except (KeyError, InputError):
        return None


def _time(header: dict[str, str]) -> datetime | None:
    for key in ("Start time", "Saved Date", "Date"):
        try:
            return datetime.strptime(header.get(key, "").strip(), "%d.%m.%Y %H:%M:%S")
        except ValueError:
            continue
    return None
