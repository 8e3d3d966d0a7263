"""Rewards against scikit-learn's figures, and what they must not depend on."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from corescout.data import Candidate, Fit, InputError, Latents, Reward
from corescout.mixtures import fit_mixtures
from corescout.plan import MixturePlan
from corescout.rewards import REWARDS, load_reward, score

PLAN = MixturePlan(max_components=3)


def fit_of(z: np.ndarray) -> Fit:
    everything = np.ones(len(z), bool)
    return Fit(
        candidate=Candidate(9),
        latents=Latents(z, np.full_like(z, 0.1)),
        log_likelihood_per_px=np.full(len(z), -0.5),
        target_entropy_per_px=np.full(len(z), 0.3),
        kl_nats=np.ones(len(z)),
        kept=everything,
        mixtures=fit_mixtures([z], [everything], PLAN, [0])[0],
        center_yx_px=np.zeros((len(z), 2)),
        context=np.zeros((len(z), 0)),
    )


@pytest.fixture(scope="module")
def three():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(c, 0.3, (150, 2)) for c in ((0, 0), (3, 0), (0, 3))])


@pytest.mark.parametrize(("name", "method"), [("bic", "bic"), ("aic", "aic")])
def test_information_criteria_equal_scikit_learns(three, name, method):
    reward = score(fit_of(three), [name])[name]
    models = [GaussianMixture(k, n_init=3, random_state=0).fit(three) for k in range(1, 4)]
    best = min(getattr(m, method)(three) for m in models) / len(three)
    assert reward.value == pytest.approx(best, rel=2e-3)
    assert reward.direction == "lower"


def test_icl_is_bic_plus_weighted_entropy(three):
    fit = fit_of(three)
    mixture = fit.mixtures[3]
    tau = np.clip(mixture.responsibilities, 1e-300, 1)
    entropy = -(tau * np.log(tau)).sum()
    bic = -2 * mixture.log_likelihood_nats + mixture.n_parameters * np.log(len(three))
    for name, weight in (("icl_1", 1), ("icl", 2), ("icl_4", 4)):
        reward = score(fit, [name])[name]
        assert reward.parts["n_components"] == 3
        assert reward.value == pytest.approx((bic + weight * entropy) / len(three), rel=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_the_gain_does_not_depend_on_the_scale_of_the_codes(three, scale):
    gain = score(fit_of(scale * three), ["gain"])["gain"]
    assert gain.value == pytest.approx(score(fit_of(three), ["gain"])["gain"].value, rel=1e-3)
    assert gain.parts["n_components"] == 3


def test_one_gaussian_gains_nothing():
    z = np.random.default_rng(1).standard_normal((400, 2))
    assert score(fit_of(z), ["gain"])["gain"].value == pytest.approx(0, abs=0.02)


def test_a_collapsed_fit_is_void_but_keeps_its_values(three):
    rewards = score(fit_of(three), void_because="collapsed")
    assert rewards["bic"].utility == -np.inf
    assert np.isfinite(rewards["bic"].value)
    assert rewards["total_variance"].void_because is None


def test_reconstruction_above_its_floor(three):
    rewards = score(fit_of(three), ["reconstruction", "bce_minus_entropy"])
    assert rewards["reconstruction"].value == pytest.approx(-0.5)
    assert rewards["bce_minus_entropy"].value == pytest.approx(0.2)


def test_a_users_reward_that_raises_is_void(three, monkeypatch):
    monkeypatch.setitem(REWARDS, "mine", lambda fit: 1 / 0)
    reward = score(fit_of(three), ["mine"])["mine"]
    assert "ZeroDivisionError" in reward.void_because


def own_reward(fit: Fit) -> Reward:
    return Reward("own", float(len(fit.latents)), "higher")


def test_a_users_reward_by_its_path(three):
    assert load_reward("math:sqrt")(4) == 2
    with pytest.raises(InputError, match="module:function"):
        load_reward("no_such_module:f")
    with pytest.raises(InputError, match="gain"):
        load_reward("gian")
