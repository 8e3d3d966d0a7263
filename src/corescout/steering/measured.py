"""Values of a property at key points: from a table of loops, or from a user's own column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Measurement, Result
from corescout.data.arrays import set_readonly
from corescout.data.bounds import regular_file
from corescout.data.short_repr import short_repr
from corescout.loop_properties import PROPERTIES, loop_properties
from corescout.plan_groups import MeasuredPlan
from corescout.tied import RADIUS_PX, tied_rows

ON_FIELD = "_on_field"  # ending of a property that is read from the on-field loop
_ON_CHANNEL = " on field"  # ending of such a channel
_AS_THE_ORDER = 0.98  # correlation of time and order: loops one after the other
_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, eq=False)
class MeasuredValues:
    """M measurements of one property, in the order in which they were made.

    Attributes
    ----------
    name, unit : str
    row : (M,) int64
        Key point of each.
    value : (M,) float64
        NaN where the measurement failed.
    notes : tuple of str
        What was left out and why.
    seconds : (M,) or None
        When each was made, since any moment; None or NaN where that is not known.
    """

    name: str
    unit: str
    row: NDArray[np.int64]
    value: NDArray[np.float64]
    notes: tuple[str, ...] = ()
    seconds: NDArray[np.float64] | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "row", (None,), np.int64)
        set_readonly(self, "value", (len(self.row),))
        if self.seconds is not None:
            set_readonly(self, "seconds", (len(self.row),))

    def __len__(self) -> int:
        return len(self.row)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which measurements (M,) told a value."""
        return np.isfinite(self.value)

    @property
    def order(self) -> NDArray[np.float64]:
        """When each (M,) was made, counted in loops, from -1 to 1."""
        count = len(self)
        return np.linspace(-1.0, 1.0, count) if count > 1 else np.zeros(count)

    @property
    def time(self) -> NDArray[np.float64] | None:
        """When each (M,) was made, by the clock, from -1 to 1.

        None where a time is not known, all are one, or it says no more than the order.
        """
        if self.seconds is None or len(self) < 3 or not np.isfinite(self.seconds).all():
            return None
        spread = float(np.ptp(self.seconds))
        if spread <= 0:
            return None
        time = 2 * (np.asarray(self.seconds) - self.seconds.min()) / spread - 1
        return None if np.corrcoef(time, self.order)[0, 1] > _AS_THE_ORDER else time


def measured_values(
    path: str | Path, result: Result, name: str, radius_m: float | None = None
) -> MeasuredValues:
    """Read the values of a property from a table and tie them to the key points of a result.

    Parameters
    ----------
    path : path
        CSV. With the columns ``axis`` and ``values`` it is a table of loops, as a watch and the
        window write it (``measurements.csv``), and the property is one of `PROPERTIES`, with
        ``_on_field`` at its end one of the on-field loop. Else the property is a column of it.
    name : str
    radius_m : float, optional
        From a key point to a place in ``x_m``, ``y_m`` that is tied to it; 3 px if None. A row
        that names its ``target`` or ``key_point`` is tied by that.

    Raises
    ------
    InputError
        If it is no such table, lacks the property, or nothing can be tied.
    """
    found = _read(path, name)
    return _tied(found, result, name, Path(path).name, radius_m)


def values_of_loops(loops: Sequence[Measurement], name: str, first_row: int) -> MeasuredValues:
    """Read the values of a property from loops, one for each of the rows from `first_row` on.

    Parameters
    ----------
    loops : sequence of Measurement
        In the order in which they were made.
    name : str
        See `measured_values`.

    Raises
    ------
    InputError
        If there is no such property.
    """
    base, found = _property_of(name), []
    for loop in loops:
        own = [c for c in loop.channels if c.endswith(_ON_CHANNEL) == name.endswith(ON_FIELD)]
        nothing = _Value(*_where({}), float("nan"), "it has no such channel", "")
        value = _value_of(loop, _response_of(own, name), base, _where({})) if own else nothing
        found.append(value)
    values = [v.value if not v.failed else float("nan") for v in found]
    unit = next((v.unit for v in found if v.unit), "") or _unit_in(name)
    return MeasuredValues(
        name, unit, first_row + np.arange(len(found)), np.array(values), _failures(found),
        _seconds([loop.acquired_at for loop in loops]),
    )  # fmt: skip


