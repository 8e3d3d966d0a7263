"""The checkers of the benches find each breach when it is made by hand."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from benchmarks.reliability.limits_plans import (
    BOX_M,
    STEP_M,
    is_inside,
    outside,
    random_targets,
)
from benchmarks.reliability.limits_wire import breaches
from benchmarks.reliability.stop import WAYS, report, trials
from benchmarks.reliability.stop_trials import StopOutcome, StopTrial
from corescout.instruments import Message
from foreign.conftest import target
from foreign.server import Controller

ZERO = Message("bias", {"bias_v": 0.0})


def move(x_m: float, y_m: float = 0.0) -> Message:
    return Message("move", {"x_m": x_m, "y_m": y_m})


@pytest.mark.parametrize(
    "wire",
    [
        [ZERO, move(BOX_M * 1.001)],
        [ZERO, move(-1.9e-6, -1.9e-6), move(1.9e-6, 1.9e-6)],
        [move(1e-7)],
        [Message("bias", {"bias_v": 1.0}), move(1e-7)],
        [Message("speed", {"speed_m_per_s": 1.1e-6})],
        [Message("speed", {"speed_m_per_s": True})],
        [ZERO, Message("zoom", {"x_m": 1.9e-6, "y_m": 0.0, "size_m": 0.4e-6, "angle_rad": 0.0})],
        [ZERO, Message("zoom", {"x_m": 0.0, "y_m": 0.0, "size_m": 0.4e-6, "angle_rad": 0.1})],
        [Message("spectrum", {"bias_start_v": -7.0, "bias_end_v": 1.0})],
        [Message("spectrum", {"bias_start_v": -1.0, "bias_end_v": 1.0, "n_points": 1e12})],
        [Message("spectrum", {"bias_start_v": float("nan"), "bias_end_v": 1.0})],
    ],
)
def test_a_message_outside_the_limits_is_counted(wire):
    assert outside(wire, (0.0, 0.0)) == 1
    assert outside([ZERO, move(1e-7), move(STEP_M / 2)], (0.0, 0.0)) == 0


@pytest.mark.parametrize(
    "one",
    [
        target(2.01, 0.0), target(0.0, 0.0, bias_end_v=6.1),
        target(0.0, 0.0, n_points=float("nan")),
        target(0.0, 0.0, seconds=1.01), target(0.0, 0.0, bias_end_v=np.float64(1.0)),
        target(0.0, 0.0, "zoom", size_m=4.1e-6),
        target(0.0, 0.0, "zoom", size_m=1e-6, angle_rad=1.0),
    ],
)  # fmt: skip
def test_what_need_not_be_carried_out_is_told_apart(one):
    assert is_inside([target(0.5, 0.5)], (0.0, 0.0))
    assert not is_inside([one], (0.0, 0.0))


def test_half_of_the_random_plans_must_be_carried_out():
    plans = [random_targets(random.Random(number)) for number in range(400)]
    inside = sum(is_inside(plan, (0.0, 0.0)) for plan in plans)
    assert 160 <= inside <= 300
    assert random_targets(random.Random(7)) == random_targets(random.Random(7))


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({"to_m": (2.1e-6, 0.0)}, "the tip out of the box"),
        ({"speed": 1.1e-6}, "a speed"),
        ({"bias_v": 0.5}, "a bias on the way"),
        ({"limits_v": (-6.0, 6.0), "ac_v": 0.1}, "a spectrum's bias"),
        ({"feedback": False}, "a spectrum without feedback"),
        ({"integration_s": 0.2}, "a spectrum's time"),
        ({"teleport_m": (50e-9, 0.0)}, "a spectrum elsewhere"),
    ],
)
def test_a_breach_at_the_controller_is_found(made, found):
    assert found in _breaches(**made)
    assert _breaches() == []


def _breaches(
    to_m=(0.2e-6, 0.0), speed=0.9e-6, bias_v=0.0, limits_v=(-2.0, 2.0), ac_v=0.0, feedback=True,
    integration_s=0.005, teleport_m=(0.0, 0.0),
):  # fmt: skip
    settings = {"noise_m": 0.0, "ac_v": ac_v, "limits_v": limits_v, "integration_s": integration_s}
    with Controller(scale=50.0, **settings) as foreign:
        from foreign.pfm_client import Client

        begun = foreign.clock.now()
        with Client(foreign.ports[0]) as client:
            foreign.microscope.feedback = feedback
            foreign.microscope.set_bias(bias_v)
            client("FolMe_SpeedSet", speed, 1)
            client("FolMe_XYPosSet", *to_m, 1)
            foreign.microscope.set_bias(0.0)
            foreign.microscope.teleport(*teleport_m)
            client("BiasSpectr_Start", 1, "")
        return breaches(foreign, begun)


def test_every_way_to_die_is_tried_at_every_connection():
    faulty = [trial for trial in trials(600) if not trial.healthy]
    assert len(faulty) == 40
    assert {(trial.kind, trial.dead_ports) for trial in faulty} == set(WAYS)


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, None),
        ({"rest_s": 0.6}, "longest_rest_s"),
        ({"rest_s": 0.45}, "wrongly_confirmed"),  # confirmed at 0.4
        ({"biased_after": True}, "biased_after"),
        ({"returned_s": 0.6}, "longest_return_s"),
        ({"told": [(0.4, "sent", "")]}, "confirmed_share"),
    ],
)
def test_a_stop_that_breaks_a_bound_is_reported(changed, broken):
    values = {
        "trial": StopTrial(0), "state": "RUNNING", "under_way": "move", "returned_s": 0.2,
        "rest_s": 0.1, "moved_after": False, "biased_after": False,
        "told": [(0.1, "sent", ""), (0.4, "confirmed", "")],
    }  # fmt: skip
    found = report([StopOutcome(**{**values, **changed})])
    assert found.passed == (broken is None)
    if broken is not None:
        assert not all(found.met(bar) for bar in found.bars if bar.key == broken)


def test_a_tip_that_was_not_told_of_in_time_is_reported():
    cut = StopTrial(0, dead_ports=(0, 1, 2, 3), kind="deaf")
    said = [(0.4, "sent", ""), (1.2, "not confirmed", "")]
    found = report([StopOutcome(cut, "RUNNING", "move", 0.4, float("inf"), True, False, said)])
    assert [bar.key for bar in found.bars if not found.met(bar)] == ["longest_until_told_s"]


def test_the_record_of_a_track_knows_the_last_change():
    from foreign.track import Track

    track = Track((0.0, 0.0))
    track.go(1.0, (1.0, 0.0), 1.0)
    track.cut(1.5)
    assert track.last_change(0.0, 9.0) == 1.5
    assert track.last_change(2.0, 9.0) == 2.0
    assert track.at(time.monotonic() + 1e6) == (0.5, 0.0)
