"""The compiled step is the torch step: its gradient, training and stops; and the same bytes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from test_training import edges

from corescout.data import Candidate, InputError, StoppedError
from corescout.plan import TrainingPlan
from corescout.vae import compiled, single_threaded, specification_of, train
from corescout.vae.gradient import Gradient
from corescout.vae.initialisation import initial_parameters

pytest.importorskip("numba")

PLAN = TrainingPlan(epochs=30, batch_size=64, step="numba")


def spec_of(window, invariances, plan=PLAN, **settings):
    channels = settings.pop("channels", ("a",))
    return specification_of(Candidate(window, invariances, channels=channels, **settings), plan)


def one_step(spec, learning_rate=0.01):
    """Loss and gradient of one step by both, and what Adam makes of the parameters."""
    plan = PLAN.model_copy(
        update={"epochs": 1, "batch_size": 20, "schedule": "constant", "kl_warmup": 0.0}
    )
    plan = plan.model_copy(update={"learning_rate": learning_rate})
    generator = torch.Generator().manual_seed(0)
    x = torch.from_numpy(edges(20, spec.window_px).reshape(20, -1)).repeat(1, spec.n_channels)
    start = initial_parameters(spec, [generator], x, "scaled")
    model = compiled._OneModel({n: v[0] for n, v in start.items()}, spec, 1.5, 20)
    loss = model.epoch(x.numpy(), torch.Generator().manual_seed(1), 0, 1, plan, None)
    again = torch.Generator().manual_seed(1)
    rows = torch.randperm(20, generator=again)
    noise = torch.randn(20, spec.n_gaussian + 1, generator=again)
    wanted = {n: torch.zeros_like(v) for n, v in start.items()}
    expected = Gradient(spec, 1.5, "cpu")(x[rows][None], noise[None], start, wanted, 1.0)
    return model, loss, start, wanted, float(expected)


@pytest.mark.parametrize("invariances", ["none", "r", "t", "rt"])
@pytest.mark.parametrize("mask", ["square", "round"])
@pytest.mark.parametrize("channels", [("a",), ("a", "b")])
@pytest.mark.parametrize("window", [3, 9])
def test_loss_and_gradient_are_those_of_torch(invariances, mask, channels, window):
    plan = PLAN.model_copy(update={"mask": mask})
    spec = spec_of(window, invariances, plan, channels=channels, latent_dim=3)
    model, loss, _, wanted, expected = one_step(spec)
    assert loss == pytest.approx(expected, rel=1e-5)
    reference = compiled._layers_of({n: v[0] for n, v in wanted.items()}, spec)
    for name, found, value in zip(reference._fields, model._gradients, reference, strict=True):
        # a place that rounding moves over the edge of a pixel has another slope there
        error = np.linalg.norm(found - value) / max(np.linalg.norm(value), 1e-20)
        assert value.size == 0 or error < 1e-3, name


def test_the_first_step_of_adam_moves_every_parameter_by_the_rate():
    spec = spec_of(9, "rt")
    model, _, start, wanted, _ = one_step(spec, learning_rate=0.01)
    for name, moved in model.parameters().items():
        clear = wanted[name][0].abs() > 1e-4
        step = (moved - start[name][0])[clear]
        torch.testing.assert_close(
            step, -0.01 * wanted[name][0][clear].sign(), rtol=2e-3, atol=1e-6, msg=name
        )


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 3, 17), (7, 441, 2), (64, 9, 80), (6, 130, 129)])
def test_products_of_any_shape_are_those_of_numpy(shape):
    from corescout.vae.step_kernels import _multiply

    n_rows, depth, n_columns = shape
    rng = np.random.default_rng(0)
    a = rng.standard_normal((n_rows, depth), dtype=np.float32)
    b = rng.standard_normal((depth, n_columns), dtype=np.float32)
    panel = np.full(64 * (depth + 4), np.nan, np.float32)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    for left in (a, np.asfortranarray(a)):
        for right in (b, np.asfortranarray(b)):
            found = np.full((n_rows, n_columns), np.nan, np.float32)
            _multiply(left, right, found, panel)
            np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-4)


def test_tanh_is_that_of_numpy_within_five_units_of_the_last_place():
    from corescout.vae.step_kernels import tanh

    x = np.linspace(-12, 12, 20_001).astype(np.float32)
    exact = np.tanh(x.astype(np.float64))
    found = np.array([tanh(value) for value in x], np.float64)
    assert np.max(np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32))) <= 5


@pytest.mark.parametrize("invariances", ["none", "r", "rt"])
def test_it_trains_as_far_as_torch(invariances):
    patches, spec = edges(300, 9), spec_of(9, invariances)
    found = train(patches, spec, 1.0, (0, 1, 2), PLAN).losses
    torchs = train(patches, spec, 1.0, (0, 1, 2), PLAN.model_copy(update={"step": "torch"})).losses
    np.testing.assert_allclose(found[:, 0], torchs[:, 0], rtol=1e-3)  # chaos has not begun yet
    assert found[:, -5:].mean() == pytest.approx(torchs[:, -5:].mean(), rel=0.05)


def test_the_same_bytes_alone_stacked_and_beside_others():
    patches, spec = edges(200, 9), spec_of(9, "rt")

    def trained(seeds):
        return train(patches, spec, 1.0, seeds, PLAN).weights

    with single_threaded(), ThreadPoolExecutor(4) as pool:
        beside = [job.result() for job in [pool.submit(trained, (s,)) for s in (5, 6, 7, 8)]]
    for seed, stacked in zip((5, 6), trained((5, 6)), strict=True):
        for name, value in stacked.items():
            np.testing.assert_array_equal(beside[seed - 5][0][name], value)


def test_models_of_a_stack_train_on_their_own_patches_and_from_given_weights():
    own = np.stack([edges(150, 9, seed=s) for s in (0, 1)])
    spec = spec_of(9, "r")
    stacked = train(own, spec, 1.0, (3, 4), PLAN)
    alone = train(own[1], spec, 1.0, (4,), PLAN)
    # the first layer is scaled by the spread of all patches of a stack
    assert stacked.losses[1, -1] == pytest.approx(alone.losses[0, -1], rel=0.1)
    short = PLAN.model_copy(update={"epochs": 1})
    onwards = train(own[1], spec, 1.0, (4,), short, start=alone.weights[0])
    assert onwards.losses[0, 0] < 0.8 * alone.losses[0, 0]


def test_stop_ends_the_training_and_progress_rises_to_1():
    spec, told = spec_of(9, "r"), []
    train(edges(100, 9), spec, 1.0, (0, 1), PLAN, on_step=told.append)
    assert told == sorted(told)
    assert len(told) == 60
    assert told[-1] == 1.0
    stop = threading.Event()
    with pytest.raises(StoppedError):
        train(edges(100, 9), spec, 1.0, (0,), PLAN, stop=stop, on_step=lambda _: stop.set())


@pytest.mark.parametrize("settings", [{"decoder": "spatial"}, {"likelihood": "gaussian"}])
def test_models_without_a_compiled_step_train_with_torch(settings):
    patches, spec = edges(80, 7), spec_of(7, "r", **settings)
    plan = PLAN.model_copy(update={"epochs": 2})
    found = train(patches, spec, 1.0, (0,), plan)
    torchs = train(patches, spec, 1.0, (0,), plan.model_copy(update={"step": "torch"}))
    for name, value in found.weights[0].items():
        np.testing.assert_array_equal(value, torchs.weights[0][name])


def test_what_it_cannot_do_is_refused_with_a_remedy(monkeypatch):
    with pytest.raises(InputError, match="leave one of them out"):
        train(edges(80, 7), spec_of(7, "r"), 1.0, (0,), PLAN.model_copy(update={"device": "cuda"}))
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'napari-corescout\[fast\]'"):
        train(edges(80, 7), spec_of(7, "r"), 1.0, (0,), PLAN)
