"""Types that every training of every finalist tells apart by gaps stay; else candidates vote."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate, Fit, Latents, Reward
from corescout.mixtures import fit_mixtures
from corescout.pipeline import apply, explore, save
from corescout.plan import MixturePlan, Plan
from corescout.rewards.criteria import bic, gain
from corescout.rewards.stability import adjusted_rand
from corescout.runs import read_run
from corescout.search.found_trials import FoundTrials
from corescout.search.provisional import typed_outcome
from corescout.search.unanimity import LEAST_AGREEMENT, LEAST_GAIN, Unanimity, unanimity
from corescout.search.whose_types import whose_types
from corescout.surfaces.needles import Needles, needle_surface
from corescout.trial import Outcome

PLAN = Plan(mixtures=MixturePlan(max_components=4), decision={"types": "consensus", "finalists": 2})
COUNT = 240
YX = np.column_stack([np.repeat(np.arange(6) * 40.0, 40), np.tile(np.arange(40) * 7.0, 6)])
KINDS = np.repeat([0, 1], COUNT // 2)  # the upper and the lower half of the scan


def outcome(window_px, codes, seed=0):
    """A candidate with these codes at the points of a scan."""
    nothing, kept = np.zeros(COUNT), np.ones(COUNT, bool)
    mixtures = fit_mixtures([codes], [kept], PLAN.mixtures, [seed])[0]
    candidate = Candidate(window_px, "r", seed=seed)
    fit = Fit(
        candidate, Latents(codes, np.zeros_like(codes)), nothing, nothing, nothing, kept, mixtures,
        YX, np.zeros((COUNT, 0)),
    )  # fmt: skip
    context = Reward("context_retention", 1.0 / window_px, "higher", {})
    rewards = {"gain": gain(fit), "bic": bic(fit), "context_retention": context}
    return Outcome(candidate, fit, {}, rewards, None, seed, 0.0)


def in_two(kinds, gap, rng):
    """Codes (N, 2) of two kinds, so many standard deviations apart."""
    apart = np.column_stack([gap * (np.asarray(kinds) == 1), np.zeros(COUNT)])
    return apart + rng.standard_normal((COUNT, 2))


def decided(codes_of_each):
    """Who makes the types of two finalists with two trainings each; and the winner."""
    trained = [outcome(9 + 4 * (i // 2), codes, i % 2) for i, codes in enumerate(codes_of_each)]
    found = FoundTrials([trained[0].candidate, trained[2].candidate], PLAN.decision)
    found.outcomes = {0: trained[0], 1: trained[2]}
    found.repeats = {0: [trained[1]], 1: [trained[3]]}
    typed = typed_outcome(trained[0], PLAN.decision)
    alone = (typed.mixture, np.asarray(typed.type_of_component))
    winner = type("Decision", (), {"winner": 0})()
    return whose_types(found, winner, trained[0], alone, PLAN), typed


def test_types_that_gaps_part_in_every_training_stay(rng):
    whose, typed = decided([in_two(KINDS, 60.0, rng) for _ in range(4)])
    assert whose.together is None
    assert adjusted_rand(np.asarray(typed.types.of_point), KINDS) == 1
    assert whose.words.startswith(
        "Whose types these are: 9 px, r alone, as wide gaps part the codes"
    )
    assert "4 trainings of the finalists agree on the types with ARI 1.00" in whose.words
    assert whose.n_seeds == 2
    assert whose.agreement == 1


def test_codes_without_gaps_are_heard_together(rng):
    whose, typed = decided([in_two(KINDS, 4.0, rng) for _ in range(4)])
    assert whose.together is not None
    shown = np.asarray(whose.together.typed.types.of_point)
    assert adjusted_rand(shown, KINDS) >= adjusted_rand(np.asarray(typed.types.of_point), KINDS)
    assert "2 candidates together" in whose.words
    assert "gaps part the codes of each too little to decide alone" in whose.words


def test_gaps_that_part_other_points_in_every_training_are_heard_together(rng):
    other = np.tile(np.repeat([0, 1], 20), 6)  # stripes across the halves
    codes = [in_two(kinds, 60.0, rng) for kinds in (KINDS, other, KINDS, other)]
    whose, _ = decided(codes)
    assert whose.together is not None
    assert "each alone finds other types" in whose.words


def test_odd_points_at_the_border_of_two_kinds_are_no_type_of_their_own():
    """Gaps part them from both kinds; each joins the kind that it is most met with."""
    rng = np.random.default_rng(2)  # by others they are joined with one kind before
    odd = np.isin(YX[:, 0], (80.0, 120.0)) & (rng.uniform(size=COUNT) < 0.15)
    centres = np.array([[0.0, 0.0], [60.0, 0.0], [30.0, 40.0]])[np.where(odd, 2, KINDS)]
    whose, typed = decided([centres + rng.standard_normal((COUNT, 2)) for _ in range(4)])
    assert np.max(typed.type_of_component) == 3
    shown = whose.type_of_component[typed.component]
    assert set(shown.tolist()) == {1, 2}
    assert adjusted_rand(shown[~odd], KINDS[~odd]) == 1
    assert "ARI 0.94. One type has no places of its own and joined those around." in whose.words


def test_one_training_has_nothing_to_agree_with(rng):
    only = outcome(9, in_two(KINDS, 60.0, rng))
    assert unanimity([only], PLAN.decision).holds
    assert not unanimity([outcome(9, in_two(KINDS, 4.0, rng))], PLAN.decision).holds
    assert not unanimity([], PLAN.decision).holds


@pytest.mark.parametrize(
    ("gain_value", "agreement", "holds"),
    [
        (LEAST_GAIN, LEAST_AGREEMENT, True),
        (LEAST_GAIN - 0.01, 1.0, False),
        (99.0, LEAST_AGREEMENT - 0.01, False),
    ],
)
def test_both_are_asked_for(gain_value, agreement, holds):
    assert Unanimity(4, gain_value, agreement).holds is holds


@pytest.fixture(scope="module")
def kept():
    """Dark and bright needles, by a consensus that has nothing to vote on."""
    surface = needle_surface(Needles((0.3, 1.8), (3.0, 3.0), (0.3, 1.7), 17.0, 0.0), 1, (144, 144))
    plan = Plan.preset(
        "live",
        windows_px=(9,),
        invariances=("r",),
        pixel_size_m=1e-8,
        decision={"types": "consensus", "seeds": 1, "null_surrogates": 0},
    )
    return explore(surface.scan, plan), surface.scan


def test_needles_of_two_kinds_keep_the_types_of_the_winner(kept):
    found, scan = kept
    assert found.votes is None
    assert found.n_types == 2
    assert "alone, as wide gaps part the codes" in found.why
    plan = Plan.model_validate(found.plan)
    winner = plan.decision.model_copy(update={"types": "winner"})
    alone = explore(scan, plan.model_copy(update={"decision": winner}))
    np.testing.assert_array_equal(found.types.of_point, alone.types.of_point)


def test_kept_types_are_read_back_and_applied(kept, tmp_path):
    found, scan = kept
    back = read_run(save(found, tmp_path / "run"))
    np.testing.assert_array_equal(back.types.of_point, found.types.of_point)
    there = apply(back, replace(scan), keypoints=found.keypoints)
    assert there.votes is None
    assert adjusted_rand(np.asarray(there.types.of_point), np.asarray(found.types.of_point)) > 0.95
