"""What a trained model says of patches: codes, angles, shifts, and how well it rebuilds them."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from corescout.data import Encoding, Latents, raise_if_stopped
from corescout.vae.elbo import log_likelihood, target_entropy
from corescout.vae.masks import pixel_mask
from corescout.vae.model import Draw, Posterior, decode, draw, posterior
from corescout.vae.networks import Parameters
from corescout.vae.specification import Specification
from corescout.vae.transforms import base_coordinates
from corescout.vae.turning import mean_code, turned_encoders

Weights = Mapping[str, NDArray[np.float32]]
_CHUNK = 4096  # patches at a time: bounds memory, costs nothing


def encode(
    patches: NDArray[np.float32],
    weights: Weights,
    spec: Specification,
    *,
    seed: int = 0,
    stop: threading.Event | None = None,
) -> Encoding:
    """Encode patches (N, C, w, w) with the weights of one model.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    parameters = as_stack(weights)
    mask, base = pixel_mask(spec), base_coordinates(spec.window_px)
    generator = torch.Generator().manual_seed(seed)
    columns: dict[str, list[NDArray[np.float64]]] = {}
    with torch.no_grad():
        averaged = spec.turns > 1
        encoders = turned_encoders(parameters, mask, spec) if averaged else []
        for first in range(0, len(patches), _CHUNK):
            raise_if_stopped(stop, "while patches were encoded")
            x = torch.as_tensor(np.array(patches[first : first + _CHUNK])).flatten(1)[None]
            q = posterior(x * mask, parameters, spec)
            noise = torch.randn(1, x.shape[1], spec.n_gaussian + 1, generator=generator)
            logits = decode(draw(q, noise, spec), parameters, spec, base)
            counted = mask.sum()
            fit = (log_likelihood(logits, x, spec.likelihood) * mask).sum(-1) / counted
            floor = (target_entropy(x, spec.likelihood) * mask).sum(-1) / counted
            row = {"fit": fit, "floor": floor, "kl": q.kl(), **_latent_columns(q, spec)}
            if averaged:
                row |= {"one_turn": row["mean"], "mean": mean_code(x, encoders, spec)}
            for name, value in row.items():
                columns.setdefault(name, []).append(value[0].double().numpy())
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    return Encoding(
        Latents(
            mean=joined["mean"],
            std=joined["std"],
            angle_rad=joined.get("angle"),
            shift_px=joined.get("shift"),
            scale=joined.get("scale"),
            one_turn=joined.get("one_turn"),
        ),
        joined["fit"],
        joined["floor"],
        joined["kl"],
    )


def codes_of(
    patches: NDArray[np.float32], weights: Weights, spec: Specification
) -> NDArray[np.float64]:
    """Return the codes (N, L) that `encode` gives, and nothing that takes a decoder."""
    parameters, mask = as_stack(weights), pixel_mask(spec)
    found = []
    with torch.no_grad():
        encoders = turned_encoders(parameters, mask, spec) if spec.turns > 1 else []
        for first in range(0, len(patches), _CHUNK):
            x = torch.as_tensor(np.array(patches[first : first + _CHUNK])).flatten(1)[None]
            z = mean_code(x, encoders, spec) if encoders else _one_turn(x * mask, parameters, spec)
            found.append(z[0].double().numpy())
    return np.concatenate(found)


def _one_turn(x: torch.Tensor, parameters: Parameters, spec: Specification) -> torch.Tensor:
    return draw(posterior(x, parameters, spec), None, spec).z


def reconstruct(
    latents: Latents, weights: Weights, spec: Specification, *, upright: bool = False
) -> NDArray[np.float32]:
    """Decode latents to patches (N, C, w, w) in [0, 1].

    With `upright` the angle, shift and scale are left out: the pattern as the code alone has it.
    """
    parameters = as_stack(weights)
    with torch.no_grad():
        z = torch.as_tensor(np.array(latents.mean)).float()[None]
        angle = shift = scale = None
        if spec.rotates:
            angle = _factor(latents.angle_rad, z, upright)
        if spec.shifts:
            shift = _factor(latents.shift_px, z, upright, width=2) * _shift_from_px(spec)
        if spec.scales:
            scale = torch.ones(z.shape[:2]) if upright else _factor(latents.scale, z, False)
        logits = decode(
            Draw(angle, shift, scale, z), parameters, spec, base_coordinates(spec.window_px)
        )
    side = spec.window_px
    image = torch.sigmoid(logits)[0].reshape(-1, spec.n_channels, side, side)
    return np.asarray(image.numpy())


def as_stack(weights: Weights) -> Parameters:
    """Turn the weights of one model into a stack of one."""
    return {name: torch.as_tensor(np.array(value))[None] for name, value in weights.items()}


def _latent_columns(q: Posterior, spec: Specification) -> dict[str, torch.Tensor]:
    values = draw(q, None, spec)
    columns = {"mean": values.z, "std": q.std[..., -spec.latent_dim :]}
    if values.angle_rad is not None:
        columns["angle"] = values.angle_rad
    if values.shift is not None:
        columns["shift"] = values.shift / _shift_from_px(spec)
    if values.scale is not None:
        columns["scale"] = values.scale
    return columns


def _shift_from_px(spec: Specification) -> torch.Tensor:
    """Factors (2,) from pixels (y, x) to the shift in half windows.

    Coordinates look at p + shift, so the pattern itself moves by -shift; the second coordinate
    runs to the left, which turns its sign once more.
    """
    half = (spec.window_px - 1) / 2
    return torch.tensor([-1.0, 1.0]) / half


def _factor(
    values: NDArray[np.float64] | None, z: torch.Tensor, upright: bool, width: int | None = None
) -> torch.Tensor:
    if upright or values is None:
        return torch.zeros(z.shape[:2] if width is None else (*z.shape[:2], width))
    return torch.as_tensor(np.array(values)).float()[None]
