"""How far trace and retrace lie apart along the fast axis, and a scan at the mean of both.

Feedback and lock-in answer late, so each way shows a feature a little further on in its own
direction: the trace at x + d/2, the retrace at x - d/2. The place on the sample is the mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan, ScanFrame

LEAST_LAG_PX = 0.5  # between both ways; less is left as it is
_LINES, _MOST_BLOCKS = 32, 16  # of a block that the lag is measured on, and of these
_LARGEST, _LARGEST_PX = 0.05, 64  # of the line: no lag of a scan that can be used
_LEAST_LIKENESS = 0.5  # correlation of both ways at their best shift
_ROUGH_PX = 8.0  # what is broader is tilt and bow
_ALONE = ("topography", "deflection", "lift")  # roles of no lock-in, or of another pass
_POOR = ("phase", "frequency")  # wrapped or tracked: a lag is not measured on these first


@dataclass(frozen=True, eq=False)
class Lag:
    """Lag between both ways of one channel.

    Attributes
    ----------
    channel, other : str
        The channel and its other way.
    px : (H,) float64
        By how much the trace shows a feature to the right of where the retrace shows it, on each
        line; it goes smoothly from block to block.
    likeness : float
        Median correlation of both ways at their best shift.
    """

    channel: str
    other: str
    px: NDArray[np.float64]
    likeness: float

    @property
    def median_px(self) -> float:
        """Median over the lines."""
        return float(np.median(self.px))

    def in_words(self, frame: ScanFrame | None) -> str:
        """Say the lag, in nm where the scan has a scale, and where places are."""
        size = f"{abs(self.median_px):.1f} px"
        if frame is not None:
            size = f"{abs(self.median_px) * frame.pitch_m[0] * 1e9:.3g} nm ({size})"
        return (
            f"trace and retrace of {self.channel!r} lie {size} apart along the fast axis: places"
            " are the mean of both"
        )


def other_way(scan: Scan, channel: str) -> str | None:
    """Name of the channel that holds the other way of a channel; None where there is none."""
    way, role = scan.directions.get(channel), scan.roles.get(channel)
    if way is None or role is None:
        return None
    wanted = "retrace" if way == "trace" else "trace"
    return next(
        (n for n, r in scan.roles.items() if r == role and scan.directions.get(n) == wanted), None
    )


def find_lag(scan: Scan, channel: str) -> Lag | None:
    """Measure the lag of a channel, block by block of lines.

    Returns
    -------
    Lag
        None where the channel has one way only, or both ways do not look alike.
    """
    other = other_way(scan, channel)
    if other is None:
        return None
    is_trace = scan.directions[channel] == "trace"
    trace, retrace = (channel, other) if is_trace else (other, channel)
    shifts = _of_blocks(_flat(scan.channels[trace]), _flat(scan.channels[retrace]))
    good = [block for block in shifts if block[2] >= _LEAST_LIKENESS]
    if not good:
        return None
    middle, shift, likeness = np.array(good).T
    shift = np.array([np.median(shift[max(i - 1, 0) : i + 2]) for i in range(len(shift))])
    px = np.interp(np.arange(scan.shape_px[0]), middle, shift)
    return Lag(channel, other, px, float(np.median(likeness)))


def at_mean_places(scan: Scan, channels: Iterable[str]) -> tuple[Scan, tuple[Lag, ...]]:
    """Return the scan with channels moved to the mean of both ways, and by which lags.

    A channel and its other way are moved by half their lag each where that is more than
    `LEAST_LAG_PX`, and with them what the same lock-in measured on that way. To do it again changes
    nothing. Angles are interpolated as such; what is missing stays missing.
    """
    moved, lags, seen = dict(scan.channels), [], set[str]()
    for name in channels:
        if name in seen:
            continue
        together = _measured_together(scan, name)
        seen |= set(together)
        lag = find_lag(scan, together[0])
        if lag is None or abs(lag.median_px) < LEAST_LAG_PX:
            continue
        lags.append(lag)
        for each in (*together, *_measured_together(scan, lag.other)):
            half = (0.5 if scan.directions[each] == "trace" else -0.5) * lag.px
            is_angle = scan.roles.get(each, "").startswith("phase")
            moved[each] = _moved(scan.channels[each], half, is_angle=is_angle)
            seen.add(each)
    return (replace(scan, channels=moved), tuple(lags)) if lags else (scan, ())


def _measured_together(scan: Scan, name: str) -> list[str]:
    """Channels of one way that lag alike; first the one that the lag is best measured on."""
    role, way = scan.roles.get(name, ""), scan.directions.get(name)
    if way is None or role.startswith(_ALONE) or not role:
        return [name]
    alike = [
        n
        for n, r in scan.roles.items()
        if scan.directions.get(n) == way and not r.startswith(_ALONE)
    ]
    return sorted(alike, key=lambda n: (scan.roles[n].startswith(_POOR), n != name))


def _flat(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """Without gaps, slopes and levels of lines."""
    from scipy.ndimage import gaussian_filter1d

    known = np.isfinite(image)
    middle = float(np.median(image[known])) if known.any() else 0.0
    filled = np.where(known, image, middle).astype(np.float64)
    return np.asarray(filled - gaussian_filter1d(filled, _ROUGH_PX, axis=1))


def _of_blocks(
    trace: NDArray[np.float64], retrace: NDArray[np.float64]
) -> list[tuple[float, float, float]]:
    """Middle line, shift and correlation of each block."""
    height = len(trace)
    found = []
    for block in np.array_split(np.arange(height), np.clip(height // _LINES, 1, _MOST_BLOCKS)):
        rows = block[:: max(1, len(block) // _LINES)]
        shift, likeness = _shift(trace[rows], retrace[rows])
        found.append((float(rows.mean()), shift, likeness))
    return found


def _shift(trace: NDArray[np.float64], retrace: NDArray[np.float64]) -> tuple[float, float]:
    """Shift in pixels at which lines (B, W) correlate best, and that correlation."""
    width = trace.shape[1]
    reach = min(max(2, round(_LARGEST * width)), _LARGEST_PX)
    inner = retrace[:, reach : width - reach]
    likeness = np.array(
        [
            _correlation(trace[:, reach + s : width - reach + s], inner)
            for s in range(-reach, reach + 1)
        ]
    )
    best = int(likeness.argmax())
    if best in (0, len(likeness) - 1):
        return 0.0, 0.0
    before, at, after = likeness[best - 1 : best + 2]
    bend = before - 2 * at + after
    return best - reach + (0.5 * (before - after) / bend if bend < 0 else 0.0), float(at)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / size) if size > 0 else 0.0


def _moved(
    image: NDArray[np.floating], by_px: NDArray[np.float64], *, is_angle: bool
) -> NDArray[np.float32]:
    """Show at x what an image (H, W) shows at x + by_px of its line; NaN beyond its end."""
    from scipy.ndimage import map_coordinates

    height, width = image.shape
    rows = np.broadcast_to(np.arange(height)[:, None], image.shape)
    columns = np.arange(width)[None, :] + by_px[:, None]
    places = np.stack([rows, columns])
    known = np.isfinite(image)
    filled = np.where(known, image, np.median(image[known]) if known.any() else 0.0)

    def read(values: NDArray[np.floating], order: int = 3) -> NDArray[np.float64]:
        return np.asarray(map_coordinates(values, places, order=order, mode="nearest"))

    if is_angle:
        angle = np.deg2rad(filled.astype(np.float64))
        found = np.rad2deg(np.arctan2(read(np.sin(angle), 1), read(np.cos(angle), 1)))
    else:
        found = read(filled.astype(np.float64))
    outside = (columns < -0.5) | (columns > width - 0.5)
    seen = ~outside & (read((~known).astype(np.float64), 1) < 0.5)
    return np.where(seen, found, np.nan).astype(np.float32)
