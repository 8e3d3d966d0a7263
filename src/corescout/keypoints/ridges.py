"""Centres of lines: where the image is darkest or brightest across, with a flank on either side.

Steger's line points (IEEE PAMI 20, 1998): the second derivative is largest across the line, and the
slope across it passes through zero within the pixel. A line counts only where its flanks are as
steep as walls are and lie no farther apart than two tips.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corescout.data import raise_if_stopped
from corescout.data.arrays import blocks_of_rows
from corescout.data.keypoints import KINDS
from corescout.keypoints.neighbourhoods import smallest_around

BROADEST_SIGMAS = (
    4.6  # distance of the flanks: about twice the full width at half height of the tip
)
_RESOLVED_SIGMAS = 3.3  # lines broader than this show both walls
_GAP_WIDTHS = 1.5  # of a line: farther off it lies alone
_SCALE = 1.5  # smoothing of the second derivative: one peak for all widths up to that
_STRONG, _WEAK = 0.6, 0.35  # of the high threshold of edges: two flanks agree
_SHORTEST_PX = 20  # a shorter line keeps its outline: two flanks and the ends
_WITHIN_PX = 0.6  # the zero of the slope lies in the pixel, or hardly beyond
_STEP_SIGMAS = 0.7  # along the cut across a line
_ALONG_PX = 9  # over which the width of a line is averaged
_WIDER_PX = 1.0  # than that mean: no point of this line
_EQUAL_PX = 0.5  # widths that cannot be told apart
WHEN = "while key points were sought"
_UNEVEN = 0.25  # the weaker flank is at least this share of the other: else it is a step


@dataclass(frozen=True, eq=False)
class Ridges:
    """Lines of one pixel, and the edges beside them.

    Attributes
    ----------
    centres : (H, W) bool
    kind : (H, W) int8
        Place in `corescout.data.keypoints.KINDS`, 0 where there is no line within a pixel.
    offset : (2, H, W) float32
        From the pixel to the centre of the line, (y, x).
    strength : (H, W) float32
        Gradient of the weaker flank.
    flanks : (H, W) bool
        Pixels on the flanks; no wider, or walls that join the line lose their ends.
    """

    centres: NDArray[np.bool_]
    kind: NDArray[np.int8]
    offset: NDArray[np.float32]
    strength: NDArray[np.float32]
    flanks: NDArray[np.bool_]


def find_ridges(
    smooth: NDArray[np.float32],
    sigma_px: float,
    high: NDArray[np.float32],
    stop: threading.Event | None = None,
) -> Ridges:
    """Find dark and bright lines.

    Parameters
    ----------
    smooth : (H, W)
        The image smoothed by `sigma_px`.
    sigma_px : float
        About the width of the tip.
    high : (H, 1)
        Gradient that an edge needs in each row.
    stop : Event
        Looked at between the steps.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    from scipy.ndimage import gaussian_filter
    from skimage.morphology import remove_small_objects

    image = smooth
    further = float(np.sqrt(_SCALE**2 - 1)) * sigma_px
    found = _line_points(gaussian_filter(smooth, further), _WEAK * high / sigma_px)
    row_high = high[:, 0].take(found.at[:, 0])
    raise_if_stopped(stop, WHEN)
    rising = np.flatnonzero(_rises(found, smooth, sigma_px) >= _WEAK * row_high)
    found, row_high = found.take(rising), row_high.take(rising)
    raise_if_stopped(stop, WHEN)
    flanks = _flanks(found, smooth, sigma_px)
    raise_if_stopped(stop, WHEN)
    clear = np.flatnonzero(flanks.weaker >= _WEAK * row_high)
    found, flanks, row_high = found.take(clear), flanks.take(clear), row_high.take(clear)
    width = _along(found.at, flanks.width, image.shape)
    owned = (width <= BROADEST_SIGMAS * sigma_px) & (flanks.width <= width + _WIDER_PX)
    broad = np.flatnonzero(owned & (width > _RESOLVED_SIGMAS * sigma_px))
    dense = _between_others(found, flanks, broad, smooth)
    owned[broad] = _along(found.at[broad], dense.astype(float), image.shape) < 0.5
    owned &= ~_of_a_narrower(found, flanks, np.where(owned, width, np.inf), image.shape)
    relative = np.zeros(image.shape, np.float32)
    relative[tuple(found.at.T)] = np.where(owned, flanks.weaker / row_high, 0)
    centres = connected(relative > _WEAK, relative > _STRONG)
    centres = remove_small_objects(centres, max_size=_SHORTEST_PX - 1, connectivity=2)
    kept = np.flatnonzero(centres[tuple(found.at.T)])
    found, flanks = found.take(kept), flanks.take(kept)
    rows, columns = found.at.T
    kind = np.zeros(image.shape, np.int8)
    kind[rows, columns] = np.where(found.dark, KINDS.index("dark line"), KINDS.index("bright line"))
    offset = np.zeros((2, *image.shape), np.float32)
    offset[:, rows, columns] = found.shift
    strength = np.zeros(image.shape, np.float32)
    strength[rows, columns] = flanks.weaker
    beside = np.zeros(image.shape, bool)
    for y, x in flanks.pixels(found, image.shape):
        beside[y, x] = True
    return Ridges(centres, kind, offset, strength, beside & ~centres)


