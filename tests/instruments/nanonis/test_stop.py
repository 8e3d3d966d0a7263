"""STOP over lines that are cut, silent or late: the tip rests, and what is said is so."""

import threading
import time
from dataclasses import replace

import pytest
from wires import Wire

from corescout.data import StoppedError, Target
from corescout.instruments import (
    InstrumentError,
    Journal,
    Message,
    Session,
    SessionError,
    plan_visits,
)
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

MOTION, STATUS, SCANS, STOP = range(4)
STOPS = {"Pattern.ExpStop", "FolMe.Stop", "Scan.Action", "BiasSpectr.Stop", "Bias.Set"}
SLACK_S = 0.25  # of a loaded machine


class Bench:
    """A twin behind its server behind four lines, a bridge, and a long move."""

    def __init__(self, folder):
        self.twin = DigitalTwin(generate_surface((64, 64), seed=1), speed=1.0, creep=0.0)
        self.server = NanonisServer(self.twin)
        self.server.start()
        self.wires = [Wire(port) for port in self.server.ports]
        self.bridge = NanonisInstrument(ports=[w.port for w in self.wires], timeout_s=5.0)
        self.bridge.connect()
        self.limits = replace(limits_of(self.twin), largest_step_m=1e-3)
        self.journal = Journal(folder / "journal.jsonl")
        self.reports, self.error = [], None
        self._worker = None

    def move(self):
        """Begin a move of some seconds on its own thread; return when the tip is on its way."""
        self.bridge.send(Message("speed", {"speed_m_per_s": 1e-7}))
        x = self.twin.status().at_m[0]
        self._worker = threading.Thread(target=self._move, daemon=True)
        self._worker.start()
        until(lambda: abs(self.twin.status().at_m[0] - x) > 1e-9)

    def _move(self):
        try:
            self.bridge.send(Message("move", {"x_m": 6e-7, "y_m": 0.0}, "t"))
        except (StoppedError, InstrumentError) as error:
            self.error = error

    def stop(self, emergency="halt_and_zero_bias"):
        """STOP; returns the report and how long the call took."""
        began = time.monotonic()
        report = self.bridge.stop("test", emergency, self.reports.append)
        return report, time.monotonic() - began

    def rests_after(self, seconds):
        """Whether the tip rests from then on, for half a second."""
        time.sleep(seconds)
        at = self.twin.status().at_m
        time.sleep(0.5)
        return self.twin.status().at_m == at

    def last_report(self, seconds=4.0):
        until(lambda: self.reports and self.reports[-1].state != "sent", seconds)
        return self.reports[-1]

    def sent(self, since=0.0):
        return [name for wire in self.wires for at, name in wire.passed if at >= since]

    def close(self):
        for wire in self.wires:
            wire.set("")
        self.bridge.close()
        for wire in self.wires:
            wire.close()
        self.server.close()
        self.journal.close()
        if self._worker is not None:
            self._worker.join(10)


