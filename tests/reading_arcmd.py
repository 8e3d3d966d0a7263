"""Reads the places of `.arcmd` commands back, as Igor counts them."""

from __future__ import annotations

import re

from corescout.data import ScanFrame

_POINT = re.compile(r"ARGo2ImagePos\(([-+0-9.e]+),([-+0-9.e]+)\)")


def arcmd_places_m(text: str, frame: ScanFrame | None = None) -> list[tuple[float, float]]:
    """Return the places (x, y) in metres that commands draw, in order."""
    said = [(float(x), float(y)) for x, y in _POINT.findall(text)]
    if frame is None:
        return said
    last_row, (pitch_x, pitch_y) = frame.shape_px[0] - 1, frame.pitch_m
    places = [frame.to_m((last_row - y / pitch_y, x / pitch_x)) for x, y in said]
    return [(float(x), float(y)) for x, y in places]
