"""The noise of the read-back, measured at arming: what a stop is confirmed by."""

from __future__ import annotations

import math
import threading

import pytest

from corescout.instruments import SessionError, plan_visits
from corescout.whole import read_journal
from foreign.conftest import IMAGE, target

NOISE_M = 6e-9


def entries(bench):
    return read_journal(bench.session._journal.path)


def approved(bench):
    (entry,) = [e for e in entries(bench) if e["what"] == "approved"]
    return entry


def approve(bench) -> None:
    plan = plan_visits(IMAGE, [target(0.5, 0.5)])
    assert not bench.session.preview(plan).errors
    bench.session.approve(plan.digest, by="test")


def test_a_stop_is_confirmed_within_the_noise_that_was_measured(benches):
    bench = benches(noise_m=NOISE_M)
    bench.begin(target(1.0, 1.0))
    assert NOISE_M / 2 < approved(bench)["readback_noise_m"] < 2 * NOISE_M
    bench.until(bench.moving)
    bench.stop()
    bench.until(lambda: "confirmed" in bench.states(), 5.0)


def test_what_the_profile_states_is_the_least(benches):
    bench = benches(noise_m=0.0, bridge={"readback_noise_m": 3e-9})
    approve(bench)
    assert approved(bench)["readback_noise_m"] == 3e-9


def test_a_tip_that_moves_is_not_armed(bench):
    """Its way would be taken for noise, and a stop confirmed while it goes on."""
    bench.controller.microscope.speed_m_s = 0.2e-6
    plan = plan_visits(IMAGE, [target(0.5, 0.5)])
    bench.session.preview(plan)
    bench.controller.microscope.move_to(1.5e-6, 0.0)  # by hand
    with pytest.raises(SessionError, match="the tip moves"):
        bench.session.approve(plan.digest, by="test")
    assert bench.session.state == "PREVIEW"
    bench.controller.microscope.stop_move()
    bench.session.approve(plan.digest, by="test")  # control was given back
    assert bench.session.state == "ARMED"


def test_a_position_that_scatters_beyond_the_tolerance_is_not_armed(benches):
    bench = benches(noise_m=40e-9)
    with pytest.raises(SessionError, match="readback_tolerance_m"):
        approve(bench)


def test_a_position_that_cannot_be_read_is_not_armed(bench):
    plan = plan_visits(IMAGE, [target(0.5, 0.5)])
    bench.session.preview(plan)
    nothing = [math.nan, math.nan]
    bench.controller.faults.add(command="FolMe.XYPosGet", skip=4, result=lambda _: nothing)
    with pytest.raises(SessionError, match="position"):
        bench.session.approve(plan.digest, by="test")


def test_while_a_scan_runs_nothing_is_measured(bench):
    with bench.controller.microscope.lock:
        bench.controller.microscope.scanner.start(0)
    assert bench.instrument.readback_noise() == 0.0
    asked = bench.controller.log.entries("FolMe.XYPosGet")
    assert not asked


def test_a_stop_in_the_measurement_holds(bench):
    plan = plan_visits(IMAGE, [target(0.5, 0.5)])
    bench.session.preview(plan)
    fault = bench.controller.faults.add(command="FolMe.XYPosGet", skip=5, delay_s=0.3)
    stops = threading.Timer(0.0, bench.stop)
    fault.before = lambda _: None if stops.ident else stops.start()
    with pytest.raises(SessionError, match="HOLD"):
        bench.session.approve(plan.digest, by="test")
    stops.join()
    assert bench.session.state == "HOLD"
    bench.until(lambda: any(e.get("state") == "HOLD" for e in entries(bench)))
