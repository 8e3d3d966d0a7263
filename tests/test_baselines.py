"""The baselines against scikit-learn, and as candidates of a search."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA

from corescout.baselines import encode_baseline, fit_baseline
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.trial import TrialGroup, run_trials


@pytest.fixture(scope="module")
def prepared(surface):
    return prepare(surface.scan, Plan.preset("live"))


@pytest.fixture(scope="module")
def patches(prepared):
    return np.asarray(prepared.patches(9).values)


def test_pca_is_scikit_learns(patches):
    ours = encode_baseline(patches, fit_baseline(patches, "pca", 2), "pca")
    model = PCA(2).fit(patches.reshape(len(patches), -1))
    theirs = model.transform(patches.reshape(len(patches), -1))
    for i in range(2):
        assert abs(np.corrcoef(ours.latents.mean[:, i], theirs[:, i])[0, 1]) > 0.9999


@pytest.mark.parametrize("kind", ["nmf", "pca"])
@pytest.mark.parametrize("dims", [1, 3])
def test_codes_have_unit_variance_and_rebuild_better_with_more(patches, kind, dims):
    found = encode_baseline(patches, fit_baseline(patches, kind, dims), kind)
    np.testing.assert_allclose(np.std(found.latents.mean, axis=0), 1, rtol=1e-3)
    more = encode_baseline(patches, fit_baseline(patches, kind, dims + 2), kind)
    assert more.log_likelihood_per_px.mean() > found.log_likelihood_per_px.mean()
    assert (found.log_likelihood_per_px <= -found.target_entropy_per_px + 1e-6).all()


def test_nmf_scores_are_the_least_squares_ones(patches):
    from scipy.optimize import nnls

    weights = fit_baseline(patches, "nmf", 3)
    found = encode_baseline(patches[:20], weights, "nmf")
    scores = found.latents.mean * weights["scale"]
    for row, patch in zip(scores, patches[:20], strict=True):
        expected, _ = nnls(weights["components"].T.astype(float), patch.ravel().astype(float))
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_the_sliding_fourier_transform_does_not_see_a_shift(rng):
    side = 16
    x = np.arange(side)[None, :].repeat(side, axis=0)
    phase = rng.uniform(0, 2 * np.pi, 60)[:, None, None]
    period = np.repeat([4.0, 8.0], 30)[:, None, None]
    waves = (0.5 + 0.4 * np.cos(2 * np.pi * x / period + phase)).astype(np.float32)[:, None]
    z = encode_baseline(waves, fit_baseline(waves, "fft", 2), "fft").latents.mean
    spread = max(z[:30].std(axis=0).max(), z[30:].std(axis=0).max())
    assert np.linalg.norm(z[:30].mean(axis=0) - z[30:].mean(axis=0)) > 10 * spread


@pytest.mark.parametrize("kind", ["pca", "nmf", "fft", "descriptors", "scattering"])
def test_a_baseline_is_a_candidate_like_any_other(prepared, kind):
    plan = Plan.preset("live", baselines=(kind,), extra_rewards=("held_out_gain",))
    candidate = next(c for c in plan.candidates(prepared.channels) if c.kind == kind)
    group = TrialGroup(
        candidates=(candidate, replace(candidate, seed=1)),
        patch_sets=(prepared.patches(candidate.window_px),),
        context=prepared.context,
        block=prepared.block,
        training=plan.training,
        mixtures=plan.mixtures.model_copy(update={"max_components": 3}),
        extra_rewards=plan.wanted_rewards,
        features=prepared.trial_data.features(candidate, plan.keypoints),
    )
    for outcome in run_trials(group):
        assert outcome.collapsed is None
        rewards = outcome.rewards
        assert all(np.isfinite(rewards[n].value) for n in ("gain", "context_retention"))
        # in the units of a latent space of two dimensions, which scattering has not
        assert np.isfinite(rewards["bic"].value) == (kind != "scattering")
        assert np.isfinite(rewards["held_out_gain"].value)
        assert (rewards["reconstruction"].void_because is None) == (
            kind not in ("fft", "descriptors", "scattering")
        )
    assert kind.upper() in candidate.label.upper()
    assert candidate.sees_no_patches == (kind in ("descriptors", "scattering"))


def test_scattering_is_one_candidate_whatever_the_windows():
    plan = Plan.preset("live", windows_px=(7, 13, 31))
    kinds = [c.kind for c in plan.candidates(("a",))]
    assert kinds.count("scattering") == 1
    assert kinds[-1] == "scattering"
    assert plan.candidates(("a",))[-1].window_px == 13
    assert "scattering" not in {c.kind for c in Plan.preset("paper").candidates(("a",))}
