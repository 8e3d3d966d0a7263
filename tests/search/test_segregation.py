"""Types lie apart; the parts of one pattern do not."""

import numpy as np
import pytest

from corescout.plan import DecisionPlan, Plan
from corescout.search import Segregation, distances_px, judge, segregation, settled

PLAN = Plan.preset("live")
ALIKE = Segregation(0.01, 0.02, 20, (20, 40))
APART = Segregation(0.30, 0.06, 20, (20, 40))


def places(rng, count=500, side=200):
    return rng.uniform(0, side, (count, 2))


def one_hot(labels):
    return np.eye(int(labels.max()) + 1)[labels]


def test_halves_of_a_scan_are_apart(rng):
    yx = places(rng)
    found = segregation(one_hot((yx[:, 0] > 100).astype(int)), yx, (20, 40))
    assert found.value > 0.5
    assert found.p_value(0.05) < 0.01


def test_independent_labels_are_not(rng):
    """One in twenty may pass; with the floor of 0.05 hardly any does."""
    p = []
    for _ in range(40):
        yx = places(rng)
        p.append(segregation(one_hot(rng.integers(0, 3, len(yx))), yx, (20, 40)).p_value(0.05))
    assert np.mean(np.asarray(p) < 0.05) <= 0.05


@pytest.mark.parametrize("period_px", [8, 12, 20, 28])
def test_the_two_edges_of_stripes_are_not(rng, period_px):
    edge = np.arange(0, 200, period_px / 2)
    y, x = np.meshgrid(np.arange(0, 200, 5.0), edge)
    yx = np.stack([y.ravel(), x.ravel()], axis=1)
    side = (np.arange(len(edge)) % 2).repeat(y.shape[1])
    found = segregation(one_hot(side), yx, distances_px(21))
    assert found.p_value(0.05) > 0.05


def test_it_is_the_correlation_over_the_ring_of_pairs(rng):
    yx, tau = places(rng, 60), rng.dirichlet((1, 1, 1), 60)
    c = tau - tau.mean(axis=0)
    products = [
        c[i] @ c[j]
        for i in range(60)
        for j in range(60)
        if 20 < np.linalg.norm(yx[i] - yx[j]) <= 40
    ]
    expected = np.mean(products) / np.mean((c**2).sum(axis=1))
    assert segregation(tau, yx, (20, 40)).value == pytest.approx(expected)


def test_one_component_or_places_too_close_say_nothing(rng):
    yx = places(rng, 50)
    assert segregation(np.ones((50, 1)), yx, (20, 40)).p_value(0.05) == 1.0
    assert segregation(one_hot(rng.integers(0, 2, 50)), yx / 50, (20, 40)).p_value(0.05) == 1.0


def test_types_that_lie_alike_need_no_surrogates_and_are_not_claimed():
    assert settled(5.0, (), PLAN, ALIKE)
    evidence = judge(5.0, (), PLAN, ALIKE)
    assert not evidence.has_types
    assert evidence.p_value > 0.05
    assert "lies everywhere alike" in evidence.reason
    assert evidence.segregation == ALIKE.value


def test_types_that_lie_apart_are_claimed_against_surrogates():
    assert not settled(5.0, (), PLAN, APART)
    assert judge(5.0, (0.0,) * 19, PLAN, APART).has_types
    assert not judge(5.0, (6.0,) * 19, PLAN, APART).has_types
    asked_not = Plan.preset("live", decision=DecisionPlan(largest_agreement=None))
    assert judge(5.0, (0.0,) * 19, asked_not, ALIKE).has_types
