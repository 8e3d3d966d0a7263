"""A direction is not a type: who may decide, and what nothing left to tell means."""

from types import SimpleNamespace

import numpy as np
import pytest

from corescout.data import Candidate, Reward, Trial
from corescout.plan import DecisionPlan, Plan
from corescout.search import decide
from corescout.search.direction import ALIKE, NOTHING_TRAINED, one_type
from corescout.search.lateral import without_rotation

PLAN = DecisionPlan(reward="gain", context_margin=None, seeds=1)


def trial(number, invariances, gain, state="done"):
    reward = Reward("gain", gain, "higher", {"n_components": 3.0})
    return Trial(number, Candidate(13, invariances), state, {"gain": reward})


def test_without_rotation_a_candidate_stays_in_the_table_and_does_not_decide():
    trials = [trial(0, "none", 9.0), trial(1, "r", 1.0), trial(2, "t", 8.0)]
    found = decide(trials, {}, PLAN)
    assert found.winner == 1
    reasons = {r.candidate.invariances: r.reason for r in found.runners_up}
    assert "directions" in reasons["none"]
    assert "directions" in reasons["t"]
    assert decide(trials, {}, PLAN.model_copy(update={"none_decides": True})).winner == 0


def test_where_no_rotation_was_tried_the_others_decide():
    assert decide([trial(0, "none", 2.0), trial(1, "t", 1.0)], {}, PLAN).winner == 0


def outcome(invariances, loss, window=13):
    """As far as `one_type` asks: patches of half dark and half bright pixels, rebuilt to a loss."""
    fit = SimpleNamespace(
        log_likelihood_per_px=np.full(20, -loss), target_entropy_per_px=np.zeros(20)
    )
    return SimpleNamespace(candidate=Candidate(window, invariances), fit=fit, mean_grey=0.5)


def test_patches_that_are_alike_are_told_from_an_accident():
    alike = {0: outcome("none", 0.05), 1: outcome("r", 0.055)}
    assert one_type(alike) == (1, ALIKE)
    poor = {0: outcome("none", 0.05), 1: outcome("r", 0.3)}
    assert one_type(poor) == (1, NOTHING_TRAINED)
    assert one_type({0: outcome("none", 0.05)}) is None


@pytest.mark.parametrize("name", ["lateral x", "lateral"])
def test_of_lateral_channels_the_direction_is_physics(name):
    roles = {"A": f"amplitude {name}", "B": "amplitude lateral y"}
    channels = ("A", "B") if name == "lateral x" else ("A",)
    plan, notes = without_rotation(Plan(), channels, roles)
    assert plan.decision.none_decides
    assert not any("r" in i for i in plan.invariances if i != "none")
    assert "physics" in notes[0] or "one component" in notes[0]


def test_rotation_of_a_vector_is_kept_where_it_was_asked_for():
    roles = {"A": "amplitude lateral x", "B": "amplitude lateral y"}
    plan, notes = without_rotation(Plan(invariances=("none", "r")), ("A", "B"), roles)
    assert plan.invariances == ("none", "r")
    assert plan.decision.none_decides
    assert notes == ()