def measured_plan(path: str | Path, name: str) -> MeasuredPlan:
    """Read the values of a property from a table, for the reward `property` of an exploration.

    Parameters
    ----------
    path : path
        As `measured_values` takes it, with places in ``x_m`` and ``y_m``.
    name : str

    Raises
    ------
    InputError
        If it is no such table, lacks the property, or tells no value at a place.
    """
    found = [v for v in _read(path, name) if not v.failed and np.isfinite(v.value)]
    places = _places_m(found)
    there = np.asarray(np.isfinite(places).all(axis=1))
    if not there.any():
        raise InputError(
            f"values of {name} at places x_m and y_m", f"{len(found)} values in {Path(path).name}"
            " and no place", "say where each was measured",
        )  # fmt: skip
    at = tuple((float(x), float(y)) for x, y in places[there])
    values = tuple(float(v.value) for v, known in zip(found, there, strict=True) if known)
    return MeasuredPlan(name=name, xy_m=at, value=values)


def _read(path: str | Path, name: str) -> list[_Value]:
    """Read every value of a property, failed ones as well, in the order of the table."""
    file = Path(path)
    try:
        with regular_file(file).open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            columns, rows = tuple(table.fieldnames or ()), list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            "a table of measurements (CSV)", f"{file.name} ({type(error).__name__}: {error})"[:200],
            "give measurements.csv of a day, or your own table with the property as a column",
        ) from error  # fmt: skip
    loops = {"axis", "values"} <= set(columns)
    if not says_where(columns):
        raise InputError(
            "a column target or key_point, or x_m and y_m",
            f"{file.name} with {', '.join(columns[:8]) or 'no columns'}",
            "say where each value was measured",
        )
    base = _property_of(name) if loops else name
    if not loops and name not in columns:
        raise InputError(
            f"a column among {', '.join(columns)}", repr(name), "choose one with --property"
        )
    return _of_loops(rows, name, base) if loops else _of_column(rows, name)


def _property_of(name: str) -> str:
    """The property of a loop that is read for a name."""
    base = name.removesuffix(ON_FIELD)
    if base not in PROPERTIES:
        raise InputError(
            f"a property among {', '.join(PROPERTIES)}", repr(name), "choose one of these"
        )
    return base


def says_where(columns: Iterable[str]) -> bool:
    """Whether a table with these columns says where each of its rows was measured."""
    named = set(columns)
    return bool({"target", "key_point"} & named) or {"x_m", "y_m"} <= named


@dataclass(frozen=True)
class _Value:
    """One value, and what says where it was measured."""

    target: str
    key_point: str
    place: tuple[str, str]
    value: float
    failed: str
    unit: str
    when: datetime | None = None


def _of_column(rows: Iterable[Mapping[str, str]], name: str) -> list[_Value]:
    found = []
    for row in rows:
        value = _number(row.get(name))
        failed = "" if np.isfinite(value) else "no number"
        found.append(_Value(*_where(row), value, failed, "", _time_of(row)))
    return found


def _places_m(found: list[_Value]) -> NDArray[np.float64]:
    """Places (M, 2) as (x, y), NaN where none is told."""
    places = [(_number(one.place[0]), _number(one.place[1])) for one in found]
    return np.array(places, dtype=np.float64).reshape(-1, 2)


def _where(row: Mapping[str, str]) -> tuple[str, str, tuple[str, str]]:
    return (
        (row.get("target") or "").strip(),
        (row.get("key_point") or "").strip(),
        (row.get("x_m") or "", row.get("y_m") or ""),
    )


def _of_loops(rows: Iterable[Mapping[str, str]], name: str, base: str) -> list[_Value]:
    """One value of each target: of the channel that is the response, off field if not said."""
    on_field = name.endswith(ON_FIELD)
    of_target: dict[str, dict[str, Mapping[str, str]]] = {}
    for row in rows:
        channel = row.get("channel") or ""
        if channel.endswith(_ON_CHANNEL) == on_field:
            # a second loop at one place is no repeat: the first one has written there
            of_target.setdefault(row.get("target") or "", {}).setdefault(channel, row)
    found = []
    for channels in of_target.values():
        found.append(_of_loop(channels[_response_of(channels, name)], base))
    return found


