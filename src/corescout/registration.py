"""Where a scan lies on an earlier one: drift, from what both show of the same place.

The overlap of two frames is compared by normalised cross-correlation over all shifts that drift can
plausibly make (Lewis, 1995; `skimage.feature.match_template`). Periodic domains match at many
shifts, so a registration is refused rather than guessed: when the peak is low, when a second one
is nearly as high, or when it does not fall off along some direction (stripes alone).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan

LARGEST_SHARE = 0.1  # of the larger frame: a shift that drift can make
LEAST_PEAK = 0.3  # normalised correlation
HIGHEST_SECOND = 0.85  # second peak, as a share of the first
FALLEN = 0.7  # of the peak: where it counts as fallen off
_MOST_PX = 256  # of a side of the comparison
_LEAST_PX = 16  # of the overlap, and of the shifts looked at
_ROUGH_PX = 8  # what is wider is background: tilt, bow, long waves
_PREFERRED = ("topography", "amplitude")


@dataclass(frozen=True)
class Registration:
    """What one scan says of its place on another.

    Attributes
    ----------
    drift_m : tuple of float
        (x, y): what lay at p on the reference now lies at p + drift.
    peak, second : float
        Normalised correlation at the best shift and at the best other one.
    channel : str
        Role or name of what was compared.
    refused : str or None
        Why it must not be used; None where it may be.
    """

    drift_m: tuple[float, float]
    peak: float
    second: float
    channel: str
    refused: str | None = None

    @property
    def length_m(self) -> float:
        """Length of the drift."""
        return math.hypot(*self.drift_m)


def register(reference: Scan, scan: Scan, largest_m: float | None = None) -> Registration:
    """Find the drift between two scans whose frames overlap.

    Parameters
    ----------
    reference, scan : Scan
        Either may be a zoom into the other, or both may be of one frame.
    largest_m : float, optional
        Drift that is plausible; a tenth of the larger frame if not said.

    Returns
    -------
    Registration
        Of the topography where both have it and it is clear, else of the amplitude, else of the
        channel they share. `refused` says why none of them can be trusted.
    """
    if reference.frame is None or scan.frame is None:
        return _refusal("a scan without a scale")
    found = [
        _register(reference, scan, pair, largest_m) for pair in _common_channels(reference, scan)
    ]
    if not found:
        return _refusal("the scans have no channel in common")
    return next((r for r in found if r.refused is None), found[0])


def _register(
    reference: Scan, scan: Scan, pair: tuple[str, str, str], largest_m: float | None
) -> Registration:
    from skimage.feature import match_template

    name, of_reference, of_scan = pair
    here, there = scan.frame, reference.frame
    if here is None or there is None:
        return _refusal("a scan without a scale", name)
    pitch = max(*here.pitch_m, *there.pitch_m, max(here.size_m) / _MOST_PX)
    bound = largest_m or LARGEST_SHARE * max(*here.size_m, *there.size_m)
    reach = max(_LEAST_PX, math.ceil(bound / pitch) + 3)
    wide = _sample(reference, of_reference, scan, pitch, reach)
    template, corner = _inner(_sample(scan, of_scan, scan, pitch, 0), wide, reach)
    if min(template.shape) < _LEAST_PX:
        return _refusal("the frames share too little", name)
    template, (top, left) = _flat(template), corner
    height, width = template.shape
    area = wide[top : top + height + 2 * reach, left : left + width + 2 * reach]
    if np.isnan(area).mean() > 0.5 or template.std() == 0:
        return _refusal("the frames share too little, or have no contrast", name)
    match = match_template(_flat(area), template)
    best = np.unravel_index(int(np.argmax(match)), match.shape)
    row, column = int(best[0]), int(best[1])
    peak = float(match[row, column])
    second, sharp = _rivals(match, row, column)
    dy, dx = _between(match, row, column)
    # the scan's feature at p matches the reference's at p + offset, so it has moved by -offset
    u, v = -(dx - reach) * pitch, (dy - reach) * pitch
    c, s = math.cos(here.angle_rad), math.sin(here.angle_rad)
    drift = (float(u * c + v * s), float(-u * s + v * c))
    refused = None
    if peak < LEAST_PEAK:
        refused = f"the scans do not look alike (correlation {peak:.2f})"
    elif not sharp:
        refused = "the match does not end along the stripes: the shift along them is not known"
    elif second > HIGHEST_SECOND * peak:
        refused = f"another shift matches nearly as well ({second:.2f} against {peak:.2f})"
    elif math.hypot(*drift) > bound:
        refused = f"{math.hypot(*drift) * 1e9:.0f} nm is more than drift can be"
    return Registration(drift, peak, second, name, refused)


def _common_channels(reference: Scan, scan: Scan) -> list[tuple[str, str, str]]:
    """(role or name, channel of the reference, channel of the scan), the preferred first."""

    def of_role(of: Scan, role: str) -> str | None:
        return next((n for n in of.channels if of.roles.get(n, "").startswith(role)), None)

    pairs = []
    for role in _PREFERRED:
        first, second = of_role(reference, role), of_role(scan, role)
        if first is not None and second is not None:
            pairs.append((role, first, second))
    shared = [n for n in reference.channels if n in scan.channels]
    if not pairs and shared:
        pairs = [(shared[0], shared[0], shared[0])]
    return pairs


def _sample(
    of: Scan, channel: str, on: Scan, pitch_m: float, border_px: int
) -> NDArray[np.float64]:
    """A channel on square pixels along the frame of `on`, with a border; NaN outside."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    if of.frame is None or on.frame is None:
        raise ValueError("_sample: expected scans with frames")
    width, height = (max(1, round(size / pitch_m)) for size in on.frame.size_m)
    row = np.arange(-border_px, height + border_px) - (height - 1) / 2
    column = np.arange(-border_px, width + border_px) - (width - 1) / 2
    v, u = np.meshgrid(-row * pitch_m, column * pitch_m, indexing="ij")
    c, s = math.cos(on.frame.angle_rad), math.sin(on.frame.angle_rad)
    x, y = on.frame.center_m
    places = np.stack([x + u * c + v * s, y - u * s + v * c], axis=-1)
    values = np.asarray(of.channel(channel), dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nanmedian(values))
    blur = [0.4 * max(0.0, pitch_m / p - 1) for p in of.frame.pitch_m[::-1]]
    seen = gaussian_filter(values, blur)
    yx = np.moveaxis(of.frame.to_px(places), -1, 0)
    return np.asarray(map_coordinates(seen, yx, order=1, mode="constant", cval=np.nan))


