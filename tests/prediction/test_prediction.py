"""The predictor: what it learns, how sure it says it is, and when it says that it knows nothing."""

import numpy as np
import pytest

from corescout.prediction import Part, Scaling, blocks_of, cross_validate, fit_predictor
from corescout.prediction.gaussian_process import log_likelihood


def points(rng, n, dims=8):
    return rng.standard_normal((n, dims))


def relation(x):
    return 2.0 + 0.5 * np.tanh(x[:, 0]) + 0.3 * x[:, 1] ** 2


def test_it_learns_a_relation_of_two_inputs_among_many(rng):
    x = points(rng, 120)
    model = fit_predictor(x, relation(x) + 0.05 * rng.standard_normal(120))
    new = points(rng, 300)
    mean, std = model.predict(new)
    truth = relation(new)
    assert 1 - ((truth - mean) ** 2).sum() / ((truth - truth.mean()) ** 2).sum() > 0.75
    assert set(np.argsort(-model.relevance)[:2]) == {0, 1}
    inside = np.abs(truth + 0.05 * rng.standard_normal(300) - mean) <= 1.645 * model.of_a_loop(std)
    assert 0.82 <= inside.mean() <= 0.97


def test_wild_loops_move_little(rng):
    x = points(rng, 80, 3)
    y = relation(x) + 0.03 * rng.standard_normal(80)
    wild = y.copy()
    wild[[5, 40]] += [8.0, -8.0]
    new = points(rng, 200, 3)
    off = np.abs(fit_predictor(x, wild).predict(new)[0] - fit_predictor(x, y).predict(new)[0])
    assert np.median(off) < 0.05


@pytest.mark.parametrize("n", [1, 3])
def test_few_loops_and_equal_values_are_no_error(rng, n):
    x = points(rng, n)
    for y in (np.full(n, 2.0), relation(x)):
        mean, std = fit_predictor(x, y).predict(points(rng, 5))
        assert np.isfinite(mean).all()
        assert (std > 0).all()


def blocks(rng, n):
    return blocks_of(rng.uniform(0, 4, (n, 2)), 1.0)


def test_a_relation_is_found_in_blocks_and_said(rng):
    x = points(rng, 60, 4)
    found = cross_validate(x, relation(x) + 0.05 * rng.standard_normal(60), blocks(rng, 60))
    assert found.predicts
    assert found.words("imprint_v").startswith("structure predicts imprint_v: R2 0.")
    assert 0.75 <= found.coverage <= 1


def test_no_relation_is_no_better_than_the_mean(rng):
    for _ in range(3):
        found = cross_validate(points(rng, 60), rng.standard_normal(60), blocks(rng, 60))
        assert found.predicts is False
        assert "no better than the mean" in found.words()
        assert found.r2 > -0.4


def test_a_trend_over_places_is_no_relation_to_structure(rng):
    """Loops of one place resemble each other: leaving out single ones would flatter."""
    xy = rng.uniform(0, 4, (80, 2))
    block = blocks_of(xy, 1.0)
    level = rng.standard_normal(16)
    x = np.column_stack([level[block] + 0.1 * rng.standard_normal(80), rng.standard_normal(80)])
    found = cross_validate(x, rng.standard_normal(16)[block], block)
    assert found.predicts is False


def test_below_twenty_loops_no_r2_is_said(rng):
    x = points(rng, 19, 3)
    found = cross_validate(x, relation(x), blocks(rng, 19))
    assert found.predicts is None
    assert np.isnan(found.r2)
    assert "asked from 20 on" in found.words()
    together = cross_validate(points(rng, 30, 3), rng.standard_normal(30), np.zeros(30, int))
    assert "too close together" in together.words()


def test_inputs_of_any_scale_and_missing_ones_are_of_the_order_of_one(rng):
    columns = np.column_stack([
        1e-7 * rng.standard_normal(200), np.full(200, 3.0), np.full(200, np.nan),
        np.where(rng.uniform(size=200) < 0.3, np.nan, 1e6 * rng.standard_normal(200)),
        rng.standard_cauchy(200),
    ])  # fmt: skip
    scaling = Scaling.of(columns)
    assert scaling.kept.tolist() == [0, 3, 4]
    found = scaling.inputs(columns)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 3
    assert 0.5 < found[:, 0].std() < 1.5


def test_likelihood_and_gradient_are_those_of_scikit_learn(rng):
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    x, y = points(rng, 40, 3), rng.standard_normal(40)
    kernel = ConstantKernel(0.7) * Matern([0.5, 2.0, 9.0], nu=2.5) + WhiteKernel(0.05)
    for doubt in (np.ones(40), np.where(np.arange(40) == 7, 41.0, 1.0)):
        alpha = 1e-8 + 0.05 * (doubt - 1)
        theirs = GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None).fit(x, y)
        theta = theirs.kernel_.theta
        expected, slope = theirs.log_marginal_likelihood(theta, eval_gradient=True)
        found, gradient = log_likelihood(theta, x, y, doubt)
        assert found == pytest.approx(expected, abs=1e-8)
        even = doubt.max() == 1  # else our noise is that of the doubted loop as well
        count = 5 if even else 4
        np.testing.assert_allclose(gradient[:count], slope[:count], atol=1e-7)
    ours = fit_predictor(x, y)
    mean, std = ours.predict(x[:5] + 0.1)
    ((_, signal2, length),) = ours.kernel.split()
    kernel = ConstantKernel(signal2) * Matern(length, nu=2.5)
    alpha = 1e-8 + ours.noise**2 * ours.doubt
    same = GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None)
    same.fit(x, (y - ours.mean) / ours.spread)
    m, s = same.predict(x[:5] + 0.1, return_std=True)
    np.testing.assert_allclose(mean, ours.mean + ours.spread * m, atol=1e-7)
    np.testing.assert_allclose(std, ours.widened * ours.spread * s, atol=1e-6)


def test_a_sum_of_parts_has_the_gradient_of_its_likelihood(rng):
    x, y, doubt = points(rng, 30, 5), rng.standard_normal(30), rng.uniform(1, 3, 30)
    parts = (Part(np.array([0]), 1.0, 1.0), Part(np.array([1, 2]), 0.5, 2.0),
             Part(np.array([3, 4]), 0.3, 3.0, shared=True))  # fmt: skip
    theta = 0.3 * rng.standard_normal(8)
    _, gradient = log_likelihood(theta, x, y, doubt, parts)
    step = 1e-6 * np.eye(8)
    slope = [(log_likelihood(theta + s, x, y, doubt, parts)[0]
              - log_likelihood(theta - s, x, y, doubt, parts)[0]) / 2e-6 for s in step]  # fmt: skip
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-5)


def test_a_step_between_types_is_found_by_few_loops(rng):
    """In thirty inputs alike no two places are; the part of the types alone tells the step."""
    kind = rng.integers(0, 2, 400)
    x = np.column_stack([kind, points(rng, 400, 25)])
    y = 2.0 * kind + 0.1 * rng.standard_normal(400)
    parts = (Part(np.array([0]), 1.0, 1.0), Part(np.arange(1, 26), 0.5, 5.0))
    off = {}
    for name, given in {"parts": parts, "all in one": None}.items():
        mean, _ = fit_predictor(x[:14], y[:14], parts=given).predict(x[14:])
        off[name] = np.sqrt(np.mean((mean - y[14:]) ** 2))
    assert off["parts"] < 0.3
    assert off["parts"] < 0.7 * off["all in one"]
