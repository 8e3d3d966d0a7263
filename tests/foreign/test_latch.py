"""A stop in the very moment before a motion is sent: by the controller's log none comes after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from corescout.instruments.nanonis import bridge
from foreign.conftest import Bench, target

STOPS = {"Pattern.ExpStop", "FolMe.Stop", "Scan.Action", "BiasSpectr.Stop", "Bias.Set"}
REST_S = 0.5
NEAR = (target(0.05, 0.0),)
CASES = {
    "move": ("FolMe.XYPosSet", NEAR, {}),
    "spectrum": ("BiasSpectr.Start", NEAR, {}),
    "frame": ("Scan.Action", (target(0.2, 0.2, "zoom", size_m=0.2e-6),), {}),
    "cloud": ("Pattern.ExpStart", NEAR, {"cloud": True}),
}


class StopFromBeside:
    """Stops a bench from a thread of its own, once, and waits until the controller has it."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.asked_t = bench, -1.0
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        assert self._thread is None, "the moment came twice"
        self.asked_t = self.bench.controller.clock.now()
        thread = threading.Thread(target=self.bench.stop, daemon=True)
        thread.start()
        self._thread = thread

    def sent(self) -> set[str]:
        """Commands of the stop that the controller has in its log."""
        entries = self.bench.controller.log.entries(*STOPS, since_t=self.asked_t)
        return {entry.command for entry in entries if entry.port == 3}

    def __call__(self, *_: object) -> None:
        self.begin()
        self.bench.until(lambda: self.sent() == STOPS, 5.0)

    def ended(self) -> None:
        """Wait for the moment, and until the stop has returned and the plan has ended."""
        self.bench.until(lambda: self._thread is not None)
        assert self._thread is not None
        self._thread.join(10.0)
        self.bench.ended()


def of_the_plan(bench: Bench, command: str) -> list[Any]:
    """What came of this command, by whichever connection."""
    came = bench.controller.log.entries(command)
    return [e for e in came if is_motion(command, e.arguments)]


def is_motion(name: str, arguments: Sequence[Any]) -> bool:
    """Whether it begins something: `Scan.Action` ends a scan too (dropped: without arguments)."""
    return name != "Scan.Action" or arguments[:1] == [0]


def just_before(command: str, do: Callable[[], object], send: Callable[..., Any]) -> Any:
    """Wrap a sender: something is done before it is asked to send a command."""

    def sending(name: str, *arguments: Any, **options: Any) -> Any:
        if name == command and is_motion(name, list(arguments)):
            do()
        return send(name, *arguments, **options)

    return sending


@pytest.mark.parametrize("case", CASES)
def test_a_motion_that_is_about_to_be_sent_is_not_sent_after_a_stop(benches, case, monkeypatch):
    """All was asked and answered well; the stop has gone out; then the motion is to be sent."""
    command, targets, options = CASES[case]
    bench = benches(bridge=options)
    stop, orders = StopFromBeside(bench), bench.instrument._orders
    monkeypatch.setattr(orders, "_say", just_before(command, stop, orders._say))
    bench.begin(*targets)
    stop.ended()
    assert bench.rested_after(stop.asked_t) <= REST_S
    assert of_the_plan(bench, command) == []
    assert bench.session.state == "HOLD"


def test_a_move_is_not_sent_where_its_last_question_is_answered_after_a_stop(bench):
    """The controller keeps the last answer before the move until it has the whole stop."""
    stop = StopFromBeside(bench)
    bench.controller.faults.add(  # the first is the read-back of the speed that was set
        command="FolMe.SpeedGet", port=0, skip=1, times=1, after=stop
    )
    bench.begin(target(1.0, 1.0))
    stop.ended()
    assert bench.rested_after(stop.asked_t) <= REST_S
    assert of_the_plan(bench, "FolMe.XYPosSet") == []
    assert bench.session.state == "HOLD"


@pytest.mark.parametrize("case", CASES)
def test_a_stop_waits_for_a_motion_that_is_being_sent_and_ends_it(benches, case, monkeypatch):
    """The latch was looked at and the motion is not on the wire yet: the stop comes after it."""
    command, targets, options = CASES[case]
    monkeypatch.setattr(bridge, "_LATCH_S", 20.0)  # however slow this machine is
    bench = benches(bridge=options)
    stop, motion = StopFromBeside(bench), bench.instrument._lines.now(bridge.MOTION)

    too_early: set[str] = set()

    def begin_and_give_time() -> None:
        stop.begin()
        with suppress(AssertionError):  # nothing of it comes
            bench.until(stop.sent, 0.5)
        too_early.update(stop.sent())

    monkeypatch.setattr(motion, "send", just_before(command, begin_and_give_time, motion.send))
    bench.begin(*targets)
    stop.ended()
    assert too_early == set()
    assert len(of_the_plan(bench, command)) == 1
    bench.until(lambda: "confirmed" in bench.states())
    assert bench.session.state == "HOLD"
