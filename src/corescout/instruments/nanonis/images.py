"""Images of a Nanonis controller: read upright, and told of as their lines come.

Two things the maker's document does not say stand here and nowhere else: the order of the rows of
an up-scan (`upright`), and what stands in lines that are not scanned yet (taken as old: `masked`).
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from corescout.data import Scan, ScanFrame
from corescout.instruments.nanonis.client import Connection
from corescout.instruments.protocol import InstrumentError

FORWARD = 1
POLL_MS = 500
_PARTS = 16  # of a frame: a partial scan is told of when so much more is there
_LONGEST_S = 2.0  # or after so long
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
    """Read where the scan frame lies; its angle is clockwise positive."""
    x, y, width, height, angle = connection.call("Scan.FrameGet")
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


class ScanWatch:
    """Tells of scans, over one connection after another: what ended during a loss is told after it.

    Of several scans that ended meanwhile the controller holds the last.
    """

    def __init__(self) -> None:
        self._last: str | None = None  # content of the last whole scan, or of what was there before
        self._before: Image | None = None  # first channel when it was looked at last
        self._running = False
        self._begin()

    def scans(self, connection: Connection, signals: Signals) -> Iterator[Scan]:
        """Yield partial scans as their lines come and whole ones at their end, without end.

        Raises
        ------
        InstrumentError
            When the connection is lost.
        """
        self._connection, self._signals = connection, signals
        if self._last is None:
            scan, _ = self._grab()
            self._last, self._before = scan.content_sha256, _first(scan)
        elif not connection.call("Scan.StatusGet")[0]:
            self._running = False
            yield from self._ended()
        while True:
            yield from self.turn()

    def turn(self) -> Iterator[Scan]:
        """Wait for the end of a scan, then for the end of a line; each for a short while."""
        late, _ = self._connection.call("Scan.WaitEndOfScan", POLL_MS)
        (running,) = self._connection.call("Scan.StatusGet")
        if not late:
            yield from self._ended()
        elif running:
            yield from self._line()
        elif self._running:
            yield from self._ended()  # between two waits, or somebody stopped it
        self._running = bool(running)

    def _begin(self) -> None:
        self._uid, self._rows, self._revision = new_uid(), 0, 0
        self._told_s = float("-inf")

    def _line(self) -> Iterator[Scan]:
        late, line, _, _ = self._connection.call("Scan.WaitEndOfLine", POLL_MS)
        if late:
            return
        done = int(line) + 1
        if done < self._rows:
            self._begin()  # the next frame
        scan, up = self._grab()
        if done >= scan.shape_px[0]:
            yield from self._ended()
            return
        enough = max(1, scan.shape_px[0] // _PARTS)
        if done - self._rows >= enough or time.monotonic() - self._told_s > _LONGEST_S:
            self._rows, self._told_s, self._before = done, time.monotonic(), _first(scan)
            yield masked(scan, done, up=up)
            self._revision += 1

    def _ended(self) -> Iterator[Scan]:
        scan, up = self._grab()
        content = scan.content_sha256
        if content != self._last and self._is_whole(scan, up=up):
            yield scan
            self._last = content
        self._before = _first(scan)
        self._begin()

    def _is_whole(self, scan: Scan, *, up: bool) -> bool:
        """Whether the line that is scanned last is a new one, and no other is missing."""
        image, last = _first(scan), 0 if up else -1
        if not np.isfinite(image).all():
            return False
        return self._before is None or not np.array_equal(image[last], self._before[last])

    def _grab(self) -> tuple[Scan, bool]:
        return grab(self._connection, self._signals, self._uid, self._revision)


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


def _first(scan: Scan) -> Image:
    return next(iter(scan.channels.values()))


def masked(scan: Scan, done: int, *, up: bool) -> Scan:
    """A partial scan: lines that are not scanned yet may hold those of the scan before."""
    channels = {}
    for name, values in scan.channels.items():
        image = np.array(values)
        image[slice(None, len(image) - done) if up else slice(done, None)] = np.nan
        channels[name] = image
    return replace(scan, channels=channels, rows_done=done)
