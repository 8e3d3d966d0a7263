"""The loop: a scan comes, is checked, understood, suggested on, and measured if that is approved.

Two threads. One receives: it follows the source and opens it again after a loss. One works: it
takes the newest scan and carries out what was approved. Everything that is to be seen is one frozen
`Snapshot`; what became of each scan stands in the journal once. `docs/live.md` has the diagram.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from corescout.data import InputError, Progress, Result, Scan, StoppedError
from corescout.data.errors import CorescoutError
from corescout.data.target import Action
from corescout.instruments import Instrument, Session, SessionError
from corescout.instruments.folder import SetAside
from corescout.live.analyst import Analyst
from corescout.live.day import Day
from corescout.live.drift import drift_of
from corescout.live.identity import types_of_points
from corescout.live.inbox import Inbox, Waiting
from corescout.live.measuring import Measuring
from corescout.live.next_scan import Understood, unusable
from corescout.live.policy import Policy
from corescout.live.sources import Arrival, InstrumentSource, Source
from corescout.live.states import Outcome, ScanRecord, Signals, Snapshot, Stage
from corescout.live.tip import TipMonitor

LOG = logging.getLogger("corescout.live")
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0  # before a lost source is opened again: doubled each time
MOST_EARLIER = 12  # scans that a new one is compared with
_TURN_S = 0.25  # how often the worker looks at the session while nothing comes
_STOP_S = 1.0


@dataclass(frozen=True)
class LiveSettings:
    """How a runner goes about it.

    Attributes
    ----------
    action : str
        What is done at targets.
    action_settings : mapping of str to float
        Such as ``bias_start_v``; units in the names.
    learn : bool
        Train on what is new on scans that fit.
    drift_check : bool
        Look at the drift during a plan.
    report_every : int
        Scans between two writings of the day's page; it is written at the end in any case.
    """

    action: Action = "spectrum"
    action_settings: dict[str, float] = field(default_factory=dict)
    learn: bool = True
    drift_check: bool = True
    report_every: int = 10


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
        self.signals = Signals()
        self._source, self._day, self._analyst = source, day, analyst
        self._settings = settings or LiveSettings()
        self._session = session
        self._inbox, self._tip = Inbox(), TipMonitor()
        self._earlier: list[Scan] = []
        self._snapshot = Snapshot(source=source.name)
        self._lock = threading.Lock()
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._busy = threading.Lock()  # held while a scan or a plan is under way
        self._measuring: Measuring | None = None
        if session is not None and instrument is not None:
            self._measuring = Measuring(
                session, instrument, day, policy, self._settings, self._show, self._inbox.wake
            )
            if isinstance(source, InstrumentSource):
                source.paused = self._measuring_or_due
        self._threads = [
            threading.Thread(target=self._receive, name="corescout-receive", daemon=True),
            threading.Thread(target=self._work, name="corescout-work", daemon=True),
        ]

    # -- from any thread ------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """Everything that there is to show, now."""
        return self._snapshot

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
    def measuring_or_due(self) -> bool:
        """Whether a plan runs or is approved: the instrument is not to be asked for scans."""
        return self._measuring_or_due()

    @property
    def instrument_lock(self) -> threading.Lock | None:
        """Held while a plan runs; a source that starts scans by itself holds it while it scans."""
        return None if self._measuring is None else self._measuring.instrument_lock

    def start(self) -> None:
        """Begin to watch."""
        self._day.write("watch", source=self._source.name)
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

    def halt(self, reason: str) -> None:
        """STOP: interrupt the instrument; the session holds until a person releases it.

        Raises
        ------
        InstrumentError
            If it did not reach the instrument: stop it by hand.
        SessionError
            If there is no session.
        """
        self._need_measuring().halt(reason)

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

    def release(self, by: str) -> None:
        """Leave HOLD: a person has looked."""
        self._need_measuring().release(by)

    def adopt(self, edited: Result) -> None:
        """Go on with the types of the result that is shown, as a person edited them.

        Raises
        ------
        InputError
            If it is of another representation than the one at hand.
        """
        self._analyst.adopt(edited)
        names = {str(n): look.name for n, look in edited.types.looks.items()}
        self._day.write("types edited", names=names)
        self._show(result=edited)

    def sign(self, policy: Policy | None) -> None:
        """Sign a policy for the rest of the session, or take it back."""
        self._need_measuring().sign(policy)

    # -- receiving ------------------------------------------------------------------------

    def _receive(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            self._wait_for_release()
            try:
                for arrival in self._source.arrivals():
                    if not self._snapshot.connected:
                        self._say(f"connected to {self._source.name}")
                        self._day.write("connected", source=self._source.name)
                        self._show(connected=True)
                        wait_s = FIRST_WAIT_S
                    self._arrived(arrival)
                    self._wait_for_measuring(arrival)
                    if self._stopping.is_set():
                        break
                break
            except Exception as error:  # noqa: BLE001 - whatever a bridge raises, the watch goes on
                if self._stopping.is_set():
                    break
                self._lost(error, wait_s)
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        self._ended.set()
        self._inbox.wake()

    def _wait_for_release(self) -> None:
        """While a person must look, the source is not opened again: that would end a stop."""
        while self._measuring is not None and self._measuring.held:
            if self._stopping.wait(_TURN_S):
                return

    def _wait_for_measuring(self, arrival: Arrival) -> None:
        """There is one tip: after a whole scan the next begins when the plan has ended."""
        whole = not isinstance(arrival, Scan) or arrival.rows_done is None
        while whole and self._measuring is not None and self._measuring.at_work:
            if self._stopping.wait(_TURN_S):
                return

    def _lost(self, error: Exception, wait_s: float) -> None:
        if not isinstance(error, CorescoutError | OSError):
            LOG.error("the source failed", exc_info=error)
        text = " ".join(str(error).split()) or type(error).__name__
        self._day.write("connection lost", reason=text, again_in_s=wait_s)
        self._say(f"connection lost: {text}; again in {wait_s:g} s")
        self._show(connected=False, partial=None)

    def _arrived(self, arrival: Arrival) -> None:
        if isinstance(arrival, SetAside):
            number = self._inbox.number()
            self._done(ScanRecord(number, arrival.path.name, 0, "set aside", arrival.reason))
        elif arrival.rows_done is not None and arrival.rows_done < arrival.shape_px[0]:
            if not arrival.metadata.get("file_sha256"):
                self._show(partial=arrival)
            else:  # a file that is complete, of a scan that was ended early
                reason = f"{arrival.rows_done} of {arrival.shape_px[0]} lines were scanned"
                number = self._inbox.number()
                self._done(
                    ScanRecord(number, arrival.uid, arrival.revision, "set aside", reason), arrival
                )
        else:
            came = self._inbox.put(arrival, time.monotonic())
            if came is not None:
                self._show(partial=None, waiting=len(self._inbox))

    # -- working --------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stopping.is_set():
            with self._busy:
                worked = self._turn()
            if not worked:
                if self._ended.is_set() and len(self._inbox) == 0:
                    break
                self._inbox.wait(_TURN_S)
        self._end()

    def _turn(self) -> bool:
        """Carry out what was approved, or take the newest scan; False if there is nothing to do."""
        if self._measuring is not None:
            self._measuring.collect()
            for zoom in self._measuring.carry_out():
                self._inbox.put(zoom, time.monotonic())
        newest, older = self._inbox.take()
        if newest is None:
            return False
        for waiting in older:
            reason = f"a newer scan came first ({newest.scan.uid})"
            self._done(_record(waiting, "superseded", reason), waiting.scan)
        self._show(waiting=0)
        self._handle(newest)
        return True

    def _handle(self, waiting: Waiting) -> None:
        """Analyse a scan, whatever that brings."""
        scan = waiting.scan
        try:
            self._stage("checking", f"scan {scan.uid}")
            reason = unusable(scan, self._analyst.channel)
            if reason is not None:
                self._done(_record(waiting, "set aside", reason), scan)
            else:
                self._analyse(waiting)
        except StoppedError:
            self._done(_record(waiting, "set aside", "the watch was stopped"), scan)
        except InputError as error:
            self._done(_record(waiting, "set aside", str(error)), scan)
        except Exception as error:
            LOG.exception("the analysis of %s failed", scan.uid)
            text = f"the analysis failed: {type(error).__name__}: {error}"
            self._done(_record(waiting, "set aside", text), scan)
        if not self._stopping.is_set():
            self._rest()

    def _analyse(self, waiting: Waiting) -> None:
        scan = waiting.scan
        self._stage("analysing", f"scan {scan.uid}")
        drift = drift_of(scan, self._earlier)
        moved = drift.drift_m if drift is not None and drift.refused is None else None
        tip = self._tip.read(scan, self._analyst.channel or scan.default_channel, moved)
        understood, explored, why = self._read(scan, suspect=tip is not None and tip.suspect)
        self._earlier = [*self._earlier, _slim(scan, self._analyst.channel)][-MOST_EARLIER:]
        warnings = [f"{f.kind}: {f.message}" for f in understood.findings]
        if understood.does_not_fit is not None:
            warnings.append(f"types: {why}")
        if tip is not None and tip.warning is not None:
            warnings.append(f"tip: {tip.warning}")
        if drift is not None and drift.refused is not None:
            warnings.append(str(drift))
        self._show(
            understood=understood, result=understood.result, drift=drift,
            tip=tuple(self._tip.readings), warnings=tuple(warnings),
        )  # fmt: skip
        self._stage("suggesting", f"scan {scan.uid}")
        targets = 0
        if understood.does_not_fit is not None:  # its types are not to be trusted
            if self._measuring is not None:
                self._measuring.follow(drift)
        elif self._measuring is not None:
            targets = self._measuring.suggest(understood, drift)
        elif understood.result is not None:
            targets = len(understood.result.targets)
        record = _record(waiting, "analysed", why)
        record = replace(
            record,
            kind=str(understood.kind),
            explored=explored,
            representation=self._analyst.latest.number if self._analyst.latest else 0,
            types=_counts(understood),
            novel_share=_new_share(understood) if understood.novelty is not None else None,
            drift_m=moved,
            drift_since="" if drift is None else drift.since,
            drift_refused=drift.refused if drift is not None else None,
            warnings=tuple(warnings),
            targets=targets,
            seconds=time.monotonic() - waiting.came_s,
        )
        self._done(record, scan, understood)

    def _read(self, scan: Scan, *, suspect: bool) -> tuple[Understood, bool, str]:
        """Understand a scan: (what is understood, whether it was explored anew, why).

        Where the tip is suspect nothing is learned: the same material looks new under another tip.
        """
        if self._measuring is not None:
            self._analyst.written_m = tuple(self._measuring.measured.xy_m)
        understood = self._analyst.understand(scan, self._earlier)
        if understood is None:
            return self._explore(scan, why := "no representation yet"), True, why
        unfit = understood.does_not_fit
        if unfit is not None and suspect and unfit.what == "material":
            return understood, False, f"{unfit.reason}; not explored anew: the tip has changed"
        if unfit is not None:
            return self._explore(scan, unfit.reason), True, unfit.reason
        if self._settings.learn and understood.worth_learning and not suspect:
            new = f"{_new_share(understood):.0%} of the points are new"
            self._stage("learning", f"scan {scan.uid}: {new}")
            learned = self._analyst.learn(understood, self._stopping)
            return learned, False, f"trained on: {new}" if learned is not understood else ""
        return understood, False, ""

    def _explore(self, scan: Scan, why: str) -> Understood:
        self._stage("exploring", f"scan {scan.uid}: {why}")

        def tell(progress: Progress) -> None:
            self._show(message=f"exploring {scan.uid}: {progress.stage} {progress.fraction:.0%}")

        return self._analyst.explore(scan, self._earlier, self._stopping, tell)

    def _rest(self) -> None:
        if self._measuring is not None:
            self._measuring.show_stage()
        else:
            self._stage("waiting", "for a scan")

    def _end(self) -> None:
        newest, older = self._inbox.take()
        for waiting in (*older, *([newest] if newest else [])):
            reason = "the watch was stopped before it was analysed"
            self._done(_record(waiting, "set aside", reason), waiting.scan)
        self._day.write("watch ended", scans=len(self._snapshot.records))
        self._day.write_page(self._snapshot)
        self._stage("stopped", "")

    # -- telling --------------------------------------------------------------------------

    def _done(
        self, record: ScanRecord, scan: Scan | None = None, understood: Understood | None = None
    ) -> None:
        """Note what became of a scan: once in the journal, in the folder, and to who listens."""
        try:
            record = self._day.keep(record, scan, understood)
        except (OSError, InputError) as error:
            record = replace(record, warnings=(*record.warnings, f"not written: {error}"))
        file = "" if scan is None else str(scan.metadata.get("file_sha256", ""))
        self._day.write("scan outcome", file_sha256=file, **_plain(record))
        with self._lock:
            self._snapshot = replace(self._snapshot, records=(*self._snapshot.records, record))
        self._emit(self.signals.scan_done, record)
        self._emit(self.signals.changed, self._snapshot)
        self._say(str(record))
        if len(self._snapshot.records) % self._settings.report_every == 0:
            self._day.write_page(self._snapshot)

    def _stage(self, stage: Stage, message: str) -> None:
        self._show(stage=stage, message=message)

    def _show(self, **changes: Any) -> None:
        with self._lock:
            if self._measuring is not None:
                changes.setdefault("session", self._measuring.state)
            self._snapshot = replace(self._snapshot, **changes)
            snapshot = self._snapshot
        self._emit(self.signals.changed, snapshot)

    def _say(self, text: str) -> None:
        self._emit(self.signals.said, text)

    def _emit(self, signal: Any, value: object) -> None:
        """Tell who listens; a listener that fails is its own affair."""
        try:
            signal.emit(value)
        except Exception:
            LOG.exception("a listener failed")

    def _measuring_or_due(self) -> bool:
        return self._measuring is not None and self._measuring.at_work

    def _need_measuring(self) -> Measuring:
        if self._measuring is None:
            raise SessionError("nothing is measured here: no instrument was opened")
        return self._measuring


def _record(waiting: Waiting, outcome: Outcome, reason: str) -> ScanRecord:
    return ScanRecord(
        waiting.number, waiting.scan.uid, waiting.scan.revision, outcome, reason,
        arrived_at=waiting.at,
    )  # fmt: skip


def _slim(scan: Scan, channel: str | None) -> Scan:
    """What later scans are compared with: topography and the analysed channel."""
    kept = {
        name: values
        for name, values in scan.channels.items()
        if name in (channel, scan.default_channel) or scan.roles.get(name) == "topography"
    }
    return replace(scan, channels=kept, metadata={})


def _counts(understood: Understood) -> dict[int, int]:
    if understood.result is None:
        return {}
    kinds = types_of_points(understood.result)
    return {int(k): int((kinds == k).sum()) for k in sorted(set(kinds.tolist()))}


def _new_share(understood: Understood) -> float:
    return 0.0 if understood.novelty is None else understood.novelty.share


def _plain(record: ScanRecord) -> dict[str, Any]:
    """For the journal."""
    values = asdict(record)
    values["arrived_at"] = None if record.arrived_at is None else record.arrived_at.isoformat()
    values["types"] = {str(k): n for k, n in record.types.items()}
    return values
