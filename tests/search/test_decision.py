"""Which candidate wins: one reward, a weighted sum, several objectives; ties; words."""

from dataclasses import replace

import numpy as np
import optuna
import pytest

from corescout.data import Candidate, Reward, Trial
from corescout.plan import DecisionPlan
from corescout.search import decide
from corescout.search.decision import shortlist
from corescout.search.pareto import distance_to_ideal, non_dominated_ranks
from corescout.search.verdict import void_own_rewards

ONE_REWARD = DecisionPlan(reward="gain", context_margin=None, seeds=1)


def trial(number: int, candidate: Candidate | None = None, void: str | None = None, **values):
    """A trial with rewards by name; those called bic and icl are better lower."""
    rewards = {}
    for name, value in values.items():
        direction = "lower" if name in ("bic", "icl") else "higher"
        parts = {"n_components": 3.0} if name == "gain" else {}
        rewards[name] = Reward(name, value, direction, parts, void)
    return Trial(number, candidate or Candidate(9 + 2 * number, "r"), "done", rewards)


def obvious_ranks(utilities: np.ndarray) -> list[int]:
    """Peel off the front again and again, one pair at a time."""
    left, ranks, rank = set(range(len(utilities))), {}, 0
    while left:
        front = {
            i
            for i in left
            if not any(
                all(a >= b for a, b in zip(utilities[j], utilities[i], strict=True))
                and any(a > b for a, b in zip(utilities[j], utilities[i], strict=True))
                for j in left
            )
        }
        ranks |= dict.fromkeys(front, rank)
        left, rank = left - front, rank + 1
    return [ranks[i] for i in range(len(utilities))]


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_ranks_are_those_of_a_slow_loop_and_of_optuna(rng, n_objectives):
    utilities = rng.integers(0, 6, (40, n_objectives)).astype(float)
    ranks = non_dominated_ranks(utilities)
    assert ranks.tolist() == obvious_ranks(utilities)
    study = optuna.create_study(directions=["maximize"] * n_objectives)
    study.add_trials([optuna.trial.create_trial(values=list(row)) for row in utilities])
    if n_objectives > 1:
        front = sorted(t.number for t in study.best_trials)
        np.testing.assert_array_equal(np.flatnonzero(ranks == 0), front)


def test_distance_to_the_ideal():
    low, high = np.array([0.0, 10.0, 5.0]), np.array([1.0, 20.0, 5.0])
    assert distance_to_ideal(high, low, high) == 0
    assert distance_to_ideal(np.array([0.0, 20.0, 5.0]), low, high) == pytest.approx(1)


def test_the_best_of_one_reward_wins_in_its_own_direction():
    trials = [trial(0, gain=0.3, bic=5.0), trial(1, gain=0.1, bic=4.0)]
    assert decide(trials, {}, ONE_REWARD).winner == 0
    by_bic = decide(trials, {}, ONE_REWARD.model_copy(update={"reward": "bic"}))
    assert by_bic.winner == 1
    assert "BIC 5.00 against 4.00" in by_bic.runners_up[0].reason
    assert by_bic.reason == "chosen by BIC: 4.00"


def test_a_weighted_sum_turns_each_reward_first():
    trials = [trial(0, gain=1.0, bic=4.0), trial(1, gain=0.0, bic=1.0)]
    plan = ONE_REWARD.model_copy(update={"weights": {"gain": 1.0, "bic": 0.1}})
    assert decide(trials, {}, plan).winner == 0
    plan = ONE_REWARD.model_copy(update={"weights": {"gain": 1.0, "bic": 1.0}})
    assert decide(trials, {}, plan).winner == 1


