"""Where each pixel of a patch looks on the upright image: turned, scaled and shifted.

Coordinates are pyroved's: the first runs down the rows from -1 to 1, the second from right to
left, 1 at the left column. A positive angle turns the pattern counter-clockwise on the display.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor


def base_coordinates(window_px: int) -> Tensor:
    """Return the pixel coordinates (w^2, 2) of an upright, centred patch."""
    rows = torch.linspace(-1, 1, window_px)
    columns = torch.linspace(1, -1, window_px)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).reshape(-1, 2)


def transform(
    base: Tensor,
    batch: tuple[int, int],
    angle_rad: Tensor | None,
    shift: Tensor | None,
    scale: Tensor | None,
) -> Tensor:
    """Turn, then scale, then shift the coordinates `base` (P, 2).

    Parameters
    ----------
    batch : tuple of int
        (M, B).
    angle_rad, scale : (M, B) or None
    shift : (M, B, 2) or None
        In half windows.

    Returns
    -------
    (M, B, P, 2)
    """
    if angle_rad is not None:
        cos, sin = torch.cos(angle_rad), torch.sin(angle_rad)
        # (a, b) -> (a cos - b sin, a sin + b cos)
        rotation = torch.stack([cos, sin, -sin, cos], dim=-1).view(*batch, 2, 2)
        coordinates = torch.matmul(base, rotation)
    else:
        coordinates = base.expand(*batch, *base.shape)
    if scale is not None:
        coordinates = coordinates * scale[..., None, None]
    if shift is not None:
        coordinates = coordinates + shift.unsqueeze(2)
    return coordinates


def turn_to_grid(window_px: int, canvas_px: int) -> Tensor:
    """Return the matrix (2, 2) from coordinates in half windows to `grid_sample`'s (x, y).

    Its x runs to the right, where the second coordinate runs to the left.
    """
    ratio = (window_px - 1) / max(canvas_px - 1, 1)
    return torch.tensor([[0.0, ratio], [-ratio, 0.0]])


def sample_canvas(canvas: Tensor, coordinates: Tensor, window_px: int) -> Tensor:
    """Read an upright image at coordinates, bilinearly; beyond its edge the edge goes on.

    Parameters
    ----------
    canvas : (M, B, C, side, side)
    coordinates : (M, B, w^2, 2)

    Returns
    -------
    (M, B, C w^2)
    """
    m, b, channels, side, _ = canvas.shape
    turn = turn_to_grid(window_px, side).to(coordinates.device)
    grid = torch.matmul(coordinates.flatten(0, -2), turn)
    sampled = functional.grid_sample(
        canvas.flatten(0, 1),
        grid.reshape(m * b, window_px, window_px, 2),
        mode="bilinear",
        padding_mode="border",
        align_corners=True,
    )
    return sampled.reshape(m, b, channels * window_px**2)
