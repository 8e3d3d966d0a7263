"""Where a frame is scanned that says whether the tip is on the sample of a scan.

Away from the targets, and where the scan itself shows that a frame of this size can be told from
its surroundings: among stripes alone any frame matches at many shifts, and the run would be held
though nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from corescout.data import Scan, Target
from corescout.registration import register

Place = tuple[float, float]
_LARGER = 1.5  # from one size to the next
_CLEAR = 0.7  # second peak, as a share of the first: below what a registration refuses, by a margin


def place_to_look(
    scan: Scan, targets: Sequence[Target], size_m: float, largest_m: float
) -> tuple[Place, float]:
    """Return centre and side in metres of a square frame on a scan that has a scale.

    Parameters
    ----------
    size_m : float
        Wanted side. It grows up to `largest_m` where no frame of it could be told from its
        surroundings; if none of any size can for sure, it is the one that can best.
    """
    side_m = min(size_m, largest_m)
    best = (2.0, _by_distance(scan, targets, side_m)[0], side_m)  # rival, place, side
    while True:
        for place in _by_distance(scan, targets, side_m):
            found = register(scan, _cut(scan, place, side_m))
            rival = found.second / found.peak if found.refused is None else 1.0
            if rival <= _CLEAR:
                return place, side_m
            if rival < best[0]:
                best = rival, place, side_m
        if side_m >= largest_m:
            return best[1], best[2]
        side_m = min(side_m * _LARGER, largest_m)


def _by_distance(scan: Scan, targets: Sequence[Target], side_m: float) -> list[Place]:
    """Nine places of a square, the farthest from the targets first."""
    frame = scan.frame
    if frame is None:
        raise ValueError("place_to_look: expected a scan with a scale")
    height, width = frame.shape_px
    across, down = (side_m / pitch / 2 for pitch in frame.pitch_m)
    rows = np.linspace(down, height - 1 - down, 3)
    columns = np.linspace(across, width - 1 - across, 3)
    places = frame.to_m(np.array([(y, x) for y in rows for x in columns]))
    at = np.array([t.xy_m for t in targets if t.xy_m is not None]).reshape(-1, 2)
    if len(at):
        apart = np.abs(places[:, None] - at[None]).max(axis=2).min(axis=1)
        places = places[np.argsort(-apart, kind="stable")]
    return [(float(x), float(y)) for x, y in places]


def _cut(scan: Scan, place: Place, side_m: float) -> Scan:
    """The part of a scan that a frame would show."""
    frame = scan.frame
    if frame is None:
        raise ValueError("place_to_look: expected a scan with a scale")
    (y, x) = (float(v) for v in frame.to_px(place))
    half_x, half_y = (side_m / pitch / 2 for pitch in frame.pitch_m)
    top, left = max(0, round(y - half_y)), max(0, round(x - half_x))
    height = min(frame.shape_px[0] - top, max(1, round(2 * half_y)))
    width = min(frame.shape_px[1] - left, max(1, round(2 * half_x)))
    center = frame.to_m((top + (height - 1) / 2, left + (width - 1) / 2))
    channels = {
        name: values[top : top + height, left : left + width]
        for name, values in scan.channels.items()
    }
    part = replace(frame, shape_px=(height, width), center_m=(float(center[0]), float(center[1])))
    return replace(scan, channels=channels, frame=part)
