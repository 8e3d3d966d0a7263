"""Where a reward of the Bayesian mixture decides, the types are its effective components."""

import numpy as np

from corescout.data import BayesianMixture, Mixture, Reward
from corescout.plan import DecisionPlan
from corescout.search import Places, types_of_codes


def mixture(k: int, n: int = 40) -> Mixture:
    return Mixture(
        weights=np.arange(k, 0, -1) / np.arange(k, 0, -1).sum(),
        means=10.0 * np.arange(k)[:, None] * np.ones((1, 2)),
        covariances=np.tile(np.eye(2), (k, 1, 1)),
        responsibilities=np.full((n, k), 1 / k),
        seen=np.arange(n),
        log_likelihood_nats=0.0,
    )


def test_effective_components_are_the_types(rng):
    plenty = mixture(4)
    weights = np.array([0.5, 0.02, 0.4, 0.08])
    plenty = Mixture(
        weights, plenty.means, plenty.covariances, plenty.responsibilities, plenty.seen, 0.0
    )
    bayesian = BayesianMixture(plenty, -10.0, 0.1, (-10.0,), 5, True)
    parts = {"n_components": 2.0}
    rewards = {n: Reward(n, 1.0, "lower", parts) for n in ("gain", "bic", "neg_elbo_plus_h")}
    z = rng.normal(size=(40, 2)) + np.repeat([[0.0, 0.0], [20.0, 20.0]], 20, axis=0)
    places = Places.of(rng.uniform(0, 100, (40, 2)), 9)
    mixtures = {k: mixture(k) for k in (1, 2, 3)}
    plan = DecisionPlan(reward="neg_elbo_plus_h", merging="none")
    found, types = types_of_codes(mixtures, rewards, z, places, plan, bayesian)
    np.testing.assert_array_equal(found.means, plenty.means[[0, 2]])
    np.testing.assert_allclose(found.weights, [5 / 9, 4 / 9])
    assert sorted(types) == [1, 2]
    plan = DecisionPlan(reward="bic", merging="none")
    assert types_of_codes(mixtures, rewards, z, places, plan, bayesian)[0] is mixtures[2]
