"""Where a scan on a resonance has lost it: the drive runs beside it, and sees no response.

At a 180-degree null the amplitude vanishes and the frequency strays for the width of the wall: that
is the sample. A loss is longer along the fast axis than a wall, and the response does not turn over
across it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.dart import by_role, dart_channels, oscillator_of
from corescout.data import Finding, Scan
from corescout.response import response_on

# What is not longer along the fast axis may be a wall, which the frequency strays at.
WALL_PX, WALL_SHARE = 24, 0.09  # of the line
LARGEST_LOST = 0.002  # share of the pixels that is no doubt
_RAIL = 1e-4  # of the range of the frequency: nearer to its end it is held there
_GAP_PX = 3  # between lost pixels of one loss
_SIDE_PX, _MOST_LINES = 3, 12  # lines above and below that are compared; a wall is no thicker
_TURNED_DEG = 140.0  # between both sides: a wall, which lies along the fast axis
_LEAST_SHARE_AT_RAIL = 1e-3  # fewer pixels at the end of the range are just its extremes


def tracking_lost(scan: Scan, channel: str) -> NDArray[np.bool_]:
    """Pixels (H, W) of a channel that were measured off the resonance; none without a frequency.

    Lost is what sits at the end of the frequency's range, or whose two amplitudes and phases
    belong to no oscillator (`corescout.dart`), over more than `WALL_PX` and `WALL_SHARE` of the
    line along the fast axis. Walls along the fast axis, across which the phase turns over, are
    kept.
    """
    role, direction = scan.roles.get(channel, ""), scan.directions.get(channel)
    nothing = np.zeros(scan.shape_px, bool)
    frequency = by_role(scan, "frequency", direction)
    if frequency is None or not role.startswith(("amplitude", "response")):
        return nothing
    lost = _at_rail(np.asarray(scan.channels[frequency], np.float64))
    for parts in dart_channels(scan).values():
        if parts.frequency == frequency:
            lost |= ~np.isfinite(oscillator_of(scan, parts).amplitude)
    long = _long_runs(lost & np.isfinite(scan.channels[channel]))
    return _without_walls(long, response_on(scan, channel)) if long.any() else nothing


def tracking_loss(lost: NDArray[np.bool_]) -> Finding | None:
    """Say which share of the pixels was measured off the resonance; None for next to none."""
    share = float(lost.mean())
    if share <= LARGEST_LOST:
        return None
    rows = np.flatnonzero(lost.any(axis=1))
    return Finding(
        "tracking loss",
        f"{share:.1%} of the pixels, on {len(rows)} lines, were measured off the resonance, over"
        " more than a wall's width: no key point touches them; widen the range of the frequency or"
        " lower the speed, and scan again",
        share,
        tuple(rows.tolist()),
    )


def _at_rail(frequency: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Pixels at an end of the range at which more than its one extreme lies."""
    known = frequency[np.isfinite(frequency)]
    found = np.zeros(frequency.shape, bool)
    if known.size == 0 or np.ptp(known) == 0:
        return found
    near = _RAIL * float(np.ptp(known))
    for end in (known.min(), known.max()):
        at_end = np.abs(frequency - end) <= near
        if at_end.mean() > _LEAST_SHARE_AT_RAIL:
            found |= at_end
    return found


def _long_runs(lost: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import binary_closing, binary_opening

    joined = binary_closing(lost, np.ones((1, _GAP_PX + 1))) | lost
    longer = max(WALL_PX, round(WALL_SHARE * lost.shape[1])) + 1
    return np.asarray(binary_opening(joined, np.ones((1, longer))))


def _without_walls(
    long: NDArray[np.bool_], response: NDArray[np.complex128] | None
) -> NDArray[np.bool_]:
    """Leave out thin regions whose two sides answer in opposite phase."""
    from scipy.ndimage import find_objects, label

    if response is None:
        return long
    labels, _ = label(long, np.ones((3, 3)))
    kept = long.copy()
    for number, (rows, columns) in enumerate(find_objects(labels), start=1):
        if rows.stop - rows.start > _MOST_LINES:
            continue
        above = np.nansum(response[max(rows.start - _SIDE_PX, 0) : rows.start, columns], axis=0)
        below = np.nansum(response[rows.stop : rows.stop + _SIDE_PX, columns], axis=0)
        turn = np.abs(np.rad2deg(np.angle(np.sum(below * np.conj(above)))))
        if turn >= _TURNED_DEG:
            kept[labels == number] = False
    return kept
