"""Tells of the scans of a Nanonis controller as their lines come and at their end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from corescout.data import Scan
from corescout.instruments.nanonis.client import Connection
from corescout.instruments.nanonis.images import (
    Image,
    Signals,
    first_channel,
    frame_from,
    grab,
    masked,
    new_uid,
)

POLL_MS = 500
_PARTS = 16  # of a frame: a partial scan is told of when so much more is there
_LONGEST_S = 2.0  # or after so long
_UNSEEN = "the scan was not seen while it ran: its frame is the one that the controller has now"


class ScanWatch:
    """Tells of scans, over one connection after another.

    What ended during a loss is told of after it; of several scans the controller holds the last. A
    frame that a plan scans is not told of: it comes back to who asked for it.
    """

    def __init__(self) -> None:
        self._last: str | None = None  # content of the last whole scan, or of what was there before
        self._before: Image | None = None  # first channel when it was looked at last
        self._running = False
        self._frame: Sequence[float] | None = None  # as the controller said while it scanned
        self._lock = threading.Lock()
        self._own, self._owned = False, 0  # frames that a plan scans, now and so far
        self._begin()

    def own_begins(self) -> None:
        """Tell of nothing: a frame of a plan is being scanned. From any thread."""
        with self._lock:
            self._own, self._owned = True, self._owned + 1

    def own_ended(self, image: Scan | None) -> None:
        """Go on: what the controller holds now is that frame, None if it was stopped."""
        with self._lock:
            self._own = False
            if image is not None:
                self._last, self._before = image.content_sha256, first_channel(image)

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
            self._last, self._before = scan.content_sha256, first_channel(scan)
        elif not connection.call("Scan.StatusGet")[0]:
            self._running = False
            yield from self._unless_own(self._ended)
        while True:
            yield from self._unless_own(self._turn)

    # -- inner ----------------------------------------------------------------------------

    def _unless_own(self, look: Callable[[], Scan | None]) -> Iterator[Scan]:
        """Look once; what was seen while a plan scanned a frame, or since, is dropped."""
        with self._lock:
            before = self._owned
        found = look()
        with self._lock:
            own = self._own or self._owned != before
        if own:
            self._running = False
            self._begin()
        elif found is not None:
            if found.rows_done is None:
                self._last = found.content_sha256
                self._begin()
            yield found

    def _turn(self) -> Scan | None:
        """Wait for the end of a scan, then for the end of a line; each for a short while."""
        late, _ = self._connection.call("Scan.WaitEndOfScan", POLL_MS)
        (running,) = self._connection.call("Scan.StatusGet")
        was_running, self._running = self._running, bool(running)
        if not late:
            return self._ended()
        if running:
            self._frame = self._connection.call("Scan.FrameGet")
            return self._line()
        return self._ended() if was_running else None  # between two waits, or somebody stopped it

    def _begin(self) -> None:
        self._uid, self._rows, self._revision = new_uid(), 0, 0
        self._told_s = float("-inf")
        self._frame = None

    def _line(self) -> Scan | None:
        late, line, _, _ = self._connection.call("Scan.WaitEndOfLine", POLL_MS)
        if late:
            return None
        done = int(line) + 1
        if done < self._rows:  # the next frame
            said = self._frame
            self._begin()
            self._frame = said
        scan, up = self._grab()
        if done >= scan.shape_px[0]:
            return self._ended()
        enough = max(1, scan.shape_px[0] // _PARTS)
        if done - self._rows < enough and time.monotonic() - self._told_s < _LONGEST_S:
            return None
        self._rows, self._told_s, self._before = done, time.monotonic(), first_channel(scan)
        self._revision += 1
        return masked(scan, done, up=up)

    def _ended(self) -> Scan | None:
        scan, up = self._grab()
        is_new = scan.content_sha256 != self._last and self._is_whole(scan, up=up)
        self._before = first_channel(scan)
        if is_new:
            return scan
        self._begin()
        return None

    def _is_whole(self, scan: Scan, *, up: bool) -> bool:
        """Whether the line that is scanned last is a new one, and no other is missing."""
        image, last = first_channel(scan), 0 if up else -1
        if not np.isfinite(image).all():
            return False
        return self._before is None or not np.array_equal(image[last], self._before[last])

    def _grab(self) -> tuple[Scan, bool]:
        """Read the image, in the frame that it was scanned in: that may have changed since."""
        scan, up = grab(self._connection, self._signals, self._uid, self._revision)
        if self._frame is None:
            return replace(scan, warnings=(*scan.warnings, _UNSEEN)), up
        return replace(scan, frame=frame_from(self._frame, scan.shape_px)), up