def test_of_the_pareto_front_the_nearest_to_the_best_of_each_wins():
    values = [(0.0, 1.0), (0.7, 0.7), (1.0, 0.0), (0.3, 0.3)]
    trials = [trial(i, gain=a, context_retention=b) for i, (a, b) in enumerate(values)]
    plan = DecisionPlan(objectives=("gain", "context_retention"), seeds=1, finalists=2)
    found = decide(trials, {}, plan)
    assert found.winner == 1
    assert found.front == (0, 1, 2)
    assert shortlist(trials, plan)[0] == 1
    assert "the Pareto front holds 3" in found.reason
    reasons = {r.candidate.window_px: r.reason for r in found.runners_up}
    assert reasons[9].startswith("on the Pareto front too")
    assert "front" not in reasons[15]


def test_candidates_that_cannot_be_told_apart_are_tied_and_the_simplest_wins():
    trials = [
        trial(0, Candidate(9, "rt"), gain=0.50),
        trial(1, Candidate(9, "none"), gain=0.48),
        trial(2, Candidate(9, "none", kind="pca"), gain=0.47),
        trial(3, Candidate(9, "none"), gain=0.1),
    ]
    repeats = {i: [trial(9, gain=t.rewards["gain"].value + 0.1)] for i, t in enumerate(trials)}
    plan = DecisionPlan(reward="gain", context_margin=None, finalists=4)
    found = decide(trials, repeats, plan)
    assert found.winner == 2
    assert {t.candidate.invariances for t in found.tied} == {"rt"}, "a direction is not a type"
    found = decide(trials, repeats, plan.model_copy(update={"none_decides": True}))
    assert found.winner == 2
    assert {t.candidate.invariances for t in found.tied} == {"rt", "none"}
    assert "a baseline won, the best autoencoder (9 px, rt) has 0.55" in found.reason
    assert all("+-" in t.reason for t in found.tied)


def test_void_rewards_are_out_and_say_why():
    trials = [trial(0, gain=0.5), trial(1, void="ZeroDivisionError: division by zero", gain=0.9)]
    found = decide(trials, {}, ONE_REWARD)
    assert found.winner == 0
    assert "gain is void: ZeroDivisionError" in found.runners_up[0].reason
    assert decide([trials[1]], {}, ONE_REWARD) is None


def test_the_gate_lets_only_those_compete_that_keep_the_context():
    trials = [trial(0, gain=0.9, context_retention=0.1), trial(1, gain=0.2, context_retention=0.5)]
    plan = DecisionPlan(reward="gain", context_margin=0.08, seeds=1)
    found = decide(trials, {}, plan)
    assert found.winner == 1
    assert "loses too much of the surroundings" in found.runners_up[0].reason


def test_what_was_trained_well_is_named_before_what_collapsed():
    trials = [
        trial(0, void="collapsed", gain=9.0),
        trial(1, gain=0.9, context_retention=0.1),
        trial(2, gain=0.2, context_retention=0.5),
    ]
    found = decide(trials, {}, DecisionPlan(reward="gain", context_margin=0.08, seeds=1))
    assert found.winner == 2
    assert [t.candidate for t in found.runners_up] == [trials[1].candidate, trials[0].candidate]


def test_a_reward_of_ones_own_that_has_no_value_is_noted():
    why = "KeyError: 70 (reward.py, line 30)"
    trials = [trial(0, gain=1.0), trial(1, gain=1.0)]
    seven = Reward("seven", float("nan"), "higher", void_because=why)
    size = Reward("size", 3.0, "higher")
    trials = [replace(t, rewards={**t.rewards, "seven": seven, "size": size}) for t in trials]
    assert void_own_rewards(trials, ("gain", "size", "seven")) == (
        f"reward 'seven' is void for 2 of 2 trainings: {why}",
    )


def test_scattering_decides_only_where_nothing_else_can():
    seen = trial(0, Candidate(21, latent_dim=6, kind="scattering"), gain=9.0)
    found = decide([seen, trial(1, gain=1.0)], {}, ONE_REWARD)
    assert found.winner == 1
    assert found.tied == ()
    assert "where nothing else can" in found.runners_up[-1].reason
    collapsed = trial(1, void="collapsed", gain=1.0)
    assert decide([seen, collapsed], {}, ONE_REWARD).winner == 0
