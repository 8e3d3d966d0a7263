"""The live watch and the window's link where connections are lost in a long move."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from corescout.data import StoppedError
from corescout.data.errors import CorescoutError
from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.instruments import plan_visits
from corescout.instruments.messages import Message
from corescout.instruments.nanonis import NanonisInstrument
from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import InstrumentSource
from corescout.live.reading.analyst import Analyst
from corescout.live.settings import LiveSettings
from corescout.whole import read_journal
from foreign.conftest import IMAGE, LIMITS, MOTIONS, target
from foreign.server import Controller

SCANS = 2  # index of the port of scans
REST_S = 0.5
SLOW = {"largest_speed_m_per_s": 0.2e-6}  # 1 um takes 5 s
LOSSES = {
    "cut once": ["closed", "alive"],
    "closed for good": ["closed"],
    "answers nothing": ["deaf"],
    "late by 10 s": ["late"],
}


@dataclass
class Wished:
    """A suggestion, as the analysis of a scan makes it; of targets that the test names."""

    targets: tuple
    result = SimpleNamespace(scan=IMAGE)

    @property
    def moved_targets(self):
        return self.targets

    def plan(self, instrument, settings, look):
        return plan_visits(IMAGE, self.targets)


@pytest.fixture
def watch(benches, tmp_path, quick_plan):
    """A watch on a controller: receiver, worker, session and bridge are the product's."""
    bench = benches(limits=SLOW, bridge={"timeout_s": 1.0})
    day = Day(tmp_path / "day", runs=False, synced=False)
    runner = Runner(
        InstrumentSource(bench.instrument), day, Analyst(quick_plan), bench.session,
        bench.instrument, settings=LiveSettings(drift_check=False),
    )  # fmt: skip
    runner.start()
    yield bench, runner, day
    runner.stop()
    runner.wait(10.0)
    day.close()


def begin(bench, runner) -> None:
    """Approve a plan of one target, 1 um away, and wait until the tip is on its way."""
    bench.until(lambda: bench.controller.log.entries("Scan.WaitEndOfScan"))
    runner._measuring._suggestion = Wished((target(1.0, 0.0),))
    runner._measuring._preview()
    plan = runner.snapshot.plan
    assert runner.snapshot.check.errors == ()
    runner.approve(plan.digest, "me")
    bench.until(bench.moving)


def lose(bench, day, kinds) -> None:
    """Lose the port of scans alone, and wait until the watch has met it.

    A port that is silent is given 90 s on purpose: the watch has asked there, and waits.
    """
    lost_t = bench.controller.clock.now()
    for kind in kinds:
        bench.controller.kill_port(SCANS, kind)
    if "closed" not in kinds:
        asked = bench.controller.log.entries
        bench.until(lambda: any(e.port == SCANS for e in asked(since_t=lost_t)))
        return
    journal = day.folder / "journal.jsonl"
    bench.until(lambda: any(e["what"] == "connection lost" for e in read_journal(journal)))


@pytest.mark.parametrize("kinds", LOSSES.values(), ids=LOSSES)
def test_a_plan_goes_on_to_its_end_when_the_watch_loses_its_scans(watch, kinds):
    bench, runner, day = watch
    begin(bench, runner)
    lose(bench, day, kinds)
    assert bench.moving(), "the situation is none: the move has ended"
    bench.until(lambda: not runner._measuring.at_work, 30.0)
    assert not bench.moving(), "the plan has ended, and the tip goes on"
    assert runner.snapshot.session == "OBSERVE"
    assert len(runner.snapshot.measurements) == 1
    assert len(bench.controller.log.acted("FolMe.XYPosSet")) == 1
    assert bench.reports == []


