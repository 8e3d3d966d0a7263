"""One road from targets to a plan: one order for window, loop and scripts."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import InputError
from corescout.gui.model.visit import VisitSettings
from corescout.instruments.visits import CHECK_EVERY, CHECK_SHARE, visits
from corescout.interactive.visits import visits as visits_of_a_script
from corescout.targets import length_m, way_through

BIAS = {"bias_start_v": -2.0, "bias_end_v": 2.0}


@pytest.fixture
def targets(quick_result):
    assert len(quick_result.targets) > 3
    return quick_result.targets


def test_window_script_and_loop_visit_in_one_order(quick_result, targets):
    center = quick_result.scan.frame.center_m
    plans = (
        visits(quick_result, targets, "spectrum", BIAS),
        visits(quick_result, targets, "spectrum", BIAS, start_m=center),
        VisitSettings("spectrum", BIAS, 5e-8, 8).plan(quick_result, targets),
        visits_of_a_script(quick_result, targets, "spectrum", BIAS, 1.0),
    )
    orders = [[t.uid for t in plan.targets] for plan in plans]
    assert all(order == orders[0] for order in orders)
    assert orders[0] == [t.uid for t in way_through(targets, center).targets]


def test_the_way_begins_at_the_tip(quick_result, targets):
    corner = tuple(quick_result.scan.frame.to_m((0, 0)))
    plan = visits(quick_result, targets, "mark", start_m=corner)
    places = np.array([t.xy_m for t in plan.targets])
    given = np.array([t.xy_m for t in targets])
    everything = np.arange(len(places))
    assert length_m(places, corner, everything) <= length_m(given, corner, everything)
    nearest = np.linalg.norm(given - corner, axis=1).min()
    assert np.linalg.norm(places[0] - corner) == pytest.approx(nearest)


def test_a_target_keeps_its_own_settings_of_the_same_action(quick_result, targets):
    own = [replace(t, action="zoom", settings={"size_m": 2e-7}) for t in targets]
    kept = visits(quick_result, own, "zoom", {"angle_rad": 0.0}).targets
    assert all(t.settings == {"size_m": 2e-7, "angle_rad": 0.0} for t in kept)
    other = visits(quick_result, own, "spectrum", BIAS).targets
    assert all(t.settings == BIAS for t in other)


@pytest.mark.parametrize("every", [0, 3, CHECK_EVERY])
def test_looks_at_the_drift_stand_in_the_middle_of_the_scan(quick_result, targets, every):
    check = visits(quick_result, targets, "mark", check_every=every).drift_check
    frame = quick_result.scan.frame
    if not every:
        assert check is None
        return
    assert (check.every, check.center_m) == (every, frame.center_m)
    assert check.size_m == pytest.approx(CHECK_SHARE * min(frame.size_m))


def test_no_plan_without_targets_or_scale(quick_result, targets):
    with pytest.raises(InputError, match="at least one target"):
        visits(quick_result, (), "mark")
    bare = replace(quick_result, scan=replace(quick_result.scan, frame=None))
    with pytest.raises(InputError, match="scale"):
        visits(bare, targets, "mark")
    odd = [replace(targets[0], settings={"bias_start_v": float("nan")}, action="spectrum")]
    with pytest.raises(InputError, match="numbers"):
        visits(quick_result, odd, "spectrum")
