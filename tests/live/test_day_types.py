"""The measure of kept types: it sees a renumbering, and none where points merely change type."""

import numpy as np

from benchmarks.reliability.day_types import paired, renumbered_of


def test_a_swap_is_counted_and_scatter_is_not(rng):
    old = rng.integers(1, 4, 300)
    scattered = np.where(rng.random(300) < 0.3, rng.integers(1, 4, 300), old)
    assert renumbered_of(old, scattered) == (0, 3)
    swapped = np.choose(old, [0, 2, 1, 3])
    assert renumbered_of(old, swapped) == (2, 3)
    few = np.concatenate([old, [7] * 5])  # too few to be judged
    assert renumbered_of(few, few) == (0, 3)


def test_points_at_one_place_are_paired():
    old_m = np.array([[0.0, 0.0], [1e-7, 0.0]])
    new_m = np.array([[1e-7, 2e-9], [5e-7, 0.0]])
    old, new = paired(old_m, np.array([1, 2]), new_m, np.array([3, 4]))
    assert (old.tolist(), new.tolist()) == ([2], [3])
