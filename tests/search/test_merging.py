"""Components that overlap, or that are met in the same places, become one type."""

import numpy as np
import pytest

from corescout.cores import numbered_by_size
from corescout.data import Mixture, Reward
from corescout.plan import DecisionPlan
from corescout.search import Places, types_of_codes
from corescout.search.merging import (
    each_in_its_places,
    grouped,
    merging_steps,
    neighbourhood,
    overlap,
)


@pytest.fixture
def case(rng):
    """Two patterns, one in each half; each has two parts that are mixed up and far apart in z."""
    yx = rng.uniform(0, 200, (600, 2))
    part = 2 * (yx[:, 1] > 90).astype(int) + rng.integers(0, 2, 600)
    centres = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 3.0], [9.0, 3.0]])
    z = centres[part] + rng.normal(0, 1, (600, 2))
    mixture = Mixture(
        np.bincount(part) / 600, centres, np.stack([np.eye(2)] * 4), np.zeros((0, 4)),
        np.zeros(0, np.int64), 0.0,
    )  # fmt: skip
    reward = {"bic": Reward("bic", 0.0, "lower", {"n_components": 4.0})}
    return yx, part, z, mixture, reward


def test_parts_that_are_met_together_are_one_type(case):
    yx, _, z, mixture, reward = case
    found, types = types_of_codes(
        {4: mixture}, reward, z, Places.of(yx, 9), DecisionPlan(merging="places", merged_types=2)
    )
    assert found is mixture
    assert types.tolist() == [2, 2, 1, 1]  # the right half is larger
    _, types = types_of_codes(
        {4: mixture}, reward, z, Places.of(yx, 9), DecisionPlan(merging="places")
    )
    assert types.max() == 2


def test_components_that_overlap_are_one_type(case):
    yx, _, z, mixture, reward = case
    plan = DecisionPlan(merging="entropy", merged_types=2)
    _, types = types_of_codes({4: mixture}, reward, z, Places.of(yx, 9), plan)
    assert types[0] == types[2] != types[1] == types[3]


def test_parts_that_overlap_with_others_are_joined_by_their_places_unless_not_asked(case):
    yx, _, z, mixture, reward = case
    asked = {4: mixture}, reward, z, Places.of(yx, 9), DecisionPlan(merging="entropy")
    _, joined = types_of_codes(*asked)
    assert joined[0] == joined[1] != joined[2] == joined[3]
    _, apart = types_of_codes(*asked, join=False)
    assert len(set(apart.tolist())) == 4


def test_of_numbers_that_tell_as_much_the_fewest_are_types(monkeypatch):
    """Two patterns in two halves; two parts of the second keep so far apart that nothing is won."""
    rng = np.random.default_rng(0)
    yx = rng.uniform(0, 240, (900, 2))
    lower = rng.uniform(size=900) < np.where(yx[:, 0] > 120, 0.92, 0.08)
    part = (yx[:, 1] > 120) * (1 + lower)
    centres = np.array([[0.0, 0.0], [8.0, 0.0], [12.0, 0.0]])
    z = centres[part] + rng.normal(0, 0.5, (900, 2))
    mixture = Mixture(
        np.bincount(part) / 900, centres, np.stack([np.eye(2) * 2] * 3), np.zeros((0, 3)),
        np.zeros(0, np.int64), 0.0,
    )  # fmt: skip
    reward = {"bic": Reward("bic", 0.0, "lower", {"n_components": 3.0})}

    def types():
        return types_of_codes({3: mixture}, reward, z, Places.of(yx, 9), DecisionPlan())[1]

    assert types().tolist() in ([1, 2, 2], [2, 1, 1])
    monkeypatch.setattr("corescout.search.merging._AS_MUCH", 1.0)
    assert types().max() == 3  # three tell a little more


def test_overlap_is_the_entropy_that_a_merge_takes_away(rng):
    tau = rng.dirichlet((0.3,) * 3, 50)

    def entropy(t):
        return -np.sum(t[t > 0] * np.log(t[t > 0]))

    gain = overlap(tau, None)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        merged = np.delete(tau, j, axis=1)
        merged[:, i if i < j else i - 1] = tau[:, i] + tau[:, j]
        assert gain[i, j] == pytest.approx(entropy(tau) - entropy(merged))


def test_steps_lose_one_group_at_a_time(case):
    yx, _, z, mixture, _ = case
    steps = merging_steps(mixture.assign(z), Places.of(yx, 9), neighbourhood)
    assert [g.max() + 1 for g in steps] == [4, 3, 2]
    for group in steps:
        assert set(group) == set(range(group.max() + 1))
        np.testing.assert_allclose(grouped(mixture.assign(z), group).sum(axis=1), 1)


def test_one_type_without_merging_is_a_component_and_types_are_numbered_by_size(case):
    yx, _, z, mixture, _ = case
    gain = {"gain": Reward("gain", 1.0, "higher", {"n_components": 4.0})}
    _, types = types_of_codes(
        {4: mixture}, gain, z, Places.of(yx, 9), DecisionPlan(merging="none", reward="gain")
    )
    assert sorted(types) == [1, 2, 3, 4]
    assert numbered_by_size(np.array([0, 1, 1]), np.array([0, 1, 0])).tolist() == [2, 1, 2]


def test_one_component_is_one_type(case):
    yx, _, z, _, _ = case
    one = Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None], np.zeros((0, 1)),
                  np.zeros(0, np.int64), 0.0)  # fmt: skip
    reward = {"bic": Reward("bic", 0.0, "lower", {"n_components": 1.0})}
    _, types = types_of_codes({1: one}, reward, z, Places.of(yx, 9), DecisionPlan(merging="places"))
    assert types.tolist() == [1]


def posteriors(part):
    """Of parts that gaps divide, (N, K)."""
    return np.eye(int(part.max()) + 1)[part]


def test_a_type_without_places_of_its_own_is_shared_out_among_those_that_it_is_met_with(rng):
    """Two halves, and two sorts of odd points scattered over either; gaps part all four."""
    yx = rng.uniform(0, 240, (900, 2))
    part = (yx[:, 1] > 120).astype(int)
    odd = rng.uniform(size=900) < 0.2
    part[odd] += 2
    places, largest = Places.of(yx, 9), DecisionPlan().largest_agreement
    group = each_in_its_places(posteriors(part), places, np.array([0, 1, 2, 2]), largest)
    assert group.tolist() == [0, 1, 0, 1]


def test_types_with_places_of_their_own_stay_however_many(rng):
    yx = rng.uniform(0, 240, (900, 2))
    part = (yx[:, 1] // 80).astype(int)
    places, largest = Places.of(yx, 9), DecisionPlan().largest_agreement
    group = np.array([2, 0, 1])
    found = each_in_its_places(posteriors(part), places, group, largest)
    assert found.tolist() == group.tolist()


def test_two_types_are_left_even_where_none_keeps_to_places(rng):
    yx = rng.uniform(0, 240, (900, 2))
    places = Places.of(yx, 9)
    tau = posteriors(rng.integers(0, 4, 900))
    assert each_in_its_places(tau, places, np.arange(4), 0.08).max() == 1
