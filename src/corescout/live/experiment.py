"""One experiment from the first scan to spectra at the targets, approved by a policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from corescout.data import InputError, Measurement, Result, Scan, Target
from corescout.instruments import (
    Check,
    DriftCheck,
    Instrument,
    Session,
    VisitPlan,
    plan_visits,
)
from corescout.instruments.loops import Loop, fit_loop
from corescout.instruments.visit_plan import CHECK_EVERY, CHECK_SHARE
from corescout.live.way import way_through
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.registration import register


@dataclass(frozen=True, eq=False)
class Experiment:
    """What came of it.

    Attributes
    ----------
    result : Result
    targets : tuple of Target
        In the order of their visits.
    measurements : mapping of str to Measurement
        By target.
    loops : mapping of str to Loop
        Fitted, by target.
    path_m : float
    drift_m : tuple of float
        (x, y) of the sample between the scan and the plan.
    approved_by : str
    """

    result: Result
    targets: tuple[Target, ...]
    measurements: Mapping[str, Measurement]
    loops: Mapping[str, Loop]
    path_m: float
    drift_m: tuple[float, float] = (0.0, 0.0)
    approved_by: str = ""

    def loops_of(self, kind: int) -> list[Loop]:
        """Loops of the targets of a type."""
        return [self.loops[t.uid] for t in self.targets if t.type == kind and t.uid in self.loops]


def run_experiment(
    instrument: Instrument,
    session: Session,
    plan: Plan,
    policy: str,
    say: Callable[[str], None],
) -> Experiment:
    """Scan, explore, visit the targets, fit their loops.

    Parameters
    ----------
    policy : str
        Who approves: stands in the journal.
    say : callable
        Told what happens.

    Raises
    ------
    InputError
        If the limits do not allow the plan, or the run was held.
    """
    scan = _last_scan(session, say)
    say("exploring")
    result = explore(scan, plan)
    say(result.why)
    drift_m = _drift_since(scan, session, policy)
    say(f"the sample drifted by {math.hypot(*drift_m) * 1e9:.1f} nm since the scan: targets follow")
    visits = plan_visits(
        scan,
        _in_order(result.targets, instrument),
        drift_m=drift_m,
        drift_check=DriftCheck(CHECK_EVERY, *_check_frame(scan)),
    )
    came, check = _run(session, visits, policy, scan)
    say(f"{len(visits.targets)} targets, {check.path_m * 1e6:.1f} um, {check.seconds:.0f} s")
    measurements = {uid: m for uid, m in came.items() if isinstance(m, Measurement)}
    loops = {uid: fit_loop(m) for uid, m in measurements.items()}
    return Experiment(result, visits.targets, measurements, loops, check.path_m, drift_m, policy)


def _drift_since(scan: Scan, session: Session, policy: str) -> tuple[float, float]:
    """Scan a part of the frame again and find how far the sample has moved."""
    center_m, size_m = _check_frame(scan)
    where = Target(
        f"{scan.uid}-registration", scan.uid, (0.0, 0.0), center_m, 0, 0, "zoom",
        {"size_m": size_m},
    )  # fmt: skip
    came, _ = _run(session, plan_visits(scan, [where]), policy, scan)
    again = came.get(where.uid)
    if not isinstance(again, Scan):
        raise InputError("a frame to register with", "none from the instrument", "scan again")
    found = register(scan, again)
    if found.refused is not None:
        raise InputError("a registration", found.refused, "scan again, or approve by hand")
    return found.drift_m


def _check_frame(scan: Scan) -> tuple[tuple[float, float], float]:
    """Centre and size of the square in the middle of a scan that registrations use."""
    if scan.frame is None:
        raise InputError("a scan with a scale", "none", "give its pixel size")
    return scan.frame.center_m, CHECK_SHARE * min(scan.frame.size_m)


def _run(
    session: Session, visits: VisitPlan, policy: str, scan: Scan
) -> tuple[dict[str, Measurement | Scan], Check]:
    """Preview, approve by the policy, and carry out; returns what came by target."""
    check = session.preview(visits)
    if check.errors:
        raise InputError("a plan within the limits", "; ".join(check.errors), "choose again")
    session.approve(visits.digest, by=policy)
    came: dict[str, Measurement | Scan] = {}
    for event in session.run(visits, scan):
        if event.what == "measured" and event.measurement and event.target_uid:
            came[event.target_uid] = event.measurement
        if event.what == "held":
            raise InputError("a run to its end", str(event.detail["reason"]), "see the journal")
    return came, check


def _last_scan(session: Session, say: Callable[[str], None]) -> Scan:
    scan, said = None, 0
    for scan in session.scans():
        height = scan.shape_px[0]
        rows = scan.rows_done if scan.rows_done is not None else height
        if 4 * rows // height > said:
            said = 4 * rows // height
            say(f"scanned {rows} of {height} lines")
    if scan is None:
        raise InputError("a scan", "none from the instrument", "start a scan")
    return scan


def _in_order(targets: tuple[Target, ...], instrument: Instrument) -> tuple[Target, ...]:
    return way_through(targets, instrument.status().at_m or (0.0, 0.0), "spectrum").targets
