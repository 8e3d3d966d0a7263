"""Encoders and decoders, M of them stacked so that one matrix product trains them all.

Every parameter carries the stack as its first axis: weights (M, in, out), biases (M, 1, out).
The layers are those of pyroved's `fcEncoderNet`, `fcDecoderNet` and `sDecoderNet`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from corescout.vae.specification import Specification

Parameters = dict[str, Tensor]


def layer_shapes(spec: Specification) -> dict[str, tuple[int, int]]:
    """Return (in, out) of every linear layer by name, in a fixed order."""
    h, n = spec.hidden, spec.n_pixels
    shapes = {
        "encoder.1": (n, h),
        "encoder.2": (h, h),
        "encoder.mean": (h, spec.n_gaussian),
        "encoder.std": (h, spec.n_gaussian),
    }
    if spec.rotates and spec.angle_guide == "circular":
        shapes["encoder.direction"] = (h, 2)
        shapes["encoder.dipole"] = (n, 2)
        shapes["encoder.angle_std"] = (h, 1)
    if spec.decoder == "spatial" and spec.invariances:
        shapes["decoder.coordinates"] = (2, h)
        shapes["decoder.latent"] = (spec.latent_dim, h)
        shapes["decoder.1"] = (h, h)
        shapes["decoder.2"] = (h, h)
        shapes["decoder.out"] = (h, spec.n_channels)
    else:
        side = spec.canvas_px if spec.invariances else spec.window_px
        shapes["decoder.1"] = (spec.latent_dim, h)
        shapes["decoder.2"] = (h, h)
        shapes["decoder.out"] = (h, spec.n_channels * side**2)
    return shapes


def has_bias(layer: str) -> bool:
    """Say whether a layer has a bias; those that add to another one's output have none."""
    return layer not in ("decoder.latent", "encoder.dipole")


def linear(x: Tensor, parameters: Parameters, layer: str) -> Tensor:
    """Apply a stacked layer to x (M, B, in)."""
    weight = parameters[f"{layer}.weight"]
    bias = parameters.get(f"{layer}.bias")
    return torch.bmm(x, weight) if bias is None else torch.baddbmm(bias, x, weight)


def encoder_trunk(x: Tensor, parameters: Parameters) -> Tensor:
    """Hidden activations (M, B, h) of flattened patches x (M, B, n)."""
    return torch.tanh(
        linear(torch.tanh(linear(x, parameters, "encoder.1")), parameters, "encoder.2")
    )


def decode_image(z: Tensor, parameters: Parameters) -> Tensor:
    """Logits (M, B, C side^2) of the upright image of z (M, B, L)."""
    hidden = torch.tanh(linear(z, parameters, "decoder.1"))
    return linear(torch.tanh(linear(hidden, parameters, "decoder.2")), parameters, "decoder.out")


def decode_coordinates(z: Tensor, coordinates: Tensor, parameters: Parameters) -> Tensor:
    """Logits (M, B, C w^2) of the spatial decoder.

    An MLP is evaluated at every coordinate (M, B, w^2, 2): about w^2 times the work of
    `decode_image`'s hidden layers.
    """
    m, b, n_points, _ = coordinates.shape
    at = linear(coordinates.reshape(m, b * n_points, 2), parameters, "decoder.coordinates")
    code = linear(z, parameters, "decoder.latent")
    hidden = torch.tanh(at.view(m, b, n_points, -1) + code.unsqueeze(2)).flatten(1, 2)
    hidden = torch.tanh(linear(hidden, parameters, "decoder.1"))
    hidden = torch.tanh(linear(hidden, parameters, "decoder.2"))
    logits = linear(hidden, parameters, "decoder.out")
    return logits.view(m, b, n_points, -1).transpose(2, 3).reshape(m, b, -1)
