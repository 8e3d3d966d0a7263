"""Gains between two scans of one place: of a channel, of its lines, and what a tip feigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import LineFaults, Scan
from corescout.lines import analysed_channel, gains_told_by_first, has_line_faults
from corescout.plan import CleaningPlan
from corescout.sharpness import Shown
from corescout.square_grid import SquareGrid

COARSE_PX = 4.0  # Gaussian width over which amplitudes are compared: drift within it is no matter
_COLUMNS = 512  # of a broad scan, that gains of lines are told from
_LEAST_GAIN = 0.03  # of a logarithm: less cannot be told from noise
_MOST_GAIN = np.log(10.0)  # more is another unit, and is refused with the grey levels

Field = NDArray[np.float64]


@dataclass(frozen=True)
class OnSample:
    """Where the pixels of an analysed scan lie on the sample."""

    scan: Scan
    grid: SquareGrid

    def m(self, yx_px: Field) -> Field:
        """Map (N, 2) pixels of the grid, (y, x), to (x, y) in metres."""
        if self.scan.frame is None:
            raise ValueError("OnSample.m: expected a scan with a frame")
        return np.asarray(self.scan.frame.to_m(self.grid.to_scan_px(yx_px)))

    def px(self, xy_m: Field) -> Field:
        """Map (N, 2) metres, (x, y), to pixels of the grid, (y, x)."""
        if self.scan.frame is None:
            raise ValueError("OnSample.px: expected a scan with a frame")
        return np.asarray(self.grid.from_scan_px(self.scan.frame.to_px(xy_m)))


def line_faults_of(
    second: Scan,
    first: Mapping[str, NDArray[np.float32]],
    of_first: OnSample,
    moved_m: Field,
    cleaning: CleaningPlan,
) -> tuple[LineFaults, ...]:
    """Faults of the lines of each channel of a second scan; gains as the first scan tells them.

    Parameters
    ----------
    second : Scan
    first : mapping of str to (H, W)
        Each channel of the first scan as it is analysed.
    of_first : OnSample
        Where those pixels lie.
    moved_m : (2,)
        (x, y) by which the sample has moved since.
    cleaning : CleaningPlan
    """
    from scipy.ndimage import map_coordinates

    frame = second.frame
    every = slice(None, None, max(1, second.shape_px[1] // _COLUMNS))
    places = np.indices(second.shape_px)[:, :, every]
    shape = places.shape[1:]
    if frame is None:
        raise ValueError("line_faults_of: expected a scan with a frame")
    at = of_first.px(frame.to_m(places.reshape(2, -1).T.astype(np.float64)) - moved_m)
    found = []
    for name, image in first.items():
        seen = analysed_channel(second, name, cleaning)
        gains = cleaning.lines == "mend" and has_line_faults(second, name, cleaning)
        faults = seen.faults
        if gains and min(np.nanmin(image), np.nanmin(seen.raw)) >= 0:
            there = map_coordinates(image, at.T, order=1, mode="constant", cval=np.nan)
            faults = gains_told_by_first(seen.raw[:, every], there.reshape(shape), faults)
        found.append(faults)
    return tuple(found)


def gain_of_tip(first: Shown, second: Shown, blunter_px: float) -> float:
    """Gain that a tip feigns that is blunter by so much: what is fine is fainter through it."""
    if blunter_px == 0:
        return 1.0
    sharper = first if blunter_px > 0 else second
    seen, through = (
        Shown(np.asarray(shown.image)).blunted(COARSE_PX).image
        for shown in (sharper, sharper.blunted(abs(blunter_px)))
    )
    bright = seen > max(0.0, float(np.nanmedian(seen)))
    if not bright.any():
        return 1.0
    gain = float(np.median(through[bright] / seen[bright]))
    return gain if blunter_px > 0 else 1 / gain


def gain_between(
    first: NDArray[np.float32] | None,
    second: NDArray[np.float32] | None,
    of_first: OnSample,
    of_second: OnSample,
    drift_m: Field,
    by_tip: float,
) -> float:
    """Median ratio of a coarse channel (H, W) at the same places, of what is no noise.

    1 if it is unknown, or no gain of a microscope. What another tip makes of it, `by_tip`, is taken
    off; as that is a model of the tip, a gain counts only where there is one without it too.

    A median, so that a part of the place that has switched since does not count. Channels with
    negative values have no gain that noise and offset could be told from.
    """
    from scipy.ndimage import map_coordinates

    if first is None or second is None:
        return 1.0
    y, x = np.indices(first.shape)[:, ::4, ::4].reshape(2, -1)
    there = of_second.px(of_first.m(np.column_stack([y, x]).astype(np.float64)) + drift_m)
    seen = map_coordinates(second, there.T, order=1, mode="constant", cval=np.nan)
    before = first[y, x]
    both = seen * before  # bright in one of them alone would be chosen for its gain
    bright = (seen > 0) & (before > 0) & (both > np.nanmedian(both))
    if not bright.any():
        return 1.0
    ratio = float(np.median(np.log(seen[bright] / before[bright])))
    log_gain = ratio - np.log(by_tip)
    counts = min(abs(ratio), abs(log_gain)) >= _LEAST_GAIN and abs(log_gain) <= _MOST_GAIN
    return float(np.exp(log_gain)) if counts else 1.0
