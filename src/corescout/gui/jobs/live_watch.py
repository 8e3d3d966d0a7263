"""A runner of the window: each scan is understood as it comes, from a folder or the instrument."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from corescout.data import Result
from corescout.data.errors import CorescoutError
from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import FolderSource, InstrumentSource
from corescout.live.policy import Policy
from corescout.live.settings import LiveSettings
from corescout.live.states import Snapshot
from corescout.plan import Plan

_LONGEST_S = 30.0  # an exploration that is under way ends sooner


class LiveWatch:
    """One watch, from its start to its stop. No Qt.

    Parameters
    ----------
    runner : Runner
        Started here.
    link : InstrumentLink or None
        Of the instrument that it watches; STOP goes to the runner meanwhile.
    day : Day or None
        Closed at the end; an instrument has its own.
    """

    def __init__(
        self, runner: Runner, link: InstrumentLink | None = None, day: Day | None = None
    ) -> None:
        self.runner, self._link, self._day = runner, link, day
        self._ending: threading.Thread | None = None
        if link is not None:
            link.halt, link.let_go = runner.halt, self._end_runner
            runner.signals.scan_done.connect(lambda record: _tell(link, runner.snapshot))
        runner.start()

    # -- from the window, none of them waits ----------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """Everything that there is to show."""
        return self.runner.snapshot

    @property
    def measures(self) -> bool:
        """Whether plans can be approved: it watches an instrument."""
        return self._link is not None

    @property
    def page(self) -> Path:
        """The page of the day, written as the watch goes on and at its end."""
        return self.runner.page

    @property
    def ended(self) -> bool:
        """Whether it was stopped and nothing of it is left."""
        return self._ending is not None and not self._ending.is_alive()

    @property
    def ending(self) -> bool:
        """Whether it was asked to stop."""
        return self._ending is not None

    def stop(self) -> None:
        """End the watch. Returns at once."""
        if self._ending is None:
            self._ending = threading.Thread(target=self._stop, name="corescout-live-end")
            self._ending.start()

    def wait(self, seconds: float = 20.0) -> bool:
        """Wait until nothing of it is left; False on time-out."""
        if self._ending is not None:
            self._ending.join(seconds)
        return self.ended

    # -- these wait: from a job -----------------------------------------------------------

    def approve(self, digest: str, by: str) -> None:
        """Approve the plan that is shown: it runs as soon as the instrument is free."""
        self.runner.approve(digest, by)

    def release(self, by: str) -> None:
        """Leave HOLD: a person has looked."""
        self.runner.release(by)

    def adopt(self, edited: Result) -> None:
        """Go on with the types of a result as a person edited them (InputError)."""
        self.runner.adopt(edited)

    def sign(self, policy: Policy | None) -> None:
        """Sign a policy, or take it back."""
        self.runner.sign(policy)

    def write_page(self) -> Path:
        """Write the page of the day as it is now; return its path."""
        return self.runner.write_page()

    def suspend(self, *, suspended: bool = True) -> None:
        """Let the policy approve nothing for now, or go on."""
        self.runner.suspend(suspended=suspended)

    def _stop(self) -> None:
        link = self._link
        self._end_runner()
        if self._day is not None:
            self._day.close()
        if link is not None:
            link.halt, link.let_go = link.session.stop, lambda: None
            if link.session.state != "HOLD":  # the source has closed it
                with suppress(CorescoutError, OSError):
                    link.instrument.connect()

    def _end_runner(self) -> None:
        self.runner.stop()
        self.runner.wait(_LONGEST_S)


def _tell(link: InstrumentLink, now: Snapshot) -> None:
    """Tell a link which scan its instrument took, and what was seen of the drift."""
    if now.understood is not None:
        link.note_scan(now.understood.scan)
    if now.drift is not None and now.drift.refused is None:
        link.note_drift(now.drift.drifting)


def begin_watch(
    plan: Plan,
    known: Result | None,
    link: InstrumentLink | None,
    folder: Path | None,
    day_folder: Path,
    settings: LiveSettings,
) -> LiveWatch:
    """Watch an instrument, or a folder. Takes some seconds where something is known.

    Parameters
    ----------
    plan : Plan
        Of explorations.
    known : Result or None
        To begin with: its types keep their names and colours.
    link : InstrumentLink or None
        Watch this instrument, and measure what is approved.
    folder : Path or None
        Watch this folder instead, and suggest.
    day_folder : Path
        Where the day of a folder is written; an instrument has its own.
    settings : LiveSettings
    """
    from corescout.live.reading.analyst import Analyst
    from corescout.live.reading.next_scan import trained

    workers = max(1, (os.cpu_count() or 2) - 1)  # one core is left to the window
    analyst = Analyst(plan, None if known is None else trained(known), workers)
    if link is not None:
        source = InstrumentSource(link.instrument)
        runner = Runner(source, link.day, analyst, link.session, link.instrument, settings=settings)
        return LiveWatch(runner, link)
    if folder is None:
        raise ValueError("begin_watch: expected an instrument or a folder")
    day = Day(day_folder)
    before = day.left_undecided(str(folder.absolute()))
    files = FolderSource(folder, known=day.known_files(), before=before)
    return LiveWatch(Runner(files, day, analyst, settings=settings), day=day)
