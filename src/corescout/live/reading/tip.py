"""Is the tip still what it was? Edges at reference spots, scan after scan.

Some straight walls of the first scan are kept. On each later scan that shows them their profile is
read again, across the wall and averaged along it. A blunt or dirty tip makes the steepest slope
less steep before the types change; that is held against the contrast of the scan, so that a changed
drive or gain is none. What is normal is learned from the first readings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan

SPOTS = 16
FEWEST_SPOTS = 3
WIDER = 0.06  # change of the width that is worth a warning, if readings scatter less
SIGMAS = 3.0  # of the first readings
SUDDEN = 1.25  # ratio of the width that warns at once, not when it is seen twice
NORMAL = 10  # readings that what is normal is learned from
_APART_PX = 16.0
_WIDE_PX = 3.0  # smoothing after which the contrast does not depend on the tip
_MARGIN_PX = 20
_REACH_PX = 18.0  # of a profile to each side that is searched for the wall
_HALF_PX = 9.0  # of a profile that is measured
_ALONG_PX = 6
_STEP_PX = 0.5
_LARGEST_ZOOM = 1.3  # ratio of pitches at which edges can be compared


@dataclass(frozen=True)
class TipReading:
    """Edges of one scan against those of the reference.

    Attributes
    ----------
    uid : str
        Of the scan.
    at : datetime or None
    width_m : float
        Contrast of the scan over the steepest slope; median over the spots.
    width_ratio : float
        Median over the spots of the width to that of the first scan.
    amplitude_ratio : float
        Contrast of the scan to that of the first one.
    spots : int
        That the scan shows.
    suspect : bool
        Whether this reading is off; a warning needs a second one, or a sudden change.
    warning : str or None
    """

    uid: str
    at: datetime | None
    width_m: float
    width_ratio: float
    amplitude_ratio: float
    spots: int
    suspect: bool = False
    warning: str | None = None


@dataclass(frozen=True, eq=False)
class _Spot:
    xy_m: tuple[float, float]
    normal_rad: float  # across the wall, on the image
    profile: NDArray[np.float64]  # of the reference, over `_REACH_PX` to each side
    width_px: float


class TipMonitor:
    """Keeps reference spots and reads them on every scan."""

    def __init__(self) -> None:
        self.readings: list[TipReading] = []
        self._spots: list[_Spot] = []
        self._pitch_m = self._contrast = 0.0

    def read(
        self, scan: Scan, channel: str, drift_m: tuple[float, float] | None
    ) -> TipReading | None:
        """Read the reference spots on a scan; the first one gives the spots.

        Parameters
        ----------
        drift_m : tuple of float or None
            Of the sample since the last reading; None where it is not known.

        Returns
        -------
        TipReading or None
            None where the scan does not show enough of the spots.
        """
        if scan.frame is None or abs(scan.frame.pitch_m[0] / scan.frame.pitch_m[1] - 1) > 0.01:
            return None
        image = _image(scan, channel)
        if not self._spots:
            return self._begin(scan, image)
        self._follow(drift_m or (0.0, 0.0))
        pitch = scan.frame.pitch_m[0]
        if not 1 / _LARGEST_ZOOM <= pitch / self._pitch_m <= _LARGEST_ZOOM:
            return None
        contrast = _contrast(image)
        seen = [r for spot in self._spots if (r := _again(spot, scan, image)) is not None]
        if len(seen) < FEWEST_SPOTS:
            return None
        ratios, widths = (contrast * np.array(v) for v in zip(*seen, strict=True))
        reading = TipReading(
            scan.uid,
            scan.acquired_at,
            float(np.median(widths)) * pitch,
            float(np.median(ratios)) * pitch / self._pitch_m,
            contrast / self._contrast,
            len(seen),
        )
        reading = replace(reading, suspect=self._is_off(reading))
        reading = replace(reading, warning=_warning(reading, self.readings))
        self.readings.append(reading)
        return reading

    def forget(self) -> None:
        """Take the next scan as the reference: another place, or a new tip."""
        self._spots = []

    def _begin(self, scan: Scan, image: NDArray[np.float64]) -> TipReading | None:
        if scan.frame is None:
            return None
        spots = list(_find_spots(scan, image))
        if len(spots) < FEWEST_SPOTS:
            return None
        self._spots, self._pitch_m = spots, scan.frame.pitch_m[0]
        self._contrast = _contrast(image)
        width = float(np.median([s.width_px for s in spots])) * self._pitch_m
        reading = TipReading(scan.uid, scan.acquired_at, width, 1.0, 1.0, len(spots))
        self.readings.append(reading)
        return reading

    def _follow(self, drift_m: tuple[float, float]) -> None:
        dx, dy = drift_m
        self._spots = [replace(s, xy_m=(s.xy_m[0] + dx, s.xy_m[1] + dy)) for s in self._spots]

    def _is_off(self, reading: TipReading) -> bool:
        """Whether the width is beyond what the first good readings scatter by."""
        good = [r.width_ratio for r in self.readings if not r.suspect][:NORMAL]
        normal = float(np.median(good))
        scatter = 1.4826 * float(np.median(np.abs(np.array(good) - normal)))
        return reading.width_ratio > normal * (1 + max(WIDER, SIGMAS * scatter))


def _warning(reading: TipReading, before: Sequence[TipReading]) -> str | None:
    """Say that edges drift: seen twice in a row, or suddenly."""
    twice = bool(before) and before[-1].suspect
    if not reading.suspect or not (twice or reading.width_ratio > SUDDEN):
        return None
    return (
        f"edges at the reference spots are {reading.width_ratio:.2f} times as wide as at first"
        f" ({reading.width_m * 1e9:.0f} nm): look at the tip before trusting new types"
    )


def _image(scan: Scan, channel: str) -> NDArray[np.float64]:
    name = channel if channel in scan.channels else scan.default_channel
    image = np.asarray(scan.channel(name), dtype=np.float64)
    return np.where(np.isfinite(image), image, np.nanmedian(image))


def _find_spots(scan: Scan, image: NDArray[np.float64]) -> list[_Spot]:
    """Straight, steep walls apart from each other: energy and coherence of the structure tensor."""
    from scipy.ndimage import gaussian_filter

    rows, columns = np.gradient(gaussian_filter(image, 1.5))
    yy, xx, yx = (gaussian_filter(a, 4.0) for a in (rows**2, columns**2, rows * columns))
    spread = np.hypot(yy - xx, 2 * yx)
    score = spread * spread / np.maximum(yy + xx, 1e-300)
    normal = 0.5 * np.arctan2(2 * yx, xx - yy)  # angle of the gradient from the row axis
    edge = np.zeros(image.shape, bool)
    edge[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX] = True
    score = np.where(edge, score, 0.0)
    y, x = np.indices(image.shape)
    spots: list[_Spot] = []
    contrast = _contrast(image)
    while len(spots) < SPOTS and score.max() > 0:
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(score)), score.shape))
        score[np.hypot(y - row, x - column) < _APART_PX] = 0.0
        profile = _profile(image, (row, column), float(normal[row, column]))
        slope = _slope(_middle(profile, 0))
        if scan.frame is not None and slope > 0:
            place = scan.frame.to_m((row, column))
            xy = (float(place[0]), float(place[1]))
            spots.append(_Spot(xy, float(normal[row, column]), profile, contrast / slope))
    return spots


def _again(spot: _Spot, scan: Scan, image: NDArray[np.float64]) -> tuple[float, float] | None:
    """Width of a spot on a later scan, to the first one's and in pixels, for a contrast of 1."""
    if scan.frame is None:
        return None
    y, x = scan.frame.to_px(spot.xy_m)
    height, width_px = image.shape
    if not (_MARGIN_PX <= y < height - _MARGIN_PX and _MARGIN_PX <= x < width_px - _MARGIN_PX):
        return None
    profile = _profile(image, (float(y), float(x)), spot.normal_rad)
    half = int(_HALF_PX / _STEP_PX)
    wanted = _middle(spot.profile, 0)
    most = (len(profile) - 1) // 2 - half
    likeness = [_alike(_middle(profile, shift), wanted) for shift in range(-most, most + 1)]
    best = int(np.argmax(likeness))
    if likeness[best] < 0.6:
        return None  # it is not that wall
    slope = _slope(_middle(profile, best - most))
    return (1 / (slope * spot.width_px), 1 / slope) if slope > 0 else None


