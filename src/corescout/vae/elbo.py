"""The terms of the evidence lower bound, per patch, in nats.

ELBO(x) = E_q[log p(x | z, angle, shift, scale)] - beta KL(q || p)
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as functional
from torch import Tensor

from corescout.data.candidate import Likelihood
from corescout.vae.specification import CIRCULAR_MAX_STD_RAD, GAUSSIAN_SIGMA


def log_likelihood(logits: Tensor, x: Tensor, likelihood: Likelihood) -> Tensor:
    """Log p(x | logits) per pixel, the shape of x. The decoder's mean is sigmoid(logits).

    Bernoulli: x log m + (1 - x) log(1 - m), a cross-entropy for grey x.
    Continuous Bernoulli: the same plus log C(m) (Loaiza-Ganem and Cunningham, 2019).
    Gaussian: width 0.5, as in pyroved.
    """
    if likelihood == "gaussian":
        offset = (x - torch.sigmoid(logits)) / GAUSSIAN_SIGMA
        return -0.5 * offset**2 - math.log(GAUSSIAN_SIGMA * math.sqrt(2 * math.pi))
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    if likelihood == "continuous_bernoulli":
        return log_continuous_bernoulli_constant(logits) - cross_entropy
    return -cross_entropy


def log_continuous_bernoulli_constant(logits: Tensor) -> Tensor:
    """Log C(m) with m = sigmoid(l): C = l / tanh(l / 2), which tends to 2 at l = 0.

    Follows from C(m) = 2 artanh(1 - 2m) / (1 - 2m) with 1 - 2m = -tanh(l / 2).
    """
    near_zero = logits.abs() < 1e-2
    safe = torch.where(near_zero, torch.ones_like(logits), logits)
    exact = torch.log(safe / torch.tanh(safe / 2))
    series = math.log(2.0) + logits**2 / 12
    return torch.where(near_zero, series, exact)


def kl_standard_normal(mean: Tensor, std: Tensor) -> Tensor:
    """KL(N(mean, std^2) || N(0, 1)) per factor."""
    return 0.5 * (mean**2 + std**2 - 1) - torch.log(std)


def kl_circular(std_rad: Tensor) -> Tensor:
    """KL of a narrow wrapped normal to the uniform distribution on the circle.

    log(2 pi) - log(std sqrt(2 pi e)); the encoder's std stays below the value where it is 0.
    """
    return math.log(CIRCULAR_MAX_STD_RAD) - torch.log(std_rad)


def target_entropy(x: Tensor, likelihood: Likelihood) -> Tensor:
    """H(x) per pixel: the cross-entropy that a perfect decoder is left with for grey x, in nats."""
    if likelihood == "gaussian":
        return torch.zeros_like(x)
    return -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x))
