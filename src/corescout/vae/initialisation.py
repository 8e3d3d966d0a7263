"""Where training starts. It decides whether a short training finds two dimensions or one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from corescout.vae.networks import Parameters, has_bias, layer_shapes
from corescout.vae.specification import Specification
from corescout.vae.transforms import base_coordinates

# Layers into a tanh: unit-variance inputs then give unit-variance activations.
_HIDDEN = ("encoder.1", "encoder.2", "decoder.1", "decoder.2", "decoder.coordinates")
_DIPOLE_SCALE = 8.0  # typical length of the first direction, in its own units: clear of the noise


def initial_parameters(
    spec: Specification, generators: list[torch.Generator], patches: Tensor, scheme: str
) -> Parameters:
    """Draw the parameters of one model per generator.

    Parameters
    ----------
    patches : (N, n) or (M, N, n)
        Their mean and spread set the scale of the first layer.
    scheme : {"scaled", "uniform"}
        "uniform": U(-1/sqrt(in), 1/sqrt(in)) for weights and biases, as in torch.nn.Linear and
        pyroved. "scaled": hidden layers by Glorot and Bengio (2010) without bias, the patches
        standardised in the first layer, and the first guess of the angle along the patch's
        dipole sum_p p (x_p - mean), which turns exactly as the patch does.
    """
    parameters = _uniform(spec, generators)
    if "encoder.dipole.weight" in parameters:
        dipole = _dipole(spec).expand_as(parameters["encoder.dipole.weight"]).clone()
        parameters["encoder.dipole.weight"] = dipole / float(patches.std())
    if scheme == "uniform":
        return parameters
    for layer in _HIDDEN:
        if f"{layer}.weight" in parameters:
            parameters[f"{layer}.weight"] *= math.sqrt(3.0)
        if f"{layer}.bias" in parameters:
            parameters[f"{layer}.bias"].zero_()
    first = parameters["encoder.1.weight"] / float(patches.std())
    parameters["encoder.1.weight"] = first
    parameters["encoder.1.bias"] = -float(patches.mean()) * first.sum(dim=1, keepdim=True)
    return parameters


def _uniform(spec: Specification, generators: list[torch.Generator]) -> Parameters:
    parameters: Parameters = {}
    for layer, (n_in, n_out) in layer_shapes(spec).items():
        bound = 1 / math.sqrt(n_in)
        for name, shape in (("weight", (n_in, n_out)), ("bias", (1, n_out))):
            if name == "bias" and not has_bias(layer):
                continue
            drawn = [torch.rand(shape, generator=g) * (2 * bound) - bound for g in generators]
            parameters[f"{layer}.{name}"] = torch.stack(drawn)
    return parameters


def _dipole(spec: Specification) -> Tensor:
    """Weights (n, 2) of the dipole over the inscribed disc.

    The second component turns the other way, because coordinates look from the patch to the
    upright image.
    """
    base = base_coordinates(spec.window_px)
    inside = ((base**2).sum(-1, keepdim=True) <= (1 + 1 / spec.window_px) ** 2).float()
    weights = base * inside * torch.tensor([1.0, -1.0])
    weights = weights / (inside.sum() * spec.n_channels)
    return _DIPOLE_SCALE * weights.repeat(spec.n_channels, 1)
