"""Asylum's `ToIgor.arcmd`: markers and point lists as commands that Igor carries out in order.

Per point `ARGo2ImagePos(x, y)` and `DrawSpot("Draw")` set a spot; then per spot
`PV("ForceSpotNumber", k)` chooses it and `GoToSpot()` goes there (after m3-learning's
Asylum_Research_AFM). Metres, X and Y of the instrument. Never tried on the hardware.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from corescout.data import InputError, Target

_POINT = re.compile(r"ARGo2ImagePos\(([-+0-9.e]+),([-+0-9.e]+)\)")


def arcmd_text(targets: Sequence[Target]) -> str:
    """Return the commands that draw every target, and visit those that are to be measured.

    Raises
    ------
    InputError
        If a target has no place in metres.
    """
    if any(t.xy_m is None for t in targets):
        raise InputError(
            "targets in metres", "a scan without a scale", "give its pixel size before exploring"
        )
    lines = []
    for target in targets:
        x, y = target.xy_m or (0.0, 0.0)
        lines += [f"ARGo2ImagePos({x:.9e},{y:.9e})", 'DrawSpot("Draw")']
    for number, target in enumerate(targets):
        if target.action == "spectrum":
            lines += [f'PV("ForceSpotNumber",{number})', "GoToSpot()"]
    return "\n".join(lines) + "\n"


def arcmd_places_m(text: str) -> list[tuple[float, float]]:
    """Return the places (x, y) in metres that commands draw, in order."""
    return [(float(x), float(y)) for x, y in _POINT.findall(text)]
