"""The one road from targets to a plan of visits: order, action, looks at the drift."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from corescout.data import InputError, Result, Scan, Target
from corescout.data.target import Action
from corescout.instruments.first_look import FirstLook
from corescout.instruments.limits import Limits
from corescout.instruments.look_place import place_to_look
from corescout.instruments.protocol import Instrument
from corescout.instruments.visit_plan import TOLERANCE_M, DriftCheck, VisitPlan, plan_visits
from corescout.targets import in_order

CHECK_EVERY = 8  # targets between two looks at the drift
CHECK_SHARE = 0.6  # of the scan's smaller side: the frame of that look
FIRST_LOOK_S = 60.0  # that the look before the first target takes at most
WRITTEN_PX = 32  # of the scan: the side of the frames that show what was written
FIRST_LOOK_PX = 64  # of the scan: a smaller frame cannot be told from another place


def visits(
    result: Result,
    targets: Sequence[Target],
    action: Action,
    settings: Mapping[str, float] | None = None,
    *,
    start_m: tuple[float, float] | None = None,
    check_every: int = CHECK_EVERY,
    look: FirstLook | None = None,
    tolerance_m: float = TOLERANCE_M,
    look_at_written: bool = False,
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
    look : FirstLook, optional
        Whether to look before the first target too, if this is the sample of the scan at all, with
        a frame that takes at most a minute; and for how long the plan holds.
    tolerance_m : float
        Largest drift that the plan tolerates.
    look_at_written : bool
        Scan a frame of 32 px of the scan around each target before its spectrum and after it.

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
    look = look or FirstLook()
    check = _drift_check(result.scan, wanted, check_every, look.speed_m_per_s)
    return plan_visits(
        result.scan,
        in_order(wanted, frame.center_m if start_m is None else start_m),
        tolerance_m=tolerance_m,
        lifetime=look.lifetime,
        drift_check=check,
        written_size_m=WRITTEN_PX * max(frame.pitch_m) if look_at_written else 0.0,
    )


def can_check_drift(instrument: Instrument) -> bool:
    """Whether a frame can be scanned on the way; a plan that goes as a whole has no way."""
    known = instrument.capabilities
    return "zoom" in known.actions and not known.whole_plans


def look_speed(instrument: Instrument, limits: Limits | None) -> float | None:
    """Speed of the frame before the first target, in m/s; None where there can be none."""
    if limits is None or not can_check_drift(instrument):
        return None
    return limits.scan_speed_m_per_s


def _drift_check(
    scan: Scan, targets: Sequence[Target], every: int, first_m_per_s: float | None
) -> DriftCheck | None:
    """The square in the middle of the scan, which registrations compare; a smaller one first."""
    if scan.frame is None or not (every or first_m_per_s):
        return None
    whole_m = min(scan.frame.size_m)
    check = DriftCheck(every or 1, scan.frame.center_m, CHECK_SHARE * whole_m)
    if not first_m_per_s:
        return check
    pitch_m = min(scan.frame.pitch_m)
    size_m = math.sqrt(FIRST_LOOK_S * pitch_m * first_m_per_s / 2)
    size_m = max(size_m, FIRST_LOOK_PX * pitch_m)
    center_m, size_m = place_to_look(scan, targets, size_m, CHECK_SHARE * whole_m)
    return replace(check, every=every, first_center_m=center_m, first_size_m=size_m)
