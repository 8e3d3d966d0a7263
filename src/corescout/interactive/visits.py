"""A plan of visits from the targets of a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from corescout.data import InputError, Result, Target
from corescout.data.target import Action
from corescout.instruments import VisitPlan
from corescout.instruments.first_look import FirstLook
from corescout.instruments.visits import visits as plan_of_visits


def visits(
    result: Result,
    targets: Sequence[Target],
    action: Action,
    settings: Mapping[str, float] | None,
    hours: float,
    *,
    look_at_written: bool = False,
) -> VisitPlan:
    """Return the plan of targets in the order of their way from the scan's centre.

    Raises
    ------
    InputError
        If there is no target, the scan has no scale, or the time is none.
    """
    if not 0 < hours <= 24:
        raise InputError("a plan that holds for 0 to 24 hours", repr(hours), "choose fewer")
    if action == "zoom" and "size_m" not in (settings or {}):
        raise InputError("a size of the frames", "none", "give settings={'size_m': 200e-9}")
    return plan_of_visits(
        result,
        targets,
        action,
        settings,
        check_every=0,
        look=FirstLook(lifetime=timedelta(hours=hours)),
        look_at_written=look_at_written,
    )
