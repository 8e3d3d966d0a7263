"""`measurements.csv`: every curve of a day beside the target that it answers."""

from __future__ import annotations

import csv
import io
import logging
from collections import defaultdict
from pathlib import Path

import numpy as np

from corescout.data import Measurement, Target
from corescout.data.printable import defused
from corescout.runs.digits import place_decimals
from corescout.whole import append_whole

LOG = logging.getLogger("corescout.live")
MEASUREMENTS = "measurements.csv"
_COLUMNS = (
    "target", "scan", "type", "x_m", "y_m", "channel", "axis", "values", "axis_name", "axis_unit",
    "unit", "acquired_at",
)  # fmt: skip


def add_rows(path: Path, target: Target, measurement: Measurement) -> None:
    """Append a measurement, a row for each channel; all rows or none."""
    at_m = measurement.xy_m or target.xy_m
    place = ("", "") if at_m is None else [round(float(v), place_decimals(None)) for v in at_m]
    axis = " ".join(f"{v:.6g}" for v in measurement.axis)
    at = "" if measurement.acquired_at is None else measurement.acquired_at.isoformat()
    rows = [
        [
            defused(target.uid), defused(target.scan_uid), target.type, *place, defused(channel),
            axis, " ".join(f"{v:.6g}" for v in values), defused(measurement.axis_name),
            defused(measurement.axis_unit), defused(measurement.units.get(channel, "")), at,
        ]
        for channel, values in measurement.channels.items()
    ]  # fmt: skip
    with path.open("ab", buffering=0) as file:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows if file.seek(0, io.SEEK_END) else [_COLUMNS, *rows])
        append_whole(file, text.getvalue().encode())


def read_curves(path: Path) -> dict[int, list[Measurement]]:
    """Return the curves of a table by type; each its first channel. Empty where there is none."""
    curves: dict[int, list[Measurement]] = defaultdict(list)
    seen: set[str] = set()
    if not path.exists():
        return curves
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get("target") in seen:
                continue
            seen.add(str(row.get("target")))
            try:
                curves[int(row["type"])].append(_curve(row))
            except (KeyError, ValueError, TypeError, AttributeError):
                LOG.warning("a row of %s is not complete", path.name)
    return curves


def _curve(row: dict[str, str]) -> Measurement:
    axis, values = (np.array(row[name].split(), dtype=float) for name in ("axis", "values"))
    name = row["channel"]
    return Measurement(
        row["target"], axis, row.get("axis_name") or "", row.get("axis_unit") or "",
        {name: values}, {name: row.get("unit") or ""},
    )  # fmt: skip
