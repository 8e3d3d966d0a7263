"""What is to be done: targets in order, where they come from, how long that holds, and a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from corescout.data import InputError, Scan, ScanFrame, Target

TOLERANCE_M = 50e-9
LIFETIME = timedelta(minutes=15)


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
        Drift that the plan bears; beyond it the session holds.
    expires_at : datetime
        UTC; after that nothing of it is sent.
    """

    scan_uid: str
    scan_sha256: str
    frame: ScanFrame
    targets: tuple[Target, ...]
    tolerance_m: float
    expires_at: datetime

    def canonical(self) -> bytes:
        """Return the plan as JSON that is the same for the same plan: sorted keys, exact floats."""
        values = asdict(self)
        values["expires_at"] = self.expires_at.astimezone(UTC).isoformat()
        return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form: what is approved."""
        return hashlib.sha256(self.canonical()).hexdigest()


def plan_visits(
    scan: Scan,
    targets: Sequence[Target],
    *,
    tolerance_m: float = TOLERANCE_M,
    now: datetime | None = None,
    lifetime: timedelta = LIFETIME,
) -> VisitPlan:
    """Make a plan of targets that were chosen on a scan.

    Raises
    ------
    InputError
        If there is no target, or one has no place in metres.
    """
    if scan.frame is None or any(t.xy_m is None for t in targets):
        raise InputError(
            "targets in metres", "a scan without a scale", "give its pixel size before exploring"
        )
    if not targets:
        raise InputError("at least one target", "none", "choose targets first")
    return VisitPlan(
        scan_uid=scan.uid,
        scan_sha256=scan.content_sha256,
        frame=scan.frame,
        targets=tuple(targets),
        tolerance_m=tolerance_m,
        expires_at=(now or datetime.now(UTC)) + lifetime,
    )
