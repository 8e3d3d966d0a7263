"""What to scan next: pixels per period of the pattern, and frames for a zoom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Result, Scan, Target

FEWEST_PX = 6.0  # to a period: fewer blur its walls
MOST_PX = 40.0
ZOOM_PERIODS = 16  # on a zoom frame
_CLEAR = 2.0  # height of the spectrum's peak over the power law, to be called a period
_FIRST_RING = 3  # periods on the frame: fewer are none
_SMALLEST_ZOOM, _LARGEST_ZOOM = 0.15, 0.5  # of the scan's smaller side


@dataclass(frozen=True)
class Advice:
    """Advice on the next scan.

    Attributes
    ----------
    period_px : float or None
        Of the pattern, in pixels of the scan; None where there is no clear one.
    period_m : float or None
    zoom_helps : bool
    text : str
        In words.
    """

    period_px: float | None
    period_m: float | None
    zoom_helps: bool
    text: str


def advise(scan: Scan, channel: str) -> Advice:
    """Say whether the pixels of a scan fit its pattern."""
    period = pattern_period_px(np.asarray(scan.channel(channel)))
    if period is None:
        return Advice(None, None, False, "no pattern of a clear period: any size will do")
    pitch = None if scan.frame is None else float(np.mean(scan.frame.pitch_m))
    size = "" if pitch is None else f" ({period * pitch * 1e9:.0f} nm)"
    said = f"{period:.0f} pixels per period of the pattern{size}"
    periods = min(scan.shape_px) / period
    if period < FEWEST_PX:
        text = f"{said}, too few to show its walls (at least {FEWEST_PX:g}): zoom in"
    elif period > MOST_PX:
        text = f"{said}, only {periods:.0f} periods on the frame: a larger one shows more"
    else:
        text = f"{said}, {periods:.0f} periods on the frame: neither zoom nor overview needed"
    return Advice(period, None if pitch is None else period * pitch, period < FEWEST_PX, text)


def pattern_period_px(image: NDArray[np.floating]) -> float | None:
    """Period of an image (H, W): the peak of its radial power spectrum over a power law.

    Scans without a period have spectra that fall as a power of the frequency; a pattern stands out
    from the straight line through log P over log k by at least `_CLEAR`.
    """
    from scipy.ndimage import gaussian_filter1d

    known = np.isfinite(image)
    if not known.any() or min(image.shape) < 32:
        return None
    filled = np.where(known, image, np.nanmedian(image)).astype(np.float64)
    taper = np.outer(np.hanning(image.shape[0]), np.hanning(image.shape[1]))
    power = np.abs(np.fft.rfft2((filled - filled.mean()) * taper)) ** 2
    fy, fx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None]
    side = min(image.shape)
    ring = np.rint(np.hypot(fy, fx) * side).astype(int)
    total = np.bincount(ring.ravel(), power.ravel())
    mean = total / np.maximum(np.bincount(ring.ravel()), 1)
    rings = np.arange(_FIRST_RING, int(0.45 * side))
    log_k, log_power = np.log(rings), np.log(mean[rings] + 1e-300)
    weights = 1 / np.sqrt(rings)  # rings are spaced evenly in k: each octave counts alike
    line = np.polyval(np.polyfit(log_k, log_power, 1, w=weights), log_k)
    above = gaussian_filter1d(log_power - line, 1.0)
    peak = int(np.argmax(above))
    if peak == 0 or above[peak] < np.log(_CLEAR):
        return None
    return float(side / rings[peak])


def zoom_targets(result: Result, advice: Advice, per_type: int = 1) -> tuple[Target, ...]:
    """Return frames for zooms, as targets: where the core points of a type lie most densely.

    Raises
    ------
    InputError
        If the scan has no scale.
    """
    from scipy.spatial import cKDTree

    frame = result.scan.frame
    if frame is None:
        raise InputError("a scan with a scale", "none", "give its pixel size")
    side = min(frame.size_m)
    wanted = ZOOM_PERIODS * advice.period_m if advice.period_m else 0.25 * side
    size = float(np.clip(wanted, _SMALLEST_ZOOM * side, _LARGEST_ZOOM * side))
    pitch = np.asarray(frame.pitch_m[::-1])
    half_px = 0.5 * size / pitch
    last = np.asarray(frame.shape_px) - 1
    chosen: list[Target] = []
    core = result.core_points
    for kind in np.unique(core.type):
        places = np.asarray(result.patches.center_yx_px)[core.index[core.type == kind]]
        near = cKDTree(places * pitch).query_ball_point(places * pitch, size / 2)
        for row in sorted(range(len(places)), key=lambda i: -len(near[i]))[:per_type]:
            y, x = np.clip(places[row], half_px - 0.5, last - half_px + 0.5)
            place = frame.to_m((y, x))
            chosen.append(
                Target(
                    uid=f"{result.scan.uid}-zoom-{kind}-y{y:.0f}-x{x:.0f}",
                    scan_uid=result.scan.uid,
                    yx_px=(float(y), float(x)),
                    xy_m=(float(place[0]), float(place[1])),
                    type=int(kind),
                    number=len(chosen) + 1,
                    action="zoom",
                    settings={"size_m": size, "angle_rad": frame.angle_rad},
                )
            )
    return tuple(chosen)
