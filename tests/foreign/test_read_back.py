"""What a controller makes of what it is told, or does not do, ends a plan in words."""

from __future__ import annotations

import math

import pytest

from corescout.instruments import InstrumentError, Message
from corescout.whole import read_journal
from foreign.conftest import target

SPECTRUM, MOVE = "BiasSpectr.Start", "FolMe.XYPosSet"


def begun(bench, command: str) -> int:
    return len(bench.controller.log.acted(command))


@pytest.mark.parametrize(
    ("fault", "words", "never"),
    [
        ({"command": "Bias.Get", "result": lambda _: [3.0]}, "bias reads 3 V", MOVE),
        ({"command": "Bias.Get", "result": lambda _: [math.nan]}, "bias reads nan", MOVE),
        ({"command": "FolMe.SpeedSet", "ignore": True}, "speed of moves reads", MOVE),
        ({"command": "FolMe.SpeedSet", "arguments": lambda a: [a[0] * 50, a[1]]},
         "speed of moves reads 100 µm/s", MOVE),
        ({"command": "FolMe.SpeedGet", "result": lambda r: [r[0], 0]}, "speed of scans", MOVE),
        ({"command": "BiasSpectr.LimitsSet", "ignore": True}, "limits of the spectrum read",
         SPECTRUM),
        ({"command": "FolMe.XYPosGet", "result": lambda _: [math.nan, 0.0]}, "position", MOVE),
        ({"command": "FolMe.XYPosSet", "ignore": True}, "from where it was sent", SPECTRUM),
        ({"command": "ZCtrl.OnOffGet", "result": lambda _: [0]}, "feedback is off", MOVE),
        ({"command": "ZCtrl.ZPosGet", "result": lambda _: [1.0]}, "rail", MOVE),
        ({"command": "ZCtrl.ZPosGet", "result": lambda _: [math.nan]}, "rail", MOVE),
        ({"command": "LockIn.ModAmpGet", "result": lambda _: [2.0]}, "at the tip", SPECTRUM),
        ({"command": "LockIn.ModAmpGet", "result": lambda _: [math.nan]}, "AC drive", SPECTRUM),
        ({"command": "BiasSpectr.TimingGet", "result": lambda r: [*r[:5], 1e3, *r[6:]]},
         "a spectrum takes", SPECTRUM),
        ({"command": "BiasSpectr.PropsGet", "result": lambda r: [*r[:3], 10**6, *r[4:]]},
         "points", SPECTRUM),
    ],
)  # fmt: skip
def test_what_does_not_read_back_ends_the_plan_before_it_matters(bench, fault, words, never):
    plan = bench.arm(target(0.05, 0.0), target(-0.05, 0.0))
    bench.controller.faults.add(**fault)
    bench._run(plan)
    said = str(bench.error or bench.events[-1].reason)
    assert words in said
    assert begun(bench, never) == 0
    assert bench.session.state == "HOLD"


@pytest.mark.parametrize(
    ("message", "command", "words"),
    [
        (Message("bias", {"bias_v": 1.0}), "Bias.Set", "bias reads 0 V"),
        (Message("speed", {"speed_m_per_s": 1.5e-6}), "FolMe.SpeedSet", "speed of moves reads"),
    ],
)
def test_the_bridge_reads_back_at_once_what_it_has_set(bench, message, command, words):
    """Also where no session looks before a motion."""
    bench.controller.faults.add(command=command, ignore=True)
    with pytest.raises(InstrumentError, match=words):
        bench.instrument.send(message)


def test_a_frame_that_the_controller_coerces_is_not_scanned(bench):
    plan = bench.arm(target(0.5, 0.5, "zoom", size_m=0.4e-6))
    bench.controller.faults.add(command="Scan.FrameSet", arguments=lambda a: [a[0] + 1e-7, *a[1:]])
    before = begun(bench, "Scan.Action")
    bench._run(plan)
    assert "scan frame reads" in str(bench.error)
    starts = [e for e in bench.controller.log.acted("Scan.Action")[before:] if e.arguments[0] == 0]
    assert starts == []


