"""One experiment from the first scan to spectra at the targets, approved by a policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from corescout.data import InputError, Measurement, Result, Scan, Target
from corescout.instruments import Event, Instrument, Session, plan_visits
from corescout.instruments.loops import Loop, fit_loop
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.targets import route


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
    """

    result: Result
    targets: tuple[Target, ...]
    measurements: Mapping[str, Measurement]
    loops: Mapping[str, Loop]
    path_m: float

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
    scan = _last_scan(instrument, say)
    say("exploring")
    result = explore(scan, plan)
    say(result.why)
    visits = plan_visits(scan, _in_order(result.targets, instrument))
    check = session.preview(visits)
    if check.errors:
        raise InputError("a plan within the limits", "; ".join(check.errors), "choose again")
    say(f"{len(visits.targets)} targets, {check.path_m * 1e6:.1f} um, {check.seconds:.0f} s")
    session.approve(visits.digest, by=policy)
    measurements: dict[str, Measurement] = {}
    for event in session.run(visits):
        _note(event, measurements)
        if event.what == "held":
            raise InputError("a run to its end", str(event.detail["reason"]), "see the journal")
    loops = {uid: fit_loop(m) for uid, m in measurements.items()}
    return Experiment(result, visits.targets, measurements, loops, check.path_m)


def _last_scan(instrument: Instrument, say: Callable[[str], None]) -> Scan:
    scan = None
    for scan in instrument.scans():
        rows = scan.rows_done if scan.rows_done is not None else scan.shape_px[0]
        say(f"scanned {rows} of {scan.shape_px[0]} lines")
    if scan is None:
        raise InputError("a scan", "none from the instrument", "start a scan")
    return scan


def _in_order(targets: tuple[Target, ...], instrument: Instrument) -> tuple[Target, ...]:
    places = np.array([t.xy_m for t in targets])
    start = instrument.status().at_m or (0.0, 0.0)
    return tuple(replace(targets[i], action="spectrum") for i in route(places, start))


def _note(event: Event, measurements: dict[str, Measurement]) -> None:
    if event.what == "measured" and event.measurement and event.target_uid:
        measurements[event.target_uid] = event.measurement
