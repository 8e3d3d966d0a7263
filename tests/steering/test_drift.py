"""A property that drifts with the loops is told from one that depends on structure."""

from dataclasses import replace

import numpy as np
import pytest
from steering_fields import field_of_points, values_at

from corescout.steering import (
    MeasuredValues,
    choose,
    field_of,
    measured_values,
    predict,
    property_drift,
)
from corescout.steering.choosing import REFERENCE
from corescout.steering.drift import AREA_PLACES, due, reference_area

NOISE_V = 0.03


@pytest.fixture(scope="module")
def field(typed_result):
    return field_of(typed_result, radius_m=10e-9)


@pytest.fixture(scope="module")
def truth(typed_result, loop_field):
    """Coercive bias of the twin's formula at the key points."""
    return loop_field.coercive_v(np.asarray(typed_result.patches.center_yx_px))


def loops(field, truth, rows, drift_v, seed=0):
    """What loops in this order show while the tip drifts by so much from the first to the last."""
    rng = np.random.default_rng(seed)
    drift = np.linspace(0, drift_v, len(rows))
    seen = truth[rows] + drift + NOISE_V * rng.standard_normal(len(rows))
    return MeasuredValues("coercive_bias_v", "V", np.asarray(rows), seen)


@pytest.mark.parametrize("drift_v", [-0.8, 0.8])
def test_a_planted_drift_is_said_and_kept_out_of_the_map(field, truth, drift_v):
    rows = np.random.default_rng(3).choice(len(field), 60, replace=False)
    drifted = predict(field, loops(field, truth, rows, drift_v))
    still = predict(field, loops(field, truth, rows, 0.0))
    found = property_drift(drifted)
    assert found.seen
    assert found.change == pytest.approx(drift_v, abs=0.3)
    assert f"coercive_bias_v drifts: {found.change:+.2g}" in found.words("coercive_bias_v")
    # the map is that of the time of the last loop, its pattern that of a tip that does not drift
    off = drifted.mean - drift_v - truth
    assert np.std(off) < 1.2 * np.std(still.mean - truth) + 0.02
    assert abs(off.mean()) < 0.3


def test_structure_alone_is_no_drift(field, truth):
    seen = 0
    for seed in range(5):
        rows = np.random.default_rng(seed).choice(len(field), 50, replace=False)
        found = property_drift(predict(field, loops(field, truth, rows, 0.0, seed)))
        seen += abs(found.change) > 2 * found.std
    assert seen <= 1
    assert "no drift" in replace(found, change=0.0, in_area=float("nan")).words("x")


def test_a_reference_area_tells_drift_where_types_were_measured_one_after_the_other(field, truth):
    """One type after the other: the order of the loops and the type are nearly the same."""
    first_type = int(field.type[0])
    start = int(np.flatnonzero(field.type == first_type)[0])
    measured = MeasuredValues("c", "V", np.array([start]), truth[[start]])
    area = reference_area(field, measured)
    assert area[0] == start
    assert set(field.type[area]) == {first_type}
    others = np.setdiff1d(np.arange(len(field)), area)
    by_type = others[np.argsort(field.type[others], kind="stable")][:: len(others) // 50]
    rows = [start]
    for i, row in enumerate(by_type):
        rows.append(int(row))
        if i % 5 == 4:
            rows.append(int(area[1 + i // 5]))
    for drift_v in (0.0, 1.0):
        found = property_drift(predict(field, loops(field, truth, np.array(rows), drift_v)))
        assert found.area_loops >= 10
        assert abs(found.in_area - drift_v) < max(3 * found.in_area_std, 0.3)
    assert abs(found.in_area) > 2 * found.in_area_std
    assert "loops of the reference area" in found.words("c")


def test_every_so_many_loops_one_goes_to_a_fresh_place_of_the_area(rng):
    field = field_of_points(rng)
    truth = 2 + field.inputs[:, 0]
    measured = values_at(field, list(range(12)), truth, 0.05, rng)
    area = reference_area(field, measured)
    assert len(area) == AREA_PLACES
    found = choose(field, measured, {"map": 1.0}, 10, error=1e-6, reference_every=5)
    of_area = [i for i, reason in enumerate(found.reasons) if reason == REFERENCE]
    assert of_area == [2, 7] == list(due(12, 10, 5))  # the 15th and the 20th loop
    probed = [found.rows[i] for i in of_area]
    assert set(probed) <= set(area.tolist())
    assert not set(probed) & set(measured.row.tolist())
    assert len(set(found.rows)) == 10
    apart = np.linalg.norm(field.xy_m[list(found.rows)][:, None] - field.xy_m[measured.row], axis=2)
    assert apart.min() >= field.radius_m
    none = choose(field, measured, {"map": 1.0}, 10, error=1e-6)
    assert REFERENCE not in none.reasons


def test_an_area_that_is_used_up_leaves_the_goals_their_places(rng):
    field = field_of_points(rng)
    measured = values_at(field, list(range(12)), field.inputs[:, 0])
    area = reference_area(field, measured)
    allowed = np.ones(len(field), bool)
    allowed[area] = False
    measured = values_at(field, [*range(12), *map(int, area)], field.inputs[:, 0], 0.05, rng)
    found = choose(replace(field, allowed=allowed), measured, {"map": 1.0}, 10, error=1e-6,
                   reference_every=2)  # fmt: skip
    assert len(found.rows) == 10
    assert len([r for r in found.reasons if r == REFERENCE]) < 5


def test_the_time_counts_where_it_is_not_the_order(field, truth):
    """A pause of a night in the middle, over which the property changed; before and after not."""
    rows = np.random.default_rng(1).choice(len(field), 60, replace=False)
    still = loops(field, truth, rows, 0.0)
    even = replace(still, seconds=30.0 * np.arange(60))
    assert even.time is None  # says no more than the order
    after = np.arange(60) >= 48
    seconds = 30.0 * np.arange(60) + 40_000.0 * after
    changed = replace(still, value=still.value + 0.8 * after, seconds=seconds)
    assert changed.time is not None
    assert changed.time[47] < -0.9
    by_time = predict(field, changed)
    assert property_drift(by_time).seen
    by_order = predict(field, replace(changed, seconds=None))
    error = [np.sqrt(np.mean((p.mean - truth - 0.8) ** 2)) for p in (by_time, by_order)]
    assert error[0] < error[1] + 0.02
    assert replace(changed, seconds=np.where(after, np.nan, seconds)).time is None


def test_the_table_of_a_day_says_when(typed_result, table):
    found = measured_values(table, typed_result, "coercive_bias_v")
    assert found.seconds is not None
    assert found.seconds.min() == 0
    assert (np.diff(found.seconds) >= 0).all()
