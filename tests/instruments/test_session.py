"""From a preview to a run on the twin: nothing without approval, nothing after a stop."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from corescout.data import StoppedError
from corescout.instruments import (
    DriftCheck,
    InstrumentError,
    Session,
    SessionError,
    last_state,
    plan_visits,
)
from corescout.instruments.loops import fit_loop
from corescout.whole import read_journal


def run_approved(session, plan):
    check = session.preview(plan)
    assert check.errors == ()
    session.approve(plan.digest, by="test")
    return list(session.run(plan))


def test_a_preview_sends_nothing_and_shows_the_very_messages(session, twin, plan):
    check = session.preview(plan)
    assert twin.log == []
    assert session.state == "PREVIEW"
    assert check.path_m > 0
    assert check.seconds > 1.5
    session.approve(plan.digest, by="test")
    list(session.run(plan))
    assert tuple(twin.log) == check.messages


def test_a_run_measures_every_target_and_returns_to_observe(session, plan, twin):
    events = run_approved(session, plan)
    curves = [e for e in events if e.what == "measured"]
    assert [e.target_uid for e in curves] == ["t0", "t1", "t2"]
    assert session.state == "OBSERVE"
    assert twin.status().bias_v == 0
    for event, target in zip(curves, plan.targets, strict=True):
        assert np.hypot(*np.subtract(event.measurement.xy_m, target.xy_m)) < 20e-9
        wanted = twin.loops[twin.true_type(event.measurement.xy_m)]
        assert fit_loop(event.measurement).coercive_v == pytest.approx(wanted.coercive_v, abs=0.2)


@pytest.mark.parametrize("stage", ["nothing previewed", "only previewed", "already run"])
def test_nothing_runs_without_an_approval_of_its_own(session, plan, twin, stage):
    if stage == "only previewed":
        session.preview(plan)
    if stage == "already run":
        run_approved(session, plan)
        assert {m.target_uid for m in session.given} >= {t.uid for t in plan.targets}
    sent = len(twin.log)
    with pytest.raises(SessionError):
        list(session.run(plan))
    assert len(twin.log) == sent
    assert session.given == ()  # what the run before gave is not counted again


def test_one_changed_bit_voids_the_approval(session, plan, shifted, twin):
    assert plan.digest != shifted.digest
    session.preview(plan)
    with pytest.raises(SessionError, match="another plan"):
        session.approve(shifted.digest, by="test")
    session.approve(plan.digest, by="test")
    with pytest.raises(SessionError, match="not the one"):
        list(session.run(shifted))
    assert twin.log == []


def test_an_approval_and_a_plan_expire(twin, limits, journal, plan):
    session = Session(twin, limits, journal, armed_s=0.05)
    session.preview(plan)
    session.approve(plan.digest, by="test")
    time.sleep(0.1)
    assert session.state == "PREVIEW"
    old = replace(plan, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert any("expired" in e for e in session.preview(old).errors)
    with pytest.raises(SessionError, match="cannot be armed"):
        session.approve(old.digest, by="test")


def test_a_withdrawn_approval_is_void(session, plan, twin, journal):
    session.preview(plan)
    session.approve(plan.digest, by="test")
    assert 0 < session.armed_for_s <= 120
    session.withdraw("a target was moved")
    assert session.state == "OBSERVE"
    assert session.armed_for_s == 0
    with pytest.raises(SessionError):
        list(session.run(plan))
    assert twin.log == []
    assert "a target was moved" in read_journal(journal.path)[-1]["why"]


def test_without_limits_nothing_is_armed(twin, journal, plan):
    session = Session(twin, None, journal)
    assert session.preview(plan).errors == ("no limits: nothing can be armed",)
    with pytest.raises(SessionError):
        session.approve(plan.digest, by="test")


def test_what_lies_outside_is_refused_and_not_clamped(session, plan, twin, limits):
    far = replace(plan.targets[1], xy_m=(limits.x_m[1] + 1e-9, 0.0))
    check = session.preview(replace(plan, targets=(plan.targets[0], far)))
    assert any("lies outside" in e for e in check.errors)
    assert twin.log == []


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1, 0.3])
def test_stop_from_another_thread_ends_motion_and_nothing_follows(
    wall_surface, limits, journal, plan, after_s
):
    from corescout.instruments.twin import DigitalTwin

    twin = DigitalTwin(wall_surface, speed=0.02)  # a run of minutes
    twin.connect()
    session = Session(twin, limits, journal)
    session.preview(plan)
    session.approve(plan.digest, by="test")
    events = []
    worker = threading.Thread(target=lambda: events.extend(session.run(plan)))
    worker.start()
    time.sleep(after_s)
    session.stop("test")
    sent, place = len(twin.log), twin.status().at_m
    worker.join(30)
    assert not worker.is_alive()
    assert session.state == "HOLD"
    time.sleep(0.2)
    assert len(twin.log) == sent
    assert twin.status().at_m == place
    assert twin.status().bias_v == 0
    with pytest.raises(SessionError):
        session.preview(plan)
    session.release(by="test")
    assert session.state == "OBSERVE"


def test_a_tip_that_is_elsewhere_holds_the_session(session, plan, twin):
    twin.position_error_m = 1e-6
    events = run_approved(session, plan)
    assert events[-1].what == "held"
    assert session.state == "HOLD"
    assert not any(m.kind == "spectrum" for m in twin.log)


@pytest.mark.parametrize("off_v", [0.05, float("nan")])
def test_a_bias_that_another_hand_has_set_holds_before_anything_moves(
    session, plan, twin, monkeypatch, off_v
):
    session.preview(plan)
    session.approve(plan.digest, by="test")
    status = twin.status
    monkeypatch.setattr(twin, "status", lambda: replace(status(), bias_v=status().bias_v + off_v))
    last = list(session.run(plan))[-1]
    assert "the bias reads" in last.reason
    assert session.state == "HOLD"
    assert not [m for m in twin.log if m.kind in ("move", "spectrum")]


def test_a_lost_connection_holds_and_is_raised(session, plan, twin):
    session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(event for event in run if event.what == "measured")
    twin.fault = "cable"
    with pytest.raises(InstrumentError, match="cable"):
        list(run)
    assert session.state == "HOLD"


def test_leaving_a_run_stops_it(session, plan, twin):
    session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(run)
    run.close()
    assert session.state == "HOLD"
    with pytest.raises(StoppedError):
        twin.send(twin.log[0])


def test_the_journal_tells_what_was_measured(session, plan, journal):
    run_approved(session, plan)
    entries = read_journal(journal.path)
    assert set(last_state(entries).begun) == {"t0", "t1", "t2"}
    states = [e["state"] for e in entries if e["what"] == "state"]
    assert states == ["PREVIEW", "ARMED", "RUNNING", "OBSERVE"]
    assert [e["digest"] for e in entries if e["what"] == "approved"] == [plan.digest]


def checked(plan, wall_surface, tolerance_m):
    """A plan that looks at the drift after every target."""
    frame = wall_surface.scan.frame
    check = DriftCheck(1, frame.center_m, 0.6 * min(frame.size_m))
    return replace(plan, drift_check=check, tolerance_m=tolerance_m)


def test_drift_is_checked_during_a_run(session, plan, wall_surface):
    looked = checked(plan, wall_surface, 30e-9)
    session.preview(looked)
    session.approve(looked.digest, by="test")
    events = list(session.run(looked, wall_surface.scan))
    assert [e.what for e in events].count("drift") == len(plan.targets)
    assert events[-1].what == "done"


def test_drift_beyond_the_tolerance_holds(limits, journal, plan, wall_surface):
    from corescout.instruments.twin import DigitalTwin

    twin = DigitalTwin(wall_surface, speed=400.0, drift_m_per_s=(1e-9, 0.0))
    twin.connect()
    session = Session(twin, limits, journal)
    looked = checked(plan, wall_surface, 30e-9)
    session.preview(looked)
    session.approve(looked.digest, by="test")
    events = list(session.run(looked, wall_surface.scan))
    assert events[-1].what == "held"
    assert "drifted" in events[-1].reason
    assert sum(m.kind == "spectrum" for m in twin.log) < len(plan.targets)


def test_a_plan_that_checks_drift_needs_its_scan(session, plan, wall_surface, twin):
    looked = checked(plan, wall_surface, 30e-9)
    session.preview(looked)
    session.approve(looked.digest, by="test")
    with pytest.raises(SessionError, match="give the scan"):
        list(session.run(looked))
    assert twin.log == []


def test_a_shifted_plan_is_another_plan(plan, wall_surface):
    shifted = plan_visits(wall_surface.scan, plan.targets, drift_m=(5e-9, 0.0))
    assert shifted.digest != plan.digest
    for before, after in zip(plan.targets, shifted.targets, strict=True):
        assert np.subtract(after.xy_m, before.xy_m) == pytest.approx((5e-9, 0.0), abs=1e-15)


def test_nothing_is_measured_twice_without_asking(session, plan, twin):
    run_approved(session, plan)
    errors = session.preview(plan).errors
    assert any("measured before: t0, t1, t2" in e for e in errors)
    assert session.preview(plan, measure_again=True).errors == ()
    session.approve(plan.digest, by="test")
    assert list(session.run(plan))[-1].what == "done"


def test_a_session_takes_up_the_journal_of_one_that_died(twin, limits, journal, plan):
    first = Session(twin, limits, journal)
    first.preview(plan)
    first.approve(plan.digest, by="test")
    run = first.run(plan)
    next(e for e in run if e.what == "measured")  # the process dies here: nothing more is noted
    second = Session(twin, limits, journal)
    assert second.state == "HOLD"
    second.release(by="test")
    assert any("measured before: t0;" in e for e in second.preview(plan).errors)
    second.close()
    run.close()


@pytest.mark.parametrize("fault", ["crash flag", "cable"])
def test_a_fault_holds_the_session(session, plan, twin, fault):
    session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(run)
    twin.fault = fault
    if fault == "crash flag":
        assert "crash flag" in list(run)[-1].reason
    else:
        with pytest.raises(InstrumentError):
            list(run)
    assert session.state == "HOLD"
    assert not any(m.kind == "spectrum" for m in twin.log)


def test_a_stuck_scan_is_said(twin):
    twin.speed = 2000.0
    twin.fault = "stuck scan"
    with pytest.raises(InstrumentError, match="stuck at line"):
        list(twin.scans())


@pytest.mark.parametrize("fault", ["stuck scan", "crash flag", "cable"])
def test_a_fault_while_scanning_holds_and_stands_in_the_journal(session, twin, journal, fault):
    twin.speed = 2000.0
    scans = session.scans()
    assert next(scans).rows_done == 8
    twin.fault = fault
    with pytest.raises(InstrumentError):
        list(scans)
    assert session.state == "HOLD"
    last = read_journal(journal.path)[-1]
    assert last["state"] == "HOLD"
    assert {"stuck scan": "stuck at line", "crash flag": "crash flag"}.get(fault, fault) in (
        last["why"]
    )


def test_a_scan_that_is_stuck_in_a_run_holds(session, plan, twin, wall_surface):
    twin.speed = 2000.0
    looked = checked(plan, wall_surface, 30e-9)
    session.preview(looked)
    session.approve(looked.digest, by="test")
    run = session.run(looked, wall_surface.scan)
    next(run)
    twin.fault = "stuck scan"
    with pytest.raises(InstrumentError, match="stuck"):
        list(run)
    assert session.state == "HOLD"


def test_whole_scans_stand_in_the_journal_and_rows_come_eight_at_a_time(session, twin, journal):
    twin.speed = 4000.0
    scans = list(session.scans())
    height = scans[-1].shape_px[0]
    assert [s.rows_done for s in scans] == [*range(8, height, 8), None]
    assert len({s.uid for s in scans}) == 1
    noted = [e for e in read_journal(journal.path) if e["what"] == "scan"]
    assert [(e["uid"], e["sha256"]) for e in noted] == [(scans[-1].uid, scans[-1].content_sha256)]
    assert list(session.scans())[-1].uid != scans[-1].uid


def test_a_setpoint_outside_the_limits_arms_nothing_and_ends_a_run(twin, limits, journal, plan):
    session = Session(twin, replace(limits, setpoint=(0.5, 1.5)), journal)
    twin.setpoint = 2.0
    assert any("set-point 2" in e for e in session.preview(plan).errors)
    twin.setpoint = 1.0
    assert session.preview(plan).errors == ()
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(run)
    twin.setpoint = 2.0
    assert "set-point 2" in list(run)[-1].reason
    assert session.state == "HOLD"


def test_the_approved_plan_and_every_arrival_stand_in_the_journal(session, plan, journal):
    run_approved(session, plan)
    entries = read_journal(journal.path)
    (approved,) = [e for e in entries if e["what"] == "approved"]
    assert json.loads(plan.canonical()) == approved["plan"]
    arrived = [e for e in entries if e["what"] == "arrived"]
    assert [e["target_uid"] for e in arrived] == [t.uid for t in plan.targets]
    assert max(e["off_m"] for e in arrived) < 20e-9


def test_a_spectrum_writes_a_domain(session, plan, twin, wall_surface):
    run_approved(session, plan)
    (x, y) = twin.written_xy_m[0]
    frame = wall_surface.scan.frame
    row, column = np.rint(frame.to_px((x, y))).astype(int)
    image = twin._image(frame, "after")
    before, after = (s.channel("Phase")[row, column] for s in (wall_surface.scan, image))
    assert abs((after - before + 180) % 360 - 180) > 120


def test_a_journal_that_cannot_be_written_ends_a_run_in_a_hold(
    session, plan, twin, journal, full_disk
):
    check = session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(run)
    with full_disk(journal.path.stat().st_size), pytest.raises(OSError, match="large"):
        list(run)
    sent = len(twin.log)
    assert sent < len(check.messages)
    assert session.state == "HOLD"
    with full_disk(journal.path.stat().st_size):
        session.stop("STOP was pressed")  # reaches the instrument all the same
    session.release(by="test")
    assert session.state == "OBSERVE"