def connected(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hysteresis: pixels of `weak` (H, W) that hang together by their sides with one of `strong`.

    As `skimage.filters.apply_hysteresis_threshold`, which sums over the labels instead.
    """
    from scipy.ndimage import label

    labels, count = label(weak)
    kept = np.zeros(count + 1, bool)
    kept[labels[strong]] = True
    kept[0] = False
    return np.asarray(kept[labels])


@dataclass(frozen=True, eq=False)
class _Points:
    """Pixels (N, 2) on a line, its normal (2, N), the way to its centre (2, N), if it is dark."""

    at: NDArray[np.int64]
    normal: NDArray[np.float32]
    shift: NDArray[np.float32]
    dark: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64]) -> _Points:
        return _Points(
            self.at.take(rows, axis=0),
            self.normal.take(rows, axis=1),
            self.shift.take(rows, axis=1),
            self.dark.take(rows),
        )


@dataclass(frozen=True, eq=False)
class _Flanks:
    """Slope of the weaker flank (N,), 0 where there is none, and the way to both (N,)."""

    weaker: NDArray[np.float32]
    before: NDArray[np.float64]
    after: NDArray[np.float64]

    @property
    def width(self) -> NDArray[np.float64]:
        return self.before + self.after

    def take(self, rows: NDArray[np.int64]) -> _Flanks:
        return _Flanks(self.weaker.take(rows), self.before.take(rows), self.after.take(rows))

    def pixels(
        self, of: _Points, shape: tuple[int, ...]
    ) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Rows and columns of the flanks before and after the points."""
        out = []
        for way in (-self.before, self.after):
            y, x = np.rint(of.at.T + way * of.normal).astype(np.int64)
            out.append((np.clip(y, 0, shape[0] - 1), np.clip(x, 0, shape[1] - 1)))
        return out


def _of_a_narrower(
    found: _Points, flanks: _Flanks, width: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Whether a flank is that of a narrower line of the other sign (N,).

    A gap between two lines is no line of its own. Of equal ones the dark ones are lines.
    """
    lost, of_each = np.zeros(len(width), bool), width.astype(np.float32)
    places = flanks.pixels(found, shape)
    for dark in (True, False):
        same = found.dark == dark
        narrowest = np.full(shape, np.inf, np.float32)
        for y, x in places:
            np.minimum.at(narrowest.ravel(), y[same] * shape[1] + x[same], of_each[same])
        narrowest = smallest_around(narrowest, 3)
        margin = _EQUAL_PX if dark else -_EQUAL_PX
        for y, x in places:
            lost |= ~same & (narrowest[y, x] < width + margin)
    return lost


def _line_points(smooth: NDArray[np.float32], least: NDArray[np.float32]) -> _Points:
    """Where a line may run, off the edge; `least` (H, 1) is asked of the second derivative."""
    found = []
    for rows in blocks_of_rows(max(1, len(smooth) - 2)):
        around = slice(rows.start, rows.stop + 2)
        found.append(_line_points_of(smooth[around], least[around], rows.start))
    return _Points(
        np.concatenate([of.at for of in found]),
        np.concatenate([of.normal for of in found], axis=1),
        np.concatenate([of.shift for of in found], axis=1),
        np.concatenate([of.dark for of in found]),
    )


def _line_points_of(
    smooth: NDArray[np.float32], least: NDArray[np.float32], first_row: int
) -> _Points:
    inner = (slice(1, -1), slice(1, -1))
    xx = smooth[1:-1, 2:] - 2 * smooth[inner] + smooth[1:-1, :-2]
    yy = smooth[2:, 1:-1] - 2 * smooth[inner] + smooth[:-2, 1:-1]
    xy = (smooth[2:, 2:] - smooth[2:, :-2] - smooth[:-2, 2:] + smooth[:-2, :-2]) / 4
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    # The larger curvature, in size, is mean + half; what is flat asks for nothing more.
    at = np.flatnonzero(np.abs(mean) + half > least[1:-1] / 2)
    xx, yy, xy, mean, half = (np.asarray(a.take(at)) for a in (xx, yy, xy, mean, half))
    rows, columns = np.divmod(at, smooth.shape[1] - 2)
    rows += 1
    columns += 1
    y_slope, x_slope = _slopes(smooth, rows * smooth.shape[1] + columns)
    half = np.copysign(half, mean)
    bend, other = mean + half, mean - half
    # The way to where the slope across the line is zero: -(g . n) n / bend, and n n' is
    # (Hessian - other) / (bend - other), which needs no eigenvector.
    scale = bend * (bend - other)
    scale[scale == 0] = np.inf
    y_shift = -((yy - other) * y_slope + xy * x_slope) / scale
    x_shift = -(xy * y_slope + (xx - other) * x_slope) / scale
    able = np.flatnonzero((np.abs(y_shift) <= _WITHIN_PX) & (np.abs(x_shift) <= _WITHIN_PX))
    xx, yy, xy, bend = (np.asarray(a.take(able)) for a in (xx, yy, xy, bend))
    # The eigenvector of `bend`, written twice: one of the two may vanish.
    by_x = np.abs(bend - yy) > np.abs(bend - xx)
    normal = np.stack([np.where(by_x, xy, bend - xx), np.where(by_x, bend - yy, xy)])
    normal /= np.maximum(np.hypot(*normal), np.float32(1e-20))
    places = np.stack([rows.take(able) + first_row, columns.take(able)], axis=1)
    return _Points(places, normal, np.stack([y_shift.take(able), x_shift.take(able)]), bend > 0)


def _slopes(
    smooth: NDArray[np.float32], at: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slopes (N,) along y and x at pixels off the edge, by their place in the flat image."""
    flat, width = smooth.ravel(), smooth.shape[1]
    down, right = flat.take(at + width), flat.take(at + 1)
    down -= flat.take(at - width)
    right -= flat.take(at - 1)
    down /= 2
    right /= 2
    return down, right


def _between_others(
    found: _Points, flanks: _Flanks, rows: NDArray[np.int64], smooth: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Whether lines that could be resolved have other walls as near on both sides, for `rows`.

    In a dense pattern lines and gaps are alike, and the walls between them are what is there.
    """
    at, normal = found.at[rows].T, found.normal[:, rows]
    sign = np.where(found.dark[rows], -1.0, 1.0)
    near = np.ones(len(rows), bool)
    for way, flank in ((-1.0, flanks.before[rows]), (1.0, flanks.after[rows])):
        beyond = np.linspace(0, _GAP_WIDTHS, 6)
        values = np.stack(
            [
                values_at(smooth, at + way * (flank + b * flanks.width[rows]) * normal)
                for b in beyond
            ]
        )
        apart = (beyond[1] - beyond[0]) * flanks.width[rows]
        steepest = (sign * np.diff(values, axis=0) / apart).max(axis=0)
        near &= steepest >= 0.5 * flanks.weaker[rows]
    return near


def _rises(found: _Points, smooth: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Mean slope (N,) from the centre to the lower of both sides: a quick first question."""
    at, way = found.at.T, 2 * sigma_px * found.normal
    sign = np.where(found.dark, 1, -1)
    sides = [sign * (values_at(smooth, at + w) - smooth[tuple(at)]) for w in (way, -way)]
    return np.asarray(np.minimum(*sides) / sigma_px)


def values_at(image: NDArray[np.float32], places: NDArray[np.floating]) -> NDArray[np.float32]:
    """Values at places (2, N) between pixels; beyond the edge the edge goes on."""
    height, width = image.shape
    y = np.clip(places[0], 0, height - 1.001).astype(np.float32, copy=False)
    x = np.clip(places[1], 0, width - 1.001).astype(np.float32, copy=False)
    first, left = y.astype(np.int32), x.astype(np.int32)
    y -= first
    x -= left
    first *= width
    first += left
    flat = image.ravel()
    upper = _between(flat, first, x)
    first += width
    lower = _between(flat, first, x)
    lower -= upper
    lower *= y
    lower += upper
    return lower


def _between(
    flat: NDArray[np.float32], first: NDArray[np.int32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Values a share of the way from pixels to the next ones in their row."""
    value = flat.take(first)
    step = flat.take(first + 1)
    step -= value
    step *= share
    step += value
    return np.asarray(step)


def _first_largest(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return `values.argmax(axis=0)` of (S, N), which numpy seeks point by point."""
    largest, place = values[0].copy(), np.zeros(values.shape[1], np.int64)
    for number, row in enumerate(values[1:], start=1):
        np.copyto(place, number, where=row > largest)
        np.maximum(largest, row, out=largest)
    return place


def _along(
    at: NDArray[np.int64], width_px: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Mean width (N,) of a line around each of its points: noise must not cut it in pieces."""
    from scipy.ndimage import uniform_filter

    total, count = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    here = tuple(at.T)
    total[here], count[here] = width_px, 1
    total, count = uniform_filter(total, _ALONG_PX), uniform_filter(count, _ALONG_PX)
    return np.asarray(total[here] / np.maximum(count[here], 1e-6), dtype=np.float64)


def _flanks(found: _Points, smooth: NDArray[np.float32], sigma_px: float) -> _Flanks:
    """Follow the cut across each line outwards on both sides to where it is steepest."""
    at, normal = found.at.T.astype(np.float64, order="C"), found.normal.astype(np.float64)
    count, middle = np.arange(len(found.at)), smooth[tuple(found.at.T)]
    sign = np.where(found.dark, 1, -1).astype(np.float32)
    step = _STEP_SIGMAS * sigma_px
    reach = np.arange(0, BROADEST_SIGMAS * sigma_px + 3 * step, step)
    steep, distance = [], []
    for way in (-1.0, 1.0):
        values = [middle, *(values_at(smooth, at + way * r * normal) for r in reach[1:])]
        rise = np.stack([sign * (b - a) for a, b in pairwise(values)]) / step
        top = np.clip(_first_largest(rise), 1, len(rise) - 2)
        inner, peak, outer = (rise[top + k, count] for k in (-1, 0, 1))
        off = 0.5 * (outer - inner) / np.maximum(2 * peak - inner - outer, 1e-12)
        steep.append(peak)
        distance.append(reach[top] + step * (0.5 + np.clip(off, -1, 1)))
    before, after = distance
    weaker, stronger = np.minimum(*steep), np.maximum(*steep)
    is_line = (weaker >= _UNEVEN * stronger) & (np.maximum(before, after) <= reach[-2])
    return _Flanks(np.where(is_line, weaker, 0).astype(np.float32), before, after)
