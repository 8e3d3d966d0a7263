"""The terms of the ELBO against torch's own distributions."""

import math

import pytest
import torch
from torch import distributions

from corescout.vae.elbo import kl_circular, kl_standard_normal, log_likelihood, target_entropy

LOGITS = torch.tensor([-6.0, -1.0, -0.005, 0.0, 0.003, 0.5, 4.0])
X = torch.tensor([0.0, 0.3, 0.5, 0.9, 1.0, 0.2, 0.7])


@pytest.mark.parametrize(
    ("likelihood", "reference"),
    [
        ("continuous_bernoulli", lambda m: distributions.ContinuousBernoulli(m)),
        ("gaussian", lambda m: distributions.Normal(m, 0.5)),
        ("bernoulli", lambda m: distributions.Bernoulli(m, validate_args=False)),
    ],
)
def test_log_likelihood(likelihood, reference):
    expected = reference(torch.sigmoid(LOGITS)).log_prob(X)
    torch.testing.assert_close(
        log_likelihood(LOGITS, X, likelihood), expected, atol=2e-4, rtol=1e-4
    )


def test_kl_to_the_standard_normal():
    mean, std = torch.tensor([0.3, -2.0]), torch.tensor([0.5, 1.7])
    expected = distributions.kl_divergence(
        distributions.Normal(mean, std), distributions.Normal(0.0, 1.0)
    )
    torch.testing.assert_close(kl_standard_normal(mean, std), expected)


def test_kl_to_the_circle_against_its_integral():
    std = 0.3
    angle = torch.linspace(-math.pi, math.pi, 20001)
    density = distributions.Normal(0.0, std).log_prob(angle).exp()
    integrand = density * (density.log() + math.log(2 * math.pi))
    expected = torch.trapezoid(integrand, angle)
    torch.testing.assert_close(kl_circular(torch.tensor(std)), expected, atol=1e-3, rtol=1e-3)


def test_a_perfect_decoder_is_left_with_the_entropy_of_the_target():
    x = torch.tensor([0.1, 0.5, 0.8])
    perfect = log_likelihood(torch.logit(x), x, "bernoulli")
    torch.testing.assert_close(-perfect, target_entropy(x, "bernoulli"))
