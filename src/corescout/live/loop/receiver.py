"""The thread that receives: it follows the source and opens it again after a loss."""

from __future__ import annotations

import logging
import threading
import time

from corescout.data import Scan
from corescout.data.errors import CorescoutError
from corescout.instruments.entries import Connected, ConnectionLost
from corescout.instruments.folder import SetAside
from corescout.instruments.protocol import DOUBT
from corescout.live.day.day import Day
from corescout.live.loop.board import Board, record_of
from corescout.live.loop.inbox import Inbox
from corescout.live.loop.measuring import LOOK_AND_RELEASE, Measuring
from corescout.live.loop.sources import Arrival, Source
from corescout.live.states import ScanRecord

LOG = logging.getLogger("corescout.live")
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0  # before a lost source is opened again: doubled each time
_TURN_S = 0.25


class Receiver:
    """Puts what a source yields into the inbox.

    Parameters
    ----------
    source : Source
    inbox : Inbox
    board : Board
    day : Day
    measuring : Measuring or None
        While it holds, the source is not opened again: that would end a stop.
    stopping : Event
    """

    def __init__(
        self,
        source: Source,
        inbox: Inbox,
        board: Board,
        day: Day,
        measuring: Measuring | None,
        stopping: threading.Event,
    ) -> None:
        self._source, self._inbox, self._board, self._day = source, inbox, board, day
        self._measuring, self._stopping = measuring, stopping

    def follow(self) -> None:
        """Receive until the source has ended or the watch is stopped."""
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            self._wait_for_release()
            self._wait_for_run()
            try:
                for arrival in self._source.arrivals():
                    if not self._board.snapshot.connected:
                        self._connected()
                        wait_s = FIRST_WAIT_S
                    self._arrived(arrival)
                    self._wait_for_measuring(arrival)
                    if self._stopping.is_set():
                        return
                return
            except Exception as error:  # noqa: BLE001 - whatever a bridge raises, the watch goes on
                if self._stopping.is_set():
                    return
                if self._measuring is not None and self._measuring.held:
                    continue  # a stop ends the scan too: that is no lost connection
                self._lost(error, wait_s)
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    # -- inner ----------------------------------------------------------------------------

    def _wait_for_release(self) -> None:
        if self._measuring is not None and self._measuring.held:
            self._board.show(partial=None)
        while self._measuring is not None and self._measuring.held:
            if self._board.snapshot.message != LOOK_AND_RELEASE:
                self._measuring.show_stage()  # the reason of the stop may come after the scan ended
            if self._stopping.wait(_TURN_S):
                return

    def _wait_for_run(self) -> None:
        """A lost scan is opened again when the plan under way has ended: nothing comes between."""
        while self._measuring is not None and self._measuring.under_way:
            if self._stopping.wait(_TURN_S):
                return

    def _wait_for_measuring(self, arrival: Arrival) -> None:
        """There is one tip: after a whole scan the next begins when the plan has ended."""
        whole = not isinstance(arrival, Scan) or arrival.rows_done is None
        while whole and self._measuring is not None and self._measuring.at_work:
            if self._stopping.wait(_TURN_S):
                return

    def _connected(self) -> None:
        self._board.say(f"connected to {self._source.name}")
        self._day.write(Connected(source=self._source.name))
        self._board.show(connected=True)

    def _lost(self, error: Exception, wait_s: float) -> None:
        if not isinstance(error, CorescoutError | OSError):
            LOG.error("the source failed", exc_info=error)
        text = " ".join(str(error).split()) or type(error).__name__
        self._day.write(ConnectionLost(reason=text, again_in_s=wait_s))
        self._board.say(f"connection lost: {text}; again in {wait_s:g} s")
        self._board.show(connected=False, partial=None)

    def _arrived(self, arrival: Arrival) -> None:
        if isinstance(arrival, SetAside):
            number = self._inbox.number()
            record = ScanRecord(number, arrival.path.name, 0, "set aside", arrival.reason)
            self._board.done(record, unread=arrival)
        elif (doubt := arrival.metadata.get(DOUBT)) is not None:  # kept, but nothing is done on it
            self._board.show(partial=None)
            self._set_aside(arrival, str(doubt))
        elif arrival.rows_done is not None and arrival.rows_done < arrival.shape_px[0]:
            if not arrival.metadata.get("file_sha256"):
                self._board.show(partial=arrival)
            else:  # a file that is complete, of a scan that was ended early
                reason = f"{arrival.rows_done} of {arrival.shape_px[0]} lines were scanned"
                self._set_aside(arrival, reason)
        else:
            came = self._inbox.put(arrival, time.monotonic())
            for waiting in self._inbox.take_surplus():
                reason = f"a newer scan came first ({arrival.uid})"
                self._board.done(record_of(waiting, "superseded", reason), waiting.scan)
            if came is not None:
                self._board.show(partial=None, waiting=len(self._inbox))

    def _set_aside(self, scan: Scan, reason: str) -> None:
        number = self._inbox.number()
        self._board.done(ScanRecord(number, scan.uid, scan.revision, "set aside", reason), scan)
