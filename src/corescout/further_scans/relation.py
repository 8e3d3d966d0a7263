"""How a further scan relates to the first: its place, and the way its rows were taken.

The slow axis tells time: where two scans of one place run along it in opposite ways, or across each
other, what drifts with time lies at other places, and what is of the sample does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from corescout.data import Scan
from corescout.data.check import Way

_ALONG = math.cos(math.radians(45.0))  # slow axes closer than 45 degrees run alike


def way_of(first: Scan, further: Scan) -> Way:
    """Say whether the slow axis of a further scan runs as the first's, against it or across it.

    Frames that are turned by 45 to 135 degrees run across, whatever the files say. Whether it runs
    downwards or upwards is read from Asylum's ``ScanDown`` and Nanonis's ``SCAN_DIR``. Two frames
    without a place in common are another area.
    """
    if _lie_apart(first, further):
        return "area"
    angles = [0.0 if s.frame is None else s.frame.angle_rad for s in (first, further)]
    along = math.cos(angles[1] - angles[0])
    if abs(along) < _ALONG:
        return "turned"
    downwards = [_runs_downwards(s.metadata) for s in (first, further)]
    if downwards[0] is None or downwards[1] is None:
        return "repeat"
    return "reversed" if (along > 0) != (downwards[0] == downwards[1]) else "repeat"


def _lie_apart(first: Scan, further: Scan) -> bool:
    """Whether two frames have no place in common; False without a scale."""
    if first.frame is None or further.frame is None:
        return False
    return not (first.frame.share_on(further.frame) or further.frame.share_on(first.frame))


def beyond(first: Scan, further: Scan) -> float:
    """Area of a further scan that lies beyond the first, in frames of the first; 0 without a scale.

    Counted on a lattice of 32 x 32 places of the further frame.
    """
    if first.frame is None or further.frame is None:
        return 0.0
    area = float(np.prod(further.frame.size_m)) / float(np.prod(first.frame.size_m))
    return (1 - further.frame.share_on(first.frame)) * area


def _runs_downwards(metadata: Mapping[str, Any]) -> bool | None:
    """Whether the first line was the upper one; None where the file does not say."""
    nanonis = str(metadata.get("SCAN_DIR", "")).strip().lower()
    if nanonis in ("up", "down"):
        return nanonis == "down"
    asylum = str(metadata.get("ScanDown", "")).strip()
    return bool(int(float(asylum))) if asylum in ("0", "1", "0.0", "1.0") else None
