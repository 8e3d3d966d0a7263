"""Tells of the scans of a Nanonis controller as their lines come and at their end.

What is there is judged by the rows themselves: a row counts as scanned when some channel of it is
another than when the scan before had ended. What ends and cannot be told as a whole scan (broken
off, of two scans, of an unknown place) is told too, with the reason and without a frame.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from corescout.data import Scan
from corescout.instruments.nanonis.client import Connection
from corescout.instruments.nanonis.images import (
    PATIENCE_S,
    Images,
    Rows,
    Signals,
    frame_from,
    masked,
    new_uid,
    read_images,
)
from corescout.instruments.protocol import DOUBT, InstrumentError

POLL_MS = 500
_PARTS = 16  # of a frame: a partial scan is told of when so much more is there
_LONGEST_S = 2.0  # or after so long
_SLOW_S = 2.0  # beyond what was asked for: what came so late may be of another scan
_PAUSE_S = 0.1  # where the controller does not let wait
_TRIES = 3  # to read what rests
_UNSEEN = "the scan was not seen while it ran: its frame is the one that the controller has now"
_TWO_SCANS = "the next scan had begun before it was read: its lines are of two scans"
_MOVED = "the scan frame was changed while it was scanned: its place is not known"
_NO_DIRECTION = "it was not seen while it ran, and scans go up and down: its direction is not known"
_THE_SAME = "its images are those of the scan before, bit for bit: its end was not seen"
_NOT_SEEN_TO_END = "it ended while the connection was lost, and the scan frame is another by now"

Frame = Sequence[float]  # as `Scan.FrameGet` says it


@dataclass
class _Acquisition:
    """What is known of the scan that is under way, or comes next."""

    uid: str = field(default_factory=new_uid)
    revision: int = 0
    told_rows: int = 0
    told_s: float = float("-inf")
    midway: bool = False  # rows of it were there before it was looked at first
    at: Frame | None = None  # the frame when it was last seen running
    frames: list[Frame] = field(default_factory=list)  # different ones, from its first line on
    part: Images | None = None  # as it was when it was looked at last
    settled: Rows | None = None  # rows of it that were there then
    line: int = -1  # the last one that the controller has said to be done
    slow_s: float = 0.0  # the longest delay of an answer


class ScanWatch:
    """Tells of scans, over one connection after another.

    What ended during a loss is told of after it; of several scans the controller holds the last. A
    frame that a plan scans is not told of: it comes back to who asked for it.
    """

    def __init__(self) -> None:
        self._last: str | None = None  # content of what was told last, or was there before
        self._before: Images | None = None  # the images when the scan before had ended
        self._running = False
        self._told_at_line = False  # the end of what was told of last is still to come
        self._rests_at: Frame | None = None  # the frame while nothing is scanned
        self._directions: set[bool] = set()  # that were seen while scans ran
        self._knows = {"Scan.WaitEndOfScan": True, "Scan.WaitEndOfLine": True}
        self._look_at_s = float("-inf")
        self._now = _Acquisition()
        self._lock = threading.Lock()
        self._own, self._owned = False, 0  # frames that a plan scans, now and so far
        self._own_image: Images | None = None

    def own_begins(self) -> None:
        """Tell of nothing: a frame of a plan is being scanned. From any thread."""
        with self._lock:
            self._own, self._owned = True, self._owned + 1

    def own_ended(self, image: Scan | None) -> None:
        """Go on: what the controller holds now is that frame, None if it was stopped."""
        with self._lock:
            self._own, self._own_image = False, None
            if image is not None:
                none = np.zeros(image.shape_px[0], bool)
                self._own_image = Images(image.channels, image.units, up=False, changed=none)
                self._before, self._last = self._own_image, image.content_sha256

    def scans(self, connection: Connection, signals: Signals) -> Iterator[Scan]:
        """Yield partial scans as their lines come and whole ones at their end, without end.

        One that ended and is not to be trusted says why in `metadata["doubt"]` and has no frame.

        Raises
        ------
        InstrumentError
            When the connection is lost.
        """
        self._connection, self._signals = connection, signals
        if self._last is None:
            images = self._read()
            self._before = images
            self._last = "" if images is None else self._scan_of(images).content_sha256
            self._now = _Acquisition(midway=self._is_running())
        elif not self._is_running():
            yield from self._unless_own(self._ended_meanwhile)
        while True:
            yield from self._unless_own(self._turn)

    # -- one look at the controller -------------------------------------------------------

    def _unless_own(self, look: Callable[[], Scan | None]) -> Iterator[Scan]:
        """Look once; what was seen while a plan scanned a frame, or since, is dropped."""
        with self._lock:
            before = self._owned
        found = look()
        with self._lock:
            own = self._own or self._owned != before
        if own:
            self._running, self._now = False, _Acquisition()
            if not self._own:  # what a stop left of that frame is there before the next scan
                self._before = self._own_image or self._read()
        elif found is not None:
            if found.rows_done is None or DOUBT in found.metadata:
                self._last = found.content_sha256
            yield found

    def _turn(self) -> Scan | None:
        """Wait for the end of a scan, then for the end of a line; each for a short while."""
        self._now.slow_s = 0.0
        ended = self._wait("Scan.WaitEndOfScan")
        was_running, self._running = self._running, self._is_running()
        if ended is not None:
            return self._ended(saved=bool(ended[1]))
        if self._running:
            return self._line()
        if was_running:  # between two waits, or somebody stopped it
            return self._ended()
        self._rest()
        return None

    def _rest(self) -> None:
        """Nothing is scanned now."""
        self._rests_at, self._told_at_line = self._call("Scan.FrameGet"), False

    def _ended_meanwhile(self) -> Scan | None:
        """A scan may have ended while the connection was lost."""
        self._running = False
        frame = self._call("Scan.FrameGet")
        seen = self._now.at or self._rests_at
        return self._ended(None if seen is None or same(seen, frame) else _NOT_SEEN_TO_END)

    def _line(self) -> Scan | None:
        """Look at a scan that runs, at the end of a line."""
        came = self._wait("Scan.WaitEndOfLine")
        frame = self._call("Scan.FrameGet")
        if not self._is_running():  # it may be the frame of the next one
            return None
        now, began_s = self._now, time.monotonic()
        now.at = frame
        if (came is None and self._knows["Scan.WaitEndOfLine"]) or began_s < self._look_at_s:
            return None
        images = self._read()
        self._look_at_s = time.monotonic() + 2 * (time.monotonic() - began_s)  # it has other work
        if images is None:
            return None
        if came is not None:
            self._count_line(int(came[1]), images.shape_px[0])
        if not now.midway and not images.comparable(self._before):
            self._before, now.midway = images, True
        if self._overwritten(images) or images.written_twice(self._before):
            return self._ended(_TWO_SCANS, images=images)
        done = self._rows_done(images, None if came is None else int(came[1]) + 1)
        if done > 0 and (not now.frames or not same(frame, now.frames[-1])):
            now.frames.append(frame)
        rows = images.shape_px[0]
        if (done >= rows and not now.midway) or (now.line + 1 >= rows and not self._told_at_line):
            return self._ended(images=images, at_line=True)
        return self._part(images, done)

    def _count_line(self, line: int, rows: int) -> None:
        """Note a line that is done; a number far below the one before is of the next scan."""
        if line < self._now.line - rows // 2:
            self._now.line = line
        if line < rows // 2:
            self._told_at_line = False
        self._now.line = max(self._now.line, line)

    def _part(self, images: Images, done: int) -> Scan | None:
        now = self._now
        self._directions.add(images.up)
        now.part, now.settled = images, self._new(images) & ~images.changed
        enough = max(1, images.shape_px[0] // _PARTS)
        waited = time.monotonic() - now.told_s >= _LONGEST_S
        if done <= now.told_rows or (done - now.told_rows < enough and not waited):
            return None
        now.told_rows, now.told_s, now.revision = done, time.monotonic(), now.revision + 1
        return masked(self._scan_of(images), done, up=images.up)

    def _ended(
        self,
        doubt: str | None = None,
        *,
        images: Images | None = None,
        at_line: bool = False,
        saved: bool = False,
    ) -> Scan | None:
        """A scan has ended: as a whole one, with a doubt, or it was told of before."""
        images = self._read_at_rest() if images is None else images
        if images is None:
            self._now = _Acquisition()
            return None
        images = self._as_it_was_scanned(images)
        scan, rows = self._scan_of(images), 0
        if scan.content_sha256 == self._last:
            if self._now.at is None or self._told_at_line:
                self._told_before()
                return None
            if not saved and self._now.line + 1 < images.shape_px[0]:
                doubt = doubt or _THE_SAME
        elif doubt != _TWO_SCANS:
            rows, found = self._doubt(images)
            doubt = found or doubt
        midway = doubt == _TWO_SCANS
        self._before, self._now, self._told_at_line = images, _Acquisition(midway=midway), at_line
        if doubt is None:
            return scan
        return replace(
            scan, frame=None, rows_done=rows, metadata={**scan.metadata, DOUBT: doubt},
            warnings=(*scan.warnings, doubt),
        )  # fmt: skip

    def _told_before(self) -> None:
        """Nothing new has ended."""
        self._now, self._told_at_line = _Acquisition(), False
        if not self._running:
            self._rest()
        time.sleep(_PAUSE_S)  # a controller that says "ended" at once is not asked in a rush

    # -- what the images tell -------------------------------------------------------------

    def _as_it_was_scanned(self, images: Images) -> Images:
        """Turn what has ended as it was scanned: the direction may be that of the next scan."""
        part, settled = self._now.part, self._now.settled
        if part is None or settled is None or part.up == images.up:
            return images
        return images.facing(up=part.up) if images.same_buffer(part, settled) else images

    def _doubt(self, images: Images) -> tuple[int, str | None]:
        """Rows to rely on, and why what has ended is no whole scan of one place; None if it is."""
        new = images.in_order(self._new(images))
        if not new[-1] and self._now.line + 1 < len(new):
            return int(new.sum()), f"{int(new.sum())} of {len(new)} lines were scanned"
        late = self._now.slow_s > _SLOW_S and self._is_running()
        if images.changed.any() or self._overwritten(images) or late:
            return 0, _TWO_SCANS
        if len(self._directions) > 1 and self._now.part is None and self._is_running():
            return 0, _NO_DIRECTION
        return 0, _MOVED if len(self._now.frames) > 1 else None

    def _new(self, images: Images) -> Rows:
        """(H,): rows that were scanned since the scan before had ended."""
        return images.known() & images.differs(self._before)

    def _rows_done(self, images: Images, line: int | None) -> int:
        """Rows, from the first that is scanned, that are there and were not written to meanwhile.

        Where some were there before, `line` counts them: those that the controller says are done.
        """
        there = images.in_order(images.known() & ~images.changed)
        if self._now.midway:
            there[max(0, line or 0) :] = False
        else:
            there &= images.in_order(self._new(images))
        return len(there) if there.all() else int(there.argmin())

    def _overwritten(self, images: Images) -> bool:
        """Whether rows that this scan had are others by now: the next one has begun."""
        part, settled = self._now.part, self._now.settled
        if part is None or settled is None or not settled.any():
            return False
        if not images.comparable(part):
            return True
        return bool((images.in_order(images.differs(part)) & part.in_order(settled)).any())

    def _scan_of(self, images: Images) -> Scan:
        """A scan in the frame that it was scanned in: that may have changed since."""
        now, said = self._now, self._now.at
        note: tuple[str, ...] = ()
        if said is None:
            said = self._call("Scan.FrameGet")
            note = () if self._rests_at is not None and same(said, self._rests_at) else (_UNSEEN,)
        scan = images.scan(
            now.uid, frame_from(said, images.shape_px), self._signals.source, now.revision
        )
        return replace(scan, warnings=(*scan.warnings, *note)) if note else scan

    # -- what is asked --------------------------------------------------------------------

    def _call(self, name: str, *arguments: Any, waits_s: float = 0.0) -> list[Any]:
        """Ask with patience; an answer that is slow is remembered."""
        began_s = time.monotonic()
        try:
            return self._connection.call(name, *arguments, timeout_s=PATIENCE_S + waits_s)
        finally:
            late_s = time.monotonic() - began_s - waits_s
            self._now.slow_s = max(self._now.slow_s, late_s)

    def _wait(self, name: str) -> list[Any] | None:
        """Wait for the end of a line or a scan: what was said, None if it did not come in time."""
        if self._knows[name]:
            try:
                said = self._call(name, POLL_MS, waits_s=POLL_MS / 1000)
                return None if said[0] else said
            except InstrumentError:
                if not self._connection.alive:
                    raise
                self._knows[name] = False  # not every controller has both
        time.sleep(_PAUSE_S)
        return None

    def _is_running(self) -> bool:
        return bool(self._call("Scan.StatusGet")[0])

    def _read(self) -> Images | None:
        """Read the images; None where the controller has none yet."""
        began_s = time.monotonic()
        try:
            return read_images(self._connection, self._signals)
        except InstrumentError:
            if not self._connection.alive:
                raise
            time.sleep(_PAUSE_S)
            return None
        finally:
            took_s = time.monotonic() - began_s
            self._now.slow_s = max(self._now.slow_s, took_s - _SLOW_S)

    def _read_at_rest(self) -> Images | None:
        """Read what has ended; again where it was written to and nothing runs any more."""
        images = self._read()
        for _ in range(_TRIES):
            if images is None or not images.changed.any() or self._is_running():
                break
            images = self._read()
        return images


def same(a: Frame, b: Frame) -> bool:
    """Whether two answers to `Scan.FrameGet` are the same frame."""
    return list(a) == list(b)