@pytest.mark.parametrize("kinds", LOSSES.values(), ids=LOSSES)
def test_a_stop_after_the_watch_has_lost_its_scans(watch, kinds):
    bench, runner, day = watch
    begin(bench, runner)
    lose(bench, day, kinds)
    assert bench.moving(), "the situation is none: the move has ended"
    asked = bench.controller.clock.now()
    with suppress(CorescoutError):
        runner.halt("test")
    assert bench.rested_after(asked) <= REST_S
    bench.until(lambda: "confirmed" in bench.states(), 3.0)
    bench.until(lambda: not runner._measuring.at_work)
    assert runner.snapshot.session == "HOLD"
    assert not bench.controller.log.acted(*MOTIONS, since_t=asked)


@pytest.fixture
def linked(tmp_path):
    """The window's link on a controller, with a plan in a move of 5 s."""
    with Controller(speed_m_s=1e-6) as controller:
        bridge = NanonisInstrument("127.0.0.1", ports=controller.ports, timeout_s=1.0)
        link = InstrumentLink(bridge, replace(LIMITS, **SLOW), tmp_path / "day")
        plan = plan_visits(IMAGE, [target(1.0, 0.0)])
        assert not link.preview(plan).errors
        link.approve(plan.digest, "me")
        link.run(plan, IMAGE)
        until(lambda: not controller.microscope.at_rest())
        yield link, controller
        link.close()
        assert link.wait(20.0)


def until(ready, seconds=10.0) -> None:
    end_s = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end_s, "it never came about"
        time.sleep(0.01)


def lose_all(controller, kind) -> None:
    """That of motion last: when the run notices, no way is left to stop over."""
    for port in reversed(range(4)):
        controller.kill_port(port, kind)


def lose_all_and_fail_to_release(link, controller, kind) -> None:
    lose_all(controller, kind)
    link.stop("the network is gone")
    until(lambda: "NOT CONFIRMED" in link.snapshot.stop_said, 3.0)
    until(lambda: link.snapshot.state == "HOLD")
    with pytest.raises(CorescoutError):
        link.release("me")
    assert link.session.state == "HOLD"
    link._show(stop_said="")  # what is said from here on is said of the next stop


@pytest.mark.parametrize("kind", ["closed", "deaf"])
def test_the_window_claims_no_stop_that_was_not_sent(linked, kind):
    """Network gone, "I have looked: release" fails, Esc."""
    link, controller = linked
    lose_all_and_fail_to_release(link, controller, kind)
    link.stop("Esc")
    until(lambda: link.snapshot.stop_said, 3.0)
    said = link.snapshot.stop_said
    assert not controller.microscope.at_rest(), "the situation is none: the tip rests"
    assert "NOT CONFIRMED: stop it at the controller" in said
    assert "Stopped" not in said
    assert link.snapshot.state == "HOLD"


@pytest.mark.parametrize("kind", ["closed", "deaf"])
def test_the_latch_outlives_a_release_that_failed(linked, kind):
    link, controller = linked
    lose_all_and_fail_to_release(link, controller, kind)
    for port in range(4):
        controller.kill_port(port, "alive")
    since = controller.clock.now()
    until(lambda: connects(link.instrument))
    with pytest.raises(StoppedError):
        link.instrument.send(Message("move", {"x_m": 0.0, "y_m": 0.0}))
    assert link.session.state == "HOLD"
    assert not controller.log.acted(*MOTIONS, since_t=since)


def connects(instrument) -> bool:
    try:
        instrument.connect()
    except CorescoutError:
        return False
    return True


def test_a_network_that_comes_back_is_used_by_the_stop_that_waits_for_it(linked):
    link, controller = linked
    lose_all(controller, "closed")
    link.stop("Esc")
    until(lambda: "NOT CONFIRMED" in link.snapshot.stop_said, 3.0)
    assert not controller.microscope.at_rest()
    for port in range(4):
        controller.kill_port(port, "alive")
    until(lambda: "Stopped and confirmed" in link.snapshot.stop_said, 4.0)
    x_m, _ = controller.microscope.xy.at(controller.clock.now())
    assert x_m < 0.95e-6, "it was the end of the move that stopped the tip"
