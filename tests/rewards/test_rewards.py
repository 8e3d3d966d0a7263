"""Rewards against scikit-learn's figures, and what they must not depend on."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from corescout.data import Candidate, Evidence, Fit, InputError, Latents, Reward, Trial
from corescout.mixtures import fit_mixtures, held_out_nats
from corescout.plan import MixturePlan
from corescout.rewards import REWARDS, load_reward, look_in_current_folder, score
from corescout.rewards.criteria import classification_entropy
from corescout.rewards.evidence import with_evidence
from corescout.rewards.stability import stability

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


def slow_criteria(mixture, z) -> dict[str, float]:
    """BIC, AIC, E and H by one obvious loop over points and components."""
    total, entropy = 0.0, 0.0
    for point in z:
        densities = []
        for weight, mean, covariance in zip(
            mixture.weights, mixture.means, mixture.covariances, strict=True
        ):
            offset = point - mean
            quadratic = offset @ np.linalg.inv(covariance) @ offset
            norm = np.sqrt((2 * np.pi) ** len(point) * np.linalg.det(covariance))
            densities.append(weight * np.exp(-quadratic / 2) / norm)
        total += np.log(sum(densities))
        for density in densities:
            tau = density / sum(densities)
            entropy -= tau * np.log(tau) if tau > 0 else 0.0
    k, d, n = len(mixture.weights), z.shape[1], len(z)
    n_parameters = k * d + k * d * (d + 1) // 2 + k - 1
    return {
        "bic": -2 * total + n_parameters * np.log(n),
        "aic": -2 * total + 2 * n_parameters,
        "icl_1": -2 * total + n_parameters * np.log(n) + entropy,
        "icl": -2 * total + n_parameters * np.log(n) + 2 * entropy,
        "entropy": entropy,
    }


def test_criteria_equal_a_slow_loop_for_every_k(three):
    fit = fit_of(three)
    for k, mixture in fit.mixtures.items():
        expected = slow_criteria(mixture, three)
        only = replace(fit, mixtures={k: mixture})
        for name in ("bic", "aic", "icl_1", "icl"):
            value = score(only, [name])[name].value * len(three)
            assert value == pytest.approx(expected[name], rel=1e-5), (name, k)
        assert classification_entropy(mixture) == pytest.approx(expected["entropy"], rel=1e-3)


def test_the_fewest_components_that_may_be_chosen(three):
    z = np.random.default_rng(1).standard_normal((400, 2))
    fit = replace(fit_of(z), least_components=2)
    assert score(fit, ["bic"])["bic"].parts["n_components"] == 2
    assert score(fit, ["gain"])["gain"].value < 0


def held_out_fit(z, places, block) -> Fit:
    kept = np.ones(len(z), bool)
    nats = held_out_nats(z, kept, places, block, 5, PLAN, seed=0)
    return replace(fit_of(z), center_yx_px=places, block=block, held_out_nats=nats)


def test_held_out_likelihood_finds_the_planted_number(three, rng):
    places = rng.uniform(0, 500, (len(three), 2))
    block = (places[:, 0] // 100).astype(int)
    rewards = score(held_out_fit(three, places, block))
    assert rewards["held_out_log_likelihood"].parts["n_components"] == 3
    in_sample = rewards["gain"].value / 2  # ICL counts -2 log L
    assert rewards["held_out_gain"].value == pytest.approx(in_sample, abs=0.1)


def test_held_out_likelihood_is_not_fooled_by_points_that_are_the_same_place(rng):
    """Ten copies of each patch make BIC see ten times the points; the blocks do not."""
    z = np.repeat(rng.standard_normal((40, 2)), 10, axis=0)
    z = z + 0.01 * rng.standard_normal(z.shape)
    places = np.repeat(rng.uniform(0, 500, (40, 2)), 10, axis=0)
    rewards = score(held_out_fit(z, places, (places[:, 0] // 100).astype(int)))
    assert rewards["bic"].parts["n_components"] == PLAN.max_components
    assert rewards["held_out_gain"].value < 0.1 * abs(rewards["bic"].value)


def test_points_whose_windows_touch_a_block_are_not_fitted_on(rng):
    z = rng.standard_normal((200, 2))
    places = np.column_stack([np.linspace(0, 400, 200), np.zeros(200)])
    block = (places[:, 0] > 200).astype(int)
    wide = held_out_nats(z, np.ones(200, bool), places, block, 101, PLAN, seed=0)
    near = np.abs(places[:, 0] - 200) < 100
    moved = np.where(near[:, None] & (block == 0)[:, None], 50.0, z)
    again = held_out_nats(moved, np.ones(200, bool), places, block, 101, PLAN, seed=0)
    np.testing.assert_allclose(wide[1][block == 1], again[1][block == 1])


def test_stability_is_scikit_learns_adjusted_rand_index(rng):
    from sklearn.metrics import adjusted_rand_score

    seeds = [rng.integers(0, 4, 200) for _ in range(3)]
    seeds[1][:150] = seeds[0][:150]
    pairs = [adjusted_rand_score(seeds[i], seeds[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    reward = stability(seeds)
    assert reward.value == pytest.approx(np.mean(pairs))
    assert reward.direction == "higher"
    assert stability(seeds[:1]).void_because


OWN_MODULE = """
from corescout.data import Reward

