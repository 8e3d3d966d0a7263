"""What differs between two scans of one place, drawn anew for every patch of every step.

Gain and offset, noise, the gain of lines, and the place by up to a pixel: a code that follows one
of them does not repeat.
"""

from __future__ import annotations

import torch
from torch import Tensor

from corescout.vae.specification import Specification

_GAIN, _OFFSET, _NOISE, _LINES = 0.08, 0.03, 0.03, 0.03  # standard deviations, of the full range


def jittered(
    x: Tensor, spec: Specification, strength: float, generators: list[torch.Generator]
) -> Tensor:
    """Return patches (M, B, C w^2) in [0, 1] as another scan might have shown them."""
    count, batch = x.shape[:2]
    side, channels = spec.window_px, spec.n_channels
    images = x.view(count, batch, channels, side, side)

    def drawn(*shape: int) -> Tensor:
        return torch.stack([torch.randn(batch, *shape, generator=g) for g in generators]).to(x)

    gain = 1 + strength * _GAIN * drawn(1, 1, 1) + strength * _LINES * drawn(1, side, 1)
    moved = _moved(images, generators) if strength > 0 else images
    out = moved * gain + strength * _OFFSET * drawn(channels, 1, 1)
    out = out + strength * _NOISE * drawn(channels, side, side)
    return out.clamp(0, 1).view_as(x)


def _moved(images: Tensor, generators: list[torch.Generator]) -> Tensor:
    """Patches moved by -1, 0 or 1 px along both axes; beyond the edge the edge goes on."""
    side = images.shape[-1]
    offset = torch.arange(side)
    for axis in (-1, -2):
        moves = torch.stack(
            [torch.randint(-1, 2, (images.shape[1],), generator=g) for g in generators]
        )
        index = (offset + moves[..., None]).clamp(0, side - 1).to(images.device)
        shape = [*index.shape[:2], 1, 1, 1]
        shape[axis] = side
        images = torch.take_along_dim(images, index.view(shape), dim=axis)
    return images
