"""The Bayesian mixture against pyro's own bound, known answers and what was planted."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyro
import pytest
import torch
from pyro import distributions as dist
from pyro.infer import SVI, Trace_ELBO
from pyro.infer.autoguide import AutoDiagonalNormal
from scipy import stats
from torch.distributions import biject_to

from corescout.data import StoppedError
from corescout.mixtures.bayesian import Guide, fit_bayesian
from corescout.mixtures.bayesian_model import (
    Model,
    Theta,
    features_of,
    log_likelihood,
    overlap,
    responsibilities,
)
from corescout.plan import BayesianPlan

QUICK = BayesianPlan(n_components=6, max_steps=300, starts=2, patience=None)
F64 = torch.float64


def blobs(seed: int = 0, n: int = 100, dims: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(c, 0.15, (n, dims)) for c in 2 * np.eye(3, dims)])


def program(z: torch.Tensor, plan: BayesianPlan):
    """The paper's model as a program for pyro's own inference."""
    n, dims = z.shape
    k, width = plan.n_components, torch.tensor(plan.mean_prior_width, dtype=F64)
    concentration = torch.full((k,), plan.concentration / k, dtype=F64)
    weights = pyro.sample("weights", dist.Dirichlet(concentration))
    uniform = plan.mean_prior == "uniform"
    prior = dist.Uniform(-width, width) if uniform else dist.Normal(0 * width, width)
    means = pyro.sample("means", prior.expand([k, dims]).to_event(2))
    half = dist.HalfNormal(torch.tensor(plan.scale_prior, dtype=F64))
    scales = pyro.sample("scales", half.expand([k, dims]).to_event(2))
    tril = torch.diag_embed(scales)
    if dims > 1:
        eta = torch.tensor(plan.lkj_concentration, dtype=F64)
        tril = tril @ pyro.sample("corr", dist.LKJCholesky(dims, eta).expand([k]).to_event(1))
    components = dist.MultivariateNormal(means, scale_tril=tril)
    mixture = dist.MixtureSameFamily(dist.Categorical(weights), components)
    with pyro.plate("points", n):
        pyro.sample("z", mixture, obs=z)


@pytest.mark.parametrize("mean_prior", ["uniform", "normal"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_the_bound_is_pyros_own_draw_by_draw(dims, mean_prior):
    """Pyro's AutoDiagonalNormal with our parameters, its Trace_ELBO on its own draw."""
    plan = QUICK.model_copy(update={"mean_prior": mean_prior})
    z = torch.from_numpy(blobs(n=20, dims=dims))
    model, features = Model(plan, dims), features_of(z)
    generator = torch.Generator().manual_seed(1)
    with pyro.get_param_store().scope():
        guide = AutoDiagonalNormal(program)
        guide(z, plan)
        assert guide.latent_dim == model.n_numbers
        order = _pyros_order(guide, model)
        loc = 0.3 * torch.randn(model.n_numbers, generator=generator, dtype=F64)
        scale = 0.05 + 0.2 * torch.rand(model.n_numbers, generator=generator, dtype=F64)
        guide.loc.data, guide.scale = loc[order], scale[order]
        for seed in range(3):
            pyro.set_rng_seed(seed)
            theirs = -Trace_ELBO().loss(program, guide, z, plan)
            pyro.set_rng_seed(seed)
            noise = torch.empty_like(loc)
            noise[order] = (guide.get_posterior().rsample().detach() - loc[order]) / scale[order]
            ours, _ = Guide(loc[None], scale.expm1().log()[None]).elbo(model, features, noise[None])
            assert float(ours) == pytest.approx(theirs, rel=1e-9)


def _pyros_order(guide, model: Model) -> torch.Tensor:
    """Places in our u of the numbers in pyro's, site by site."""
    sites = ("weights", "means", "scales", "corr")
    ours = dict(zip(sites, torch.arange(model.n_numbers).split(list(model.sizes)), strict=True))
    names = [name for name, _ in guide._unpack_latent(torch.zeros(model.n_numbers, dtype=F64))]
    names = [name["name"] if isinstance(name, dict) else name for name in names]
    return torch.cat([ours[name] for name in names])


