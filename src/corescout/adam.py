"""Adam on one tensor: the few lines that the fits of `vae` and `mixtures` need.

``torch.optim`` imports torch's compiler, and that Triton; beside a software OpenGL driver their two
copies of LLVM crash the process that napari runs in.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Kingma and Ba (2015), algorithm 1, with torch's default constants.

    Parameters
    ----------
    theta : Tensor
        Changed in place.
    largest_gradient : float, optional
        Each element of a gradient is clipped to it; with 10 the steps are those of pyro's
        `ClippedAdam`.
    """

    def __init__(self, theta: Tensor, largest_gradient: float | None = None) -> None:
        self._theta, self._largest = theta, largest_gradient
        self._mean = torch.zeros_like(theta)
        self._square = torch.zeros_like(theta)
        self._spread = torch.zeros_like(theta)
        self._step = 0

    @torch.no_grad()
    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Move against the gradient, of the shape of theta."""
        self._step += 1
        if self._largest is not None:
            gradient = gradient.clamp(-self._largest, self._largest)
        self._mean.lerp_(gradient, 1 - _BETA1)
        self._square.mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        rate, epsilon = corrected(learning_rate, self._step)
        torch.sqrt(self._square, out=self._spread).add_(epsilon)
        self._theta.addcdiv_(self._mean, self._spread, value=-rate)


def corrected(learning_rate: float, step: int) -> tuple[float, float]:
    """Rate and epsilon with which mean / (sqrt(square) + epsilon) is Adam's step number `step`.

    m / (sqrt(v / c) + e) = sqrt(c) m / (sqrt(v) + sqrt(c) e), with one pass less.
    """
    correction = math.sqrt(1 - _BETA2**step)
    return learning_rate * correction / (1 - _BETA1**step), _EPSILON * correction
