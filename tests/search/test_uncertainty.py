"""The error of a difference, over seeds and over the scan, and who is tied."""

import numpy as np
import pytest

from corescout.data import Candidate, Reward, Trial
from corescout.plan import DecisionPlan
from corescout.search import decide
from corescout.search.uncertainty import (
    ScoreSample,
    difference_error,
    seed_variance,
    tied_with_best,
)

NONE = np.zeros(0)


def test_over_seeds_it_is_the_error_of_a_difference_of_means(rng):
    rows = rng.normal(size=(4000, 2, 3))
    differences = (rows.mean(axis=2) @ [1, -1]).std()
    one, other = ScoreSample(np.arange(3.0), NONE), ScoreSample(np.arange(3.0) + 5, NONE)
    assert difference_error(one, other, 1.0) == pytest.approx(differences, rel=0.05)
    assert seed_variance({0: one, 1: other}) == pytest.approx(1.0)


def test_over_the_scan_it_is_the_jackknife_of_paired_blocks(rng):
    """Blocks drawn anew move the difference by as much as the error says."""
    n_blocks, found, errors = 16, [], []
    for _ in range(400):
        common = rng.normal(0, 5, n_blocks)
        a, b = (common + rng.normal(shift, 1, n_blocks) for shift in (0.5, 0.0))
        found.append((a - b).sum())
        errors.append(difference_error(ScoreSample(a[:1], a), ScoreSample(b[:1], b), 0.0))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.1)


def test_who_is_tied():
    samples = {
        0: ScoreSample(np.array([0.70, 0.72]), NONE),
        1: ScoreSample(np.array([0.69, 0.71]), NONE),
        2: ScoreSample(np.array([0.50, 0.52]), NONE),
    }
    assert tied_with_best(samples, 1.0) == [0, 1]
    assert tied_with_best(samples, 0.0) == [0]
    assert tied_with_best(samples, 100.0) == [0, 1, 2]


def test_on_a_plateau_the_smallest_window_wins_and_only_there():
    def trial(window_px: int, blocks: list[float]) -> Trial:
        reward = Reward("context_retention", sum(blocks), "higher", per_block=tuple(blocks))
        return Trial(0, Candidate(window_px, "r"), "done", {"context_retention": reward})

    trials = [
        trial(7, [0.10, 0.10, 0.10, 0.10]),
        trial(9, [0.18, 0.14, 0.20, 0.15]),
        trial(21, [0.15, 0.20, 0.14, 0.21]),
    ]
    plan = DecisionPlan(context_margin=None, seeds=1)
    found = decide(trials, {}, plan)
    assert found.winner == 1  # 0.67 against 0.70, and the blocks differ both ways
    assert [t.candidate.window_px for t in found.tied] == [21]
    assert decide(trials, {}, plan.model_copy(update={"tie_errors": 0.0})).winner == 2
