"""What a cut across the wall shows: step or line, contrast, width, phase step, direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.keypoints import KINDS, Keypoints, WallProfiles
from corescout.keypoints.ridges import values_at

_REACH_SIGMAS, _STEP_SIGMAS = 6.0, 0.5  # of the cut, on either side and from sample to sample
_SIDE_SIGMAS = (2.5, 4.5)  # where the levels on both sides of a wall are read
_TENSOR_PX = 3  # half side of the square that tells the direction
_TIP = 2.355  # full width at half height of a Gaussian, in sigmas
_LOW, _HIGH = 0.12, 0.88  # of a step: as far apart as the tip is wide
_STEP, _BRIGHT, _DARK = (KINDS.index(k) for k in ("step", "bright line", "dark line"))


@dataclass(frozen=True, eq=False)
class Cuts:
    """Samples across the walls of N points.

    Attributes
    ----------
    along : (S,)
        Places of the samples along the normal, in pixels; 0 is the point.
    places : (S, 2, N)
        (y, x) of the samples.
    normal : (2, N)
        Unit vectors (y, x) across the walls.
    """

    along: NDArray[np.float64]
    places: NDArray[np.float64]
    normal: NDArray[np.float64]


def profiles_of(
    keypoints: Keypoints,
    image: NDArray[np.floating],
    smoothing_px: float,
    response: NDArray[np.complexfloating] | None = None,
) -> Keypoints:
    """Return key points with their profiles; 180-degree walls lie where the response is zero.

    Parameters
    ----------
    keypoints : Keypoints
        On the grid of `image`. Their kinds are kept where a detector said them.
    image : (H, W)
        The channel in its unit, not mended; NaN where missing.
    smoothing_px : float
    response : (H, W), optional
        Complex response with its background taken off, real where up and down differ by 180
        degrees; None without a phase.
    """
    from scipy.ndimage import gaussian_filter

    if len(keypoints) == 0 or not np.isfinite(image).any():
        return keypoints
    filled = np.where(np.isfinite(image), image, np.nanmedian(image)).astype(np.float32)
    smooth = gaussian_filter(filled, 0.7 * smoothing_px)
    cuts = _cuts(np.asarray(keypoints.yx_px), smooth, smoothing_px)
    values = np.stack([values_at(smooth, places) for places in cuts.places])
    kind = np.zeros(len(keypoints), np.int64)
    if keypoints.profiles is not None:
        kind = np.asarray(keypoints.profiles.kind)
    kind = np.where(kind == 0, _kind(values, cuts.along, smoothing_px), kind)
    contrast, width = _contrast_and_width(values, cuts.along, kind, smoothing_px)
    yx, phase = np.asarray(keypoints.yx_px), np.full(len(keypoints), np.nan)
    if response is not None:
        seen = [_complex_at(response, places) for places in cuts.places]
        phase = _phase_step(np.stack(seen), cuts.along, width, smoothing_px)
        is_wall = (kind == _DARK) & (np.abs(phase - 180) <= 40)
        shift = _zero(np.stack(seen).real, cuts.along, smoothing_px)
        yx = yx + np.where(is_wall, shift, 0.0)[:, None] * cuts.normal.T
        yx = np.clip(yx, 0, np.array(image.shape) - 1.0)
    # The wall runs across its normal; rows count downwards, angles upwards.
    direction = np.mod(np.arctan2(cuts.normal[1], cuts.normal[0]), np.pi)
    found = WallProfiles(kind, contrast, width, phase, direction)
    return Keypoints(yx, keypoints.score, keypoints.source, found)


def _cuts(yx: NDArray[np.float64], smooth: NDArray[np.float32], sigma_px: float) -> Cuts:
    normal = _normals(yx, smooth)
    reach = _REACH_SIGMAS * sigma_px
    along = np.arange(-reach, reach + 1e-9, _STEP_SIGMAS * sigma_px)
    return Cuts(along, yx.T[None] + along[:, None, None] * normal[None], normal)


def _normals(yx: NDArray[np.float64], smooth: NDArray[np.float32]) -> NDArray[np.float64]:
    """Main direction of the gradient around each point: that of the structure tensor."""
    offsets = np.arange(-_TENSOR_PX, _TENSOR_PX + 1)
    inner = np.array(smooth.shape) - 2
    yy, xx, xy = np.zeros((3, len(yx)))
    centre = np.rint(yx).astype(int)
    for dy in offsets:
        for dx in offsets:
            y = np.clip(centre[:, 0] + dy, 1, inner[0])
            x = np.clip(centre[:, 1] + dx, 1, inner[1])
            down = smooth[y + 1, x] - smooth[y - 1, x]
            right = smooth[y, x + 1] - smooth[y, x - 1]
            yy, xx, xy = yy + down * down, xx + right * right, xy + down * right
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)  # from the row's direction towards the column's
    return np.stack([np.sin(angle), np.cos(angle)])


def _kind(
    values: NDArray[np.float32], along: NDArray[np.float64], sigma_px: float
) -> NDArray[np.int64]:
    """The kind (N,) that stands out most, where no detector said it."""
    middle = np.abs(along) <= 1.0 * sigma_px
    before, after = _sides(values, along, sigma_px)
    dark = np.minimum(before, after) - values[middle].min(axis=0)
    bright = values[middle].max(axis=0) - np.maximum(before, after)
    sizes = np.stack([np.abs(after - before), bright, dark])
    return np.asarray(np.array([_STEP, _BRIGHT, _DARK])[sizes.argmax(axis=0)])


def _sides(
    values: NDArray[np.float32], along: NDArray[np.float64], sigma_px: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    near, far = (s * sigma_px for s in _SIDE_SIGMAS)
    before = np.median(values[(along <= -near) & (along >= -far)], axis=0)
    after = np.median(values[(along >= near) & (along <= far)], axis=0)
    return before.astype(np.float64), after.astype(np.float64)


def _contrast_and_width(
    values: NDArray[np.float32],
    along: NDArray[np.float64],
    kind: NDArray[np.int64],
    sigma_px: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Contrast and width (N,), (N,) of steps and lines; the smoothing is taken off the width."""
    before, after = _sides(values, along, sigma_px)
    sign = np.where(kind == _DARK, -1.0, 1.0)
    middle = np.flatnonzero(np.abs(along) <= 1.0 * sigma_px)
    line = sign * values
    top = line[middle].max(axis=0)
    height = top - np.maximum(sign * before, sign * after)
    half = top - height / 2
    centre = len(along) // 2
    line_width = _crossing(line[centre:], half) + _crossing(line[centre::-1], half)
    rising = np.where(after >= before, values, -values)
    low, high = np.minimum(before, after), np.maximum(before, after)
    low, high = np.where(after >= before, low, -high), np.where(after >= before, high, -low)
    at_low = _crossing(rising[centre::-1], low + _LOW * (high - low))
    at_high = _crossing(-rising[centre:], -(low + _HIGH * (high - low)))
    is_step = kind == _STEP
    step = float(along[1] - along[0])
    width = np.where(is_step, at_low + at_high, line_width) * step
    width = np.sqrt(np.maximum(width**2 - (0.7 * _TIP * sigma_px) ** 2, 0.0))
    contrast = np.where(is_step, np.abs(after - before), height)
    contrast = np.where(contrast > 0, contrast, np.nan)
    return contrast, np.where(np.isfinite(width) & (width > 0), width, np.nan)


