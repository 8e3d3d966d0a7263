"""The way through the targets: every one once, and close to the shortest."""

from itertools import permutations

import numpy as np
import pytest

from corescout.targets import length_m, route


@pytest.mark.parametrize("seed", range(8))
def test_close_to_the_shortest_way(seed):
    rng = np.random.default_rng(seed)
    places, start = rng.random((7, 2)) * 1e-6, rng.random(2) * 1e-6
    order = route(places, start)
    assert sorted(order) == list(range(7))
    best = min(length_m(places, start, p) for p in permutations(range(7)))
    assert length_m(places, start, order) <= 1.1 * best


def test_points_on_a_line_are_visited_in_turn():
    places = np.column_stack([np.array([3, 1, 4, 2, 5]) * 1e-7, np.zeros(5)])
    assert list(route(places, (0.0, 0.0))) == [1, 3, 0, 2, 4]
    assert length_m(places, (0.0, 0.0), route(places, (0.0, 0.0))) == pytest.approx(5e-7)


def test_no_place_is_no_way():
    assert len(route(np.zeros((0, 2)), (0.0, 0.0))) == 0
