"""Codes of patches that were cut elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corescout.data import InputError, Result
from corescout.plan import Plan


def encode(result: Result, patches: ArrayLike) -> NDArray[np.float64]:
    """Return the codes (N, L) of patches (N, w, w) or (N, C, w, w) in the channels' units.

    Raises
    ------
    InputError
        If their shape is another one, or a value is missing.
    """
    from corescout.encoding import encode_with

    values = np.asarray(patches)
    values = values[:, None] if values.ndim == 3 else values
    window, channels = result.winner.window_px, len(result.channels)
    if values.dtype.kind not in "fiub" or values.shape[1:] != (channels, window, window):
        raise InputError(
            f"patches (N, {channels}, {window}, {window}) of real numbers, as the winner's are",
            f"{values.dtype} {np.shape(patches)}",
            f"cut windows of {window} px on a grid of the analysis's pitch",
        )
    if not np.isfinite(values).all():
        raise InputError("patches without a missing value", "NaN or infinity", "leave these out")
    if len(values) == 0:
        return np.zeros((0, result.winner.latent_dim))
    # One below another they are images, which is what is normalised.
    sheet = values.transpose(1, 0, 2, 3).reshape(channels, -1, window)
    grey = result.patches.normalisation.grey(sheet.astype(np.float32))
    grey = grey.reshape(channels, len(values), window, window).transpose(1, 0, 2, 3)
    training = Plan.model_validate(result.plan).training
    encoding = encode_with(
        result.winner, result.weights, np.ascontiguousarray(grey), training, seed=result.winner.seed
    )
    return np.asarray(encoding.latents.mean)
