"""Whether a plan is made of numbers and times: asked before it is compared with limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from corescout.instruments.visit_plan import VisitPlan

_LARGEST = 1e300  # beyond it arithmetic ends


def malformed(plan: VisitPlan) -> tuple[str, ...]:
    """Return what of a plan is no finite number, or no time with a zone, in words."""
    found = [
        f"{what}: expected a finite number, found {_shown(value)}"
        for what, value in _numbers(plan)
        if not _is_number(value)
    ]
    if not isinstance(plan.expires_at, datetime) or plan.expires_at.tzinfo is None:
        found.append(
            f"the end of the plan: expected a time with its zone, found {_shown(plan.expires_at)}"
        )
    return tuple(found)


def _numbers(plan: VisitPlan) -> Iterator[tuple[str, object]]:
    yield "tolerance", plan.tolerance_m
    yield from (("centre of the frame", v) for v in plan.frame.center_m)
    yield "angle of the frame", plan.frame.angle_rad
    if plan.drift_check is not None:
        yield from (("centre of the drift check", v) for v in plan.drift_check.center_m)
        yield "size of the drift check", plan.drift_check.size_m
    for target in plan.targets:
        name = f"target {target.uid}"
        place = target.xy_m
        if not isinstance(place, tuple | list) or len(place) != 2:
            yield f"{name}, place", place
        else:
            yield from ((f"{name}, place", v) for v in place)
        yield from ((f"{name}, {key}", v) for key, v in target.settings.items())


def _is_number(value: object) -> bool:
    """Whether it is a plain number, no truth value; NaN, infinity and 10^400 are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value)) and abs(float(value)) < _LARGEST
    except OverflowError:
        return False


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}... ({len(text)} characters)"
