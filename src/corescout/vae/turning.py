"""Codes that stay when a patch is turned: the mean over the patch at many angles.

An encoder has to guess the angle, and its code follows the guess. The mean over turned copies of a
patch follows it no longer. Turning is linear, so it is the first layer that is turned, once, and
not every patch: x R' diag(mask) W, with the patch x as a row and R for cubic convolution (Keys,
1981).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from corescout.vae.networks import Parameters, encoder_trunk, linear
from corescout.vae.specification import Specification

_FIRST = "encoder.1.weight"
_KEYS = -0.5  # slope at 1: exact for parabolas


def turned_encoders(parameters: Parameters, mask: Tensor, spec: Specification) -> list[Parameters]:
    """Return the encoder of one model as it sees patches turned by each of `spec.turns` angles.

    Parameters
    ----------
    mask : (C w^2,)
        Weights of the pixels after the turn.
    """
    weight = parameters[_FIRST][0] * mask[:, None]
    channels = weight.view(spec.n_channels, spec.window_px**2, -1)
    encoders = []
    for k in range(spec.turns):
        pixels, shares = _turn(spec.window_px, 2 * math.pi * k / spec.turns)
        seen = torch.zeros_like(channels)
        for tap in range(pixels.shape[1]):
            seen.index_add_(1, pixels[:, tap], channels * shares[:, tap, None])
        encoders.append({**parameters, _FIRST: seen.view(1, *weight.shape)})
    return encoders


def mean_code(x: Tensor, encoders: list[Parameters], spec: Specification) -> Tensor:
    """Mean (1, N, L) over the turns of the codes of flattened patches x (1, N, C w^2)."""
    codes = [linear(encoder_trunk(x, e), e, "encoder.mean") for e in encoders]
    return torch.stack(codes).mean(0)[..., -spec.latent_dim :]


def _turn(side: int, angle_rad: float) -> tuple[Tensor, Tensor]:
    """Pixels (P, 16) that each pixel of a turned patch is read from, and their shares (P, 16).

    Beyond the edge of the patch the edge goes on.
    """
    offset = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    y, x = torch.meshgrid(offset, offset, indexing="ij")
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    places = torch.stack([cos * y - sin * x, sin * y + cos * x]).flatten(1) + (side - 1) / 2
    first = torch.floor(places)
    taps = torch.arange(-1, 3)
    share = _cubic(places[..., None] - first[..., None] - taps)
    index = (first.long()[..., None] + taps).clamp(0, side - 1)
    pixels = index[0, :, :, None] * side + index[1, :, None, :]
    shares = share[0, :, :, None] * share[1, :, None, :]
    return pixels.flatten(1), shares.flatten(1).float()


def _cubic(distance: Tensor) -> Tensor:
    """Weight of a pixel at a distance below 2."""
    d, a = distance.abs(), _KEYS
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))