def _crossing(values: NDArray[np.floating], level: NDArray[np.floating]) -> NDArray[np.float64]:
    """Samples (N,) until values (S, N) fall below a level; infinite where they do not."""
    below = values < level
    first = below.argmax(axis=0)
    count = np.arange(values.shape[1])
    outer = values[first, count].astype(np.float64)
    inner = values[np.maximum(first - 1, 0), count].astype(np.float64)
    share = (inner - level) / np.maximum(inner - outer, 1e-300)
    found = np.where(first > 0, first - 1 + np.clip(share, 0, 1), 0.0)
    return np.where(below.any(axis=0), found, np.inf)


def _complex_at(
    response: NDArray[np.complexfloating], places: NDArray[np.float64]
) -> NDArray[np.complex128]:
    real = values_at(np.nan_to_num(response.real).astype(np.float32), places)
    imaginary = values_at(np.nan_to_num(response.imag).astype(np.float32), places)
    return np.asarray(real + 1j * imaginary, dtype=np.complex128)


def _phase_step(
    seen: NDArray[np.complex128],
    along: NDArray[np.float64],
    width_px: NDArray[np.float64],
    sigma_px: float,
) -> NDArray[np.float64]:
    """Phase difference (N,) in degrees between the mean responses on both sides of the wall."""
    near = np.where(np.isfinite(width_px), width_px, 0.0) / 2 + sigma_px
    outside = (np.abs(along)[:, None] >= near) & (np.abs(along)[:, None] <= near + 2 * sigma_px)
    before = (seen * (outside & (along[:, None] < 0))).sum(axis=0)
    after = (seen * (outside & (along[:, None] > 0))).sum(axis=0)
    step = np.abs(np.rad2deg(np.angle(after * np.conj(before))))
    return np.where((before != 0) & (after != 0), step, np.nan)


def _zero(
    signed: NDArray[np.float64], along: NDArray[np.float64], sigma_px: float
) -> NDArray[np.float64]:
    """Where along the cut (N,) the signed response passes zero nearest to the point; 0 if not."""
    turns = signed[1:] * signed[:-1] < 0
    share = signed[:-1] / np.where(turns, signed[:-1] - signed[1:], 1.0)
    place = along[:-1, None] + share * (along[1] - along[0])
    place = np.where(turns & (np.abs(place) <= 2 * sigma_px), place, np.inf)
    nearest = np.take_along_axis(place, np.abs(place).argmin(axis=0)[None], axis=0)[0]
    return np.where(np.isfinite(nearest), nearest, 0.0)
