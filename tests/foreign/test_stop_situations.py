"""STOP in each of the situations in which a stop has failed, by the controller's own record."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from corescout.data import StoppedError
from corescout.data.errors import CorescoutError
from corescout.instruments import Message
from foreign.conftest import MOTIONS, target

REST_S = 0.5
STOPS = ("Pattern.ExpStop", "FolMe.Stop", "Scan.Action", "BiasSpectr.Stop", "Bias.Set")


def far(bench):
    """A move that takes 1.4 s at least, then a spectrum."""
    bench.begin(target(1.0, 1.0), target(-0.5, 0.3))
    bench.until(bench.moving)
    time.sleep(0.1)


def nothing_began(bench, since: float) -> None:
    began = bench.controller.log.acted(*MOTIONS, since_t=since)
    assert not [entry.command for entry in began]


def test_in_a_move(bench):
    far(bench)
    returned_s, asked = bench.stop()
    assert returned_s <= REST_S + 0.2  # slack for a loaded machine
    assert bench.rested_after(asked) <= REST_S
    assert "confirmed" in bench.states()
    nothing_began(bench, asked)
    assert bench.session.state == "HOLD"
    assert "done" not in bench.ended()


def test_in_a_spectrum(benches):
    bench = benches(integration_s=0.05)
    bench.begin(target(0.05, 0.0))
    bench.until(lambda: bench.controller.microscope.snapshot()["spectrum"])
    time.sleep(0.2)
    _, asked = bench.stop()
    assert bench.rested_after(asked) <= REST_S
    assert bench.controller.microscope.bias_v() == 0.0
    assert "confirmed" in bench.states()


def test_in_the_frame_of_a_plan(benches):
    bench = benches(lines=64)
    bench.begin(target(0.5, 0.5, "zoom", size_m=0.4e-6))
    bench.until(lambda: bench.controller.microscope.scanner.running)
    time.sleep(0.2)
    _, asked = bench.stop()
    assert bench.rested_after(asked) <= REST_S
    assert not bench.controller.microscope.scanner.running


def test_in_a_cloud(benches):
    bench = benches(bridge={"cloud": True}, integration_s=0.03)
    bench.begin(target(0.1, 0.0), target(0.5, 0.5), target(-0.5, 0.5))
    bench.until(lambda: bench.controller.log.acted("Pattern.ExpStart"))
    time.sleep(0.4)
    _, asked = bench.stop()
    assert bench.rested_after(asked) <= REST_S
    assert bench.controller.microscope.bias_v() == 0.0
    nothing_began(bench, asked)


def test_between_opening_and_starting_a_pattern(benches):
    bench = benches(bridge={"cloud": True})
    bench.controller.faults.add(command="Pattern.ExpOpen", delay_s=0.6)
    bench.begin(target(0.1, 0.0), target(0.5, 0.5))
    bench.until(lambda: bench.controller.log.acted("Pattern.ExpOpen"))
    _, asked = bench.stop()
    assert bench.rested_after(asked, 1.5) == 0
    nothing_began(bench, asked)


def test_a_lost_scan_connection_touches_neither_motion_nor_stop(benches):
    """As the receiver does: it connects again while a plan is in a long move."""
    bench = benches(limits={"largest_speed_m_per_s": 0.5e-6})
    scans = threading.Thread(target=_until_it_ends, args=(bench.instrument.scans(),), daemon=True)
    scans.start()
    bench.begin(target(1.0, 0.0))
    bench.until(bench.moving)
    watching = [e.port for e in bench.controller.log.entries("Scan.WaitEndOfScan")]
    port = watching[-1] if watching else 2
    bench.controller.kill_port(port, "closed")
    bench.controller.kill_port(port, "alive")
    time.sleep(0.2)
    with suppress(CorescoutError):
        bench.instrument.connect()
    assert bench.moving()
    assert bench.session.state == "RUNNING"
    _, asked = bench.stop()
    assert bench.rested_after(asked) <= REST_S
    assert "confirmed" in bench.states()


def _until_it_ends(scans) -> None:
    with suppress(CorescoutError):
        for _ in scans:
            pass


def test_connecting_again_does_not_end_a_stop(bench):
    far(bench)
    _, asked = bench.stop()
    bench.ended()
    bench.instrument.connect()
    assert bench.session.state == "HOLD"
    assert bench.rested_after(asked) <= REST_S
    nothing_began(bench, asked)


def test_a_release_needs_an_answer_and_not_an_open_connection_alone(bench):
    """All that the stop sent was answered; then the controller falls silent."""
    far(bench)
    bench.stop()
    bench.until(lambda: "confirmed" in bench.states(), 5.0)
    bench.ended()
    for port in range(4):
        bench.controller.kill_port(port, "deaf")
    with pytest.raises(CorescoutError):
        bench.session.release(by="test")
    assert bench.session.state == "HOLD"
    with pytest.raises(StoppedError):
        bench.instrument.send(Message("move", {"x_m": 0.0, "y_m": 0.0}, "t"))


@pytest.mark.parametrize("kind", ["closed", "deaf"])
def test_after_a_release_that_failed_nothing_is_claimed(benches, kind):
    """The network is gone in a long move; the release fails; then STOP."""
    bench = benches(bridge={"timeout_s": 1.0}, limits={"largest_speed_m_per_s": 0.2e-6})
    far(bench)
    for port in range(4):
        bench.controller.kill_port(port, kind)
    bench.stop()
    with suppress(CorescoutError):
        bench.session.release(by="test")
    bench.reports.clear()
    began_s = time.monotonic()
    returned_s, _ = bench.stop()
    assert returned_s <= REST_S + 0.3
    bench.until(lambda: "not confirmed" in bench.states(), 3.0)
    assert bench.reports[-1][0] - began_s <= 1.5
    assert "confirmed" not in bench.states()
    assert bench.session.state == "HOLD"
    assert bench.moving(), "the situation is none: the tip rests"


@pytest.mark.parametrize("kind", ["deaf", "closed", "lost", "late"])
def test_where_nothing_answers_it_is_told_within_a_second(bench, kind):
    far(bench)
    for port in range(4):
        bench.controller.kill_port(port, kind)
    began_s = time.monotonic()
    returned_s, _ = bench.stop()
    assert returned_s <= REST_S + 0.2
    bench.until(lambda: "not confirmed" in bench.states(), 2.0)
    first = next(when for when, report in bench.reports if report.state == "not confirmed")
    assert first - began_s <= 1.2
    assert "NOT CONFIRMED" in str(bench.reports[-1][1])


@pytest.mark.parametrize("fault", [{"delay_s": 6.0}, {"lose_answer": True}], ids=["late", "never"])
def test_a_question_that_is_not_answered_keeps_no_stop(benches, fault):
    """The position is asked for and comes late or never; the stop goes its own way."""
    bench = benches(bridge={"timeout_s": 3.0})
    far(bench)
    bench.controller.faults.add(command="FolMe.XYPosGet", times=1, **fault)
    asking = threading.Thread(target=lambda: _quietly(bench.instrument.status), daemon=True)
    asking.start()
    time.sleep(0.1)
    returned_s, asked = bench.stop()
    assert returned_s <= REST_S + 0.2
    assert bench.rested_after(asked) <= REST_S
    acted = {entry.command for entry in bench.controller.log.acted(*STOPS, since_t=asked)}
    assert acted == set(STOPS)


def _quietly(do) -> None:
    with suppress(CorescoutError):
        do()


@pytest.mark.parametrize("command", STOPS)
@pytest.mark.parametrize("fault", [{"delay_s": 1.2}, {"lose_answer": True}, {"swallow": True}])
def test_one_answer_that_is_late_or_lost_drops_nothing_of_a_stop(benches, command, fault):
    bench = benches(integration_s=0.05, bias_v=0.0)
    bench.begin(target(0.05, 0.0))
    bench.until(lambda: bench.controller.microscope.snapshot()["spectrum"])
    bench.controller.faults.add(command=command, times=1, **fault)
    returned_s, asked = bench.stop()
    assert returned_s <= REST_S + 0.2
    bench.rested_after(asked, 1.5)
    acted = bench.controller.log.acted(*STOPS, since_t=asked)
    assert {entry.command for entry in acted} == set(STOPS)
    first = {command: min(e.acted_t for e in acted if e.command == command) for command in STOPS}
    assert max(first.values()) - asked <= 1.0
    assert bench.controller.microscope.bias_v() == 0.0


@pytest.mark.parametrize("port", range(4))
@pytest.mark.parametrize("kind", ["deaf", "lost", "late", "closed"])
def test_one_dead_connection_keeps_no_stop(bench, port, kind):
    far(bench)
    bench.controller.kill_port(port, kind)
    returned_s, asked = bench.stop()
    assert returned_s <= REST_S + 0.2
    assert bench.rested_after(asked) <= REST_S
    assert "confirmed" in bench.states()


@pytest.mark.parametrize("wait_s", [0.0, 0.02, 0.05, 0.08, 0.11])
def test_no_move_is_sent_after_a_stop(benches, wait_s):
    """The moment between the last question before a move and the move itself."""
    bench = benches(latency_s=(0.04, 0.1))
    bench.begin(target(1.0, 1.0))
    bench.until(lambda: bench.controller.log.entries("FolMe.SpeedSet"))
    time.sleep(wait_s)
    _, asked = bench.stop()
    assert bench.rested_after(asked) <= REST_S
    sent = bench.controller.log.entries("FolMe.XYPosSet", since_t=asked + 0.05)
    assert not sent


def test_a_motion_that_was_on_its_way_is_stopped_again(bench):
    """The move takes effect 0.8 s after it was sent: after the stop, which stops it again."""
    bench.controller.faults.add(command="FolMe.XYPosSet", delay_before_s=0.8, times=1)
    bench.begin(target(1.9, 1.9))
    bench.until(lambda: bench.controller.log.entries("FolMe.XYPosSet"))
    time.sleep(0.1)
    _, asked = bench.stop()
    moved_until = bench.rested_after(asked, 2.0)
    assert moved_until <= 0.7 + REST_S  # it began 0.7 s after the stop
    wrong = [w for w, r in bench.reports if r.state == "confirmed"]
    assert bench.controller.microscope.at_rest()
    assert bench.session.state == "HOLD"
    assert not wrong or bench.states()[-1] in ("confirmed", "not confirmed")


def test_a_spectrum_that_ends_with_its_starting_bias_is_taken_to_zero(benches):
    bench = benches(integration_s=0.05, restores_start_bias=True, stop_takes_s=0.4)
    bench.begin(target(0.05, 0.0))
    bench.until(lambda: bench.controller.microscope.snapshot()["spectrum"])
    spectrum = bench.controller.microscope.spectroscopy.spectra[-1]
    spectrum.start_bias_v = 3.0  # as set at the controller in the moment before it began
    _, asked = bench.stop()
    time.sleep(1.5)
    assert bench.controller.microscope.bias_v() == 0.0
    last = max(t for t, (v,) in bench.controller.microscope.bias.corners(asked) if v == 3.0)
    first = next(when for when, report in bench.reports if report.state == "confirmed")
    assert bench.controller.clock.of_wall(first) > last


@pytest.mark.parametrize("emergency", ["halt", "halt_and_zero_bias"])
def test_a_stop_touches_neither_feedback_nor_set_point(benches, emergency):
    bench = benches(limits={"emergency": emergency}, feedback=True, setpoint=0.7)
    far(bench)
    _, asked = bench.stop()
    bench.rested_after(asked)
    microscope = bench.controller.microscope
    assert (microscope.feedback, microscope.withdrawn, microscope.setpoint) == (True, False, 0.7)
    sent = {entry.command for entry in bench.controller.log.entries(since_t=asked)}
    assert not [name for name in sent if name.startswith("ZCtrl.") and not name.endswith("Get")]
    assert ("Bias.Set" in sent) == (emergency == "halt_and_zero_bias")


def test_a_second_unread_request_may_be_queued_too(benches):
    bench = benches(second_request="queue")
    far(bench)
    _, asked = bench.stop()
    assert bench.rested_after(asked) <= REST_S
    assert "confirmed" in bench.states()


def test_a_controller_that_refuses_parts_of_a_stop_is_believed(bench):
    """A controller without the pattern module answers with an error: no reason not to confirm."""
    for name in ("Pattern.ExpStop", "Pattern.ExpStatusGet"):
        bench.controller.faults.add(command=name, error="the module is not licensed")
    far(bench)
    _, asked = bench.stop()
    assert bench.rested_after(asked) <= REST_S
    assert "confirmed" in bench.states()


def test_a_stop_that_does_nothing_is_not_confirmed(benches):
    """The controller answers all of it and moves on."""
    bench = benches(limits={"largest_speed_m_per_s": 0.2e-6})
    far(bench)
    bench.controller.faults.add(command="FolMe.Stop", ignore=True)
    bench.stop()
    time.sleep(3.0)
    assert bench.moving(), "the situation is none: the tip rests"
    assert "confirmed" not in bench.states()
    assert "not confirmed" in bench.states()


def test_a_bias_that_stays_is_not_confirmed(benches):
    bench = benches(integration_s=0.05)
    bench.begin(target(0.05, 0.0))
    bench.until(lambda: bench.controller.microscope.snapshot()["spectrum"])
    bench.controller.faults.add(command="Bias.Set", ignore=True)
    bench.controller.microscope.spectroscopy.spectra[-1].start_bias_v = 2.0
    bench.stop()
    time.sleep(3.0)
    assert bench.controller.microscope.bias_v() == 2.0
    assert "confirmed" not in bench.states()


@pytest.mark.parametrize("result", [float("nan"), float("inf")])
def test_a_bias_that_is_no_number_is_not_confirmed(bench, result):
    far(bench)
    bench.controller.faults.add(command="Bias.Get", result=lambda _: [result])
    bench.stop()
    bench.until(lambda: "not confirmed" in bench.states(), 4.0)
    assert "confirmed" not in bench.states()


@pytest.mark.parametrize("result", [float("nan"), float("inf")])
def test_a_position_that_is_no_number_is_not_confirmed(bench, result):
    far(bench)
    bench.controller.faults.add(command="FolMe.XYPosGet", result=lambda _: [result, result])
    bench.stop()
    time.sleep(2.5)
    assert "confirmed" not in bench.states()


@pytest.mark.parametrize("busy", [False, True])
def test_what_ends_the_motion_goes_first_where_perhaps_one_command_is_taken(benches, busy):
    """The own connection is deaf; a connection that answers somebody else drops all of the stop."""
    bench = benches(latency_s=(0.02, 0.02))
    far(bench)
    bench.controller.kill_port(3, "deaf")
    if busy:
        bench.controller.faults.add(command="Bias.Get", port=1, times=1, delay_s=0.3)
        asking = threading.Thread(target=lambda: _quietly(bench.instrument.status), daemon=True)
        asking.start()
        bench.until(lambda: bench.controller.log.acted("Bias.Get"))
    _, asked = bench.stop()
    bench.rested_after(asked)
    acted = [e for e in bench.controller.log.acted(*STOPS, since_t=asked) if e.port in (1, 2)]
    firsts = {
        port: next(e.command for e in acted if e.port == port) for port in {e.port for e in acted}
    }
    assert firsts[2] == "FolMe.Stop"
    assert busy or firsts[1] == "FolMe.Stop"
