"""The arrays that a compiled training step works on: allocated once, written again at each step.

Notation: B patches of n pixels, h hidden units, G Gaussian factors, L latent dimensions, H = 2 G
(+ 3 where an angle is inferred) heads, P canvas pixels of all channels, S steps.

numba's cache on the disk names these classes: after one was renamed the kernels compile again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Layers(NamedTuple):
    """Weights (in, out) and biases (out,) of one model, or their gradients; views of one vector.

    The heads are one layer: means (G), raw standard deviations (G) and, of a model that turns,
    direction (2) and width of the angle (1). `dipole` is (n, 2), or (n, 0).
    """

    encoder_1: Array
    encoder_1_bias: Array
    encoder_2: Array
    encoder_2_bias: Array
    heads: Array
    heads_bias: Array
    dipole: Array
    decoder_1: Array
    decoder_1_bias: Array
    decoder_2: Array
    decoder_2_bias: Array
    image: Array
    image_bias: Array


class ModelConstants(NamedTuple):
    """What a specification fixes."""

    rotates: bool
    shifts: bool
    channels: int
    window: int
    side: int  # of the canvas; of the window where nothing is turned or shifted
    beta: np.float32
    shift_std: np.float32
    largest_angle_std: np.float32
    mask: Array  # (n,)
    base: Array  # (2, w^2) coordinates of the pixels


class StepArrays(NamedTuple):
    """Arrays that every step writes anew, rows are patches."""

    x: Array  # (B, n)
    seen: Array  # (B, n) masked
    h1: Array  # (B, h)
    h2: Array
    heads: Array  # (B, H)
    std: Array  # (B, G)
    direction: Array  # (B, 2)
    narrow: Array  # (B,)
    cos: Array  # (B,) 1 where nothing is turned
    sin: Array  # (B,)
    shift: Array  # (B, 2) in half windows
    z: Array  # (B, L)
    g1: Array  # (B, h)
    g2: Array
    image: Array  # (B, P)
    d_image: Array
    d_shift: Array  # (B, 2)
    d_angle: Array  # (B,)
    d_z: Array  # (B, L)
    d_heads: Array  # (B, H)
    d_direction: Array  # (B, 2)
    d_one: Array  # (B, h)
    d_two: Array
    corner: NDArray[np.int32]  # (w^2,) canvas pixel above and left of each place
    along: Array  # (4, w^2) shares of the next column and row, then the places' derivatives
    logits: Array  # (w^2,)
    panel: Array  # what products of matrices need


class Schedule(NamedTuple):
    """What changes from step to step, (S,) each."""

    kl_weight: Array  # warm-up
    rate: Array
    epsilon: Array


class Optimised(NamedTuple):
    """The vectors of Adam, of all parameters of a model."""

    theta: Array
    gradient: Array
    mean: Array
    square: Array
