"""Types lie apart; the parts of one pattern do not."""

import numpy as np
import pytest

from corescout.plan import DecisionPlan, Plan
from corescout.search import PlaceAgreement, Places, judge, settled

PLAN = Plan.preset("live")
LARGEST = PLAN.decision.largest_agreement
ALIKE = PlaceAgreement(0.01, 0.02, 0.4, (14, 28))
SLIGHT = PlaceAgreement(0.04, 0.01, 0.002, (14, 28))
UNSURE = PlaceAgreement(0.12, 0.15, 0.002, (14, 28))
APART = PlaceAgreement(0.30, 0.06, 0.002, (14, 28))


def some_places(rng, count=500, side=200):
    return rng.uniform(0, side, (count, 2))


def one_hot(labels):
    return np.eye(int(labels.max()) + 1)[labels]


def test_halves_of_a_scan_are_apart(rng):
    yx = some_places(rng)
    found = Places.of(yx, 11).agreement(one_hot((yx[:, 0] > 100).astype(int)), tested=True)
    assert found.value > 0.5
    assert found.p_value < 0.01


def test_independent_labels_are_not(rng):
    """The test holds its level, and none of these reaches what one pattern may have."""
    found = []
    for _ in range(60):
        yx = some_places(rng, 300)
        tau = one_hot(rng.integers(0, 3, len(yx)))
        found.append(Places.of(yx, 11).agreement(tau, tested=True))
    assert np.mean([a.p_value <= 0.05 for a in found]) <= 0.15
    assert max(a.value for a in found) < LARGEST


@pytest.mark.parametrize("period_px", [8, 12, 20, 28])
def test_the_two_edges_of_stripes_are_not(period_px):
    edge = np.arange(0, 200, period_px / 2)
    y, x = np.meshgrid(np.arange(0, 200, 5.0), edge)
    yx = np.stack([y.ravel(), x.ravel()], axis=1)
    side = (np.arange(len(edge)) % 2).repeat(y.shape[1])
    found = Places.of(yx, 21).agreement(one_hot(side), tested=True)
    assert found.value < LARGEST or found.p_value > 0.05


def test_it_is_the_correlation_over_the_ring_of_pairs(rng):
    yx, tau = some_places(rng, 60), rng.dirichlet((1, 1, 1), 60)
    c = tau - tau.mean(axis=0)
    near, far = Places.of(yx, 9).distance_px
    pairs = [
        (i, j) for i in range(60) for j in range(60) if near < np.linalg.norm(yx[i] - yx[j]) <= far
    ]
    spread = np.mean((c**2).sum(axis=1))
    expected = np.mean([c[i] @ c[j] for i, j in pairs]) / spread
    found = Places.of(yx, 9)
    assert found.agreement(tau).value == pytest.approx(expected)
    cross = np.mean([np.outer(c[i], c[j]) for i, j in pairs], axis=0)
    np.testing.assert_allclose(found.cross(tau), cross, atol=1e-12)


def test_the_error_is_the_jackknife_over_blocks(rng):
    yx, tau = some_places(rng, 80, 100), rng.dirichlet((1, 1), 80)
    places = Places.of(yx, 9)
    c = tau - tau.mean(axis=0)
    spread = np.mean((c**2).sum(axis=1))
    left = []
    for b in range(places.block.max() + 1):
        kept = [(i, j) for i, j in places.pairs if b not in (places.block[i], places.block[j])]
        if kept:
            left.append(np.mean([c[i] @ c[j] for i, j in kept]) / spread)
    n = len(left)
    expected = np.sqrt((n - 1) / n * np.sum((np.array(left) - np.mean(left)) ** 2))
    assert places.agreement(tau).standard_error == pytest.approx(expected)


def test_one_component_or_places_too_close_say_nothing(rng):
    yx = some_places(rng, 50)
    assert Places.of(yx, 9).agreement(np.ones((50, 1)), tested=True).p_value == 1.0
    tau = one_hot(rng.integers(0, 2, 50))
    assert Places.of(yx / 50, 9).agreement(tau, tested=True).p_value == 1.0


def test_types_that_lie_alike_need_no_surrogates_and_are_not_claimed():
    for places in (ALIKE, SLIGHT, UNSURE):
        assert settled(5.0, (), PLAN, places)
        evidence = judge(5.0, (), PLAN, places)
        assert not evidence.has_types
        assert "spread evenly over the scan" in evidence.reason
        assert evidence.agreement == places.value
        assert evidence.p_value > PLAN.decision.significance


def test_types_that_lie_apart_are_claimed_against_surrogates():
    assert not settled(5.0, (), PLAN, APART)
    assert judge(5.0, (0.0,) * 19, PLAN, APART).has_types
    assert not judge(5.0, (6.0,) * 19, PLAN, APART).has_types
    asked_not = Plan.preset("live", decision=DecisionPlan(largest_agreement=None))
    assert judge(5.0, (0.0,) * 19, asked_not, ALIKE).has_types
