"""Which ways of the fast axis a scan holds, and what that means for places, in words."""

from __future__ import annotations

import math

from corescout.data import Scan
from corescout.lines.lag import LEAST_LAG_PX, find_lag, other_way

_SPEED = "ScanSpeed"  # of Asylum's note, in m/s
_FORWARD_S = "SCAN_TIME"  # of Nanonis' header: seconds of a line, forward and backward


def ways_in_words(scan: Scan, channel: str) -> str:
    """Say how far trace and retrace lie apart, or what is not known with one way; empty if neither.

    With one way alone the lag of the feedback and the lock-in stays in the places; its length is
    the speed of the tip times a time that no scan tells.
    """
    way = scan.directions.get(channel)
    if way is None:
        return ""
    if other_way(scan, channel) is None:
        return f"{way} only: {_possible_shift(scan)}; record both ways to have their mean"
    lag = find_lag(scan, channel)
    if lag is None:
        return "trace and retrace do not look alike: where they lie apart is not known"
    if abs(lag.median_px) < LEAST_LAG_PX:
        return f"trace and retrace agree within {LEAST_LAG_PX} px"
    return lag.in_words(scan.frame)


def _possible_shift(scan: Scan) -> str:
    speed = _tip_speed_m_per_s(scan)
    if speed is None:
        return "the lag of the feedback and the lock-in moves places along the fast axis"
    return (
        "each millisecond of lag of the feedback and the lock-in moves places by"
        f" {speed * 1e6:.3g} nm along the fast axis"
    )


def _tip_speed_m_per_s(scan: Scan) -> float | None:
    """Speed along a line, where the vendor's metadata say it."""
    for key in (_SPEED, _FORWARD_S):
        try:
            value = float(str(scan.metadata[key]).split()[0])
        except (KeyError, ValueError, IndexError):
            continue
        if not (math.isfinite(value) and value > 0):
            continue
        if key == _SPEED:
            return value
        return None if scan.frame is None else scan.frame.size_m[0] / value
    return None
