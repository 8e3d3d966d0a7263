"""The invariant VAE as three functions: posterior, draw, decode. All on stacks (M, B, ...)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor

from corescout.vae.elbo import kl_circular, kl_standard_normal
from corescout.vae.networks import (
    Parameters,
    decode_coordinates,
    decode_image,
    encoder_trunk,
    linear,
)
from corescout.vae.specification import CIRCULAR_MAX_STD_RAD, SCALE_PRIOR_STD, Specification
from corescout.vae.transforms import sample_canvas, transform


@dataclass(frozen=True, eq=False)
class Posterior:
    """q(angle, shift, scale, z | x).

    Attributes
    ----------
    mean, std : (M, B, G)
        Gaussian factors in the order (scalar angle, shift 2, scale, z L), in prior units.
    angle_rad, angle_std_rad : (M, B) or None
        Of the circular angle.
    """

    mean: Tensor
    std: Tensor
    angle_rad: Tensor | None
    angle_std_rad: Tensor | None

    def kl(self) -> Tensor:
        """KL divergence to the prior (M, B), in nats."""
        total = kl_standard_normal(self.mean, self.std).sum(-1)
        if self.angle_std_rad is not None:
            total = total + kl_circular(self.angle_std_rad)
        return total


@dataclass(frozen=True, eq=False)
class Draw:
    """Values of the latent variables, in their own units: rad, half windows, 1, prior units."""

    angle_rad: Tensor | None
    shift: Tensor | None
    scale: Tensor | None
    z: Tensor


def posterior(x: Tensor, parameters: Parameters, spec: Specification) -> Posterior:
    """Encode flattened patches x (M, B, C w^2)."""
    hidden = encoder_trunk(x, parameters)
    mean = linear(hidden, parameters, "encoder.mean")
    std = functional.softplus(linear(hidden, parameters, "encoder.std"))
    angle = angle_std = None
    if "encoder.direction.weight" in parameters:
        direction = linear(hidden, parameters, "encoder.direction")
        direction = direction + linear(x, parameters, "encoder.dipole")
        angle = torch.atan2(direction[..., 1], direction[..., 0])
        narrow = torch.sigmoid(linear(hidden, parameters, "encoder.angle_std").squeeze(-1))
        angle_std = CIRCULAR_MAX_STD_RAD * narrow
    return Posterior(mean, std, angle, angle_std)


def draw(q: Posterior, noise: Tensor | None, spec: Specification) -> Draw:
    """Take a sample of the posterior, or its mean where `noise` is None.

    `noise` (M, B, G + 1) is standard normal; its last column is for the circular angle.
    """
    factors = q.mean if noise is None else q.mean + q.std * noise[..., :-1]
    angle = shift = scale = None
    at = 0
    if spec.rotates:
        if q.angle_rad is not None and q.angle_std_rad is not None:
            angle = q.angle_rad
            angle = angle if noise is None else angle + q.angle_std_rad * noise[..., -1]
        else:
            angle, at = factors[..., 0] * spec.angle_prior_std_rad, 1
    if spec.shifts:
        shift = factors[..., at : at + 2] * spec.shift_prior_std
        at += 2
    if spec.scales:
        scale = 1 + SCALE_PRIOR_STD * factors[..., at]
        at += 1
    return Draw(angle, shift, scale, factors[..., at:])


def decode(values: Draw, parameters: Parameters, spec: Specification, base: Tensor) -> Tensor:
    """Logits (M, B, C w^2) of the patches that the latent variables stand for."""
    m, b, _ = values.z.shape
    if not spec.invariances:
        return decode_image(values.z, parameters)
    coordinates = transform(base, (m, b), values.angle_rad, values.shift, values.scale)
    if spec.decoder == "spatial":
        return decode_coordinates(values.z, coordinates, parameters)
    side = spec.canvas_px
    canvas = decode_image(values.z, parameters).view(m, b, spec.n_channels, side, side)
    return sample_canvas(canvas, coordinates, spec.window_px)
