"""Training finds planted structure, whatever runs beside it, and stops when told to."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate, StoppedError
from corescout.plan import TrainingPlan
from corescout.vae import encode, reconstruct, specification_of, train
from corescout.vae.training import _without_copy

PLAN = TrainingPlan(epochs=30)


def edges(n: int, window: int, seed: int = 0) -> np.ndarray:
    """Soft walls at random angles, of two kinds: an edge and a narrow line."""
    rng = np.random.default_rng(seed)
    grid = np.linspace(-1, 1, window)
    y, x = np.meshgrid(grid, grid, indexing="ij")
    angle = rng.uniform(0, 2 * np.pi, n)[:, None, None]
    across = np.cos(angle) * x + np.sin(angle) * y
    kind = (np.arange(n) % 2).astype(bool)[:, None, None]
    patch = np.where(kind, 1 / (1 + np.exp(-8 * across)), np.exp(-((4 * across) ** 2)))
    return patch[:, None].astype(np.float32)


@pytest.fixture(scope="module", params=["none", "r", "t", "rt", "s", "rts"])
def trained(request):
    patches = edges(300, 9)
    spec = specification_of(Candidate(9, request.param, channels=("a",)), PLAN)
    return patches, spec, train(patches, spec, 1.0, (0, 1), PLAN)


def test_the_loss_falls(trained):
    _, _, result = trained
    assert (result.losses[:, -1] < result.losses[:, 0] - 1).all()


def test_latents_hold_what_the_invariance_promises(trained):
    patches, spec, result = trained
    latents = encode(patches, result.weights[0], spec).latents
    assert latents.mean.shape == (300, 2)
    assert (latents.angle_rad is not None) == ("r" in spec.invariances)
    assert (latents.shift_px is not None) == ("t" in spec.invariances)
    assert (latents.scale is not None) == ("s" in spec.invariances)


def test_reconstructions_are_closer_than_the_mean_patch(trained):
    patches, spec, result = trained
    latents = encode(patches, result.weights[0], spec).latents
    rebuilt = reconstruct(latents, result.weights[0], spec)
    error = np.mean((rebuilt - patches) ** 2)
    assert error < 0.7 * np.mean((patches - patches.mean(axis=0)) ** 2)


def test_a_model_does_not_depend_on_its_neighbours_order():
    patches = edges(200, 7)
    spec = specification_of(Candidate(7, "r", channels=("a",)), PLAN)
    short = PLAN.model_copy(update={"epochs": 2})
    forward = train(patches, spec, 1.0, (3, 4), short)
    backward = train(patches, spec, 1.0, (4, 3), short)
    for name, weight in forward.weights[0].items():
        # A batched product may sum in another order; two epochs do not amplify it.
        np.testing.assert_allclose(weight, backward.weights[1][name], atol=1e-4)


def test_the_same_seed_gives_the_same_numbers():
    patches = edges(200, 7)
    spec = specification_of(Candidate(7, "rt", channels=("a",)), PLAN)
    first, second = (train(patches, spec, 1.0, (5,), PLAN) for _ in range(2))
    np.testing.assert_array_equal(first.losses, second.losses)


def test_stop_ends_the_training():
    stop = threading.Event()
    stop.set()
    spec = specification_of(Candidate(7, "r", channels=("a",)), PLAN)
    with pytest.raises(StoppedError):
        train(edges(100, 7), spec, 1.0, (0,), PLAN, stop=stop)


def test_a_turned_patch_keeps_its_code_and_turns_its_angle():
    patches = edges(400, 11)
    spec = specification_of(Candidate(11, "r", channels=("a",)), PLAN)
    weights = train(patches, spec, 1.0, (0,), replace_epochs(PLAN, 60)).weights[0]
    upright = encode(patches, weights, spec).latents
    quarter = encode(np.rot90(patches, axes=(2, 3)).copy(), weights, spec).latents
    moved = np.linalg.norm(quarter.mean - upright.mean, axis=1)
    assert np.median(moved) < 0.35 * np.sqrt(upright.mean.var(axis=0).sum())
    assert quarter.angle_rad is not None
    assert upright.angle_rad is not None
    edge = np.arange(400) % 2 == 1  # a line's angle is known modulo half a turn only
    turned = np.exp(1j * (quarter.angle_rad - upright.angle_rad))[edge]
    assert abs(np.angle(turned.mean()) - np.pi / 2) < 0.2


def replace_epochs(plan: TrainingPlan, epochs: int) -> TrainingPlan:
    return plan.model_copy(update={"epochs": epochs})


def test_the_shift_says_where_the_pattern_went():
    window = 11
    grid = np.arange(window) - (window - 1) / 2
    rng = np.random.default_rng(0)
    dy, dx = rng.uniform(-2, 2, (2, 400))
    y, x = grid[None, :, None] - dy[:, None, None], grid[None, None, :] - dx[:, None, None]
    patches = np.exp(-(x**2 + y**2) / 4)[:, None].astype(np.float32)
    plan = TrainingPlan(epochs=60, shift_prior_std=0.3)
    spec = specification_of(Candidate(window, "t", channels=("a",)), plan)
    latents = encode(patches, train(patches, spec, 1.0, (0,), plan).weights[0], spec).latents
    assert latents.shift_px is not None
    for planted, found in ((dy, latents.shift_px[:, 0]), (dx, latents.shift_px[:, 1])):
        slope, _ = np.polyfit(planted, found, 1)
        assert np.corrcoef(planted, found)[0, 1] > 0.9
        assert slope > 0.5


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli", "gaussian"])
@pytest.mark.parametrize("decoder", ["canonical", "spatial"])
def test_every_likelihood_and_decoder_trains(likelihood, decoder):
    candidate = replace(
        Candidate(7, "rt", channels=("a", "b")), likelihood=likelihood, decoder=decoder
    )
    patches = np.repeat(edges(150, 7), 2, axis=1)
    spec = specification_of(candidate, PLAN)
    losses = train(patches, spec, 1.0, (0,), PLAN.model_copy(update={"epochs": 8})).losses
    assert losses[0, -1] < losses[0, 0]


def test_patches_that_are_only_read_are_not_copied():
    patches = np.zeros((100, 1, 9, 9), np.float32)
    patches.flags.writeable = False
    try:
        patches.__dlpack__(max_version=(1, 0))
    except (BufferError, TypeError):
        pytest.skip("this version of numpy gives no read-only arrays away")
    assert _without_copy(patches).data_ptr() == patches.ctypes.data
