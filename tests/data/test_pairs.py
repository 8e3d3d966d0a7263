"""Points of two scans that lie at one place, held against a slow loop."""

import numpy as np
import pytest

from corescout.data.pairs import pairs_at_one_place


def slow(first, second, reach):
    taken = {}
    for j, other in enumerate(second):
        apart = [np.hypot(*(other - place)) for place in first]
        i = int(np.argmin(apart))
        if apart[i] <= reach and (i not in taken or apart[i] < taken[i][1]):
            taken[i] = (j, apart[i])
    return [[i, j] for i, (j, _) in sorted(taken.items())]


@pytest.mark.parametrize("reach", [0.01, 0.05, 0.3])
def test_pairs_are_those_of_a_slow_loop(rng, reach):
    first, second = rng.random((60, 2)), rng.random((80, 2))
    assert pairs_at_one_place(first, second, reach).tolist() == slow(first, second, reach)


def test_moved_points_find_themselves(rng):
    first = rng.permutation(np.stack(np.indices((5, 5)), -1).reshape(-1, 2)).astype(float)
    order = rng.permutation(25)
    pairs = pairs_at_one_place(first, first[order] + 0.1, 0.2)
    assert np.array_equal(order[pairs[:, 1]], pairs[:, 0])
    assert len(pairs) == 25


def test_the_reach_belongs_to_one_place():
    assert len(pairs_at_one_place([[0, 0]], [[0, 2]], 2.0)) == 1
    assert len(pairs_at_one_place([[0, 0]], [[0, 2]], 1.99)) == 0


@pytest.mark.parametrize("counts", [(0, 3), (3, 0), (0, 0)])
def test_no_points_have_no_pairs(counts):
    assert pairs_at_one_place(*(np.zeros((n, 2)) for n in counts), 1.0).shape == (0, 2)