def test_the_bound_of_no_points_is_minus_the_divergence_to_the_prior():
    """Known answer: one dimension, two components, every factor integrated by quadrature."""
    plan = QUICK.model_copy(update={"n_components": 2, "particles": 50})
    model, nothing = Model(plan, 1), features_of(torch.zeros(0, 1, dtype=F64))
    loc = torch.tensor([[0.4, 1.0, -2.0, -3.0, -2.5]], dtype=F64)
    scale = torch.tensor([[0.6, 0.5, 0.8, 0.2, 0.3]], dtype=F64)
    beta = stats.beta(0.05, 0.05)  # Dirichlet(alpha / K) of two weights
    jacobian = biject_to(torch.distributions.constraints.simplex)

    def log_weight(u: float) -> float:
        point = torch.tensor([u], dtype=F64)
        value = jacobian(point)
        return beta.logpdf(float(value[0])) + float(jacobian.log_abs_det_jacobian(point, value))

    def log_mean(u: float) -> float:
        return stats.norm(0, 5).logpdf(u)

    def log_scale(u: float) -> float:
        return stats.halfnorm(scale=plan.scale_prior).logpdf(np.exp(u)) + u

    priors = [log_weight, log_mean, log_mean, log_scale, log_scale]
    expected = 0.0
    for prior, m, s in zip(priors, loc[0].tolist(), scale[0].tolist(), strict=True):
        u, weight = np.polynomial.hermite_e.hermegauss(60)
        density = weight / np.sqrt(2 * np.pi)
        expected += sum(d * prior(m + s * x) for x, d in zip(u, density, strict=True))
        expected += stats.norm(m, s).entropy()
    guide, generator = Guide(loc, scale.expm1().log()), torch.Generator().manual_seed(0)
    draws = [
        float(guide.elbo(model, nothing, torch.randn(1, 5, generator=generator, dtype=F64))[0])
        for _ in range(1500)
    ]
    error = np.std(draws) / np.sqrt(len(draws))
    assert np.mean(draws) == pytest.approx(expected, abs=4 * error)
    assert expected < 0


def test_likelihood_and_responsibilities_equal_a_slow_loop(rng):
    weights = np.array([0.5, 0.3, 0.2])
    means, factors = rng.normal(size=(3, 2)), rng.normal(size=(3, 2, 2))
    tril = np.linalg.cholesky(factors @ factors.transpose(0, 2, 1) + 0.1 * np.eye(2))
    theta = Theta(*(torch.from_numpy(a)[None] for a in (weights, means, tril)))
    z = rng.normal(size=(40, 2))
    densities = np.array(
        [
            [
                w * stats.multivariate_normal(m, t @ t.T).pdf(x)
                for w, m, t in zip(weights, means, tril, strict=True)
            ]
            for x in z
        ]
    )
    features = features_of(torch.from_numpy(z))
    total = float(log_likelihood(features, theta))
    assert total == pytest.approx(np.log(densities.sum(axis=1)).sum())
    tau = densities / densities.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(responsibilities(features, theta)[0], tau, atol=1e-12)


def test_overlap_is_the_bhattacharyya_integral():
    """BC = integral of sqrt(p q), by quadrature on a line."""
    means, scales, weights = [0.0, 1.0, 30.0], [0.5, 1.5, 1.0], [0.5, 0.4, 0.1]
    x = np.linspace(-20, 60, 80_001)
    p = [stats.norm(m, s).pdf(x) for m, s in zip(means, scales, strict=True)]
    expected = np.trapezoid(np.sqrt(p[0] * p[1]), x)
    theta = Theta(
        torch.tensor([weights], dtype=F64),
        torch.tensor(means, dtype=F64)[None, :, None],
        torch.tensor(scales, dtype=F64)[None, :, None, None],
    )
    assert float(overlap(theta, weighted=False)) == pytest.approx(expected, rel=1e-6)
    assert float(overlap(theta, weighted=True)) == pytest.approx(expected * 0.2**0.5, rel=1e-3)


