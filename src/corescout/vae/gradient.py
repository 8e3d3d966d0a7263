"""The gradient of the ELBO written out, for the models that a search trains by the dozen.

`Objective` in `training` defines the loss and lets torch differentiate it. A model of the search
is so small that much of that time goes into bookkeeping; written out, a step takes two thirds. It
is for the canonical decoder, grey or binary patches (Bernoulli) and the circular angle; a test
holds it to torch's own gradient.

Notation: M models, B patches of n pixels, h hidden units, G Gaussian factors (shift, z). d_a stands
for the derivative of the loss by a.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

from corescout.vae.masks import pixel_mask
from corescout.vae.networks import Parameters
from corescout.vae.specification import CIRCULAR_MAX_STD_RAD, Specification
from corescout.vae.transforms import base_coordinates, turn_to_grid

_BILINEAR, _BORDER = 0, 1


def has_gradient(spec: Specification) -> bool:
    """Say whether the gradient of a specification is written out here."""
    return (
        spec.decoder == "canonical"
        and spec.likelihood == "bernoulli"
        and not spec.scales
        and (not spec.rotates or spec.angle_guide == "circular")
    )


class Gradient:
    """Loss and gradient of a batch; the gradient is written into tensors that are given once.

    Parameters
    ----------
    spec : Specification
    beta0 : float
        Weight of the KL term before its scaling with the window.
    device : str
    """

    def __init__(self, spec: Specification, beta0: float, device: str) -> None:
        self._spec = spec
        self._beta = spec.beta(beta0)
        self._base = base_coordinates(spec.window_px).to(device)
        self._mask = pixel_mask(spec).to(device) if spec.mask == "round" else None
        self._turn = turn_to_grid(spec.window_px, spec.canvas_px).to(device)

    @torch.no_grad()
    def __call__(
        self,
        x: Tensor,
        noise: Tensor,
        p: Parameters,
        gradient: Parameters,
        warmup: float,
        *,
        with_loss: bool = True,
    ) -> Tensor | None:
        """Fill `gradient`; return the loss of each model (M,) with the full KL weight, in nats.

        The gradient does without the loss, which takes a twelfth of a step: None if not asked for.

        Parameters
        ----------
        x : (M, B, n)
        noise : (M, B, G + 1) standard normal
        p, gradient : parameters and what their gradients are written to, of the same names
        warmup : float
            Factor on the KL weight.
        """
        spec, b = self._spec, x.shape[1]
        seen = x if self._mask is None else x * self._mask
        # encoder
        h1 = torch.baddbmm(p["encoder.1.bias"], seen, p["encoder.1.weight"]).tanh_()
        h2 = torch.baddbmm(p["encoder.2.bias"], h1, p["encoder.2.weight"]).tanh_()
        names = ["encoder.mean", "encoder.std"]
        if spec.rotates:
            names += ["encoder.direction", "encoder.angle_std"]
        head_weight = torch.cat([p[f"{name}.weight"] for name in names], dim=-1)
        head_bias = torch.cat([p[f"{name}.bias"] for name in names], dim=-1)
        heads = torch.baddbmm(head_bias, h2, head_weight)
        g = spec.n_gaussian
        mean, raw_std = heads[..., :g], heads[..., g : 2 * g]
        std = functional.softplus(raw_std)
        epsilon = noise[..., :g]
        factors = mean + std * epsilon
        z = factors[..., 2:] if spec.shifts else factors
        if spec.rotates:
            direction = heads[..., 2 * g : 2 * g + 2] + torch.bmm(seen, p["encoder.dipole.weight"])
            narrow = torch.sigmoid(heads[..., -1])
            angle_std = CIRCULAR_MAX_STD_RAD * narrow
            angle = torch.atan2(direction[..., 1], direction[..., 0]) + angle_std * noise[..., -1]
        # decoder
        g1 = torch.baddbmm(p["decoder.1.bias"], z, p["decoder.1.weight"]).tanh_()
        g2 = torch.baddbmm(p["decoder.2.bias"], g1, p["decoder.2.weight"]).tanh_()
        image = torch.baddbmm(p["decoder.out.bias"], g2, p["decoder.out.weight"])
        logits, grid = image, None
        if spec.invariances:
            shift = factors[..., :2] * spec.shift_prior_std if spec.shifts else None
            grid = self._grid(x.shape[:2], angle if spec.rotates else None, shift)
            canvas = image.view(-1, spec.n_channels, spec.canvas_px, spec.canvas_px)
            sampled = torch.grid_sampler_2d(canvas, grid, _BILINEAR, _BORDER, True)
            logits = sampled.view(x.shape)
        d_logits = (torch.sigmoid(logits) - x).div_(b)
        if self._mask is not None:
            d_logits.mul_(self._mask)
        loss = None
        if with_loss:
            loss = self._loss(x, logits, mean, std, narrow if spec.rotates else None)
        weight = self._beta * warmup / b
        # backwards: what the decoder saw
        d_image, d_grid = d_logits, None
        if grid is not None:
            d_image, d_grid = torch.ops.aten.grid_sampler_2d_backward(
                d_logits.view_as(sampled), canvas, grid, _BILINEAR, _BORDER, True, [True, True]
            )
            d_image = d_image.view_as(image)
        d_g2 = _layer_back(d_image, g2, "decoder.out", p, gradient)
        d_g1 = _layer_back(_tanh_back(d_g2, g2), g1, "decoder.2", p, gradient)
        d_z = _layer_back(_tanh_back(d_g1, g1), z, "decoder.1", p, gradient)
        # backwards: the latent variables
        d_factors = d_z
        d_heads = torch.empty_like(heads)
        if d_grid is not None:
            d_places = d_grid.view(*x.shape[:2], -1, 2) @ self._turn.T
            if spec.shifts:
                d_factors = torch.cat([d_places.sum(2) * spec.shift_prior_std, d_z], dim=-1)
            if spec.rotates:
                d_angle = self._angle_back(d_places, angle)
                length2 = (direction**2).sum(-1)
                d_direction = torch.stack([-direction[..., 1], direction[..., 0]], dim=-1)
                d_direction = d_direction * (d_angle / length2).unsqueeze(-1)
                d_heads[..., 2 * g : 2 * g + 2] = d_direction
                d_narrow = d_angle * noise[..., -1] * CIRCULAR_MAX_STD_RAD - weight / narrow
                d_heads[..., -1] = d_narrow * narrow * (1 - narrow)
                torch.bmm(seen.mT, d_direction, out=gradient["encoder.dipole.weight"])
        d_heads[..., :g] = d_factors + weight * mean
        d_std = d_factors * epsilon + weight * (std - 1 / std)
        d_heads[..., g : 2 * g] = d_std * torch.sigmoid(raw_std)
        # backwards: the encoder
        d_head_weight, d_head_bias = torch.bmm(h2.mT, d_heads), d_heads.sum(1, keepdim=True)
        at = 0
        for name in names:
            width = p[f"{name}.bias"].shape[-1]
            gradient[f"{name}.weight"].copy_(d_head_weight[..., at : at + width])
            gradient[f"{name}.bias"].copy_(d_head_bias[..., at : at + width])
            at += width
        d_h2 = torch.bmm(d_heads, head_weight.mT)
        d_h1 = _layer_back(_tanh_back(d_h2, h2), h1, "encoder.2", p, gradient)
        d_first = _tanh_back(d_h1, h1)
        torch.bmm(seen.mT, d_first, out=gradient["encoder.1.weight"])
        torch.sum(d_first, 1, keepdim=True, out=gradient["encoder.1.bias"])
        return loss

    def _loss(
        self, x: Tensor, logits: Tensor, mean: Tensor, std: Tensor, narrow: Tensor | None
    ) -> Tensor:
        per_pixel = functional.softplus(logits) - x * logits
        if self._mask is not None:
            per_pixel = per_pixel * self._mask
        kl = (0.5 * (mean**2 + std**2 - 1) - torch.log(std)).sum(-1)
        if narrow is not None:
            kl = kl - torch.log(narrow)
        return (per_pixel.sum(-1) + self._beta * kl).mean(-1)

    def _grid(self, batch: torch.Size, angle: Tensor | None, shift: Tensor | None) -> Tensor:
        """Places (M B, w, w, 2) on the canvas, as `grid_sample` counts them."""
        m, b = batch
        if angle is None:
            places = (self._base @ self._turn).expand(m, b, -1, 2)
        else:
            cos, sin = torch.cos(angle), torch.sin(angle)
            rotation = torch.stack([cos, sin, -sin, cos], dim=-1).view(m, b, 2, 2)
            places = torch.matmul(self._base, rotation @ self._turn)
        if shift is not None:
            places = places + (shift @ self._turn).unsqueeze(2)
        side = self._spec.window_px
        return places.reshape(m * b, side, side, 2)

    def _angle_back(self, d_places: Tensor, angle: Tensor) -> Tensor:
        """d_angle (M, B): the rotation's derivative against base^T d_places."""
        d_rotation = torch.matmul(self._base.T, d_places).flatten(-2)
        cos, sin = torch.cos(angle), torch.sin(angle)
        return (d_rotation * torch.stack([-sin, cos, -cos, -sin], dim=-1)).sum(-1)


def _tanh_back(d_activation: Tensor, activation: Tensor) -> Tensor:
    """Derivative by what went into a tanh."""
    back: Tensor = torch.ops.aten.tanh_backward(d_activation, activation)
    return back


def _layer_back(
    d_out: Tensor, x: Tensor, layer: str, p: Parameters, gradient: Parameters
) -> Tensor:
    """Write the gradient of a linear layer and return the derivative by its input x."""
    torch.bmm(x.mT, d_out, out=gradient[f"{layer}.weight"])
    torch.sum(d_out, 1, keepdim=True, out=gradient[f"{layer}.bias"])
    return torch.bmm(d_out, p[f"{layer}.weight"].mT)