def test_a_frame_is_slowed_down_to_its_limit_and_the_speed_given_back(benches):
    bench = benches(lines=16)
    speeds = [tuple(e.arguments) for e in bench.controller.log.acted("Scan.SpeedSet")]
    assert bench.run(target(0.2, 0.2, "zoom", size_m=0.2e-6)) == "done"
    set_now = [e.arguments for e in bench.controller.log.acted("Scan.SpeedSet")][len(speeds) :]
    assert all(0 < a[0] <= 2e-6 * 1.00001 for a in set_now[:1])


def test_a_scan_speed_that_stays_is_not_scanned_at(benches):
    bench = benches(limits={"largest_scan_speed_m_per_s": 1e-9})
    plan = bench.arm(target(0.2, 0.2, "zoom", size_m=0.2e-6))
    bench.controller.faults.add(command="Scan.SpeedSet", ignore=True)
    bench._run(plan)
    assert "scan speed reads" in str(bench.error)
    starts = [e for e in bench.controller.log.acted("Scan.Action") if e.arguments[0] == 0]
    assert starts == []


@pytest.mark.parametrize("told", [0.0, -2e-6, math.nan, math.inf])
def test_a_scan_speed_that_is_not_known_is_not_taken_for_a_slow_one(bench, told):
    plan = bench.arm(target(0.2, 0.2, "zoom", size_m=0.2e-6))
    bench.controller.faults.add(
        command="Scan.SpeedGet", result=lambda said: [*[told] * 4, *said[4:]]
    )
    bench._run(plan)
    assert "scan speed reads" in str(bench.error)
    starts = [e for e in bench.controller.log.acted("Scan.Action") if e.arguments[0] == 0]
    assert starts == []


def test_a_tip_that_is_moved_before_its_spectrum_is_measured_for_no_target(bench):
    far = {"command": "FolMe.XYPosGet", "result": lambda r: [r[0] + 3.7e-6, r[1]]}
    plan = bench.arm(target(0.05, 0.0))
    run = bench.session.run(plan)
    for event in run:
        if event.what == "arrived":
            bench.controller.faults.add(**far)
            break
    rest = list(run)
    assert "from where it was sent" in rest[-1].reason
    assert not [e for e in rest if e.what == "measured"]


@pytest.mark.parametrize("at_m", [(math.nan, 0.0), (0.05e-6, math.nan), (math.inf, 0.0)])
@pytest.mark.parametrize(("kind", "never"), [("move", "arrived"), ("spectrum", "measured")])
def test_a_tip_whose_place_is_no_number_has_not_arrived(bench, at_m, kind, never):
    """The position was read well before, and is no number right after the motion."""
    plan = bench.arm(target(0.05, 0.0), target(-0.05, 0.0))
    run, events = bench.session.run(plan), []
    for event in run:
        events.append(event)
        if event.what == "sent" and event.message.kind == kind:
            bench.controller.faults.add(command="FolMe.XYPosGet", result=lambda _: list(at_m))
            break
    events.extend(run)
    assert events[-1].what == "held"
    assert "the position of the tip cannot be read" in events[-1].reason
    assert never not in [event.what for event in events]
    assert begun(bench, MOVE) == 1
    assert bench.session.state == "HOLD"
    entries = [entry["what"] for entry in read_journal(bench.session._journal.path)]
    assert "elsewhere" in entries
    assert never not in entries


@pytest.mark.parametrize(("at", "gain", "sent"), [("tip", 10.0, -0.4), ("sample", 1.0, 4.0)])
def test_biases_are_those_of_the_tip_whatever_the_wiring(benches, at, gain, sent):
    bench = benches(bridge={"bias_gain": gain, "bias_at": at, "ac_modulator": 0})
    assert bench.run(target(0.05, 0.0)) == "done"
    (limits,) = bench.controller.log.acted("BiasSpectr.LimitsSet")
    assert limits.arguments[0] == pytest.approx(sent, rel=1e-6)
    curve = next(e.measurement for e in bench.events if e.what == "measured")
    assert min(curve.axis) == pytest.approx(-4.0, rel=1e-5)
    assert max(curve.axis) == pytest.approx(4.0, rel=1e-5)
