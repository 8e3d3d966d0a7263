"""Where next: what each goal asks for, what is never proposed, and when nothing more is."""

import numpy as np
import pytest
from steering_fields import field_of_points, values_at

from corescout.data import InputError
from corescout.steering import GOALS, MeasuredValues, choose, predict, suggest
from corescout.steering.measured import measured_values


@pytest.fixture
def field(rng):
    return field_of_points(rng)


@pytest.fixture
def truth(field):
    return 2.0 + np.tanh(field.inputs[:, 0]) + 0.5 * field.inputs[:, 3]


@pytest.mark.parametrize("goal", GOALS)
def test_nothing_forbidden_or_touched_is_proposed(field, truth, rng, goal):
    allowed = field.xy_m[:, 0] < 2e-6
    field = type(field)(**{**vars(field), "allowed": allowed})
    rows = rng.choice(np.flatnonzero(allowed), 20, replace=False)
    found = choose(field, values_at(field, rows, truth), {goal: 1.0}, 12, error=1e-6)
    assert found.met or len(found.rows) == 12
    assert allowed[list(found.rows)].all()
    places = field.xy_m[[*rows, *found.rows]]
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)[20:]
    apart[np.arange(len(found.rows)), 20 + np.arange(len(found.rows))] = np.inf
    if found.rows:
        assert apart.min() >= field.radius_m
    assert len(found.reasons) == len(found.rows)
    assert all(goal in reason for reason in found.reasons)


def test_the_map_is_known_after_fewer_loops_than_at_random(field, truth, rng):
    def error(rows):
        return np.sqrt(np.mean((predict(field, values_at(field, rows, truth)).mean - truth) ** 2))

    start = [int(r) for r in rng.choice(400, 10, replace=False)]
    rows, prediction = list(start), None
    for _ in range(4):
        found = choose(
            field, values_at(field, rows, truth), {"map": 1.0}, 5, error=1e-6, start=prediction
        )
        rows, prediction = rows + list(found.rows), found.prediction
    at_random = [error(start + list(rng.choice(400, 20, replace=False))) for _ in range(3)]
    assert error(rows) < np.mean(at_random)


def test_rare_types_are_measured_until_their_means_are_known(rng):
    field = field_of_points(rng)
    rare = np.where(np.arange(400) < 12, 3, field.type)
    x = np.column_stack([field.inputs, (rare == 3).astype(float)])
    field = type(field)(
        **{**vars(field), "type": rare, "inputs": x, "names": (*field.names, "type 3")}
    )
    truth = 2.0 + 1.0 * (rare == 3)
    rows = rng.choice(np.arange(12, 400), 15, replace=False)
    found = choose(field, values_at(field, rows, truth, 0.05, rng), {"types": 1.0}, 4, error=0.05)
    assert np.count_nonzero(rare[list(found.rows)] == 3) >= 2
    assert "type 3" in found.reasons[0]


def test_extremes_are_sought_where_they_are_expected_and_seen_twice(field, truth, rng):
    rows = rng.choice(400, 30, replace=False)
    found = choose(field, values_at(field, rows, truth), {"extremes": 1.0}, 6)
    rank = np.argsort(np.argsort(truth[list(found.rows)] if found.rows else truth))
    assert found.met or rank.size
    share = np.array([(truth < truth[r]).mean() for r in found.rows])
    assert found.met or ((share > 0.85) | (share < 0.15)).mean() >= 0.5


def test_a_known_map_stops_and_says_so(field, rng, typed_result, table):
    flat = np.full(400, 2.0)
    rows = rng.choice(400, 25, replace=False)
    found = choose(field, values_at(field, rows, flat, 0.01, rng), {"map": 1.0}, 5, error=0.5)
    assert found.met
    assert found.rows == ()
    values = measured_values(table, typed_result, "coercive_bias_v")
    known = suggest(typed_result, values, {"map": 1.0}, 5, error=10.0, ask_whether=False)
    assert known.met
    assert not known.targets
    assert any("the goal is met (the map): nothing more is proposed" in s for s in known.lines)


def test_where_loops_fail_fewer_are_wasted(field, truth, rng):
    bad = field.inputs[:, 1] > 0.5
    rows = rng.choice(400, 80, replace=False)
    seen = np.where(bad[rows], np.nan, truth[rows])
    measured = MeasuredValues("coercive_bias_v", "V", rows, seen)
    prediction = predict(field, measured)
    assert prediction.failing[bad].mean() > 2 * prediction.failing[~bad].mean()


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [1.0, 2.0, 3.0], [2.0] * 12])
def test_few_failed_or_equal_values_still_give_places(field, values):
    measured = MeasuredValues("x", "", np.arange(len(values)), np.array(values, float))
    found = choose(field, measured, {"map": 1.0}, 6)
    assert len(found.rows) == 6
    assert all("spread out" in reason for reason in found.reasons)
    assert set(field.type[list(found.rows)]) == {1, 2}


def test_the_same_measurements_give_the_same_places(field, truth, rng):
    rows = rng.choice(400, 20, replace=False)
    goals = {"map": 1.0, "types": 0.5}
    twice = [choose(field, values_at(field, rows, truth), goals, 5, seed=3).rows for _ in "ab"]
    assert twice[0] == twice[1]


def test_halving_the_error_has_a_price_or_cannot_be_had(field, truth, rng):
    rows = np.random.default_rng(1).choice(400, 40, replace=False)
    found = choose(field, values_at(field, rows, truth, 0.02, rng), {"map": 1.0}, 1, error=1e-6)
    more = found.loops_to_halve()
    assert more > 5
    noisy = values_at(field, rows, truth, 0.5, rng)
    scattered = choose(field, noisy, {"map": 1.0}, 1, error=1e-6)
    assert scattered.loops_to_halve() is None
    assert scattered.scatter > 2 * found.scatter


def test_a_goal_that_is_none_is_refused(field):
    nothing = MeasuredValues("x", "", np.zeros(0, int), np.zeros(0))
    with pytest.raises(InputError, match="extremes"):
        choose(field, nothing, {"extreme": 1.0}, 5)
    with pytest.raises(InputError, match="above 0"):
        choose(field, nothing, {"map": 0.0}, 5)


def test_a_result_is_steered_by_its_table(typed_result, table):
    values = measured_values(table, typed_result, "coercive_bias_v")
    found = suggest(typed_result, values, {"map": 1.0, "types": 1.0}, 6, error=0.01)
    assert len(found.targets) == 6
    assert [t.number for t in found.targets] == [1, 2, 3, 4, 5, 6]
    assert all(t.reason and t.xy_m is not None for t in found.targets)
    text = "\n".join(found.lines)
    assert "values of coercive_bias_v at 40 places" in text
    assert "structure predicts coercive_bias_v" in text
    assert "halve it" in text


def test_a_property_that_structure_does_not_tell_spreads_the_places(field, rng):
    rows = rng.choice(400, 40, replace=False)
    found = choose(field, values_at(field, rows, rng.standard_normal(400)), {"map": 1.0}, 5)
    assert not found.prediction.tells
    assert all("structure does not tell the property" in reason for reason in found.reasons)
    assert found.loops_to_halve() is None
