"""From a scan that was understood to a plan: targets, their order, and whether it still holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from corescout.data import InputError, Result, Target
from corescout.data.target import Action
from corescout.instruments import DriftCheck, VisitPlan, plan_visits
from corescout.live.drift import Drift, shifted
from corescout.plan import Plan
from corescout.targets import route, targets_of

CHECK_EVERY = 8  # targets between two looks at the drift
CHECK_SHARE = 0.6  # of the scan's smaller side: the frame of that look


@dataclass
class Measured:
    """Places that were measured in this session.

    Attributes
    ----------
    xy_m : list of (x, y)
        Where they are on the sample: they follow the drift.
    sent_m : list of (x, y)
        Where the tip was sent: the session does not send it there twice.
    """

    xy_m: list[tuple[float, float]] = field(default_factory=list)
    sent_m: list[tuple[float, float]] = field(default_factory=list)

    def add(self, xy_m: tuple[float, float]) -> None:
        """Note one."""
        self.xy_m.append(xy_m)
        self.sent_m.append(xy_m)

    def follow(self, drift_m: tuple[float, float]) -> None:
        """Move with the sample."""
        self.xy_m = [(x + drift_m[0], y + drift_m[1]) for x, y in self.xy_m]


def choose(result: Result, measured: Measured) -> tuple[Target, ...]:
    """Choose targets of a result, away from what was measured before."""
    plan = Plan.model_validate(result.plan)
    return targets_of(result, plan.targets, [*measured.xy_m, *measured.sent_m])


def plan_of(
    result: Result,
    targets: Sequence[Target],
    at_m: tuple[float, float] | None,
    action: Action,
    settings: dict[str, float],
    *,
    drift_check: bool,
) -> VisitPlan:
    """Make a plan of targets in the order of their way.

    Raises
    ------
    InputError
        If there is no target or the scan has no scale.
    """
    if result.scan.frame is None or not targets:
        raise InputError("targets on a scan with a scale", f"{len(targets)} targets", "scan again")
    places = np.array([t.xy_m for t in targets])
    ordered = [
        replace(targets[i], action=action, settings={**targets[i].settings, **settings})
        for i in route(places, at_m or result.scan.frame.center_m)
    ]
    size = CHECK_SHARE * min(result.scan.frame.size_m)
    check = DriftCheck(CHECK_EVERY, result.scan.frame.center_m, size) if drift_check else None
    return plan_visits(result.scan, ordered, drift_check=check)


def with_drift(plan: VisitPlan, drift: Drift) -> VisitPlan:
    """Return the plan where the sample is now: another plan, to be previewed and approved anew."""
    (dx, dy), (x, y) = drift.drift_m, plan.frame.center_m
    check = plan.drift_check
    if check is not None:
        check = replace(check, center_m=(check.center_m[0] + dx, check.center_m[1] + dy))
    return replace(
        plan,
        frame=replace(plan.frame, center_m=(x + dx, y + dy)),
        targets=shifted(plan.targets, drift.drift_m),
        drift_check=check,
    )


def doubt(plan: VisitPlan, drift: Drift | None) -> str | None:
    """Say why a plan does not hold any more after a newer scan; None if it does."""
    if drift is None:
        return "a newer scan shows another place"
    if drift.refused is not None:
        return f"drift cannot be told: {drift.refused}"
    if math.hypot(*drift.drift_m) > plan.tolerance_m:
        return (
            f"the sample drifted by {drift.length_m * 1e9:.0f} nm, the plan bears"
            f" {plan.tolerance_m * 1e9:.0f} nm"
        )
    return None
