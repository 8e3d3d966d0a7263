"""A suggestion: the next targets with their reasons, and how things stand, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result, Target
from corescout.data.counted import counted
from corescout.data.short_repr import short_repr
from corescout.steering.choosing import Choice, choose
from corescout.steering.drift import property_drift
from corescout.steering.earlier import EarlierPoint
from corescout.steering.field import field_of
from corescout.steering.measured import MeasuredValues
from corescout.steering.property import Prediction

_FRAME = {"map": "the map", "types": "the means of the types", "extremes": "the extremes",
          "surprise": "where codes and descriptors disagree"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Suggestion:
    """Where to measure next, and why.

    Attributes
    ----------
    targets : tuple of Target
        In the order of their worth, each with its `reason`; empty where the goals are met.
    met : bool
    lines : tuple of str
        How things stand, a sentence each.
    prediction : Prediction or None
        None before there are enough loops.
    """

    targets: tuple[Target, ...]
    met: bool
    lines: tuple[str, ...]
    prediction: Prediction | None

    __repr__ = short_repr


def suggest(
    result: Result,
    measured: MeasuredValues,
    goals: Mapping[str, float] | None = None,
    count: int = 10,
    *,
    error: float | None = None,
    radius_m: float | None = None,
    written_radius_m: float | None = None,
    allowed: NDArray[np.bool_] | None = None,
    earlier: Sequence[EarlierPoint] = (),
    seed: int = 0,
    ask_whether: bool = True,
    reference_every: int = 0,
) -> Suggestion:
    """Suggest the next targets of a result, from what was measured on it.

    Parameters
    ----------
    measured : MeasuredValues
    goals : mapping of str to float, optional
        Weights of "map", "types", "extremes", "surprise"; the map if None.
    count : int
        Of the batch.
    error, reference_every
        See `choose`.
    radius_m, written_radius_m, allowed, earlier
        See `field_of`.
    ask_whether : bool
        Cross-validate, which says whether structure predicts the property at all; takes seconds.

    Raises
    ------
    InputError
        If a goal is unknown or the scan has no scale.
    """
    goals = goals or {"map": 1.0}
    field = field_of(
        result, allowed=allowed, radius_m=radius_m, written_radius_m=written_radius_m,
        earlier=earlier,
    )  # fmt: skip
    choice = choose(
        field, measured, goals, count, error=error, seed=seed, reference_every=reference_every
    )
    targets = tuple(
        _target(result, row, number, reason)
        for number, (row, reason) in enumerate(
            zip(choice.rows, choice.reasons, strict=True), start=1
        )
    )
    lines = _lines(measured, choice, goals, count, ask_whether=ask_whether)
    return Suggestion(targets, choice.met, lines, choice.prediction)


def _target(result: Result, row: int, number: int, reason: str) -> Target:
    y, x = (float(v) for v in np.asarray(result.patches.center_yx_px)[row])
    frame = result.scan.frame
    place = None if frame is None else tuple(float(v) for v in frame.to_m((y, x)))
    return Target(
        uid=f"{result.scan.uid}-y{y:.1f}-x{x:.1f}",
        scan_uid=result.scan.uid,
        yx_px=(y, x),
        xy_m=None if place is None else (place[0], place[1]),
        type=int(result.types.of_point[row]),
        number=number,
        reason=reason,
    )


def _lines(
    measured: MeasuredValues,
    choice: Choice,
    goals: Mapping[str, float],
    count: int,
    *,
    ask_whether: bool,
) -> tuple[str, ...]:
    known = int(np.count_nonzero(measured.known))
    lines = [
        f"{counted(known, 'value')} of {measured.name} at {counted(len(measured), 'place')}",
        *measured.notes,
    ]
    if choice.prediction is None:
        return (*lines, "too few to steer by: the next places are spread out")
    if ask_whether:
        lines.append(choice.prediction.words)
    lines.append(property_drift(choice.prediction).words(measured.name))
    unit = choice.prediction.unit
    lines.append(
        f"expected error over all key points {choice.map_error:.3g} {unit},"
        f" {choice.error:.3g} {unit} is asked for".replace(" ,", ",")
    )
    more = choice.loops_to_halve()
    if more is not None:
        lines.append(f"to halve it takes about {more} more loops")
    elif 2 * choice.scatter >= choice.map_error:
        lines.append(
            f"more loops cannot halve it: places of like structure scatter by"
            f" {choice.scatter:.3g} {unit}".rstrip()
        )
    else:
        lines.append("to halve it takes more than 500 loops")
    if choice.met:
        named = " and ".join(_FRAME[n] for n, w in goals.items() if w > 0)
        lines.append(f"the goal is met ({named}): nothing more is proposed")
    elif len(choice.rows) < count:
        lines.append(
            f"{len(choice.rows)} of {count} places: no more lie inside the limits and apart from"
            " what was measured"
        )
    return tuple(lines)
