"""Shape of the wall at a key point: density around it, what is near, curvature, spacing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.descriptors.meanings import REACH_NAMES, REACHES_M
from corescout.descriptors.wall_lines import WallLines

_LEAST_SEEN = 0.5  # of a ring that must lie on the scan
_LEAST_REACH = 0.6  # of a reach that a wall must be followed on either side
_PARALLEL_RAD = np.deg2rad(25)
_ABEAM_PX = 2.5  # of the normal through a key point: a wall there is met by it
_OWN_PX = 3.0  # a wall is not beside itself closer than this

Columns = dict[str, NDArray[np.float64]]


def density(
    yx_px: NDArray[np.float64], lines: WallLines, known: NDArray[np.bool_], pitch_m: float
) -> Columns:
    """Length of wall over area in rings: rho = sum(l_i) / A, l_i of the wall pixels in the ring.

    A is the area of the ring that lies on known pixels; NaN where that is less than half of it.
    """
    from scipy.signal import fftconvolve

    inner_m, found, last = 0.0, {}, np.array(known.shape) - 1
    y, x = np.clip(np.rint(yx_px).astype(int), 0, last).T
    walls = np.zeros(known.shape)
    np.add.at(walls, tuple(np.clip(np.rint(lines.yx_px).astype(int), 0, last).T), lines.length_px)
    for name, outer_m in zip(REACH_NAMES, REACHES_M, strict=True):
        low, high = inner_m / pitch_m, outer_m / pitch_m
        reach = int(np.ceil(high))
        dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        apart = np.hypot(dy, dx)
        ring = ((apart >= low) & (apart < high)).astype(np.float64)
        seen = fftconvolve(known.astype(np.float64), ring, mode="same")[y, x]
        total = fftconvolve(walls, ring, mode="same")[y, x]
        enough = (seen >= _LEAST_SEEN * ring.sum()) & (ring.sum() >= 8)
        per_px = np.maximum(total, 0.0) / np.maximum(seen, 1.0)
        found[f"wall_density_{name}_per_m"] = np.where(enough, per_px / pitch_m, np.nan)
        inner_m = outer_m
    return found


def nearest(places_yx: NDArray[np.float64], yx_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance (N,) in pixels to the nearest of places (M, 2); NaN where there is none."""
    from scipy.spatial import cKDTree

    if len(places_yx) == 0:
        return np.full(len(yx_px), np.nan)
    return np.asarray(cKDTree(places_yx).query(yx_px)[0], dtype=np.float64)


def own_pixels(yx_px: NDArray[np.float64], lines: WallLines, reach_px: float) -> NDArray[np.int64]:
    """The pixel of a path (N,) that each key point lies on; -1 where none is within reach."""
    from scipy.spatial import cKDTree

    if len(lines.yx_px) == 0 or len(yx_px) == 0:
        return np.full(len(yx_px), -1)
    apart, row = cKDTree(lines.yx_px).query(yx_px)
    return np.where(apart <= reach_px, row, -1).astype(np.int64)


def along(own: NDArray[np.int64], lines: WallLines, pitch_m: float) -> Columns:
    """Curvature and tortuosity of the wall within a reach s on either side of the key point.

    Tortuosity is the way along the wall over the length of its chord, L / C. Curvature is that of
    the least-squares parabola y = a + b x + c x^2 over the chord, 2 |c| / (1 + b^2)^(3/2). NaN
    where the wall goes on for less than 0.6 s on a side: it ends, or forks.
    """
    found: Columns = {}
    starts = np.flatnonzero(np.diff(lines.path, prepend=-1))
    ends = np.append(starts[1:], len(lines.path))
    for name, reach_m in zip(REACH_NAMES, REACHES_M, strict=True):
        curvature, tortuosity = np.full((2, len(own)), np.nan)
        reach = reach_m / pitch_m
        for i, row in enumerate(own):
            if row < 0:
                continue
            start, end = starts[lines.path[row]], ends[lines.path[row]]
            way = lines.way_px[start:end]
            here = lines.way_px[row]
            if here - way[0] < _LEAST_REACH * reach or way[-1] - here < _LEAST_REACH * reach:
                continue
            first, last = np.searchsorted(way, [here - reach, here + reach])
            part = lines.yx_px[start + first : start + last]
            if len(part) < 5:
                continue
            curvature[i], tortuosity[i] = _arc(part, way[first : first + len(part)])
        found[f"curvature_{name}_per_m"] = curvature / pitch_m
        found[f"tortuosity_{name}"] = tortuosity
    order = [n for kind in ("curvature", "tortuosity") for n in found if n.startswith(kind)]
    return {n: found[n] for n in order}


def _arc(part: NDArray[np.float64], way: NDArray[np.float64]) -> tuple[float, float]:
    chord = part[-1] - part[0]
    length = float(np.hypot(*chord))
    if length < 1.0:
        return float("nan"), float("nan")
    unit = chord / length
    centred = part - part.mean(axis=0)
    x, y = centred @ unit, centred @ np.array([-unit[1], unit[0]])
    c, b, _ = np.polyfit(x, y, 2)
    return 2 * abs(float(c)) / (1 + float(b) ** 2) ** 1.5, float(way[-1] - way[0]) / length


def beside(
    yx_px: NDArray[np.float64], own: NDArray[np.int64], lines: WallLines, pitch_m: float
) -> Columns:
    """Distance to the nearest other wall, and spacing of the parallel walls on both sides.

    Another wall is a pixel of another path, or of the key point's own where the way there is more
    than pi/2 times as long as the distance: the path came back. The spacing is the mean of the
    distances along the normal to the first wall on either side that runs within 25 degrees of the
    key point's; one side counts for both. NaN where there is none within 0.5 um.
    """
    from scipy.spatial import cKDTree

    other, spacing = np.full((2, len(own)), np.nan)
    if len(lines.yx_px):
        tree = cKDTree(lines.yx_px)
        within = tree.query_ball_point(yx_px, REACHES_M[-1] / pitch_m)
        for i, row in enumerate(own):
            rows = np.array(within[i], dtype=np.int64)
            if row >= 0 and len(rows):
                other[i], spacing[i] = _beside(yx_px[i], int(row), rows, lines)
    return {"wall_distance_m": other * pitch_m, "spacing_m": spacing * pitch_m}


def _beside(
    place: NDArray[np.float64], row: int, rows: NDArray[np.int64], lines: WallLines
) -> tuple[float, float]:
    offset = lines.yx_px[rows] - place
    apart = np.hypot(offset[:, 0], offset[:, 1])
    way = np.abs(lines.way_px[rows] - lines.way_px[row])
    own = lines.path[rows] == lines.path[row]
    others = (apart > _OWN_PX) & (~own | (way > np.pi / 2 * apart + _OWN_PX))
    others &= ~own | (apart > 2 * _OWN_PX)
    nearest_px = float(apart[others].min()) if others.any() else float("nan")
    angle = lines.direction_rad[row]
    across = offset @ np.array([np.cos(angle), np.sin(angle)])  # rows count downwards
    along_px = offset @ np.array([-np.sin(angle), np.cos(angle)])
    turned = np.abs(np.mod(lines.direction_rad[rows] - angle + np.pi / 2, np.pi) - np.pi / 2)
    abeam = others & (np.abs(along_px) <= _ABEAM_PX) & (turned <= _PARALLEL_RAD)
    sides = [np.abs(across[abeam & (sign * across > _OWN_PX)]) for sign in (1, -1)]
    first = [float(s.min()) for s in sides if len(s)]
    return nearest_px, float(np.mean(first)) if first else float("nan")
