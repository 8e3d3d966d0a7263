"""Scores of a partition, and the paired bootstrap, of the benchmarks."""

import numpy as np
import pytest

from benchmarks.truth.decision import interval
from benchmarks.truth.partition_scores import (
    SCORES,
    balanced_recall,
    contingency,
    coverage,
    partition_scores,
)

TRUTH = np.repeat([0, 1, 2], (10, 60, 30))


def test_the_truth_itself_scores_one_whatever_the_numbers():
    found = partition_scores(np.array([7, 3, 5])[TRUTH], TRUTH)
    assert set(found) == set(SCORES)
    assert found == pytest.approx(dict.fromkeys(SCORES, 1.0))


def test_one_component_for_all_scores_nothing_but_completeness():
    found = partition_scores(np.zeros(100, int), TRUTH)
    assert found["ami"] == pytest.approx(0)
    assert found["homogeneity"] == pytest.approx(0)
    assert found["completeness"] == pytest.approx(1)
    assert found["balanced_recall"] == pytest.approx(1 / 3)
    assert found["coverage"] == pytest.approx(1 / 3)


def test_recall_is_balanced_and_each_component_counts_once():
    labels = np.where(np.arange(100) < 40, 0, 1)  # 10 of no wall and 30 of type 1, then the rest
    assert contingency(TRUTH, labels).tolist() == [[10, 0], [30, 30], [0, 30]]
    assert balanced_recall(labels, TRUTH) == pytest.approx((1 + 0 + 1) / 3)
    assert coverage(labels, TRUTH) == pytest.approx(1 / 3)  # ties go to the first class


def test_the_interval_covers_a_mean_as_often_as_it_says(rng):
    inside = []
    for _ in range(200):
        low, mean, high = interval(rng.normal(0.1, 1, 40))
        assert low < mean < high
        inside.append(low <= 0.1 <= high)
    assert 0.88 <= np.mean(inside) <= 0.99
