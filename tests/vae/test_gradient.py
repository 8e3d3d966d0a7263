"""The gradient that is written out is torch's own, for every model that it is used for."""

import numpy as np
import pytest
import torch

from corescout.data import Candidate
from corescout.plan import TrainingPlan
from corescout.vae import specification_of
from corescout.vae.gradient import Gradient, has_gradient
from corescout.vae.initialisation import initial_parameters
from corescout.vae.training import Objective


@pytest.mark.parametrize("invariances", ["none", "r", "t", "rt"])
@pytest.mark.parametrize("mask", ["square", "round"])
@pytest.mark.parametrize("channels", [("a",), ("a", "b")])
def test_against_torch(invariances, mask, channels):
    candidate = Candidate(9, invariances, latent_dim=3, channels=channels)
    spec = specification_of(candidate, TrainingPlan(mask=mask))
    assert has_gradient(spec)
    generators = [torch.Generator().manual_seed(s) for s in (0, 1)]
    x = torch.rand(2, 20, spec.n_pixels, generator=generators[0])
    noise = torch.randn(2, 20, spec.n_gaussian + 1, generator=generators[0])
    parameters = initial_parameters(spec, generators, x, "scaled")
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    loss, expected = Objective(spec, 1.5, "cpu")(x, noise, leaves, 0.7)
    wanted = torch.autograd.grad(loss, list(leaves.values()))
    found = {name: torch.full_like(value, np.nan) for name, value in parameters.items()}
    reported = Gradient(spec, 1.5, "cpu")(x, noise, parameters, found, 0.7)
    torch.testing.assert_close(reported, expected)
    for (name, value), reference in zip(found.items(), wanted, strict=True):
        scale = float(reference.abs().max())
        torch.testing.assert_close(value, reference, rtol=1e-4, atol=1e-5 * scale, msg=name)


@pytest.mark.parametrize(
    ("candidate", "plan"),
    [
        (Candidate(9, "rt", decoder="spatial"), TrainingPlan()),
        (Candidate(9, "rts"), TrainingPlan()),
        (Candidate(9, "r"), TrainingPlan(angle_guide="normal")),
        (Candidate(9, "none", likelihood="gaussian"), TrainingPlan()),
    ],
)
def test_the_others_are_left_to_torch(candidate, plan):
    assert not has_gradient(specification_of(candidate, plan))
