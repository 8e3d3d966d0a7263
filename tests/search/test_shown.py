"""A claim must hold for the types that are shown, where candidates make these together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate, Evidence, EvidenceCheck, Fit, Latents
from corescout.mixtures import fit_mixtures
from corescout.plan import DecisionPlan, MixturePlan, Plan
from corescout.search.consensus import agreed
from corescout.search.decision import Decision
from corescout.search.excluded import with_checks
from corescout.search.grade import grade_in_words
from corescout.search.shown import asked_of_shown
from corescout.search.verdict import verdict
from corescout.search.whose_types import WhoseTypes
from corescout.square_grid import square_grid
from corescout.trial import Outcome

PLAN = Plan(mixtures=MixturePlan(min_components=2, max_components=2))
YX = np.stack(np.meshgrid(np.arange(24), np.arange(24), indexing="ij"), -1).reshape(-1, 2) * 8.0
HALVES = (YX[:, 0] > YX[:, 0].mean()).astype(int)
CLAIMED = Evidence(
    0.05, 3.0, (0.0,) * 19, True, "evidence of separate types: gain 3.00", 0.4, 0.1, True,
    "distinct", correlation_lengths=30.0,
)  # fmt: skip
POSSIBLE = replace(
    CLAIMED, has_types=False, grade="possible zones", p_value=0.5,
    reason="no evidence of separate types: gain 0.10",
)  # fmt: skip
REPEAT = EvidenceCheck("repeat", "again.ibw", True, 0.4, 0.1, 0.01, 50.0)


def together(kinds):
    """The types of a vote of two candidates whose codes tell these kinds apart."""
    rng = np.random.default_rng(0)
    count, none = len(YX), np.zeros(len(YX))
    voters = []
    for window_px in (9, 13):
        z = np.column_stack([5.0 * kinds, none]) + rng.standard_normal((count, 2))
        mixtures = fit_mixtures([z], [np.ones(count, bool)], PLAN.mixtures, [0])[0]
        fit = Fit(
            Candidate(window_px, "r"), Latents(z, np.zeros_like(z)), none, none, none,
            np.ones(count, bool), mixtures, YX, np.zeros((count, 0)),
        )  # fmt: skip
        voters.append(Outcome(fit.candidate, fit, {}, {}, None, 0, 0.0))
    found = agreed(voters, YX, 9, voters[0].fit.mixtures[2], PLAN)
    return replace(found, type_of_component=np.array([1, 2]))


@pytest.fixture(scope="module")
def in_zones():
    return together(HALVES)


@pytest.fixture(scope="module")
def everywhere():
    return together(np.random.default_rng(1).integers(0, 2, len(YX)))


def said(evidence, whose):
    decision = Decision(0, {}, {}, (), ())
    grid = square_grid((192, 192), None)
    return verdict(Candidate(9, "r"), decision, evidence, 2, whose, grid, ())


def test_types_of_the_winner_are_asked_nothing_more():
    assert asked_of_shown(CLAIMED, None, PLAN) is CLAIMED


def test_types_that_keep_to_places_leave_a_claim_and_its_p_is_the_larger(in_zones):
    found = asked_of_shown(replace(CLAIMED, p_value=0.0001), in_zones, PLAN)
    assert found.has_types
    assert found.shown.keep_to_places
    assert found.p_value == found.shown.p_value >= 1 / 500
    assert found.shown.distance_px[0] >= 1.25 * 13
    assert found.shown.in_words in found.reason


def test_a_claim_of_the_winner_is_none_of_types_that_are_met_everywhere(everywhere):
    found = asked_of_shown(CLAIMED, everywhere, PLAN)
    assert not found.has_types
    assert found.grade == "possible zones"
    assert np.isnan(found.p_value)
    assert found.reason.startswith(
        "no evidence of separate types, as the types that are shown do not keep"
    )
    assert "possible zones of the winner's codes" in grade_in_words(found, None)


def test_a_further_scan_makes_zones_of_types_that_keep_to_places_alone(in_zones, everywhere):
    zones = with_checks(asked_of_shown(POSSIBLE, in_zones, PLAN), [REPEAT])
    assert zones.grade == "zones"
    assert zones.p_value == max(0.01, zones.shown.p_value)
    spread = with_checks(asked_of_shown(POSSIBLE, everywhere, PLAN), [REPEAT])
    assert spread.grade == "possible zones"
    assert not spread.has_types


def test_without_evidence_nothing_is_asked(in_zones):
    unasked = replace(CLAIMED, grade="")
    assert asked_of_shown(unasked, in_zones, PLAN) is unasked
    plan = PLAN.model_copy(update={"decision": DecisionPlan(largest_agreement=None)})
    assert asked_of_shown(CLAIMED, in_zones, plan) is CLAIMED


def test_the_verdict_says_what_is_of_the_winner_and_what_of_the_types_that_are_shown(
    in_zones, everywhere
):
    whose = WhoseTypes(in_zones, 0.9, 3, "Whose types these are: 2 candidates together.")
    words = said(asked_of_shown(POSSIBLE, in_zones, PLAN), whose)
    assert words.startswith("Candidates together: no evidence of separate types in this scan; 2")
    assert "which keep to their own places. Whose types" in words
    assert "The winner is window 9 px, invariant to rotation." in words
    assert "gain 0.10 (of the winner's codes); the types that are shown keep" in words
    words = said(asked_of_shown(POSSIBLE, everywhere, PLAN), whose)
    assert "do not keep to their own places as those of the winner alone do" in words
    alone = said(POSSIBLE, WhoseTypes(None, 0.9, 3))
    assert alone.startswith("Window 9 px, invariant to rotation: no evidence")
    assert "winner" not in alone