@pytest.mark.parametrize("engine", ["batched", "sklearn"])
def test_planted_blobs_come_back(engine):
    z = blobs()
    plan = BayesianPlan(n_components=8, max_steps=500, starts=1, engine=engine)
    found = fit_bayesian(z, plan, seed=0)
    assert found.n_effective == 3
    mixture = found.effective_mixture()
    assert mixture.weights.sum() == pytest.approx(1)
    assert len(set(mixture.assign(z).argmax(axis=1)[::100])) == 3
    assert len(found.mixture.seen) == len(z)


def test_more_steps_give_a_better_bound_and_the_best_start_is_kept():
    z = blobs()
    short = fit_bayesian(z, QUICK.model_copy(update={"max_steps": 20}), seed=0)
    long = fit_bayesian(z, QUICK.model_copy(update={"max_steps": 150}), seed=0)
    assert long.elbo_nats > short.elbo_nats + 10 * long.elbo_standard_error_nats
    assert long.elbo_nats == max(long.start_elbos_nats)
    assert len(long.start_elbos_nats) == 2


def test_patience_ends_a_fit_that_gains_no_more():
    plan = QUICK.model_copy(update={"max_steps": 3000, "patience": 100, "tolerance": 0.05})
    found = fit_bayesian(blobs(), plan, seed=0)
    assert found.converged
    assert found.n_steps < 3000


def test_two_at_once_give_the_numbers_of_one_after_the_other():
    sets, plan = [blobs(0), blobs(1)], QUICK.model_copy(update={"max_steps": 60})
    alone = [fit_bayesian(z, plan, seed=3) for z in sets]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda z: fit_bayesian(z, plan, seed=3), sets))
    for one, other in zip(alone, both, strict=True):
        assert one.elbo_nats == other.elbo_nats
        np.testing.assert_array_equal(one.mixture.means, other.mixture.means)


def users_fit(steps: int, on_step) -> float:
    """A user's own pyro program under way; return what it learns."""

    def model():
        rate = pyro.sample("rate", dist.Gamma(2.0, 2.0))
        with pyro.plate("data", 5):
            pyro.sample("x", dist.Exponential(rate), obs=torch.full((5,), 0.5))

    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    guide = AutoDiagonalNormal(model)
    svi = SVI(model, guide, pyro.optim.Adam({"lr": 0.02}), Trace_ELBO())
    for step in range(steps):
        svi.step()
        on_step(step)
    return float(pyro.param("AutoDiagonalNormal.loc").detach())


def test_a_users_own_pyro_is_left_alone():
    """In a process of its own: torch's optimisers must not be imported beside an open window."""
    code = "import test_bayesian; test_bayesian.check_a_users_own_pyro()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def check_a_users_own_pyro():
    """A fit between the steps of a user's own program, and beside them on another thread."""
    z = blobs(n=30)
    plan = QUICK.model_copy(update={"max_steps": 40})
    with pyro.get_param_store().scope():
        alone = users_fit(60, lambda step: None)
        between = users_fit(60, lambda step: step % 20 or fit_bayesian(z, plan, seed=step))
        store = set(pyro.get_param_store().keys())
        state = torch.get_rng_state()
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(fit_bayesian, z, plan, 0)
            again = users_fit(60, lambda step: None)
            beside.result(timeout=120)
        assert set(pyro.get_param_store().keys()) == store
    assert between == alone == again
    assert torch.equal(state, torch.get_rng_state())


def test_stop_ends_it():
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        fit_bayesian(blobs(), QUICK, seed=0, stop=stop)


def test_fewer_points_than_components():
    found = fit_bayesian(blobs(n=1), QUICK.model_copy(update={"max_steps": 20}), seed=0)
    assert np.isfinite(found.elbo_nats)
    assert len(found.mixture.weights) == QUICK.n_components