def _profile(
    image: NDArray[np.float64], yx: tuple[float, float], normal_rad: float
) -> NDArray[np.float64]:
    """Grey level across a wall, averaged along it."""
    from scipy.ndimage import map_coordinates

    across = np.arange(-_REACH_PX, _REACH_PX + _STEP_PX / 2, _STEP_PX)
    along = np.arange(-_ALONG_PX, _ALONG_PX + 1.0)
    c, s = math.cos(normal_rad), math.sin(normal_rad)
    rows = yx[0] + across[:, None] * s + along[None] * c
    columns = yx[1] + across[:, None] * c - along[None] * s
    return np.asarray(map_coordinates(image, [rows, columns], order=1, mode="nearest").mean(axis=1))


def _middle(profile: NDArray[np.float64], shift: int) -> NDArray[np.float64]:
    half, middle = int(_HALF_PX / _STEP_PX), (len(profile) - 1) // 2 + shift
    return profile[middle - half : middle + half + 1]


def _slope(cut: NDArray[np.float64]) -> float:
    """The steepest slope of a cut of a profile, per pixel."""
    return float(np.abs(cut[2:] - cut[:-2]).max() / (2 * _STEP_PX))


def _contrast(image: NDArray[np.float64]) -> float:
    """Range of grey levels, of what is so wide that no tip matters."""
    from scipy.ndimage import gaussian_filter

    low, high = np.percentile(gaussian_filter(image, _WIDE_PX), (5, 95))
    return float(high - low)


def _alike(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / max(math.sqrt((a @ a) * (b @ b)), 1e-300))
