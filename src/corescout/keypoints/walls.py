"""Domain walls as thin lines: steps between two levels, and lines darker or brighter than both.

A 180-degree wall is a narrow dark line in the amplitude, a needle narrower than two tips a dark or
a bright one. Such a line has an edge on either flank; its centre is marked instead of them. What is
broader keeps its two walls. A wall counts where it is clear beside the walls of its own rows: a
tip or a resonance that fades from line to line fades all of them alike.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import raise_if_stopped
from corescout.data.arrays import blocks_of_rows
from corescout.data.keypoints import KINDS
from corescout.keypoints.neighbourhoods import largest_around, opened, percentile
from corescout.keypoints.ridges import WHEN, Ridges, connected, find_ridges, values_at
from corescout.plan import KeypointPlan

_SHORTEST_PX = 6  # a line with fewer pixels is noise
_STRONG_PERCENTILE = 99  # of the gradient: that of the strongest walls
_WALL_SHARE = 0.38  # a wall's gradient is at least this share of it somewhere along its line
_NOISE_SIGMAS = 7.0  # and this many times that of white noise
_LOW_SHARE = 0.5  # of the high threshold: down to here a line goes on
_JOIN_PX = 13  # around a line, where two flanks so near that they touch are that line going on
_BANDS = 8  # of rows, each with a threshold of its own
_FAINTEST = 0.15  # of the whole scan's strongest walls: fainter bands are taken as empty
_HALF = np.float32(0.5)


@dataclass(frozen=True, eq=False)
class Walls:
    """Pixels of thin lines.

    Attributes
    ----------
    pixel : (P, 2) int64
        (y, x), 8-connected lines of one pixel.
    yx_px : (P, 2) float64
        Where the wall runs within half a pixel of it.
    score : (P,) float64
        Gradient there, of the flanks where it is a line.
    kind : (P,) int64
        Place in `corescout.data.keypoints.KINDS`.
    """

    pixel: NDArray[np.int64]
    yx_px: NDArray[np.float64]
    score: NDArray[np.float64]
    kind: NDArray[np.int64]


def canny_walls(
    image: NDArray[np.float32], plan: KeypointPlan, stop: threading.Event | None = None
) -> Walls:
    """Edges after Canny (1986), with a threshold for each band of rows, and lines.

    Parameters
    ----------
    image : (H, W) in [0, 1]
    stop : Event
        Looked at between the steps.
    """
    slope = _Slope.of(image, plan.smoothing_px)
    high = thresholds(image, slope.size, plan.smoothing_px)[:, None]
    peaks, offset = slope.peaks(_LOW_SHARE * high)
    relative = np.where(peaks, slope.size / high, 0.0)
    edges = connected(relative > _LOW_SHARE, relative > 1.0)
    raise_if_stopped(stop, WHEN)
    ridges = find_ridges(slope.of_image, plan.smoothing_px, high, stop)
    raise_if_stopped(stop, WHEN)
    return _lines(edges, slope, ridges, offset)


def sato_walls(
    image: NDArray[np.float32], plan: KeypointPlan, stop: threading.Event | None = None
) -> Walls:
    """Ridges of the gradient, by the tubeness filter of Sato et al. (1998), and lines.

    The filter alone marks the centres of bright needles; on the gradient it marks their walls.
    """
    from skimage.filters import sato, threshold_otsu
    from skimage.morphology import skeletonize

    slope = _Slope.of(image, plan.smoothing_px)
    high = thresholds(image, slope.size, plan.smoothing_px)[:, None]
    tubes = sato(slope.size, sigmas=[plan.smoothing_px], black_ridges=False)
    edges = skeletonize(tubes > 0.6 * threshold_otsu(tubes))
    raise_if_stopped(stop, WHEN)
    ridges = find_ridges(slope.of_image, plan.smoothing_px, high, stop)
    return _lines(edges, slope, ridges, np.zeros((2, *image.shape), np.float32))


@dataclass(frozen=True, eq=False)
class _Slope:
    """The smoothed image (H, W) and the size of its gradient."""

    of_image: NDArray[np.float32]
    size: NDArray[np.float32]

    @classmethod
    def of(cls, image: NDArray[np.float32], sigma_px: float) -> _Slope:
        from scipy.ndimage import gaussian_filter

        smooth = gaussian_filter(image, sigma_px)
        size = np.empty_like(smooth)
        for rows in blocks_of_rows(len(smooth)):
            y, x = _gradient(smooth, rows)
            size[rows] = np.hypot(y, x)
        return cls(smooth, size)

    def peaks(self, least: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Largest along the gradient, and by how much (2, H, W) the peak lies off the pixel."""
        peaks = np.zeros(self.size.shape, bool)
        offset = np.zeros((2, *self.size.shape), np.float32)
        for rows in blocks_of_rows(len(self.size)):
            at, shift = self._peaks_in(rows, least[rows])
            peaks[tuple(at)] = True
            offset[:, at[0], at[1]] = shift
        return peaks, offset

    def _peaks_in(
        self, rows: slice, least: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Pixels (2, N) of some rows, and the way (2, N) from each to its peak."""
        able = self.size[rows] > least
        able[:, [0, -1]] = False
        edges = (0, len(self.size) - 1)
        able[[i - rows.start for i in edges if rows.start <= i < rows.stop]] = False
        flat = np.flatnonzero(able)
        at = np.stack(np.divmod(flat, able.shape[1]))
        at[0] += rows.start
        here = self.size[rows].take(flat)
        normal = np.stack([way.take(flat) for way in _gradient(self.of_image, rows)]) / here
        before, after = values_at(self.size, at - normal), values_at(self.size, at + normal)
        top = (here >= before) & (here > after)
        bend = 2 * here - before - after
        shift = np.clip(_HALF * (after - before) / np.maximum(bend, 1e-12), -_HALF, _HALF) * normal
        return at[:, top], np.asarray(shift[:, top])


def _gradient(
    image: NDArray[np.float32], rows: slice
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slopes of some rows of an image (H, W) along y and x, those that `np.gradient` has there."""
    first, end = max(rows.start - 1, 0), min(rows.stop + 1, len(image))
    y, x = (np.asarray(slope) for slope in np.gradient(image[first:end]))
    inner = slice(rows.start - first, rows.stop - first)
    return y[inner], x[inner]


def thresholds(
    image: NDArray[np.float32], slope: NDArray[np.float32], sigma_px: float
) -> NDArray[np.float32]:
    """High threshold of the hysteresis for each row: a share of the strongest walls of its band.

    White noise of spread s has a gradient of spread s / (sqrt(8 pi) sigma^2) in each direction
    after smoothing by sigma. A band whose strongest gradient is far below that of the scan has no
    walls, and the scan's faintest threshold.
    """
    strongest = percentile(slope, _STRONG_PERCENTILE)
    size = max(1, round(len(image) / _BANDS))
    starts = np.arange(0, max(1, len(image) - size // 2), size)
    middles = np.minimum(starts + (size - 1) / 2, len(image) - 1)
    found = []
    for start in starts:
        first = max(0, int(start) - size // 2)
        end = min(int(start) + size + size // 2, len(image))
        of_band = percentile(slope[first:end], _STRONG_PERCENTILE)
        strong = np.clip(of_band, _FAINTEST * strongest, strongest)
        noise = _noise_spread(image[first:end]) / (np.sqrt(8 * np.pi) * sigma_px**2)
        found.append(max(_WALL_SHARE * float(strong), float(_NOISE_SIGMAS * noise)))
    return np.interp(np.arange(len(image)), middles, found).astype(np.float32)


def _noise_spread(image: NDArray[np.float32]) -> float:
    """Spread of white noise (H, W) from the size of second differences along both axes.

    Immerkaer (1996). The median leaves the walls out.
    """
    bends = np.abs(np.diff(np.diff(image, n=2, axis=0), n=2, axis=1))
    return 1.4826 * percentile(bends, 50) / 6 if bends.size else 0.0


def _lines(
    edges: NDArray[np.bool_],
    slope: _Slope,
    ridges: Ridges,
    offset: NDArray[np.float32],
) -> Walls:
    """Thin lines of edges and ridges; the flanks of a ridge are no edges of their own."""
    from skimage.morphology import remove_small_objects, skeletonize

    # What is left of a flank is no wall, also where it touches the line.
    steps = remove_small_objects(edges & ~ridges.flanks, max_size=_SHORTEST_PX - 1, connectivity=2)
    mask = steps | ridges.centres
    mask |= _gaps(mask, ridges.centres, slope.of_image)
    thin = remove_small_objects(skeletonize(mask), max_size=_SHORTEST_PX - 1, connectivity=2)
    pixel = np.argwhere(thin)
    rows, columns = pixel.T
    kind = ridges.kind[rows, columns].astype(np.int64)
    is_step = kind == 0
    kind[is_step] = KINDS.index("step")
    shift = np.where(is_step, offset[:, rows, columns], ridges.offset[:, rows, columns])
    score = np.where(is_step, slope.size[rows, columns], ridges.strength[rows, columns])
    return Walls(pixel, (pixel + shift.T).astype(np.float64), score.astype(np.float64), kind)


def _gaps(
    mask: NDArray[np.bool_], centres: NDArray[np.bool_], smooth: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Dark pixels between two walls at most 3 px apart, near a line: its ends and its joins.

    Away from a line such walls are those of dense needles, and stay two.
    """
    between = ~mask & ~opened(~mask) & largest_around(centres, _JOIN_PX)
    places = np.nonzero(between)
    between[places] = _laplacian(smooth, *places) > 0
    return between


def _laplacian(
    image: NDArray[np.float32], y: NDArray[np.int64], x: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Laplacian (N,) at pixels; beyond the edge the image is mirrored."""
    bottom, right = np.array(image.shape) - 1
    sides = (
        (image[np.maximum(y - 1, 0), x], image[np.minimum(y + 1, bottom), x]),
        (image[y, np.maximum(x - 1, 0)], image[y, np.minimum(x + 1, right)]),
    )
    bends = [(a.astype(float) + b - 2.0 * image[y, x]).astype(np.float32) for a, b in sides]
    return np.asarray(bends[0] + bends[1])
