"""Which pixels of a patch count."""

from __future__ import annotations

import torch
from torch import Tensor

from corescout.vae.specification import Specification
from corescout.vae.transforms import base_coordinates


def pixel_mask(spec: Specification) -> Tensor:
    """Return weights (C w^2,): all 1, or 0 outside the inscribed circle for a round mask.

    A turned square patch shows other corners; a round one shows the same pixels.
    """
    base = base_coordinates(spec.window_px)
    inside = (base**2).sum(-1) <= (1 + 1 / spec.window_px) ** 2
    mask = inside if spec.mask == "round" else torch.ones(len(base), dtype=torch.bool)
    return mask.float().repeat(spec.n_channels)
