"""Compiled mixtures are held to the batched ones: the same optimum, K by K."""

import threading

import numpy as np
import pytest
import torch

from corescout.data import InputError, StoppedError
from corescout.mixtures import check_mixtures, compiled, fit_mixtures
from corescout.mixtures.compiled import start_compiled
from corescout.mixtures.gaussian import kmeans_start
from corescout.plan import MixturePlan

pytest.importorskip("numba")


def plan(engine, **more):
    return MixturePlan(max_components=6, engine=engine, **more)


def latent_space(seed, dims):
    """Some blobs of different shapes on a haze: what codes look like."""
    rng = np.random.default_rng(seed)
    blobs = [
        rng.normal(3 * rng.standard_normal(dims), rng.uniform(0.1, 1.0, dims), (120, dims))
        for _ in range(4)
    ]
    return np.concatenate([*blobs, rng.uniform(-4, 4, (40, dims))])


def per_point_nats(spaces, **options):
    """Log-likelihoods (spaces, K) of the compiled and of the batched mixtures."""
    kept = [np.ones(len(z), bool) for z in spaces]
    seeds = list(range(len(spaces)))
    found = [
        fit_mixtures(spaces, kept, plan(engine, **options), seeds)
        for engine in ("numba", "batched")
    ]
    n = len(spaces[0])
    return [np.array([[m[k].log_likelihood_nats / n for k in m] for m in of]) for of in found]


@pytest.mark.parametrize("dims", [1, 2, 3, 6])
def test_the_same_optimum_is_found(dims):
    ours, batched = per_point_nats([latent_space(seed, dims) for seed in range(6)])
    assert ours.shape == (6, 6)
    assert np.ptp(batched) > 0.1
    assert np.mean(np.abs(ours - batched) < 0.002) >= 0.97


@pytest.mark.parametrize("k", [1, 2, 5])
def test_starts_are_the_same_points(k):
    z = torch.from_numpy(latent_space(1, 2)).float()
    one, other = (
        start(z, k, np.random.default_rng(3), 4) for start in (start_compiled, kmeans_start)
    )
    assert one.sum() == len(z)
    np.testing.assert_array_equal(one, other)


def test_the_same_optimum_beside_a_haze():
    spaces = [latent_space(seed, 2) for seed in range(6)]
    ours, batched = per_point_nats(spaces, noise_component=True)
    assert np.mean(np.abs(ours - batched) < 0.002) >= 0.97
    kept = [np.ones(len(z), bool) for z in spaces]
    found = fit_mixtures(spaces, kept, plan("numba", noise_component=True), [0] * 6)
    assert all(0.01 < mixtures[4].noise_weight < 0.5 for mixtures in found)


def test_a_plan_gives_the_same_bytes_again():
    z = latent_space(0, 2)
    one, other = (
        fit_mixtures([z], [np.ones(len(z), bool)], plan("numba"), [0])[0] for _ in range(2)
    )
    for k in one:
        np.testing.assert_array_equal(one[k].responsibilities, other[k].responsibilities)


def test_points_in_one_place_end_with_numbers():
    z = np.zeros((60, 2))
    found = fit_mixtures([z], [np.ones(60, bool)], plan("numba"), [0])[0]
    assert all(np.isfinite(m.log_likelihood_nats) for m in found.values())


def test_stop_is_looked_at():
    stop, z = threading.Event(), latent_space(0, 2)
    stop.set()
    with pytest.raises(StoppedError):
        fit_mixtures([z], [np.ones(len(z), bool)], plan("numba"), [0], stop)


def test_without_numba_it_is_refused(monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    check_mixtures(plan("batched"))
    with pytest.raises(InputError, match="numba"):
        check_mixtures(plan("numba"))
