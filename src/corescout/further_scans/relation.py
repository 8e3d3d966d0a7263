"""How a further scan relates to the first: its place, and the way its rows were taken.

The slow axis tells time: where two scans of one place run along it in opposite ways, or across each
other, what drifts with time lies at other places, and what is of the sample does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from corescout.data import Candidate, Result, Scan
from corescout.data.check import Way
from corescout.search.direction import turns

_TURNED = math.radians(10.0)  # a wall's own direction is not told more closely
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


def turned_words(result: Result, scan: Scan) -> tuple[str, ...]:
    """Say what was made of a frame that is turned, and what of types can come of it."""
    if result.scan.frame is None or scan.frame is None:
        return ()
    turn = scan.frame.turned_from(result.scan.frame)
    if abs(turn) < _TURNED or reads_turned(result):
        return ()
    said = (
        f"the frame is turned by {abs(math.degrees(turn)):.0f} degrees against that of the"
        " exploration"
    )
    if scan.frame.quarter_turns_from(result.scan.frame):
        return (f"{said}: its patches were turned back",)
    return (
        f"{said}, whose codes change with the direction of a wall: types can differ by that alone;"
        " scan in the direction of the exploration or at a right angle to it, or explore with r"
        " among the invariances",
    )


def reads_turned(result: Result) -> bool:
    """Whether codes do not change when the frame turns."""
    return all(
        v.kind == "scattering" or (v.kind == "vae" and turns(v.invariances)) for v in voters(result)
    )


def voters(result: Result) -> tuple[Candidate, ...]:
    """Candidates whose codes the types are made of."""
    if result.votes is None:
        return (result.winner,)
    return tuple(v.candidate for v in result.votes.consensus.voters)


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