def until(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def test_a_stop_is_confirmed_by_reading_and_goes_over_its_own_connection_alone(bench):
    bench.move()
    began = time.monotonic()
    report, seconds = bench.stop()
    assert seconds < 0.5 + SLACK_S
    assert bench.rests_after(0.0)
    report = bench.last_report()
    assert report.confirmed
    assert 0.15 <= report.seconds < 1.5
    assert {n for at, n in bench.wires[STOP].passed if at >= began} >= STOPS
    others = [n for w in bench.wires[:STOP] for at, n in w.passed if at >= began]
    assert not STOPS & set(others)
    until(lambda: bench.error is not None)
    assert isinstance(bench.error, StoppedError)


def test_all_commands_are_sent_before_an_answer_is_read_and_in_their_order(bench):
    bench.wires[STOP].delay_s = 0.1
    bench.move()
    began = time.monotonic()
    bench.stop()
    first = [(at, n) for at, n in bench.wires[STOP].passed if at >= began][:5]
    assert [n for _, n in first] == [
        "Pattern.ExpStop", "FolMe.Stop", "Scan.Action", "BiasSpectr.Stop", "Bias.Set"
    ]  # fmt: skip
    assert first[-1][0] - began < 0.08


@pytest.mark.parametrize("fault", ["dead", "silent", "late", "lost"])
@pytest.mark.parametrize("broken", [(STOP,), (STATUS,), (STOP, STATUS), (MOTION, SCANS)])
def test_the_tip_rests_where_any_connection_works(bench, fault, broken):
    bench.move()
    for number in broken:
        bench.wires[number].set(fault)
    _, seconds = bench.stop()
    assert seconds < 0.5 + SLACK_S
    assert bench.rests_after(0.5 + SLACK_S - seconds if seconds < 0.5 else 0.0)
    assert bench.last_report().confirmed


@pytest.mark.parametrize("fault", ["dead", "silent", "late", "lost"])
def test_where_none_works_that_is_said_within_a_second(bench, fault):
    bench.move()
    for wire in bench.wires:
        wire.set(fault)
    report, seconds = bench.stop()
    assert seconds < 0.5 + SLACK_S
    assert not report.confirmed
    until(lambda: bench.reports, 1.0 - seconds + SLACK_S)
    assert bench.reports[-1].state == "not confirmed"
    assert "NOT CONFIRMED: stop it at the controller" in str(bench.reports[-1])
    assert not any(r.confirmed for r in bench.reports)


def test_a_controller_that_drops_a_second_request_is_stopped_too(bench):
    bench.move()
    for wire in bench.wires:
        wire.drops_second = True
        wire.delay_s = 0.05
    bench.stop()
    assert bench.rests_after(0.5)
    assert bench.last_report().confirmed


def test_answers_after_a_tenth_of_a_second_are_confirmed(bench):
    bench.move()
    for wire in bench.wires:
        wire.delay_s = 0.1
    bench.stop()
    assert bench.rests_after(0.5)
    assert bench.last_report().confirmed


def test_a_move_that_was_on_its_way_is_stopped_again(bench):
    bench.bridge.send(Message("speed", {"speed_m_per_s": 1e-7}))
    bench.wires[MOTION].holds = "FolMe.XYPosSet"
    bench._worker = threading.Thread(target=bench._move, daemon=True)
    bench._worker.start()
    time.sleep(0.1)
    bench.stop()
    assert bench.last_report().confirmed
    assert "watched for" in str(bench.reports[-1])
    at = bench.twin.status().at_m
    bench.wires[MOTION].holds = ""  # the move arrives now
    until(lambda: bench.twin.status().at_m != at)
    assert bench.rests_after(0.5 + SLACK_S)
    until(lambda: [r.state for r in bench.reports][-2:] == ["not confirmed", "confirmed"], 5.0)


def test_no_stop_comes_between_the_look_at_the_latch_and_the_sending(bench):
    """A stop in the time of the question that comes before a move: the move is not sent."""
    bench.wires[MOTION].delay_s = 0.3
    x = bench.twin.status().at_m
    worker = threading.Thread(target=bench._move)
    worker.start()
    time.sleep(0.1)  # it asks whether a scan runs
    bench.stop()
    worker.join(10)
    assert isinstance(bench.error, StoppedError)
    assert "FolMe.XYPosSet" not in bench.sent()
    assert bench.twin.status().at_m == x


def test_a_spectrum_that_restores_its_bias_is_zeroed_again(bench, monkeypatch):
    twin, spectrum = bench.twin, bench.server.commands._spectrum

    def restoring():
        twin._bias_v = 3.0
        try:
            return spectrum()
        finally:
            time.sleep(0.1)
            twin._bias_v = 3.0  # as it was when it began

    monkeypatch.setattr(bench.server.commands, "_spectrum", restoring)
    values = {"bias_start_v": -3.0, "bias_end_v": 3.0, "n_points": 64.0, "seconds": 0.5}
    twin.speed = 0.02

    def measure():
        try:
            bench.bridge.send(Message("spectrum", values, "t"))
        except StoppedError:
            return

    bench._worker = threading.Thread(target=measure)
    bench._worker.start()
    until(lambda: bench.server.commands._measuring)
    bench.stop()
    assert bench.last_report().confirmed
    time.sleep(1.0)
    assert twin.status().bias_v == 0.0


def test_halt_alone_leaves_the_bias(bench):
    bench.bridge.send(Message("bias", {"bias_v": 2.0}))
    bench.stop("halt")
    assert bench.last_report().confirmed
    assert bench.twin.status().bias_v == 2.0
    assert "Bias.Set" not in [n for _, n in bench.wires[STOP].passed]


def test_the_latch_outlives_connecting_again_and_a_release_that_fails(bench):
    bench.stop()
    bench.bridge.connect()
    with pytest.raises(StoppedError):
        bench.bridge.send(Message("bias", {"bias_v": 1.0}))
    for wire in bench.wires:
        wire.set("dead")
    lines = bench.bridge._lines

    def all_dead():
        return not any(lines.now(n).alive for n in (MOTION, STATUS, STOP, SCANS))

    until(all_dead)
    with pytest.raises(InstrumentError):
        bench.bridge.connect()
    with pytest.raises((StoppedError, InstrumentError)):
        bench.bridge.send(Message("bias", {"bias_v": 1.0}))
    until(all_dead)  # also what the failed connecting had opened
    for wire in bench.wires:
        wire.set("")
    bench.bridge.connect()
    with pytest.raises(StoppedError):
        bench.bridge.send(Message("bias", {"bias_v": 1.0}))
    bench.bridge.release()

    def sends():
        try:
            bench.bridge.send(Message("bias", {"bias_v": 1.0}))
        except InstrumentError:  # a line that was begun while dead may still be closed behind it
            bench.bridge.connect()
            return False
        return True

    until(sends)
    assert bench.twin.status().bias_v == 1.0


def test_a_lost_scan_connection_touches_neither_motion_nor_stop(bench):
    lines = bench.bridge._lines
    before = [lines.now(n) for n in (MOTION, STATUS, STOP)]
    bench.move()
    bench.wires[SCANS].set("dead")
    until(lambda: not lines.now(SCANS).alive)
    bench.wires[SCANS].set("")
    bench.bridge.connect()
    assert [lines.now(n) for n in (MOTION, STATUS, STOP)] == before
    assert all(c.alive for c in before)
    at = bench.twin.status().at_m
    until(lambda: bench.twin.status().at_m != at)  # the move goes on
    bench.stop()
    assert bench.last_report().confirmed


# -- of a session --------------------------------------------------------------------------


@pytest.fixture
def session(bench):
    made = Session(bench.bridge, bench.limits, bench.journal)
    yield made
    made.close()


@pytest.fixture
def plan(bench):
    scan = bench.twin.surface.scan
    places = [(10.0, 10.0), (40.0, 40.0)]
    targets = [
        Target(f"t{i}", scan.uid, p, tuple(map(float, scan.frame.to_m(p))), 1, i, "spectrum")
        for i, p in enumerate(places)
    ]
    return plan_visits(scan, targets)


@pytest.mark.parametrize("fault", ["dead", "silent", "lost"])
def test_nothing_is_armed_without_the_stop_s_own_connection(bench, session, plan, fault):
    bench.wires[STOP].set(fault)
    if fault == "dead":
        until(lambda: not bench.bridge._lines.now(STOP).alive)
    assert any("no connection for STOP" in e for e in session.preview(plan).errors)
    with pytest.raises(SessionError, match="cannot be armed"):
        session.approve(plan.digest, by="test")


def test_a_stop_connection_that_is_lost_in_a_run_holds_before_the_next_move(bench, session, plan):
    bench.twin.speed = 100.0
    session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(e for e in run if e.what == "measured")
    bench.wires[STOP].set("dead")
    until(lambda: not bench.bridge._lines.now(STOP).alive)
    moves = bench.sent().count("FolMe.XYPosSet")
    events = list(run)
    assert events[-1].what == "held"
    assert "no connection for STOP" in events[-1].reason
    assert bench.sent().count("FolMe.XYPosSet") == moves
    assert session.state == "HOLD"


def test_a_stop_that_reaches_nobody_is_an_error_in_the_journal_and_holds(bench, session):
    for wire in bench.wires:
        wire.set("dead")
    began = time.monotonic()
    with pytest.raises(InstrumentError, match="NOT CONFIRMED: stop it at the controller"):
        session.stop("STOP was pressed")
    assert time.monotonic() - began < 0.5 + SLACK_S
    assert session.state == "HOLD"
    until(lambda: any(e["what"] == "stop" for e in read_journal(bench.journal.path)))
    (entry,) = [e for e in read_journal(bench.journal.path) if e["what"] == "stop"]
    assert entry["state"] == "not confirmed"
    with pytest.raises(InstrumentError):  # and so is the next one, after a release that fails
        session.release("test")
    # At once that it is not, or that it is not yet; in the end the journal says that it is not.
    with pytest.raises(InstrumentError, match=r"NOT CONFIRMED|STOP was sent; not confirmed yet"):
        session.stop("STOP was pressed again")

    def states():
        return [e["state"] for e in read_journal(bench.journal.path) if e["what"] == "stop"]

    until(lambda: len(states()) > 1 and states()[-1] == "not confirmed")


def test_a_stop_does_not_wait_for_a_question_that_is_not_answered(bench, session, plan):
    """Status is silent, a preview waits for it with the session's lock: STOP is not kept."""
    bench.move()
    bench.wires[STATUS].set("silent")
    asking = threading.Thread(target=lambda: _quietly(lambda: session.preview(plan)), daemon=True)
    asking.start()
    time.sleep(0.1)
    began = time.monotonic()
    session.stop("STOP was pressed")
    assert time.monotonic() - began < 0.5 + SLACK_S
    assert session.state == "HOLD"
    assert bench.rests_after(0.1)
    until(lambda: session.stop_report is not None and session.stop_report.confirmed, 3.0)
    bench.wires[STATUS].set("dead")
    asking.join(10)
    assert session.state == "HOLD"


def test_confirmation_follows_as_an_event_and_stands_in_the_journal(bench, session):
    told = []
    session.stop_told = told.append
    bench.move()
    session.stop("STOP was pressed")
    until(lambda: told and told[-1].confirmed, 3.0)
    until(
        lambda: (
            [e["state"] for e in read_journal(bench.journal.path) if e["what"] == "stop"][-1:]
            == ["confirmed"]
        )
    )
    session.release("test")
    assert session.state == "OBSERVE"
    assert session.stop_report is None


def _quietly(do):
    try:
        do()
    except Exception:  # noqa: BLE001 - the session may refuse it by then
        return


def test_the_hold_says_how_the_tip_is_left(bench, session):
    session.stop("STOP was pressed")
    until(lambda: "tip in contact" in session.hold_reason, 4.0)
    assert "AC drive on (1 V peak), 0 V" in session.hold_reason
    assert bench.server.commands._panel.feedback  # STOP touches neither feedback nor height
    assert "ZCtrl.Withdraw" not in bench.sent()


def test_the_tip_is_withdrawn_by_its_own_button_where_it_rests_at_0_v(bench, session):
    with pytest.raises(SessionError, match="HOLD"):
        session.withdraw_tip("test")
    bench.move()
    session.stop("STOP was pressed")
    session.withdraw_tip("test")
    assert bench.server.commands._panel.withdrawn
    assert [e["by"] for e in read_journal(bench.journal.path) if e["what"] == "tip withdrawn"]


def test_a_tip_that_is_not_known_to_rest_is_not_withdrawn(bench, monkeypatch):
    session = Session(bench.bridge, replace(bench.limits, emergency="halt"), bench.journal)
    bench.bridge.send(Message("bias", {"bias_v": 2.0}))
    session.stop("STOP was pressed")
    with pytest.raises(SessionError, match="the bias reads 2 V"):
        session.withdraw_tip("test")
    for wire in bench.wires:
        wire.set("lost")
    with pytest.raises((SessionError, InstrumentError), match="NOT CONFIRMED"):
        session.withdraw_tip("test")
    assert "ZCtrl.Withdraw" not in bench.sent()


def test_after_a_hold_of_some_minutes_the_tip_is_withdrawn_where_the_limits_say_so(bench):
    limits = replace(bench.limits, after_hold="withdraw", after_hold_minutes=0.01)
    session = Session(bench.bridge, limits, bench.journal)
    session.stop("STOP was pressed")
    until(lambda: bench.server.commands._panel.withdrawn, 6.0)
    session.close()