def _response_of(channels: Iterable[str], name: str) -> str:
    """The channel that a property is read from."""
    wanted = "response" + (_ON_CHANNEL if name.endswith(ON_FIELD) else "")
    there = list(channels)
    return wanted if wanted in there else there[0]


def _of_loop(row: Mapping[str, str], base: str) -> _Value:
    try:
        axis, values = (np.array((row.get(k) or "").split(), float) for k in ("axis", "values"))
        unit = row.get("unit") or ""
        loop = Measurement(None, axis, "bias", "V", {"response": values}, {"response": unit})
        return replace(_value_of(loop, "response", base, _where(row)), when=_time_of(row))
    except ValueError:
        return _Value(*_where(row), float("nan"), "its row is not complete", "")


def _value_of(
    loop: Measurement, channel: str, base: str, where: tuple[str, str, tuple[str, str]]
) -> _Value:
    read = loop_properties(loop, channel)
    of_property = PROPERTIES[base][0].replace("R", read.unit or "R")
    return _Value(*where, read.values.get(base, float("nan")), read.failed, of_property)


def _tied(
    found: list[_Value], result: Result, name: str, source: str, radius_m: float | None
) -> MeasuredValues:
    places = np.asarray(result.patches.center_yx_px)
    of_uid = {f"{result.scan.uid}-y{y:.1f}-x{x:.1f}": i for i, (y, x) in enumerate(places)}
    frame, reach = result.scan.frame, radius_m
    near = np.full(len(found), -1)
    if frame is not None:
        reach = RADIUS_PX * min(frame.pitch_m) if reach is None else reach
        near = tied_rows(_places_m(found), frame.to_m(places), reach)
    rows, values, tied = [], [], []
    untied = 0
    for one, nearest in zip(found, near, strict=True):
        row = of_uid.get(one.target, -1)
        if row < 0 and _NUMBER.fullmatch(one.key_point) and int(one.key_point) < len(places):
            row = int(one.key_point)
        row = int(nearest) if row < 0 else row
        if row < 0:
            untied += 1
            continue
        rows.append(row)
        values.append(one.value if not one.failed else float("nan"))
        tied.append(one)
    if not rows:
        raise InputError(
            f"measurements at key points of this run in {source}",
            f"{len(found)} rows, none of a target or within {(reach or 0.0) * 1e9:.0f} nm of one",
            "give the table of this run, or a larger radius",
        )
    notes = [f"{untied} of {len(found)} rows are at no key point"] if untied else []
    notes += _failures(tied)
    unit = next((v.unit for v in found if v.unit), "") or _unit_in(name)
    seconds = _seconds([one.when for one in tied])
    return MeasuredValues(name, unit, np.array(rows), np.array(values), tuple(notes), seconds)


def _seconds(when: Sequence[datetime | None]) -> NDArray[np.float64] | None:
    """Times as seconds since the first of them; None where one is not known."""
    if not when or any(one is None for one in when):
        return None
    known = [one if one.tzinfo else one.replace(tzinfo=UTC) for one in when if one is not None]
    return np.array([(one - min(known)).total_seconds() for one in known])


def _time_of(row: Mapping[str, str]) -> datetime | None:
    try:
        return datetime.fromisoformat((row.get("acquired_at") or "").strip())
    except ValueError:
        return None


def _failures(found: Sequence[_Value]) -> tuple[str, ...]:
    """Say how many failed, and why."""
    why = [one.failed for one in found if one.failed]
    kinds = ", ".join(f"{why.count(w)} x {w}" for w in dict.fromkeys(why))
    return (f"{len(why)} of {len(found)} failed: {kinds}",) if why else ()


def _unit_in(name: str) -> str:
    """Unit at the end of a name, as in ``imprint_v``."""
    ending = name.rpartition("_")[2] if "_" in name else ""
    return {"v": "V", "m": "m", "hz": "Hz", "deg": "deg", "s": "s", "a": "A"}.get(ending, "")


def _number(text: str | None) -> float:
    try:
        return float(text) if text else float("nan")
    except ValueError:
        return float("nan")
