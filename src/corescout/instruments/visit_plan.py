"""What is to be done: targets in order, where they come from, how long that holds, and a digest."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from corescout.data import InputError, Scan, ScanFrame, Target
from corescout.instruments.first_look import LIFETIME

TOLERANCE_M = 50e-9


@dataclass(frozen=True)
class DriftCheck:
    """A small frame that is scanned again during a run and compared with the plan's scan.

    Attributes
    ----------
    every : int
        After so many targets; 0: never.
    center_m : tuple of float
        (x, y) in the instrument's coordinates.
    size_m : float
        Of the square frame.
    first_center_m, first_size_m : tuple of float, float
        Of a frame that is scanned before the first target: whether the tip is on the sample of the
        scan at all. A size of 0: none.
    """

    every: int
    center_m: tuple[float, float]
    size_m: float
    first_center_m: tuple[float, float] = (0.0, 0.0)
    first_size_m: float = 0.0

    def __post_init__(self) -> None:
        if self.every < (0 if self.first_size_m > 0 else 1) or self.size_m <= 0:
            raise ValueError("DriftCheck: expected every >= 1, or a first frame, and sizes above 0")


@dataclass(frozen=True)
class VisitPlan:
    """Targets to visit in this order.

    Attributes
    ----------
    scan_uid : str
        The scan that the targets were chosen on.
    scan_sha256 : str
        Its content.
    frame : ScanFrame
        Its registration: where the plan takes the scan to lie. A shifted plan is another plan.
    targets : tuple of Target
        Each with its place in metres and its action.
    tolerance_m : float
        Largest drift that the plan tolerates; beyond it the session holds.
    expires_at : datetime
        UTC; after that nothing of it is sent.
    drift_check : DriftCheck or None
    written_size_m : float
        Side of the square frames around each target of a spectrum, before and after it, that show
        what was written; 0: none.
    """

    scan_uid: str
    scan_sha256: str
    frame: ScanFrame
    targets: tuple[Target, ...]
    tolerance_m: float
    expires_at: datetime
    drift_check: DriftCheck | None = None
    written_size_m: float = 0.0

    def canonical(self) -> bytes:
        """Return the plan as JSON that is the same for the same plan: sorted keys, exact floats."""
        values = asdict(self)
        values["expires_at"] = self.expires_at.astimezone(UTC).isoformat()
        if values["written_size_m"] == 0:  # as plans were written that knew no such frames
            del values["written_size_m"]
        return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form: what is approved."""
        return hashlib.sha256(self.canonical()).hexdigest()


def plan_problems(plan: VisitPlan) -> tuple[str, ...]:
    """Say what of a plan is no number, no time or no text where one must be; nothing if all is."""
    found = []
    if not isinstance(plan.expires_at, datetime) or plan.expires_at.tzinfo is None:
        found.append(f"expires_at: expected a time with its zone, found {plan.expires_at!r}")
    if not (is_number(plan.tolerance_m) and plan.tolerance_m >= 0):
        found.append(f"tolerance_m: expected metres, found {_short(plan.tolerance_m)}")
    if not plan.targets:
        found.append("expected at least one target, found none")
    if not (is_number(plan.written_size_m) and plan.written_size_m >= 0):
        found.append(f"written_size_m: expected metres, found {_short(plan.written_size_m)}")
    check = plan.drift_check
    if check is not None and not all(map(is_number, _numbers_of(check))):
        found.append(f"drift_check: expected numbers, found {_short(check)}")
    for target in plan.targets:
        values = {"x_m, y_m": target.xy_m, **dict(target.settings)}
        for name, value in values.items():
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(map(is_number, numbers)):
                found.append(
                    f"target {target.uid}: {name}: expected numbers, found {_short(value)}"
                )
    if not found:
        try:
            plan.canonical()
        except (ValueError, TypeError, OverflowError, RecursionError, AttributeError) as error:
            found.append(f"the plan cannot be written down: {_short(error)}")
    return tuple(found)


def _numbers_of(check: DriftCheck) -> tuple[object, ...]:
    first = (*check.first_center_m, check.first_size_m)
    return check.every, *check.center_m, check.size_m, *first


def is_number(value: object) -> bool:
    """Whether it is a finite number, and no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def _short(value: object) -> str:
    return repr(value)[:60]


def plan_visits(
    scan: Scan,
    targets: Sequence[Target],
    *,
    tolerance_m: float = TOLERANCE_M,
    now: datetime | None = None,
    lifetime: timedelta = LIFETIME,
    drift_check: DriftCheck | None = None,
    drift_m: tuple[float, float] = (0.0, 0.0),
    written_size_m: float = 0.0,
) -> VisitPlan:
    """Make a plan of targets that were chosen on a scan.

    Parameters
    ----------
    written_size_m : float
        See `VisitPlan`.
    drift_m : tuple of float
        (x, y) by which the sample has moved since the scan, from `corescout.registration`: the
        frame and every target are shifted by it. A shifted plan is another plan.

    Raises
    ------
    InputError
        If there is no target, or one has no place in metres or a value that is not finite.
    """
    if scan.frame is None or any(t.xy_m is None for t in targets):
        raise InputError(
            "targets in metres", "a scan without a scale", "give its pixel size before exploring"
        )
    values = [v for t in targets for v in (*(t.xy_m or ()), *t.settings.values())]
    wrong = [_short(value) for value in values if not is_number(value)]
    if wrong:
        raise InputError(
            "places and settings that are finite numbers", ", ".join(wrong), "choose again"
        )
    if not targets:
        raise InputError("at least one target", "none", "choose targets first")
    (dx, dy), (cx, cy) = drift_m, scan.frame.center_m
    return VisitPlan(
        scan_uid=scan.uid,
        scan_sha256=scan.content_sha256,
        frame=replace(scan.frame, center_m=(cx + dx, cy + dy)),
        targets=tuple(_shifted(t, dx, dy) for t in targets),
        tolerance_m=tolerance_m,
        expires_at=(now or datetime.now(UTC)) + lifetime,
        drift_check=drift_check,
        written_size_m=written_size_m,
    )


def _shifted(target: Target, dx_m: float, dy_m: float) -> Target:
    x, y = target.xy_m or (0.0, 0.0)
    return replace(target, xy_m=(x + dx_m, y + dy_m))
