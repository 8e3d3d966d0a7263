"""A plan keeps what its preset says: what is given is laid over it, and misspelt names are said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from corescout.data import InputError
from corescout.plan import DecisionPlan, Plan, TrainingPlan
from corescout.plan_changes import group_of, laid_over, nested, paths_of
from corescout.presets import PRESETS


def leaves(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict) and f"{prefix}{name}" != "decision.weights":
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


CHANGES = [
    ("decision", {"seeds": 2}),
    ("decision", DecisionPlan(seeds=2)),
    ("training", {"epochs": 3}),
    ("training", TrainingPlan(epochs=3)),
    ("mixtures", {"starts": 2}),
    ("mixtures", {"density_filter": {"share": 0.5}}),
    ("bayesian", {"starts": 2}),
    ("keypoints", {"spacing_px": 7.0}),
]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("group", "change"), CHANGES, ids=str)
def test_a_preset_keeps_all_that_a_change_does_not_name(preset, group, change):
    before = dict(leaves(Plan.preset(preset).model_dump()))
    after = dict(leaves(Plan.preset(preset, **{group: change}).model_dump()))
    changed = {path for path in before if before[path] != after[path]}
    named = change.model_dump(exclude_unset=True) if isinstance(change, BaseModel) else change
    assert changed == {path for path, _ in leaves({group: named})}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_plan_that_names_a_preset_is_that_preset_however_it_is_made(preset):
    whole = Plan.preset(preset)
    assert Plan(preset_name=preset) == whole
    assert Plan.model_validate({"preset_name": preset}) == whole
    assert Plan.model_validate_json(json.dumps({"preset_name": preset})) == whole
    assert Plan.model_validate_json(whole.model_dump_json()) == whole


def test_no_preset_is_the_default_one():
    assert Plan() == Plan.preset("live") == Plan.preset()


@given(
    preset=st.sampled_from(sorted(PRESETS)),
    numbers=st.fixed_dictionaries(
        {},
        optional={
            "training.epochs": st.integers(1, 500),
            "training.batch_size": st.integers(2, 500),
            "decision.seeds": st.integers(1, 9),
            "decision.core_share": st.floats(0.01, 1),
            "mixtures.density_filter.share": st.floats(0.01, 1),
            "targets.per_type": st.integers(1, 50),
            "seed": st.integers(0, 2**62),
        },
    ),
)
def test_changes_in_any_order_give_one_plan_that_differs_in_these_alone(preset, numbers):
    forth = back = Plan.preset(preset)
    for path, value in numbers.items():
        forth = forth.changed(path, value)
    for path, value in reversed(numbers.items()):
        back = back.changed(path, value)
    assert forth == back
    expected = dict(leaves(Plan.preset(preset).model_dump())) | numbers
    assert dict(leaves(forth.model_dump())) == expected


def test_laying_the_same_over_twice_changes_nothing():
    change = nested("mixtures.density_filter.kind", "none")
    once = laid_over(Plan, Plan().model_dump(), change)
    assert laid_over(Plan, once, change) == once


def test_every_setting_has_a_dotted_name_that_changes_it():
    plan = Plan.preset("paper")
    for path in paths_of(Plan):
        value = plan
        for part in path.split("."):
            value = getattr(value, part)
        assert plan.changed(path, value) == plan
    assert group_of(Plan, "decision") is DecisionPlan


def test_weights_replace_weights():
    plan = Plan.preset("live", decision={"weights": {"gain": 1.0, "bic": 0.2}})
    assert plan.changed("decision.weights", {"aic": 1.0}).decision.weights == {"aic": 1.0}


MISSPELT = {
    "a group": ({"trainin": {}}, "did you mean 'training'?"),
    "in a group": ({"training": {"epoch": 3}}, "did you mean 'epochs'?"),
    "in a group of a group": ({"mixtures": {"density_filter": {"shere": 1}}}, "'share'"),
    "of another group": ({"epochs": 3}, "did you mean 'training.epochs'?"),
    "a choice": ({"keypoints": {"detector": "cany"}}, "did you mean 'canny'?"),
    "a preset": ({"name": "papre"}, "did you mean 'paper'?"),
}


@pytest.mark.parametrize("case", MISSPELT)
def test_a_misspelt_name_is_an_error_that_names_the_nearest(case):
    changes, words = MISSPELT[case]
    with pytest.raises(InputError) as caught:
        Plan.preset(**changes)
    assert words in str(caught.value)
    if "name" not in changes:
        with pytest.raises(ValidationError):
            Plan.model_validate(changes)


def test_a_misspelt_path_is_an_error_that_names_the_nearest():
    with pytest.raises(InputError, match=r"training\.epoch'; did you mean 'epochs'\?"):
        Plan().changed("training.epoch", 3)
    with pytest.raises(InputError, match="expected"):
        Plan().changed("seed.sub", 3)


NONSENSE = {
    "no weight": {"weights": {}},
    "a weight of 0": {"weights": {"gain": 0.0, "bic": 1.0}},
    "a weight that is no number": {"weights": {"gain": float("nan")}},
    "an endless weight": {"weights": {"gain": float("inf")}},
    "a weight of nothing": {"weights": {" ": 1.0}},
    "one objective": {"objectives": ("gain",)},
    "no objective": {"objectives": ()},
    "an objective twice": {"objectives": ("gain", "gain")},
    "an objective without a name": {"objectives": ("gain", "")},
    "both": {"weights": {"gain": 1.0}, "objectives": ("gain", "bic")},
}


@pytest.mark.parametrize("case", NONSENSE)
def test_weights_and_objectives_that_decide_nothing_are_refused(case):
    with pytest.raises(InputError, match="expected"):
        Plan.preset("live", decision=NONSENSE[case])


@pytest.mark.parametrize("channels", [("A", "A"), (), ("",), ("A", "B", "A")])
def test_channels_are_named_once(channels):
    with pytest.raises(InputError, match="channels"):
        Plan.preset("live", channels=channels)


@pytest.mark.parametrize("path", ["budget_s", "training.learning_rate", "targets.margin_m"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_setting_is_without_end(path, value):
    with pytest.raises(InputError):
        Plan().changed(path, value)


def test_a_reward_that_would_decide_nothing_is_refused():
    weighted = Plan.preset("live", decision={"weights": {"gain": 1.0}})
    with pytest.raises(InputError, match=r"decision\.weights to None"):
        weighted.changed("decision.reward", "bic")
    assert weighted.changed("decision", {"reward": "bic", "weights": None}).decision.reward == "bic"
