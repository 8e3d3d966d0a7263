"""Images of a Nanonis controller: read upright, and told of as their lines come.

Two things the maker's document does not say stand here and nowhere else: the order of the rows of
an up-scan (`upright`), and what stands in lines that are not scanned yet (taken as old: `masked`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from corescout.data import Scan, ScanFrame
from corescout.instruments.nanonis.client import Connection
from corescout.instruments.protocol import InstrumentError

FORWARD = 1
_ROLES = (("amplitude", "amp"), ("phase", "phase"), ("topography", "topo|^z\\b|height"))

Image = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Signals:
    """Names of the 128 signals, and whose they are."""

    labels: Sequence[str]
    source: str

    def name_and_unit(self, index: int) -> tuple[str, str]:
        """Split "Amplitude (m)"."""
        label = self.labels[index] if index < len(self.labels) else f"channel {index}"
        return name_and_unit(label)


def frame_of(connection: Connection, shape_px: tuple[int, ...]) -> ScanFrame:
    """Read where the scan frame lies now."""
    return frame_from(connection.call("Scan.FrameGet"), shape_px)


def frame_from(said: Sequence[float], shape_px: tuple[int, ...]) -> ScanFrame:
    """Make a frame of what `Scan.FrameGet` says; its angle is clockwise positive."""
    x, y, width, height, angle = said
    rows, columns = shape_px
    return ScanFrame(
        (rows, columns),
        (float(width) / columns, float(height) / rows),
        (float(x), float(y)),
        math.radians(float(angle)),
        assumed=("the pitch is size / pixels", "the rows of an up-scan come bottom first"),
    )


def grab(
    connection: Connection, signals: Signals, uid: str, revision: int = 0
) -> tuple[Scan, bool]:
    """Read every channel of the buffer; returns the scan, and whether it goes up."""
    indexes, _, _ = connection.call("Scan.BufferGet")
    if len(indexes) == 0:
        raise InstrumentError("no channel is acquired: choose some in the scan buffer")
    channels, units, roles, up = {}, {}, {}, 0
    for index in indexes:
        _, image, up = connection.call("Scan.FrameDataGrab", int(index), FORWARD)
        name, unit = signals.name_and_unit(int(index))
        channels[name], units[name] = upright(image, up=bool(up)), unit
        role = next((r for r, p in _ROLES if re.search(p, name, re.IGNORECASE)), None)
        if role is not None:
            roles[name] = role
    shape = next(iter(channels.values())).shape
    scan = Scan(
        uid=uid, channels=channels, units=units, roles=roles, frame=frame_of(connection, shape),
        revision=revision, acquired_at=datetime.now(UTC), source=signals.source,
    )  # fmt: skip
    return scan, bool(up)


def new_uid() -> str:
    """Identity of an acquisition that begins now."""
    return f"nanonis-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"


def upright(rows: Image, *, up: bool) -> Image:
    """Rows of `FrameDataGrab` as an image whose row 0 is the +Y edge.

    The document does not say the order of an up-scan. Taken here, as in the maker's `.sxm` files:
    rows come in the order of their scanning, so an up-scan comes bottom row first.
    """
    return np.flipud(rows) if up else rows


def name_and_unit(label: str) -> tuple[str, str]:
    """Split "Amplitude (m)"; no unit where none is said."""
    match = re.fullmatch(r"(.*?)\s*\(([^()]*)\)", label)
    return (match[1], match[2]) if match else (label, "")


def first_channel(scan: Scan) -> Image:
    """Return the values of the first channel."""
    return next(iter(scan.channels.values()))


def masked(scan: Scan, done: int, *, up: bool) -> Scan:
    """A partial scan: lines that are not scanned yet may hold those of the scan before."""
    channels = {}
    for name, values in scan.channels.items():
        image = np.array(values)
        image[slice(None, len(image) - done) if up else slice(done, None)] = np.nan
        channels[name] = image
    return replace(scan, channels=channels, rows_done=done)
