"""The loop: a scan comes, is checked, understood, suggested on, and measured if that is approved.

Two threads. One receives: it follows the source and opens it again after a loss. One works: it
takes the newest scan and carries out what was approved. Everything that is to be seen is one frozen
`Snapshot`; what became of each scan stands in the journal once. `docs/live.md` has the diagram.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from corescout.data import Result
from corescout.data.errors import CorescoutError
from corescout.data.printable import one_line
from corescout.instruments import Instrument, Session, SessionError, StopReport
from corescout.instruments.entries import PartDied, TypesEdited, WatchBegan, WatchEnded
from corescout.live.day.day import PAGE, Day
from corescout.live.loop.board import Board, record_of
from corescout.live.loop.inbox import Inbox, Waiting
from corescout.live.loop.measuring import Measuring
from corescout.live.loop.receiver import Receiver
from corescout.live.loop.scan_work import ScanWork
from corescout.live.loop.sources import InstrumentSource, Listing, Source
from corescout.live.policy import Policy
from corescout.live.reading.analyst import Analyst, with_types_of
from corescout.live.settings import LiveSettings
from corescout.live.states import ScanRecord, Snapshot

_TURN_S = 0.25  # how often the worker looks at the session while nothing comes
_STOP_S = 1.0
MOST_DEATHS, _DEATHS_S = 3, 60.0  # of a thread, then it gives up
LOG = logging.getLogger("corescout.live")
_YIELD_S = 0.02  # for an edit that waits between two turns


def enough(records: Sequence[ScanRecord], most_scans: int | None) -> bool:
    """Whether so many came and one was decided since: for a superseded one, a newer is in work."""
    if most_scans is None:
        return False
    return any(record.outcome != "superseded" for record in records[most_scans - 1 :])


class Runner:
    """Watches a source until it is stopped.

    Parameters
    ----------
    source : Source
    day : Day
        Folder and journal.
    analyst : Analyst
    session : Session, optional
        Of the instrument; without one targets are suggested and nothing is measured.
    instrument : Instrument, optional
        The session's.
    policy : Policy, optional
        Signed for this session; without one a person approves each plan.
    settings : LiveSettings
    """

    def __init__(
        self,
        source: Source,
        day: Day,
        analyst: Analyst,
        session: Session | None = None,
        instrument: Instrument | None = None,
        policy: Policy | None = None,
        settings: LiveSettings | None = None,
    ) -> None:
        settings = settings or LiveSettings()
        self._source, self._day, self._analyst = source, day, analyst
        self._most_scans = settings.most_scans
        self._board = Board(day, source.name, settings.report_every)
        self.signals = self._board.signals
        self._inbox = Inbox(day.last_number())
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._busy = threading.Lock()  # held while a scan or a plan is under way
        self._edited = threading.Event()  # a person's edit waits for its turn
        self._measuring: Measuring | None = None
        if session is not None and instrument is not None:
            measuring = self._measuring = Measuring(
                session, instrument, day, policy, settings, self._board.show, self._inbox.wake
            )
            self._board.session_state = lambda: measuring.state
            if isinstance(source, InstrumentSource):
                source.paused = self._measuring_or_due
        self._receiver = Receiver(
            source, self._inbox, self._board, day, self._measuring, self._stopping
        )
        self._scan_work = ScanWork(
            analyst, self._board, self._measuring, settings.learn, self._stopping
        )
        self._in_hand: list[Waiting] = []  # taken from the inbox, without an outcome yet
        self._gave_up = ""
        self._threads = [
            threading.Thread(
                target=self._supervise, args=pair, name=f"corescout-{pair[0]}", daemon=True
            )
            for pair in (("receive", self._receive), ("work", self._work))
        ]

    # -- from any thread ------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """Everything that there is to show, now."""
        return self._board.snapshot

    @property
    def running(self) -> bool:
        """Whether one of its threads is alive."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def idle(self) -> bool:
        """Whether nothing waits for the analysis and nothing is under way or about to be."""
        waits = len(self._inbox) > 0 or (self._measuring is not None and self._measuring.due)
        return not waits and not self._busy.locked()

    @property
    def gave_up(self) -> str:
        """Why the watch ended by itself: a part of it died again and again; "" if it did not."""
        return self._gave_up

    @property
    def undecided(self) -> int:
        """Scans that came and have no outcome."""
        return len(self._inbox) + len(self._without_outcome())

    @property
    def measuring_or_due(self) -> bool:
        """Whether a plan runs or is approved: the instrument is not to be asked for scans."""
        return self._measuring_or_due()

    @property
    def instrument_lock(self) -> threading.Lock | None:
        """Held while a plan runs; a source that starts scans by itself holds it while it scans."""
        return None if self._measuring is None else self._measuring.instrument_lock

    def start(self) -> None:
        """Begin to watch."""
        there = None
        if isinstance(self._source, Listing):
            with suppress(CorescoutError, OSError):  # a folder that is lost is said as such
                there = self._source.there_before()
        self._day.write(WatchBegan(source=self._source.name, there_before=there))
        if self._measuring is not None and self._measuring.held:  # by an old journal
            why = self._measuring.hold_reason
            self._board.say(f"HOLD: {why}; nothing is scanned or moved before a person releases it")
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the source has ended and all is done, or it was stopped; False on time-out."""
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))
        return not self.running

    def stop(self) -> None:
        """End the watch within a second; a plan that runs is stopped, scans keep their place."""
        self._stopping.set()
        if self._measuring is not None:
            self._measuring.stop_run("the watch was stopped")
        self._source.stop()
        self._inbox.wake()
        self.wait(_STOP_S)

    def halt(self, reason: str) -> StopReport:
        """STOP: interrupt the instrument; the session holds until a person releases it.

        Returns
        -------
        StopReport
            What is known by now; `stop_report` has what is known later.

        Raises
        ------
        InstrumentError
            If nothing answers: stop it at the controller.
        SessionError
            If there is no session.
        """
        return self._need_measuring().halt(reason)

    @property
    def stop_report(self) -> StopReport | None:
        """The newest report of the last stop, until a release."""
        return None if self._measuring is None else self._measuring.stop_report

    def approve(self, digest: str, by: str) -> None:
        """Approve the plan that is shown.

        Raises
        ------
        SessionError
            If it is another plan by now, has errors, or there is no session.
        """
        self._need_measuring().approve(digest, by)

    def decline(self, by: str) -> None:
        """Drop the plan that is shown."""
        self._need_measuring().decline(by)

    def withdraw_tip(self, by: str) -> None:
        """Lift the tip off the sample, in HOLD (SessionError, InstrumentError)."""
        self._need_measuring().withdraw_tip(by)

    def release(self, by: str) -> None:
        """Leave HOLD: a person has looked."""
        self._need_measuring().release(by)

    def adopt(self, edited: Result) -> None:
        """Go on with the types of a result that was shown, as a person edited them.

        Waits for the scan that is under way: it was begun with the types from before, and is
        shown with the edited ones.

        Raises
        ------
        InputError
            If it is of another representation than the one at hand.
        """
        self._edited.set()
        with self._busy:
            self._edited.clear()
            self._analyst.adopt(edited)
            names = {str(n): look.name for n, look in edited.types.looks.items()}
            self._day.write(TypesEdited(names=names))
            self._show_edited(edited)

    def sign(self, policy: Policy | None) -> None:
        """Sign a policy for the rest of the session, or take it back."""
        self._need_measuring().sign(policy)

    @property
    def page(self) -> Path:
        """The page of the day."""
        return self._day.folder / PAGE

    def write_page(self) -> Path:
        """Write the page of the day as it is now; return its path."""
        return self._day.write_page(self.snapshot.source)

    def suspend(self, *, suspended: bool = True) -> None:
        """Let the policy approve nothing for now, or go on."""
        self._need_measuring().suspend(suspended=suspended)

    # -- inner ----------------------------------------------------------------------------

    def _supervise(self, name: str, work: Callable[[], None]) -> None:
        """Do a thread's work; what dies is said and begins again, three times in a minute at most.

        Whatever is raised: a thread that ends by itself would leave a watch that looks alive.
        """
        deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        while True:
            try:
                work()
                return
            except BaseException as error:
                LOG.exception("the thread that does %r died", name)
                deaths.append(time.monotonic())
                soon = len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < _DEATHS_S
                text = one_line(f"{type(error).__name__}: {error}")
            with suppress(Exception):
                self._day.write(PartDied(part=name, reason=text, gave_up=soon))
                self._board.say(f"{name} died ({text}); {'giving up' if soon else 'started again'}")
            if soon:
                self._give_up(name, text)
                return

    def _give_up(self, name: str, text: str) -> None:
        self._gave_up = f"{name} died {MOST_DEATHS} times in a minute ({text})"
        self._stopping.set()
        self._ended.set()
        with suppress(Exception):
            self._source.stop()
        self._inbox.wake()
        if name == "work":
            with suppress(Exception):
                self._end()
        with suppress(Exception):
            self._board.stage("stopped", f"gave up: {self._gave_up}")

    def _receive(self) -> None:
        self._receiver.follow()
        self._ended.set()
        self._inbox.wake()

    def _work(self) -> None:
        for waiting in self._without_outcome():  # of a life before this one
            reason = "the analysis died on it"
            self._board.done(record_of(waiting, "set aside", reason), waiting.scan)
        self._in_hand = []
        self._board.write_page()  # what drawing needs is loaded now: at the end it is quick
        while not self._stopping.is_set():
            if self._edited.is_set():
                time.sleep(_YIELD_S)
            with self._busy:
                worked = self._turn()
            if not worked:
                if self._ended.is_set() and len(self._inbox) == 0:
                    break
                self._inbox.wait(_TURN_S)
        self._end()

    def _without_outcome(self) -> list[Waiting]:
        decided = {record.number for record in self.snapshot.records}
        return [waiting for waiting in self._in_hand if waiting.number not in decided]

    def _show_edited(self, edited: Result) -> None:
        """Show the latest scan with the edited types: it may have come after the edit."""
        understood = self.snapshot.understood
        latest = None if understood is None else understood.result
        if understood is None or latest is None or latest.scan.uid == edited.scan.uid:
            self._board.show(result=edited)
            return
        result = with_types_of(edited, latest)
        self._board.show(understood=replace(understood, result=result), result=result)

    def _turn(self) -> bool:
        """Carry out what was approved, or take the newest scan; False if there is nothing to do."""
        self._board.look_at_disk()
        if self._measuring is not None:
            self._measuring.collect()
            for zoom in self._measuring.carry_out():
                self._inbox.put(zoom, time.monotonic())
        if enough(self.snapshot.records, self._most_scans):
            if not self._measuring_or_due():
                self._stopping.set()
                self._source.stop()
            return False
        newest, older = self._inbox.take()
        if newest is None:
            return False
        self._in_hand = [*older, newest]
        taken, older = self._scan_work.newest_usable([*older, newest])
        self._board.show(waiting=0)
        if taken is not None:
            for waiting in older:
                reason = f"a newer scan came first ({taken.scan.uid})"
                self._board.done(record_of(waiting, "superseded", reason), waiting.scan)
            self._scan_work.handle(taken)
        self._board.write_page(due_only=True)
        if not self._stopping.is_set():
            self._rest()
        return True

    def _rest(self) -> None:
        if self._measuring is not None:
            self._measuring.show_stage()
        else:
            self._board.stage("waiting", "for a scan")

    def _end(self) -> None:
        self._ended.wait(_STOP_S / 2)  # what the receiver decides now is no longer undecided
        newest, older = self._inbox.take()
        self._in_hand = [*self._without_outcome(), *older, *([newest] if newest else [])]
        for waiting in self._in_hand:
            reason = "the watch was stopped before it was analysed: explore it by itself"
            self._board.done(record_of(waiting, "set aside", reason), waiting.scan)
        for path, why in self._undecided_files().items():
            reason = f"the watch was stopped before it was complete: {why}"
            self._board.done(ScanRecord(self._inbox.number(), path.name, 0, "set aside", reason))
        self._day.write(WatchEnded(scans=len(self.snapshot.records)))
        self._board.write_page()
        self._board.stage("stopped", "")

    def _undecided_files(self) -> Mapping[Path, str]:
        return self._source.undecided() if isinstance(self._source, Listing) else {}

    def _measuring_or_due(self) -> bool:
        return self._measuring is not None and self._measuring.at_work

    def _need_measuring(self) -> Measuring:
        if self._measuring is None:
            raise SessionError("no measurements here: no instrument was opened")
        return self._measuring
