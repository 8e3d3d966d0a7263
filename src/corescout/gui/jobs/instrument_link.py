"""The link to one instrument: its session, and the threads that talk to it. No Qt.

Everything that may wait runs on a thread of its own; the window takes frozen snapshots and the
events of a run ten times a second. A stop has its own thread too: it never waits for the window.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from corescout.data import Measurement, Scan, StoppedError, Target
from corescout.data.errors import CorescoutError
from corescout.instruments import (
    Check,
    Instrument,
    Limits,
    Session,
    SessionError,
    Status,
    StopReport,
    VisitPlan,
)
from corescout.instruments.events import Drifted, Event, Held, Measured
from corescout.instruments.first_look import Drifting, FirstLook, first_look
from corescout.instruments.loops import Loop, fit_loop
from corescout.instruments.protocol import UNCONFIRMED, SpectrumSettings, TellsSpectrum
from corescout.instruments.states import SessionState
from corescout.instruments.visits import look_speed
from corescout.live.day.day import Day
from corescout.live.reading.drift import drift_of, drifting_between

LOG = logging.getLogger("corescout.gui")
_STATUS_S = 0.15  # between two looks at where the tip is
_SPECTRUM_TURNS = 12  # of these looks, between two at how spectra are set
_END_S = 2.0


@dataclass(frozen=True)
class LinkSnapshot:
    """What there is to show of an instrument, at one moment.

    Attributes
    ----------
    state : str
        Of the session.
    at_m : tuple of float or None
    bias_v : float
    busy : bool
    problem : str
        What the instrument reports, or why it does not answer; "" if all is well.
    hold_reason : str
    armed_for_s : float
        How long an approval still holds.
    running, scanning : bool
        Whether a plan or a scan is under way here.
    stop_said : str
        What the last stop did.
    stop_state : {"", "sent", "confirmed", "not confirmed", "not reached"}
    lost : bool
        Whether it does not answer.
    spectrum : SpectrumSettings or None
        How spectra are set at the instrument; None where they are set from here.
    """

    state: SessionState = "OBSERVE"
    at_m: tuple[float, float] | None = None
    bias_v: float = 0.0
    busy: bool = False
    problem: str = ""
    hold_reason: str = ""
    armed_for_s: float = 0.0
    running: bool = False
    scanning: bool = False
    stop_said: str = ""
    stop_state: str = ""
    lost: bool = False
    spectrum: SpectrumSettings | None = None


class InstrumentLink:
    """One connected instrument.

    Parameters
    ----------
    instrument : Instrument
        Not connected: the constructor connects, and may wait.
    limits : Limits or None
    folder : Path
        Of the day: journal and measurements.

    Attributes
    ----------
    measurements : dict of str to Measurement
        By target.
    loops : dict of str to Loop
        Fitted, by target.
    halt : callable
        What STOP does, given the reason.
    let_go : callable
        Called first of all when the link is closed; may wait.

    Raises
    ------
    InstrumentError
        If nobody answers.
    InputError
        If another window writes to the folder.
    """

    def __init__(self, instrument: Instrument, limits: Limits | None, folder: Path) -> None:
        self.instrument, self.limits = instrument, limits
        self.day = Day(folder)
        try:
            instrument.connect()
        except BaseException:
            self.day.close()
            raise
        self.session = Session(instrument, limits, self.day.journal)
        self.session.stop_told = self._stop_told
        self._came: set[tuple[str, datetime | None]] = set()  # scans that it took in this session
        self._latest: Scan | None = None  # of them
        self._drifting: Drifting | None = None  # as it was measured last
        self.halt: Callable[[str], StopReport] = self.session.stop  # a watch has its own
        self.let_go: Callable[[], object] = lambda: None  # ends a watch, before all else ends
        self._snapshot = LinkSnapshot(state=self.session.state)
        self._lock = threading.Lock()
        self.measurements: dict[str, Measurement] = {}
        self.loops: dict[str, Loop] = {}
        self._events: deque[Event] = deque()
        self._scans: deque[Scan] = deque()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._run: threading.Thread | None = None
        self._scan: threading.Thread | None = None
        self._start("corescout-status", self._watch)

    def note_scan(self, scan: Scan) -> None:
        """Note a whole scan that this instrument took; from any thread."""
        self._came.add((scan.uid, scan.acquired_at))

    def note_drift(self, drifting: Drifting | None) -> None:
        """Note how fast the sample drifts, where it was measured; from any thread."""
        self._drifting = drifting or self._drifting

    # -- from the window, none of them waits ----------------------------------------------

    def took(self, scan: Scan) -> bool:
        """Whether a scan is one that this instrument took in this session."""
        return (scan.uid, scan.acquired_at) in self._came

    @property
    def snapshot(self) -> LinkSnapshot:
        """What there is to show, now."""
        return self._snapshot

    def take_events(self) -> list[Event]:
        """Return the events of the run that were not taken yet."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def take_scan(self) -> Scan | None:
        """Return the newest state of the scan that is under way, whole or partial."""
        newest = None
        while self._scans and (newest is None or newest.rows_done is not None):
            newest = self._scans.popleft()  # a whole scan is never passed over
        return newest

    def run(self, plan: VisitPlan, reference: Scan) -> None:
        """Carry out the plan that was approved; its events come through `take_events`."""
        if self._run is None or not self._run.is_alive():
            self._show(running=True, stop_said="", stop_state="")
            self._run = self._start("corescout-visit", lambda: self._visit(plan, reference))

    def scan(self) -> None:
        """Take scans as they come; a twin scans once."""
        if self._scan is None or not self._scan.is_alive():
            self._show(scanning=True, stop_said="", stop_state="")
            self._scan = self._start("corescout-scan", self._take_scans)

    def stop(self, reason: str) -> None:
        """STOP: interrupt the instrument. Returns at once; the snapshot says what it did."""
        self._start("corescout-stop", lambda: self._stop(reason))

    def close(self) -> None:
        """Stop what runs and let go. Returns at once; `wait` waits."""
        if not self._closing.is_set():
            self._closing.set()
            self._start("corescout-close", self._close)

    def wait(self, seconds: float = 10.0) -> bool:
        """Wait until every thread has ended."""
        end = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    # -- these wait: from a job -----------------------------------------------------------

    def first_look(self, scan: Scan, tolerance_m: float) -> FirstLook:
        """Whether a plan on a scan begins with a frame that is compared with it."""
        return first_look(
            scan, look_speed(self.instrument, self.limits), own=self.took(scan),
            drifting=self._drifting, tolerance_m=tolerance_m,
        )  # fmt: skip

    def preview(self, plan: VisitPlan, *, measure_again: bool = False) -> Check:
        """Say what a plan would do; nothing is sent."""
        check = self.session.preview(plan, measure_again=measure_again)
        self._show_state()
        return check

    def approve(self, digest: str, by: str) -> None:
        """Arm the plan that was previewed (SessionError if it is another one)."""
        self.session.approve(digest, by)
        self._show_state()

    def withdraw(self, why: str) -> None:
        """Void what was previewed or approved, if nothing runs."""
        with suppress(SessionError):
            self.session.withdraw(why)
        self._show_state()

    def withdraw_tip(self, by: str) -> None:
        """Lift the tip off the sample, in HOLD (SessionError, InstrumentError)."""
        self.session.withdraw_tip(by)
        self._show_state()

    def release(self, by: str) -> None:
        """Leave HOLD: a person has looked (SessionError, InstrumentError)."""
        self.session.release(by)
        self._show(problem="")
        self._show_state()

    # -- threads --------------------------------------------------------------------------

    def _start(self, name: str, work: object) -> threading.Thread:
        thread = threading.Thread(target=work, name=name)  # type: ignore[arg-type]
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()
        return thread

    def _watch(self) -> None:
        turns = itertools.cycle(range(_SPECTRUM_TURNS))
        self._read_spectrum()
        while not self._closing.wait(_STATUS_S):
            try:
                status = self.instrument.status()
                if next(turns) == 0 and self._snapshot.state != "RUNNING":
                    self._read_spectrum()
            except (CorescoutError, OSError) as error:
                status = None
                self._show(problem=" ".join(str(error).split()), lost=True)
            if status is not None:
                self._show_status(status)
            self._show_state()

    def _read_spectrum(self) -> None:
        """Read how spectra are set at the instrument, where that is where they are set."""
        if not isinstance(self.instrument, TellsSpectrum):
            return
        try:
            self._show(spectrum=self.instrument.spectrum_settings())
        except (CorescoutError, OSError):
            self._show(spectrum=SpectrumSettings())  # not told

    def _visit(self, plan: VisitPlan, reference: Scan) -> None:
        targets = {t.uid: t for t in plan.targets}
        try:
            for event in self.session.run(plan, reference):
                match event:
                    case Measured(str(uid), Measurement() as came) if uid in targets:
                        self._keep(targets[uid], came)
                    case Drifted(drift_m=drift_m) if self.took(reference):
                        now = replace(reference, acquired_at=datetime.now(UTC))
                        length_m = math.hypot(*drift_m)
                        self.note_drift(drifting_between(reference, now, length_m))
                self._events.append(event)
        except Exception as error:  # noqa: BLE001 - the session holds; the window says why
            reason = f"{type(error).__name__}: {error}"
            self._events.append(Held(reason))
        self._show(running=False)
        self._show_state()

    def _keep(self, target: Target, measurement: Measurement) -> None:
        """On the disk first; then the loop is fitted, here and not in the window."""
        self.day.add_measurement(target, measurement)
        self.measurements[target.uid] = measurement
        with suppress(CorescoutError, RuntimeError):  # no loop, or none that can be fitted
            self.loops[target.uid] = fit_loop(measurement)

    def _take_scans(self) -> None:
        try:
            for scan in self.session.scans():
                self._scans.append(scan)
                if scan.rows_done is None:
                    self._compare(scan)
                    self.note_scan(scan)
                if self._closing.is_set():
                    break
        except (CorescoutError, StoppedError, OSError) as error:
            LOG.info("scanning ended: %s", error)  # the session holds and says why
        self._show(scanning=False)
        self._show_state()

    def _compare(self, scan: Scan) -> None:
        """Measure the drift between the scans of one place, as they come."""
        latest, self._latest = self._latest, scan
        drift = None if latest is None else drift_of(scan, [latest])
        if drift is not None and drift.refused is None:
            self.note_drift(drift.drifting)

    def _stop(self, reason: str) -> None:
        try:
            self.halt(reason)  # what became of it comes through `stop_told`, also later
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be seen
            said = str(error)
            said = said if UNCONFIRMED in said else f"{UNCONFIRMED} ({said})."
            self._show(stop_said=said, stop_state="not reached")
        self._show_state()

    def _stop_told(self, report: StopReport) -> None:
        state = report.state if report.reached else "not reached"
        self._show(stop_said=self._words_of(report), stop_state=state)

    def _words_of(self, report: StopReport) -> str:
        """Say what is known of a stop: that it was sent is not that the tip rests."""
        if not self.instrument.capabilities.can_stop:
            return (
                "Nothing more is handed over. What the instrument has taken already goes on:"
                f" STOP AT THE INSTRUMENT. {report}"
            )
        return f"{report} Nothing more is sent until you release."

    def _close(self) -> None:
        self.let_go()
        if self._run is not None and self._run.is_alive():
            with suppress(CorescoutError, OSError):
                self.session.stop("the window was closed")
        with suppress(CorescoutError, OSError):
            self.session.close()
        with suppress(CorescoutError, OSError):
            self.instrument.close()
        for thread in (self._run, self._scan):
            if thread is not None:
                thread.join(_END_S)
        self.day.close()

    def _show_status(self, status: Status) -> None:
        problem = f"the instrument reports {status.problem}" if status.problem else ""
        self._show(
            at_m=status.at_m, bias_v=status.bias_v, busy=status.busy, problem=problem, lost=False
        )

    def _show_state(self) -> None:
        session = self.session
        if self._snapshot.state == "HOLD" != session.state:  # released, here or by a watch
            self._show(stop_said="", stop_state="")
        self._show(
            state=session.state, armed_for_s=session.armed_for_s, hold_reason=session.hold_reason
        )

    def _show(self, **changes: object) -> None:
        with self._lock:
            self._snapshot = replace(self._snapshot, **changes)  # type: ignore[arg-type]


def status_words(status: LinkSnapshot) -> str:
    """Say position, bias and what is under way as a person reads it."""
    parts = []
    if status.at_m is not None:
        parts.append(f"X {status.at_m[0] * 1e6:+.4f} µm, Y {status.at_m[1] * 1e6:+.4f} µm")
    parts.append(f"{status.bias_v:g} V")
    parts.append("busy" if status.busy else "idle")
    return ", ".join(parts)
