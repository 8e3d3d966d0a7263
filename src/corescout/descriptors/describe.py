"""All descriptors of the key points of a scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import WallDescriptors, WallProfiles
from corescout.data.short_repr import short_repr
from corescout.descriptors.meanings import DESCRIPTORS
from corescout.descriptors.shape import along, beside, density, nearest, own_pixels
from corescout.descriptors.wall_lines import wall_lines

_ON_WALL_PX = 4.0  # a key point farther from every line lies on none
_AROUND_M = 200e-9  # neighbourhood whose median a height is told against
_SMOOTH_M = 50e-9
_SIDE_PX = 2.5  # beyond half the width: where the level of a side is read
_TWO_SIDES = (1.0, -1.0)


@dataclass(frozen=True, eq=False)
class SceneOfWalls:
    """A scan on square pixels, as descriptors look at it.

    Attributes
    ----------
    image : (H, W)
        The channel in its unit, NaN where missing.
    pitch_m : float or None
        Of its pixels; None leaves everything that is a length undefined.
    lines_yx : (P, 2) or None
        Pixels of the thin lines of the walls; None where walls were not sought.
    frame_angle_rad : float
        Of the scan's frame, clockwise.
    topography, frequency : (H, W) or None
        In m and Hz.
    """

    image: NDArray[np.floating]
    pitch_m: float | None
    lines_yx: NDArray[np.float64] | None = None
    frame_angle_rad: float = 0.0
    topography: NDArray[np.floating] | None = None
    frequency: NDArray[np.floating] | None = None

    __repr__ = short_repr


def describe(
    yx_px: NDArray[np.float64], scene: SceneOfWalls, profiles: WallProfiles | None = None
) -> WallDescriptors:
    """Return the descriptors of `DESCRIPTORS` at places (N, 2) of the square grid.

    Parameters
    ----------
    profiles : WallProfiles, optional
        Of the N places; without them width, contrast, phase, sides and direction are NaN where
        no line of a wall tells them.
    """
    count = len(yx_px)
    columns = {name: np.full(count, np.nan) for name in DESCRIPTORS}
    profiles = WallProfiles.unknown(count) if profiles is None else profiles
    direction = np.asarray(profiles.direction_rad)
    if scene.pitch_m is not None and scene.lines_yx is not None:
        columns |= _shape(yx_px, scene, scene.lines_yx, scene.pitch_m)
    columns |= _sides(yx_px, scene.image, profiles)
    columns["contrast"] = np.asarray(profiles.contrast)
    columns["phase_step_deg"] = np.asarray(profiles.phase_step_deg)
    columns["fast_axis_angle_rad"] = np.minimum(direction, np.pi - direction)
    # The frame is turned clockwise: a direction on it is turned back by as much.
    columns["orientation_rad"] = np.mod(direction - scene.frame_angle_rad, np.pi)
    if scene.pitch_m is not None:
        columns["width_m"] = np.asarray(profiles.width_px) * scene.pitch_m
        columns |= _relief(yx_px, scene, scene.pitch_m)
    return WallDescriptors({name: columns[name] for name in DESCRIPTORS})


def _shape(
    yx_px: NDArray[np.float64], scene: SceneOfWalls, lines_yx: NDArray[np.float64], pitch_m: float
) -> dict[str, NDArray[np.float64]]:
    known = np.isfinite(scene.image)
    lines = wall_lines(lines_yx, known)
    own = own_pixels(yx_px, lines, _ON_WALL_PX)
    return {
        **density(yx_px, lines, known, pitch_m),
        "junction_distance_m": nearest(lines.junctions_yx, yx_px) * pitch_m,
        "tip_distance_m": nearest(lines.tips_yx, yx_px) * pitch_m,
        **beside(yx_px, own, lines, pitch_m),
        **along(own, lines, pitch_m),
    }


def _sides(
    yx_px: NDArray[np.float64], image: NDArray[np.floating], profiles: WallProfiles
) -> dict[str, NDArray[np.float64]]:
    """Levels at width/2 + 2.5 px on both sides of the wall, the lower first."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    if not np.isfinite(image).any() or len(yx_px) == 0:
        return {}
    filled = np.where(np.isfinite(image), image, np.nanmedian(image)).astype(np.float64)
    smooth = gaussian_filter(filled, 1.0)
    width = np.nan_to_num(np.asarray(profiles.width_px), nan=2.0)
    angle = np.asarray(profiles.direction_rad)
    normal = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (y, x); rows count downwards
    far = (np.clip(width, 0, 12) / 2 + _SIDE_PX)[:, None] * normal
    levels = [
        map_coordinates(smooth, np.nan_to_num(yx_px + s * far).T, order=1, mode="nearest")
        for s in _TWO_SIDES
    ]
    unknown = ~np.isfinite(angle)
    low, high = np.minimum(*levels), np.maximum(*levels)
    return {
        "lower_side": np.where(unknown, np.nan, low),
        "higher_side": np.where(unknown, np.nan, high),
    }


def _relief(
    yx_px: NDArray[np.float64], scene: SceneOfWalls, pitch_m: float
) -> dict[str, NDArray[np.float64]]:
    """Topography and resonance frequency at the places, where there are such channels."""
    from scipy.ndimage import gaussian_filter, median_filter

    found: dict[str, NDArray[np.float64]] = {}
    y, x = np.clip(np.rint(yx_px).astype(int), 0, np.array(scene.image.shape) - 1).T
    side = max(3, 2 * round(_AROUND_M / pitch_m) // 4 * 2 + 1)
    step = max(1, side // 12)  # a median over fewer pixels is as good, and many times as fast
    for name, image in (("height_m", scene.topography), ("frequency_shift_hz", scene.frequency)):
        if image is None or not np.isfinite(image).any():
            continue
        filled = np.where(np.isfinite(image), image, np.nanmedian(image)).astype(np.float64)
        around = median_filter(filled[::step, ::step], size=max(3, side // step))
        rows = np.minimum(y // step, around.shape[0] - 1)
        columns = np.minimum(x // step, around.shape[1] - 1)
        value = gaussian_filter(filled, 1.0)[y, x] - around[rows, columns]
        found[name] = np.where(np.isfinite(image[y, x]), value, np.nan)
        if name == "height_m":
            down, right = np.gradient(gaussian_filter(filled, _SMOOTH_M / pitch_m / 2.355))
            found["slope"] = np.hypot(down, right)[y, x] / pitch_m
    return found
