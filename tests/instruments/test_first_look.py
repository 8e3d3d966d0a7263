"""A plan begins with a frame, unless its scan is so young that nothing can have moved."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import ndimage

from corescout.data import Scan, ScanFrame, Target
from corescout.instruments.first_look import LEAST_LIFETIME, LIFETIME, Drifting, first_look
from corescout.instruments.frame_cost import frames_in_words
from corescout.instruments.look_place import place_to_look
from corescout.instruments.messages import Message, messages_of
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.visit_plan import DriftCheck, plan_visits
from corescout.live.reading.drift import drifting_between
from corescout.registration import register
from corescout.surfaces import generate_surface

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
SPEED = 5e-6
SLOW = Drifting(length_m=8e-9, seconds=600.0, within_m=2e-9)  # at most 1 nm a minute


def scan(minutes_ago=2.0):
    return Scan(
        uid="s", channels={"a": np.zeros((8, 8), np.float32)},
        frame=ScanFrame((8, 8), (4e-9, 4e-9)), acquired_at=NOW - timedelta(minutes=minutes_ago),
    )  # fmt: skip


def decided(**changes):
    asked = {
        "scan": scan(), "speed_m_per_s": SPEED, "own": True, "drifting": SLOW, "tolerance_m": 50e-9,
    }  # fmt: skip
    return first_look(**{**asked, **changes}, now=NOW)


def test_a_young_scan_of_a_slow_sample_needs_none_and_says_so_with_figures():
    look = decided()
    assert look.speed_m_per_s is None
    assert look.lifetime == LIFETIME
    for words in ("ended 2 min 0 s ago", "at most 1 nm a minute", "2 nm", "tolerance (25 nm)"):
        assert words in look.words


def test_the_plan_ends_when_drift_could_reach_half_the_tolerance():
    look = decided(scan=scan(15.0))  # 15 of 25 nm are used
    assert look.lifetime == timedelta(minutes=10)


@pytest.mark.parametrize(
    "changes",
    [
        {"scan": scan(21.0)},  # 4 min are left: less than a run needs
        {"scan": scan(-1.0)},  # a clock was set
        {"scan": replace(scan(), acquired_at=None)},
        {"scan": replace(scan(), acquired_at=NOW.replace(tzinfo=None))},
        {"own": False},
        {"drifting": None},
        {"drifting": replace(SLOW, length_m=80e-9)},
        {"tolerance_m": 5e-9},
    ],
)
def test_otherwise_there_is_a_frame(changes):
    look = decided(**changes)
    assert look.speed_m_per_s == SPEED
    assert look.words == ""
    assert look.lifetime == LIFETIME > LEAST_LIFETIME


def test_an_instrument_that_scans_none_is_not_said_to_need_none():
    look = decided(speed_m_per_s=None)
    assert (look.speed_m_per_s, look.words) == (None, "")


def test_a_drift_is_no_better_known_than_half_a_pixel():
    found = drifting_between(scan(4.0), scan(2.0), 0.0)
    assert found == Drifting(0.0, 120.0, 2e-9)
    assert found.rate_m_per_s == pytest.approx(2e-9 / 120)
    assert drifting_between(scan(2.0), scan(2.0), 1e-9) is None


def test_frames_are_said_with_their_time_and_way():
    target = Target("t", "s", (0.0, 0.0), (0.0, 0.0), 1, 1, "mark", {})
    check = DriftCheck(1, (0.0, 0.0), 20e-9, (0.0, 0.0), 10e-9)
    plan = plan_visits(scan(), [target], drift_check=check)
    first, way = frames_in_words(plan, messages_of(plan, 1e-9))
    assert "First a frame of 0.01 µm" in first  # 2 (10 nm)^2 / 4 nm = 50 nm at 1 nm/s
    assert "about 50 s more, 5e-05 mm in contact" in first
    assert "1 frame is scanned on the way" in way
    assert "about 3 min 20 s more" in way


def test_the_frame_lies_where_it_can_be_told_from_its_surroundings():
    rng = np.random.default_rng(0)
    stripes = np.tile(np.sin(np.arange(256) / 2.0), (256, 1))
    left_only = stripes.copy()
    left_only[:, :128] += ndimage.gaussian_filter(rng.standard_normal((256, 128)), 1.5) * 8
    frame = ScanFrame((256, 256), (4e-9, 4e-9))

    def looked(values):
        made = Scan(uid="s", channels={"a": values.astype(np.float32)}, frame=frame)
        return place_to_look(made, [], 64 * 4e-9, 150 * 4e-9)

    (x, _), size_m = looked(left_only)
    assert x < 0
    assert size_m == pytest.approx(64 * 4e-9)
    _, size_m = looked(stripes)  # nowhere: as wanted, and the run says so
    assert size_m == pytest.approx(64 * 4e-9)


def test_a_frame_of_the_same_sample_is_seldom_refused_and_of_another_never_taken():
    refused, taken = [], []
    for seed in range(8):
        with ExitStack() as open_twins:
            twins = [
                DigitalTwin(generate_surface((192, 192), seed=s), speed=5000.0, creep=0.0, seed=s)
                for s in (seed, seed + 500)
            ]
            for twin in twins:
                twin.connect()
                open_twins.callback(twin.close)
            seen = list(twins[0].scans())[-1]
            (x, y), side_m = place_to_look(seen, [], 64 * 8e-9, 0.6 * 192 * 8e-9)
            values = {"x_m": x, "y_m": y, "size_m": side_m, "angle_rad": 0.0, "speed_m_per_s": 1e-6}
            same, other = (register(seen, t.send(Message("zoom", values))) for t in twins)
            refused.append(same.refused is not None or same.length_m > 10e-9)
            taken.append(other.refused is None and other.length_m < 50e-9)
    assert sum(refused) <= 1
    assert not any(taken)
