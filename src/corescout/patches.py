"""Patches: square windows cut around key points, normalised over the whole scan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Keypoints, Normalisation, PatchSet
from corescout.plan import NormalisationPlan


def normalisation(
    images: NDArray[np.float32], channels: tuple[str, ...], plan: NormalisationPlan
) -> Normalisation:
    """Return the values of each channel that become 0 and 1: percentiles of the scan.

    Parameters
    ----------
    images : (C, H, W)

    Raises
    ------
    InputError
        If a channel holds no finite values or is constant.
    """
    limits = []
    for name, image in zip(channels, images, strict=True):
        finite = image[np.isfinite(image)]
        if finite.size == 0:
            raise InputError(
                f"values in channel {name!r}",
                "no finite pixel",
                "check the file or choose another channel with --channel",
            )
        low, high = np.percentile(finite, [plan.low_percent, plan.high_percent])
        if not high > low:
            raise InputError(
                f"contrast in channel {name!r}",
                f"one value, {low:g}, in (almost) every pixel",
                "choose another channel with --channel",
            )
        limits.append((low, high))
    lows, highs = np.array(limits, dtype=np.float64).T
    return Normalisation(channels, lows, highs)


def corner(yx_px: NDArray[np.float64], window_px: int) -> NDArray[np.int64]:
    """First row and column (N, 2) of the windows around key points (N, 2)."""
    return np.rint(yx_px - (window_px - 1) / 2 - 1e-9).astype(np.int64)


def fits(
    yx_px: NDArray[np.float64], images: NDArray[np.float32], window_px: int
) -> NDArray[np.bool_]:
    """Say for key points (N, 2) whether their window lies on the scan and touches no NaN."""
    first = corner(yx_px, window_px)
    height, width = images.shape[1:]
    inside = (first >= 0).all(axis=1)
    inside &= (first[:, 0] + window_px <= height) & (first[:, 1] + window_px <= width)
    missing = ~np.isfinite(images).all(axis=0)
    if missing.any():
        count = np.pad(missing.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        y, x = np.clip(first[inside], 0, None).T
        touched = (
            count[y + window_px, x + window_px]
            - count[y, x + window_px]
            - count[y + window_px, x]
            + count[y, x]
        )
        inside[np.flatnonzero(inside)[touched > 0]] = False
    return np.asarray(inside)


def cut_patches(
    images: NDArray[np.float32],
    keypoints: Keypoints,
    index: NDArray[np.int64],
    window_px: int,
    normalisation: Normalisation,
) -> PatchSet:
    """Cut windows around the key points `index`, which all must fit.

    Parameters
    ----------
    images : (C, H, W) in [0, 1]
        Grey levels by `normalisation`, which is kept in the patch set.
    """
    first = corner(keypoints.yx_px[index], window_px)
    windows = np.lib.stride_tricks.sliding_window_view(images, (window_px, window_px), axis=(1, 2))
    values = windows[:, first[:, 0], first[:, 1]].transpose(1, 0, 2, 3)
    values = np.ascontiguousarray(values)
    values.flags.writeable = False  # kept as it is: one copy less of what is largest
    return PatchSet(
        values=values,
        index=index,
        center_yx_px=np.asarray(first + (window_px - 1) / 2, dtype=np.float64),
        normalisation=normalisation,
    )
