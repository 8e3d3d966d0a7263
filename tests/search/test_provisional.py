"""The first answer: types without training, and what became of them."""

import numpy as np
import pytest

from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.search.provisional import follow

ONE_EACH = np.arange(1, 4)


def test_types_that_are_the_same_keep_their_numbers_and_so_their_colours():
    before = np.repeat([1, 2, 3], [30, 20, 10])
    component = np.repeat([2, 0, 1], [30, 20, 10])  # the same groups, counted otherwise
    found = follow(before, component, ONE_EACH)
    np.testing.assert_array_equal(found.type_of_component[component], before)
    assert found.words == "the search confirms the provisional types"


def test_what_is_new_and_what_is_gone_is_said():
    before = np.repeat([1, 2], [30, 30])
    component = np.repeat([1, 0, 2], [30, 12, 18])
    found = follow(before, component, ONE_EACH)
    now = found.type_of_component[component]
    assert set(now[:30]) == {1}
    assert set(now[42:]) == {2}
    assert sorted(set(now)) == [1, 2, 3]
    assert found.words == "of the provisional types the search keeps types 1, 2; new: type 3"
    merged = follow(np.repeat([1, 2, 3], [30, 20, 10]), np.repeat([0, 1], [30, 30]), ONE_EACH[:2])
    assert merged.words.endswith("keeps types 1, 2; gone: type 3")


def test_a_number_beyond_the_count_is_not_kept_and_that_is_said():
    before = np.repeat([1, 2, 3], [10, 10, 40])
    found = follow(before, np.repeat([0, 1], [20, 40]), ONE_EACH[:2])
    assert sorted(found.type_of_component) == [1, 2]
    assert "type 3 is now" in found.words


def test_types_that_have_nothing_in_common_are_replaced(rng):
    found = follow(rng.integers(1, 5, 400), rng.integers(0, 2, 400), ONE_EACH[:2])
    assert found.words == "the search replaces all provisional types"


@pytest.fixture(scope="module")
def told(surface):
    """What was told on the way, and the result."""
    plan = Plan.preset(
        "live", windows_px=(9,), invariances=("r",), decision={"seeds": 1, "null_surrogates": 0},
        training={"epochs": 2},
    )  # fmt: skip
    seen = []
    return seen, explore(surface.scan, plan, on_progress=seen.append)


def test_the_first_that_is_told_are_types_without_training(told, surface):
    seen, _ = told
    first = next(p for p in seen if p.trials)
    assert [t.candidate.kind for t in first.trials] == ["scattering"]
    found = first.provisional
    assert found.n_types >= 2
    assert "provisional" in found.in_words
    assert "tested by nothing" in found.in_words
    of_point = found.typed.types.of_point
    truth = surface.type_at(found.yx_px)
    agree = [np.bincount(truth[of_point == n]).max() for n in found.typed.types.numbers]
    assert sum(agree) > 0.6 * len(truth)
    assert {t.type for t in found.targets} == set(found.typed.types.numbers)
    assert all(p.provisional is found for p in seen[seen.index(first) :])


def test_the_result_says_what_became_of_them(told):
    _, result = told
    assert any("provisional types" in note for note in result.notes)


def test_the_plan_that_was_executed_keeps_what_needs_no_training(told):
    _, result = told
    kinds = [t.candidate.kind for t in result.trials]
    assert kinds.count("scattering") == 1
    assert result.plan["max_trials"] is None
