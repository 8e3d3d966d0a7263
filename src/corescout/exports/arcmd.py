"""Asylum's `ToIgor.arcmd`: markers and point lists as commands that Igor carries out in order.

Per point `ARGo2ImagePos(x, y)` and `DrawSpot("Draw")` set a spot; then per spot
`PV("ForceSpotNumber", k)` chooses it and `GoToSpot()` goes there (after m3-learning's
Asylum_Research_AFM). Two public programs count x and y from the lower left corner of the image that
Igor shows, to the right and up, and number the spots from 1 (0 is the centre of the scan). Metres.
Never tried on the hardware.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from corescout.data import InputError, ScanFrame, Target

FIRST_SPOT = 1


def arcmd_text(targets: Sequence[Target], frame: ScanFrame | None = None) -> str:
    """Return the commands that draw every target, and visit those that are to be measured.

    Parameters
    ----------
    targets : sequence of Target
    frame : ScanFrame, optional
        Of the image that Igor shows: places count from its lower left corner. Without it they are
        the instrument's absolute X and Y.

    Raises
    ------
    InputError
        If a target has no place in metres, or does not lie on the image.
    """
    places = [t.xy_m for t in targets if t.xy_m is not None]
    if len(places) < len(targets):
        raise InputError(
            "targets in metres", "a scan without a scale", "give its pixel size before exploring"
        )
    return arcmd_commands(places, [t.action == "spectrum" for t in targets], frame)


def turn_doubt(frame: ScanFrame | None) -> str:
    """Say what must be checked before places on a turned image are trusted; "" if nothing."""
    if frame is None or not frame.angle_rad:
        return ""
    return (
        f"This scan is turned by {math.degrees(frame.angle_rad):.0f}°, and Igor might count its"
        " turn the other way: the tip would go elsewhere. First see a marker, drawn at a known"
        " place, come to lie there on this instrument"
    )


def arcmd_commands(
    places_m: Sequence[tuple[float, float]],
    visited: Sequence[bool],
    frame: ScanFrame | None = None,
    first_spot: int = FIRST_SPOT,
) -> str:
    """Return the commands for places (x, y) in metres; see `arcmd_text`.

    Parameters
    ----------
    visited : sequence of bool
        Whether the tip goes there, after all spots were drawn. Spots that were there before are
        cleared then: their numbers would be in the way.
    first_spot : int
        Number of the first spot that is drawn.
    """
    lines = ['DrawSpot("Clear")'] if any(visited) else []
    for place in places_m:
        x, y = place if frame is None else _from_corner(place, frame)
        lines += [f"ARGo2ImagePos({x:.9e},{y:.9e})", 'DrawSpot("Draw")']
    for number, visit in enumerate(visited, start=first_spot):
        if visit:
            lines += [f'PV("ForceSpotNumber",{number})', "GoToSpot()"]
    return "\n".join(lines) + "\n"


def _from_corner(place_m: tuple[float, float], frame: ScanFrame) -> tuple[float, float]:
    """A place as Igor counts it on its image: Asylum's ScanSize spans the pixel centres."""
    if not frame.contains_m(place_m):
        raise InputError(
            "targets on the image that Igor shows",
            f"one at X {place_m[0]:.4g} m, Y {place_m[1]:.4g} m beside it",
            "show the scan that they come from in Igor, or choose again",
        )
    row, column = (float(v) for v in frame.to_px(place_m))
    return column * frame.pitch_m[0], (frame.shape_px[0] - 1 - row) * frame.pitch_m[1]
