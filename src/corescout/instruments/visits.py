"""The one road from targets to a plan of visits: order, action, looks at the drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from corescout.data import InputError, Result, Scan, Target
from corescout.data.target import Action
from corescout.instruments.protocol import Instrument
from corescout.instruments.visit_plan import (
    LIFETIME,
    TOLERANCE_M,
    DriftCheck,
    VisitPlan,
    plan_visits,
)
from corescout.targets import in_order

CHECK_EVERY = 8  # targets between two looks at the drift
CHECK_SHARE = 0.6  # of the scan's smaller side: the frame of that look


def visits(
    result: Result,
    targets: Sequence[Target],
    action: Action,
    settings: Mapping[str, float] | None = None,
    *,
    start_m: tuple[float, float] | None = None,
    check_every: int = CHECK_EVERY,
    check_first: bool = False,
    tolerance_m: float = TOLERANCE_M,
    lifetime: timedelta = LIFETIME,
) -> VisitPlan:
    """Return the plan of targets in the order of their way: window, loop and scripts ask here.

    Parameters
    ----------
    targets : sequence of Target
        Chosen on the result's scan.
    action : {"mark", "spectrum", "zoom"}
        Done at each.
    settings : mapping of str to float, optional
        Of the action; a target that asks for the same action keeps what is not named here.
    start_m : (x, y), optional
        Where the way begins: the tip; the centre of the scan if not known.
    check_every : int
        Targets between two looks at the drift; 0 for none.
    check_first : bool
        Look before the first target too: whether this is the sample of the scan at all.
    tolerance_m : float
        Largest drift that the plan tolerates.

    Raises
    ------
    InputError
        If there is no target, the scan has no scale, or a value is not finite.
    """
    frame = result.scan.frame
    if frame is None:
        raise InputError(
            "targets in metres", "a scan without a scale", "give its pixel size before exploring"
        )
    wanted = [t.with_action(action, settings or {}) for t in targets]
    check = _drift_check(result.scan, check_every, first=check_first)
    return plan_visits(
        result.scan,
        in_order(wanted, frame.center_m if start_m is None else start_m),
        tolerance_m=tolerance_m,
        lifetime=lifetime,
        drift_check=check,
    )


def can_check_drift(instrument: Instrument) -> bool:
    """Whether a frame can be scanned on the way; a plan that goes as a whole has no way."""
    known = instrument.capabilities
    return "zoom" in known.actions and not known.whole_plans


def _drift_check(scan: Scan, every: int, *, first: bool) -> DriftCheck | None:
    """The square in the middle of the scan, which registrations compare."""
    if scan.frame is None or not (every or first):
        return None
    size_m = CHECK_SHARE * min(scan.frame.size_m)
    return DriftCheck(every, scan.frame.center_m, size_m, first=first)