def size(fit):
    return Reward("size", float(len(fit.latents)), "higher")

def broken(fit):
    raise KeyError("no such part")

def number(fit):
    return 3.0

def upward(fit):
    return Reward("upward", 3.0, "up")
"""


def test_a_users_reward_from_the_current_folder(three, tmp_path, monkeypatch):
    (tmp_path / "my_own_rewards.py").write_text(OWN_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [p for p in sys.path if p])
    names = [f"my_own_rewards:{f}" for f in ("size", "broken", "number", "upward")]
    with pytest.raises(InputError, match="No module named"):  # not without having been allowed
        load_reward(names[0])
    look_in_current_folder()
    rewards = score(fit_of(three), ["gain", *names])
    assert rewards[names[0]].value == len(three)
    assert "no such part" in rewards[names[1]].void_because
    assert "expected a corescout.data.Reward" in rewards[names[2]].void_because
    upward = rewards[names[3]].void_because
    assert "'higher' or 'lower'" in upward
    assert "'up'" in upward
    assert upward.endswith("(my_own_rewards.py, line 14)")  # not where the core found it
    assert rewards["gain"].void_because is None


def test_a_users_reward_by_its_entry_point(three, tmp_path, monkeypatch):
    (tmp_path / "packaged_reward.py").write_text(OWN_MODULE)
    info = tmp_path / "packaged_reward-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: packaged-reward\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[corescout.rewards]\nsize = packaged_reward:size\ngone = packaged_reward:gone\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert score(fit_of(three), ["size"])["size"].value == len(three)
    with pytest.raises(InputError, match=r"packaged-reward says; found .*'gone'"):
        load_reward("gone")
    with pytest.raises(InputError, match=r"components, .*size.*; did you mean 'size'"):
        load_reward("sise")


def test_evidence_is_a_reward_of_the_winner_alone():
    found = Evidence(0.05, 1.2, (0.3, 0.1), True, "why", 0.2, 0.02)
    trials = tuple(Trial(i, Candidate(w), "done") for i, w in enumerate((9, 13)))
    none, winner = with_evidence(trials, Candidate(13), found)
    assert not none.rewards
    reward = winner.rewards["evidence"]
    assert (reward.value, reward.direction, reward.parts["n_null"]) == (0.05, "lower", 2.0)
    unasked = replace(found, p_value=float("nan"), reason="not tested")
    assert with_evidence(trials, Candidate(9), unasked)[0].rewards["evidence"].void_because
