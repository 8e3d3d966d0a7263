"""Our batched mixtures against scikit-learn's, and against what was planted."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from corescout.mixtures import enough_codes, fit_mixtures, keep_dense
from corescout.plan import DensityFilterPlan, MixturePlan

PLAN = MixturePlan(max_components=5)


def blobs(seed: int = 0, n: int = 200, dims: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = 4 * np.eye(3, dims)
    return np.concatenate([rng.normal(c, [0.3] + [0.8] * (dims - 1), (n, dims)) for c in centres])


def everything(z: np.ndarray) -> np.ndarray:
    return np.ones(len(z), dtype=bool)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_planted_blobs_come_back(dims):
    z = blobs(dims=dims)
    mixture = fit_mixtures([z], [everything(z)], PLAN, [0])[0][3]
    truth = np.repeat(np.arange(3), 200)
    found = mixture.assign(z).argmax(axis=1)
    table = np.zeros((3, 3))
    np.add.at(table, (truth, found), 1)
    assert table.max(axis=1).sum() > (0.98 if dims > 1 else 0.7) * len(z)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_at_least_as_likely_as_scikit_learn(k):
    z = blobs()
    ours = fit_mixtures([z], [everything(z)], PLAN, [0])[0][k]
    theirs = GaussianMixture(k, n_init=3, random_state=0).fit(z).score(z)
    assert ours.log_likelihood_nats / len(z) > theirs - 0.01


def test_the_mixture_is_consistent_with_scikit_learns_densities():
    z = blobs()
    ours = fit_mixtures([z], [everything(z)], PLAN, [0])[0][3]
    model = GaussianMixture(3)
    model.weights_, model.means_, model.covariances_ = ours.weights, ours.means, ours.covariances
    model.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(ours.covariances))
    np.testing.assert_allclose(ours.log_likelihood_nats, model.score(z) * len(z), rtol=1e-4)
    np.testing.assert_allclose(ours.responsibilities, model.predict_proba(z), atol=1e-3)
    np.testing.assert_allclose(ours.assign(z), model.predict_proba(z), atol=1e-6)


def test_a_latent_space_does_not_depend_on_its_scale():
    z = blobs()
    turn = np.array([[3.0, 1.0], [0.0, 0.01]])
    plain, turned = fit_mixtures([z, z @ turn.T], [everything(z)] * 2, PLAN, [0, 0])
    shift = len(z) * np.log(abs(np.linalg.det(turn)))
    for k in plain:
        expected = plain[k].log_likelihood_nats - shift
        np.testing.assert_allclose(turned[k].log_likelihood_nats, expected, rtol=1e-4)


def test_only_kept_points_are_seen():
    z = np.concatenate([blobs(), [[100.0, 100.0]]])
    kept = everything(z)
    kept[-1] = False
    mixture = fit_mixtures([z], [kept], PLAN, [0])[0][2]
    assert len(mixture.seen) == len(z) - 1
    assert np.abs(mixture.means).max() < 10


@pytest.mark.parametrize("share", [0.6, 0.95])
def test_densest_keeps_its_share_and_drops_the_haze(share):
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(0, 0.1, (190, 2)), rng.uniform(-5, 5, (10, 2))])
    kept = keep_dense(z, DensityFilterPlan(kind="densest", share=share))
    assert kept.sum() == round(share * 200)
    assert not kept[190:].any()


def test_relative_keeps_several_clusters():
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(c, 0.05, (100, 2)) for c in (0.0, 3.0)])
    kept = keep_dense(z, DensityFilterPlan(kind="relative"))
    assert kept[:100].mean() > 0.8
    assert kept[100:].mean() > 0.8


def test_codes_that_are_all_the_same_do_not_end_the_search():
    z = np.zeros((60, 2))
    mixtures = fit_mixtures([z], [everything(z)], PLAN, [0])[0]
    assert set(mixtures) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("far", [1.0, 30.0, 1000.0])
def test_points_on_a_line_in_one_place_and_far_away_can_be_fitted(far):
    rng = np.random.default_rng(0)
    line = np.column_stack([rng.normal(size=150), np.zeros(150)])
    place = np.full((150, 2), 0.3)
    outlier = np.full((2, 2), far) + rng.normal(size=(2, 2))
    z = np.concatenate([line, place, outlier])
    (found,) = fit_mixtures([z], [np.ones(len(z), bool)], MixturePlan(), [0])
    assert sorted(found) == list(range(1, 11))
    for mixture in found.values():
        assert np.isfinite(mixture.log_likelihood_nats)
        assert np.isfinite(mixture.covariances).all()
        np.testing.assert_allclose(mixture.responsibilities.sum(axis=1), 1)


def hazy_blobs() -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.concatenate([blobs(), rng.uniform(-6, 10, (120, 2))])


def test_a_noise_component_takes_the_haze():
    z = hazy_blobs()
    plan = MixturePlan(max_components=4, starts=10, noise_component=True)
    found = fit_mixtures([z, 50 * z], [everything(z)] * 2, plan, [0, 0])
    mixture = found[0][3]
    assert mixture.noise_weight == pytest.approx(120 / len(z), abs=0.04)
    assert mixture.weights.sum() + mixture.noise_weight == pytest.approx(1)
    widths = np.sqrt(np.linalg.eigvalsh(mixture.covariances))
    np.testing.assert_allclose(widths, np.tile([0.3, 0.8], (3, 1)), rtol=0.25)
    plain = fit_mixtures([z], [everything(z)], MixturePlan(max_components=4, starts=10), [0])[0][3]
    assert np.sqrt(np.linalg.eigvalsh(plain.covariances)).max() > 1.5
    assert mixture.log_likelihood_nats > plain.log_likelihood_nats
    assert mixture.n_parameters == plain.n_parameters + 1
    haze = mixture.responsibilities.sum(axis=1)[600:]
    assert np.median(haze) < 0.1


def test_the_noise_has_the_density_of_the_box_and_follows_the_scale():
    z = hazy_blobs()
    plan = MixturePlan(max_components=3, starts=10, noise_component=True)
    found = fit_mixtures([z, 50 * z], [everything(z)] * 2, plan, [0, 0])
    one, other = found[0][3], found[1][3]
    assert other.noise_density == pytest.approx(one.noise_density / 2500, rel=1e-3)
    total = one.log_density(z).sum()
    assert one.log_likelihood_nats == pytest.approx(total, rel=1e-3)
    tau = np.asarray(one.responsibilities)
    noise = one.noise_weight * one.noise_density / np.exp(one.log_density(z))
    np.testing.assert_allclose(1 - tau.sum(axis=1), noise, atol=5e-3)
    full = np.column_stack([tau, 1 - tau.sum(axis=1)])
    full = full[full > 0]
    assert one.classification_entropy_nats == pytest.approx(-(full * np.log(full)).sum(), rel=1e-6)


def test_no_more_points_than_are_asked_for_are_kept_and_they_are_dense():
    z = blobs()
    plan = DensityFilterPlan(max_points=100, share=0.8)
    assert enough_codes(plan) == 125
    one, other = keep_dense(z, plan, seed=0), keep_dense(z, plan, seed=1)
    assert one.sum() == other.sum() == 100 < len(z)
    assert not np.array_equal(one, other)
    every = keep_dense(z, DensityFilterPlan(share=0.8))
    assert (one & every).sum() > 0.9 * 100  # 80 would be by chance
    few = keep_dense(z[:125], plan, seed=0)
    assert few.tobytes() == keep_dense(z[:125], DensityFilterPlan(share=0.8)).tobytes()


def test_the_mixtures_of_one_latent_space_share_what_they_saw():
    z = blobs()
    (found,) = fit_mixtures([z], [everything(z)], MixturePlan(), [0])
    assert len(found) > 5
    assert all(m.seen is found[1].seen for m in found.values())


def test_a_random_subset_of_equal_size():
    z = blobs()
    plan = DensityFilterPlan(kind="relative", max_points=100)
    one, other = keep_dense(z, plan, seed=0), keep_dense(z, plan, seed=1)
    assert one.sum() == other.sum() == 100
    assert not np.array_equal(one, other)
    dense = keep_dense(z, DensityFilterPlan(kind="relative"))
    assert not (one & ~dense).any()
