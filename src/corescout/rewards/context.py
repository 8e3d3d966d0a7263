"""Context retention: how much of the surroundings of a key point its code still knows.

One descriptor of the neighbourhood, the same for every candidate of a scan and free of rotation,
is predicted from z by its 25 nearest neighbours, across spatial blocks. No labels are needed and
windows can be compared. It is unfair to "none", whose z keeps the orientation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import Fit, Reward

_NEIGHBOURS = 25
_N_BLOCKS = 5
_ROWS = 1024  # of an image at a time
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def context_retention(fit: Fit) -> Reward:
    """R^2 of the context predicted from z by 25 nearest neighbours in other blocks; higher.

    1 - sum |c - c_hat|^2 / sum |c - mean c|^2 over all points, each predicted from points of
    other spatial blocks only. The standard error over blocks is among the parts.
    """
    return _retention("context_retention", fit.codes, np.asarray(fit.context), fit.block)


def wall_retention(fit: Fit) -> Reward:
    """R^2 of what a cut across the wall shows, predicted as by `context_retention`; higher.

    Kind (one column each), log of contrast and of width, each in units of its standard deviation;
    points of which one of them cannot be read are left out. The phase step is not among them, as
    few channels have one, and the direction is none of the sample's where r is allowed.
    """
    name = "wall_retention"
    if fit.walls is None:
        why = "no wall was read at the key points"
        return Reward(name, float("nan"), "higher", void_because=why)
    kind, contrast, width = np.asarray(fit.walls)[:, :3].T
    known = (contrast > 0) & (width > 0)
    kinds = (kind[:, None] == np.unique(kind[known])).astype(np.float64)
    sizes = np.log(np.where(known[:, None], np.column_stack([contrast, width]), 1.0))
    shown = np.column_stack([kinds, sizes])[known]
    shown = shown[:, shown.std(axis=0) > 0]
    return _retention(
        name, fit.codes[known], shown / shown.std(axis=0), np.asarray(fit.block)[known]
    )


def _retention(
    name: str, z: NDArray[np.float64], context: NDArray[np.float64], blocks: NDArray[np.int64]
) -> Reward:
    """R^2 of a target (N, P) predicted from z by nearest neighbours in other blocks."""
    from scipy.spatial import cKDTree

    if context.shape[1] == 0 or len(np.unique(blocks)) < 2:
        return Reward(name, float("nan"), "higher", void_because="too few spatial blocks")
    z = z / np.maximum(z.std(axis=0), 1e-12)
    total = max(float(((context - context.mean(axis=0)) ** 2).sum()), 1e-12)
    per_block, added = [], []
    for block in np.unique(blocks):
        test, train = blocks == block, blocks != block
        k = min(_NEIGHBOURS, int(train.sum()))
        near = cKDTree(z[train]).query(z[test], k=k)[1].reshape(int(test.sum()), k)
        residual = ((context[test] - context[train][near].mean(axis=1)) ** 2).sum()
        spread = ((context[test] - context[train].mean(axis=0)) ** 2).sum()
        per_block.append(1 - residual / max(spread, 1e-12))
        added.append(float(test.mean() - residual / total))
    error = float(np.std(per_block, ddof=1) / np.sqrt(len(per_block)))
    parts = {"standard_error": error}
    return Reward(name, sum(added), "higher", parts, per_block=tuple(added))


def context_descriptor(
    image: NDArray[np.floating], yx_px: NDArray[np.float64], radius_px: float, n_kept: int = 6
) -> NDArray[np.float64]:
    """Describe the neighbourhood of each key point, free of rotation.

    Radial power spectrum (log) and grey-level quantiles of a round neighbourhood, standardised
    and reduced to `n_kept` principal components.

    Parameters
    ----------
    image : (H, W)
        NaN is filled with the median; the edge is mirrored.
    yx_px : (N, 2)
    radius_px : float

    Returns
    -------
    (N, n_kept) float64
    """
    r = max(3, round(radius_px))
    filled = np.where(np.isfinite(image), image, np.nanmedian(image)).astype(np.float32)
    padded = np.pad(filled, r, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * r + 1, 2 * r + 1))
    grid = np.arange(-r, r + 1)
    distance = np.hypot(grid[:, None], grid[None, :])
    inside = distance <= r
    taper = np.where(inside, np.cos(0.5 * np.pi * distance / (r + 1)) ** 2, 0).astype(np.float32)
    rings = _rings(2 * r + 1)
    features = []
    for first in range(0, len(yx_px), 512):
        y, x = np.rint(yx_px[first : first + 512]).astype(int).T
        patch = windows[y, x]
        values = patch[:, inside]
        spectrum = np.abs(np.fft.rfft2((patch - values.mean(axis=1)[:, None, None]) * taper)) ** 2
        radial = spectrum.reshape(len(patch), -1) @ rings
        quantiles = np.quantile(values, _QUANTILES, axis=1).T
        features.append(np.hstack([np.log(radial + 1e-6), quantiles]))
    return _principal(np.concatenate(features), n_kept)


def correlation_length_px(image: NDArray[np.floating]) -> float:
    """Distance at which the radial autocorrelation first falls to 1/e, in pixels."""
    filled = np.where(np.isfinite(image), image, np.nanmean(image))
    centred = filled - filled.mean()
    correlation = np.fft.irfft2(np.abs(np.fft.rfft2(centred)) ** 2, s=centred.shape)
    correlation = np.fft.fftshift(correlation / max(correlation[0, 0], 1e-30))
    profile = _radial_mean(correlation)
    below = np.flatnonzero(profile < 1 / np.e)
    return float(below[0]) if len(below) else float(min(centred.shape)) / 4


def _radial_mean(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean (R,) over rings of one pixel around the middle of an image, some rows at a time."""
    cy, cx = (n // 2 for n in image.shape)
    length = int(np.rint(np.hypot(cy, cx))) + 1
    total, count = np.zeros(length), np.zeros(length, np.int64)
    for first in range(0, len(image), _ROWS):
        rows = image[first : first + _ROWS]
        y, x = np.ogrid[first : first + len(rows), : image.shape[1]]
        radius = np.rint(np.hypot(y - cy, x - cx)).astype(int).ravel()
        total += np.bincount(radius, rows.ravel(), length)
        count += np.bincount(radius, minlength=length)
    return np.asarray(total / np.maximum(count, 1))


def spatial_blocks(yx_px: NDArray[np.float64], least_size_px: float) -> NDArray[np.int64]:
    """Assign key points (N, 2) to compact blocks (N,): columns, then rows, of equal counts.

    Blocks have about the same number of points, at least two of them, and sides of about
    `least_size_px` or more where the scan is large enough.
    """
    extent = np.ptp(yx_px, axis=0)
    n = [int(np.clip(side // max(least_size_px, 1.0), 1, _N_BLOCKS)) for side in extent]
    if n[0] * n[1] < 2:
        n[int(np.argmax(extent))] = 2
    rows = _equal_parts(yx_px[:, 0], n[0])
    blocks = np.zeros(len(yx_px), np.int64)
    for row in range(n[0]):
        members = rows == row
        blocks[members] = row * n[1] + _equal_parts(yx_px[members, 1], n[1])
    return blocks


def _equal_parts(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return np.asarray(rank * count // max(len(values), 1), dtype=np.int64)


def _rings(side: int) -> NDArray[np.float32]:
    """Weights (F, n) that average a flattened rfft2 power spectrum over rings of frequency."""
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    ring = np.minimum(np.rint(np.hypot(fy, fx) * side).astype(int), side // 2).ravel()
    weights = np.eye(side // 2 + 1, dtype=np.float32)[ring]
    return np.asarray(weights / np.maximum(weights.sum(axis=0), 1), dtype=np.float32)


def _principal(features: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    standard = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    _, vectors = np.linalg.eigh(standard.T @ standard)
    axes = vectors[:, ::-1][:, :count]
    # A sign by rule, so that the descriptor does not depend on the linear algebra library.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return np.asarray(standard @ axes)
