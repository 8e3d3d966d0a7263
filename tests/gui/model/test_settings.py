"""Settings as values: what they say to the plan, and when they cannot be used."""

import pytest

from corescout.gui.model.plan_of_steps import merged
from corescout.gui.model.settings import KeypointSettings, SearchSettings, TargetSettings
from corescout.plan import Plan


def test_what_is_not_set_is_left_to_the_preset():
    values = SearchSettings().plan_values()
    assert set(values) == {"preset_name", "seed", "invariances"}


def test_what_is_set_stands_in_the_plan():
    search = SearchSettings(
        windows=" 9, 13,", reward="bic", seeds=3, budget_min=2.5,
        options="training.epochs = 7; decision.finalists = 1",
    )  # fmt: skip
    values = search.plan_values()
    assert values["windows_px"] == (9, 13)
    assert values["budget_s"] == 150
    assert values["decision"] == {"reward": "bic", "seeds": 3, "finalists": 1}
    assert values["training"] == {"epochs": 7}


@pytest.mark.parametrize("windows", ["nine", "9; 13", "9.5", "90 V"])
def test_windows_that_are_no_numbers_say_where_to_correct_them(windows):
    with pytest.raises(ValueError, match="correct it in step 3"):
        SearchSettings(windows=windows).plan_values()
    assert SearchSettings(windows=windows).windows_tried_px() == ()


@pytest.mark.parametrize(
    ("windows", "found"),
    [
        ("90, 130 nm", (9, 13)),
        ("90nm, 0.132 µm", (9, 13)),
        ("95 nm", (9,)),
        ("101, 99 nm", (9, 11)),
        ("85-135 nm", (9, 11, 13)),
        ("7-11", (7, 9, 11)),
    ],
)
def test_windows_in_nanometres_are_the_nearest_odd_numbers_of_pixels(windows, found):
    settings = SearchSettings(windows=windows, pitch_m=10e-9)
    assert settings.windows_tried_px() == found
    assert settings.plan_values()["windows_px"] == found


def test_windows_in_nanometres_need_a_scale():
    with pytest.raises(ValueError, match="needs a scan with a scale"):
        SearchSettings(windows="90 nm").windows_px()


def test_windows_that_are_tried_are_those_of_the_preset_unless_given():
    assert SearchSettings().windows_tried_px() == Plan.preset("live").windows_px
    assert SearchSettings(windows="11, 21").windows_tried_px() == (11, 21)


def test_key_points_are_rounded_as_the_slider_shows_them():
    found = KeypointSettings("sato", 4.9999999, 1.50001).plan_values()["keypoints"]
    assert found == {"detector": "sato", "spacing_px": 5.0, "smoothing_px": 1.5}


def test_targets_are_what_the_engine_takes():
    plan = TargetSettings(per_type=2, spacing_m=1e-7, choice="novel").plan()
    assert (plan.per_type, plan.spacing_m, plan.choice) == (2, 1e-7, "novel")
    with pytest.raises(ValueError, match="per_type"):
        TargetSettings(per_type=0).plan()


def test_nested_changes_leave_their_neighbours():
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 5}, "e": 6}) == {
        "a": {"b": 1, "c": 5}, "d": 3, "e": 6,
    }  # fmt: skip