def _inner(
    seen: NDArray[np.float64], wide: NDArray[np.float64], reach: int
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The part of the scan that stays on the reference under every shift, and its corner."""
    known = np.isfinite(wide)
    rows = np.flatnonzero(known.any(axis=1))
    columns = np.flatnonzero(known.any(axis=0))
    if len(rows) == 0 or len(columns) == 0:
        return seen[:0, :0], (0, 0)
    # in the coordinates of `wide`, place i of the scan stands at i + reach and needs +- reach
    top, bottom = max(0, rows[0]), min(seen.shape[0], rows[-1] + 1 - 2 * reach)
    left, right = max(0, columns[0]), min(seen.shape[1], columns[-1] + 1 - 2 * reach)
    return seen[top : max(top, bottom), left : max(left, right)], (int(top), int(left))


def _flat(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without gaps, slope and outliers: what can be compared."""
    from scipy.ndimage import gaussian_filter

    known = np.isfinite(image)
    middle = float(np.nanmedian(image)) if known.any() else 0.0
    filled = np.where(known, image, middle)
    rough = filled - gaussian_filter(filled, _ROUGH_PX)
    low, high = np.percentile(rough, (1, 99))
    clipped = np.clip(rough, low, high)
    return np.asarray((clipped - clipped.mean()) / (clipped.std() or 1.0))


def _rivals(match: NDArray[np.float64], row: int, column: int) -> tuple[float, bool]:
    """Height of the second peak, and whether the first one falls off in every direction."""
    radius = 0.0
    for angle in np.arange(0, np.pi, np.pi / 8):
        ways = [_falls_at(match, row, column, angle + turn) for turn in (0.0, np.pi)]
        fallen = [way for way in ways if way is not None]
        if not fallen:
            return float(match[row, column]), False
        radius = max(radius, *fallen)
    y, x = np.indices(match.shape)
    outside = np.hypot(y - row, x - column) > 1.5 * radius + 1
    if not outside.any():
        return float(match[row, column]), False
    return float(match[outside].max()), True


def _falls_at(match: NDArray[np.float64], row: int, column: int, angle: float) -> float | None:
    """How far from the peak it has fallen off in one direction; None if it does not."""
    for step in range(1, max(match.shape)):
        y, x = round(row + step * np.sin(angle)), round(column + step * np.cos(angle))
        if not (0 <= y < match.shape[0] and 0 <= x < match.shape[1]):
            return None
        if match[y, x] < FALLEN * match[row, column]:
            return float(step)
    return None


def _between(match: NDArray[np.float64], row: int, column: int) -> tuple[float, float]:
    """The peak between the pixels, by a parabola along each axis."""

    def offset(before: float, at: float, after: float) -> float:
        bend = before - 2 * at + after
        return 0.5 * (before - after) / bend if bend < 0 else 0.0

    dy = dx = 0.0
    if 0 < row < match.shape[0] - 1:
        dy = offset(match[row - 1, column], match[row, column], match[row + 1, column])
    if 0 < column < match.shape[1] - 1:
        dx = offset(match[row, column - 1], match[row, column], match[row, column + 1])
    return row + dy, column + dx


def _refusal(why: str, channel: str = "") -> Registration:
    return Registration((0.0, 0.0), 0.0, 0.0, channel, why)
