"""One experiment on one instrument: from watching to an approved run, and back on any doubt.

OBSERVE -> PREVIEW -> ARMED (expires) -> RUNNING -> OBSERVE; HOLD from anywhere, left by a person.
Everybody may watch and preview; from ARMED on a session has the instrument for itself.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Literal

from corescout.data import Scan, StoppedError
from corescout.data.errors import CorescoutError
from corescout.instruments.clock import SteadyClock
from corescout.instruments.control import Control
from corescout.instruments.entries import (
    Approved,
    HeldWith,
    Previewed,
    Released,
    ScanCame,
    StateChanged,
    StopSaid,
    TipNotWithdrawn,
    TipWithdrawn,
)
from corescout.instruments.events import (
    Done,
    Event,
    Held,
)
from corescout.instruments.gate import Gate
from corescout.instruments.journal import Journal, last_state, last_time, read_journal
from corescout.instruments.limits import Limits
from corescout.instruments.plan_run import BIAS_V, PlanRun
from corescout.instruments.protocol import (
    UNCONFIRMED,
    Check,
    Contact,
    Identified,
    Instrument,
    InstrumentError,
    StopReport,
    TellsContact,
    TellsNoise,
    TriesStop,
    Withdraws,
)
from corescout.instruments.rehearsal import rehearse
from corescout.instruments.visit_plan import VisitPlan, plan_problems

LOG = logging.getLogger("corescout.instruments")
SessionState = Literal["OBSERVE", "PREVIEW", "ARMED", "RUNNING", "HOLD"]
_CONFIRMED_S = 3.0  # for a stop to be confirmed before the tip is withdrawn
_STOP_S = 0.45  # for which `stop` waits at most to note the hold
ARMED_S = 120.0  # an approval that is not used is void after this


class SessionError(CorescoutError):
    """What was asked is not allowed in this state."""


class Session:
    """Carries out approved plans, message by message, and notes everything.

    Parameters
    ----------
    instrument : Instrument
        Connected.
    limits : Limits or None
        Without them plans can be previewed and nothing armed.
    journal : Journal
        One that ends in the middle of a run, left by a crash, starts the session in HOLD.
    armed_s : float
        How long an approval holds.

    Attributes
    ----------
    stop_report : StopReport or None
        The newest of the last stop, until a release.
    stop_told : callable
        Takes each report of a stop, from any thread.
    clock : SteadyClock
        That the ends of plans and policies are held against.
    """

    def __init__(
        self,
        instrument: Instrument,
        limits: Limits | None,
        journal: Journal,
        armed_s: float = ARMED_S,
    ) -> None:
        self._instrument, self._limits, self._journal = instrument, limits, journal
        self._armed_s = armed_s
        self._lock = threading.RLock()
        self._state: SessionState = "OBSERVE"
        self._plan: VisitPlan | None = None
        self._approved: tuple[str, float] | None = None  # digest, until (monotonic)
        self._gate: Gate | None = None
        self._measure_again = False
        self._hold_reason = self._stop_reason = ""
        self._held_with = ""  # how the tip was left
        self._after_hold: threading.Timer | None = None
        self._halted = threading.Event()  # by a stop, until a release
        self.stop_report: StopReport | None = None
        self.stop_told: Callable[[StopReport], None] = lambda report: None
        self._control = Control()
        entries = read_journal(journal.path)
        self.clock = SteadyClock(last_time(entries))
        left = last_state(entries)
        self._begun = dict(left.begun)
        if left.state in ("RUNNING", "HOLD"):
            self._hold(f"the last session ended in {left.state}: look at the instrument")

    @property
    def limits(self) -> Limits | None:
        """What may be sent."""
        return self._limits

    @property
    def hold_reason(self) -> str:
        """Why it holds; "" if it does not."""
        reason = self._hold_reason or (self._stop_reason if self._halted.is_set() else "")
        return f"{reason}; {self._held_with}" if reason and self._held_with else reason

    @property
    def armed_for_s(self) -> float:
        """How long the approval still holds; 0 without one."""
        return max(0.0, self._approved_until() - time.monotonic())

    @property
    def state(self) -> SessionState:
        """Where the session stands; an approval that ran out is void."""
        if self._halted.is_set():  # at once, whatever is under way
            return "HOLD"
        with self._lock:
            if self._state == "ARMED" and self._approved_until() < time.monotonic():
                self._move("PREVIEW", "the approval ran out")
            return self._state

    def scans(self) -> Iterator[Scan]:
        """Yield the instrument's scans as they come, and note the whole ones.

        From a thread of the caller's. A scan that is stuck or lost, and a problem that the
        instrument reports, hold the session.

        Raises
        ------
        InstrumentError
            As the instrument does.
        """
        try:
            for scan in self._instrument.scans():
                if scan.rows_done is None:
                    self._journal.write(
                        ScanCame(uid=scan.uid, revision=scan.revision, sha256=scan.content_sha256)
                    )
                if (problem := self._instrument.status().problem) is not None:
                    raise InstrumentError(f"the instrument reports {problem}")
                yield scan
        except (InstrumentError, StoppedError) as error:
            self._hold(str(error))
            raise

    def preview(self, plan: VisitPlan, *, measure_again: bool = False) -> Check:
        """Say what a plan would do; nothing is sent.

        Parameters
        ----------
        measure_again : bool
            Whether places that were measured before may be measured again; else they are errors.

        Raises
        ------
        SessionError
            While a run is under way or held.
        """
        with self._lock:
            self._need("OBSERVE", "PREVIEW", "ARMED")
            self._measure_again = measure_again
            check = self._check(plan)
            self._need("OBSERVE", "PREVIEW", "ARMED")  # a stop may have come meanwhile
            self._control.release()
            if plan_problems(plan):  # it has no digest: there is nothing to approve
                self._plan = self._approved = None
                self._journal.write(Previewed(errors=list(check.errors)))
                return check
            self._plan, self._approved = plan, None
            self._journal.write(Previewed(digest=plan.digest, errors=list(check.errors)))
            self._move("PREVIEW", "")
            return check

    def approve(self, digest: str, by: str) -> None:
        """Arm the plan that was previewed.

        Parameters
        ----------
        digest : str
            Of the plan that the person saw.
        by : str
            Who approves.

        Raises
        ------
        SessionError
            If it is another plan, has errors or expired, there are no limits, another session
            controls the instrument, or its tip does not rest or is read back too roughly.
        """
        with self._lock:
            self._need("PREVIEW")
            plan = self._plan
            if plan is None or digest != plan.digest:
                raise SessionError("the approval is for another plan than the one previewed")
            errors = self._check(plan).errors
            self._need("PREVIEW")
            if errors:
                raise SessionError(f"the plan cannot be armed: {'; '.join(errors)}")
            if (problem := self._control.take(self._identities())) is not None:
                raise SessionError(problem)
            noise_m = self._at_rest()
            self._approved = (digest, time.monotonic() + self._armed_s)
            entry = json.loads(plan.canonical())
            limits = None if self._limits is None else asdict(self._limits)  # marker check too
            approved = Approved(
                digest=digest, by=by, plan=entry, limits=limits, readback_noise_m=noise_m
            )
            self._journal.write(approved)
            self._move("ARMED", "")

    def withdraw(self, why: str) -> None:
        """Void what was previewed or approved: the plan is another one by now."""
        with self._lock:
            self._need("OBSERVE", "PREVIEW", "ARMED")
            if self._state != "OBSERVE":
                self._plan = self._approved = None
                self._control.release()
                self._move("OBSERVE", f"withdrawn: {why}")

    def run(self, plan: VisitPlan, reference: Scan | None = None) -> Iterator[Event]:
        """Carry out the approved plan; yields an event for each thing that happened.

        The plan is held against the approval byte by byte, and every message against the limits
        once more. Anything unexpected ends in HOLD with the tip where it is.

        Parameters
        ----------
        reference : Scan, optional
            The scan that the plan comes from; needed where the plan checks drift.

        Raises
        ------
        SessionError
            If this very plan is not armed.
        """
        with self._lock:
            limits = self._limits
            if self.state != "ARMED" or self._approved is None or limits is None:
                raise SessionError(f"nothing is armed (state {self._state})")
            if plan.digest != self._approved[0]:
                raise SessionError("the plan is not the one that was approved")
            if plan.drift_check is not None and (
                reference is None or reference.content_sha256 != plan.scan_sha256
            ):
                raise SessionError("the plan checks drift: give the scan that it comes from")
            self._approved = None
            run = PlanRun(
                plan, reference, self._instrument, limits, self._journal, self.clock, self._begun,
                self._stop_quietly,
            )  # fmt: skip
            self._gate = gate = run.gate
            self._move("RUNNING", plan.digest)
            if self._halted.is_set():
                gate.stop(self._stop_reason)
        try:
            yield from run.visits()
        except GeneratorExit:
            self._stop_quietly("the run was left")
            raise
        except StoppedError as error:
            if self._halted.is_set():
                self._hold(str(error))
            else:  # something is wrong: what may still go on is stopped
                self._stop_quietly(str(error))
            yield Held(str(error))
            return
        except Exception as error:
            self._stop_quietly(f"{type(error).__name__}: {error}")  # the first error tells more
            raise
        with self._lock:
            # After the last message a stop may have come: the session holds.
            stopped = self._halted.is_set() or self._state != "RUNNING"
            if not stopped:
                self._move("OBSERVE", "done")
                self._control.release()
        if stopped:
            yield Held(gate.stopped or "stopped")
        else:
            yield Done()

    def stop(self, reason: str) -> StopReport:
        """Interrupt the instrument, from any thread and in any state; the session holds.

        Returns
        -------
        StopReport
            What is known after at most 0.5 s: a stop that was sent is not a tip that rests. What is
            confirmed later, or is not, comes through `stop_told` and stands in the journal.

        Raises
        ------
        InstrumentError
            If nothing answers: stop it at the controller. The session holds as well.
        """
        began_s = time.monotonic()
        emergency = self._limits.emergency if self._limits is not None else "halt"
        self._stop_reason = self._stop_reason or reason  # the run may end before this does
        self._halted.set()
        gate = self._gate
        if gate is not None:
            gate.stop(reason)
        self.stop_report = None
        try:
            report = self._instrument.stop(reason, emergency, self._told)
        except Exception as error:  # whatever a backend does, the session holds
            LOG.exception("the stop of %s failed", self._instrument.capabilities.name)
            report = StopReport("not confirmed", 0.0, str(error), reached=False)
        # In a thread: neither a lock that a slow question holds nor a slow disk keeps a stop.
        noting = threading.Thread(
            target=self._note_stop, args=(reason, report), name="corescout-hold", daemon=True
        )
        noting.start()
        noting.join(max(0.05, _STOP_S - (time.monotonic() - began_s)))
        if not report.reached:
            raise InstrumentError(str(report))
        return report

    def withdraw_tip(self, by: str) -> None:
        """Lift the tip off the sample, in HOLD: only where it is confirmed to rest at 0 V.

        Raises
        ------
        SessionError
            If it is not, or the instrument cannot do it from here. Nothing was sent then.
        InstrumentError
            If the instrument does not answer.
        """
        self._need("HOLD")
        if not isinstance(self._instrument, Withdraws):
            name = self._instrument.capabilities.name
            raise SessionError(f"{name} cannot withdraw the tip from here: do it at the instrument")
        self.stop(f"the tip is to be withdrawn by {by}")  # what it is confirmed by holds now
        end_s = time.monotonic() + _CONFIRMED_S
        while (self.stop_report is None or self.stop_report.state == "sent") and (
            time.monotonic() < end_s
        ):
            time.sleep(0.02)
        if self.stop_report is None or not self.stop_report.confirmed:
            raise SessionError(f"the tip is not withdrawn: {self.stop_report or UNCONFIRMED}")
        bias_v = self._instrument.status().bias_v
        if not abs(bias_v) <= BIAS_V:
            raise SessionError(f"the tip is not withdrawn: the bias reads {bias_v:g} V")
        self._instrument.withdraw()
        self._journal.write(TipWithdrawn(by=by))
        self._say_held()

    def release(self, by: str) -> None:
        """Leave HOLD: a person has looked.

        Raises
        ------
        InstrumentError
            If the instrument does not answer; the session holds on, and so does the stop.
        """
        with self._lock:
            self._need("HOLD")
            self._instrument.connect()
            self._journal.write(Released(by=by))
            try:
                self._instrument.release()
            except InstrumentError as error:
                self._journal.write(
                    StateChanged(before="HOLD", state="HOLD", why=f"not released: {error}")
                )
                raise
            self._plan = self._gate = None
            self._hold_reason = self._stop_reason = self._held_with = ""
            self.stop_report = None
            self._cancel_withdrawing()
            self._halted.clear()
            self._move("OBSERVE", "")
            self._control.release()

    def close(self) -> None:
        """Give control back; a run that is under way is stopped."""
        if self.state == "RUNNING":
            self._stop_quietly("the session was closed")
        self._cancel_withdrawing()
        self._control.release()

    # -- inner ----------------------------------------------------------------------------

    def _stop_quietly(self, reason: str) -> None:
        with suppress(InstrumentError):  # the session holds, and the journal says it
            self.stop(reason)

    def _note_stop(self, reason: str, report: StopReport) -> None:
        self._hold(reason)
        self._told(report)

    def _told(self, report: StopReport) -> None:
        """Take a report of a stop: into the journal, and to who listens."""
        older = report.state == "sent" and self.stop_report is not None
        if older or self.stop_report is report or not self._halted.is_set():
            return
        self.stop_report = report
        try:
            self._journal.write(
                StopSaid(state=report.state, seconds=round(report.seconds, 3), said=str(report))
            )
        except (OSError, ValueError) as error:  # a full disk, or a journal that is closed
            LOG.error("the stop is not in the journal (%s): %s", error, report)
        self.stop_told(report)
        if report.state != "sent":
            threading.Thread(target=self._say_held, name="corescout-held", daemon=True).start()

    def _say_held(self) -> None:
        """Note how the tip is left: a stop does not lift it, nor switch a drive off."""
        said = ""
        try:
            contact = Contact()
            if isinstance(self._instrument, TellsContact):
                contact = self._instrument.contact()
            said = f"{contact}, {self._instrument.status().bias_v:g} V"
            self._journal.write(HeldWith(said=said))
        except InstrumentError as error:
            said = f"how the tip is held cannot be read: {error}"
        except (OSError, ValueError) as error:
            LOG.error("not in the journal: %s", error)
        self._held_with = said
        if self._halted.is_set() and self.stop_report is not None:
            self.stop_told(self.stop_report)

    def _withdraw_after_hold(self) -> None:
        """After the minutes that the limits say: opt-in, and only where the tip rests at 0 V."""
        if self.state != "HOLD":
            return
        try:
            self.withdraw_tip("after_hold")
        except (SessionError, InstrumentError, OSError) as error:
            with suppress(OSError, ValueError):
                self._journal.write(TipNotWithdrawn(reason=str(error)))

    def _identities(self) -> tuple[str, ...]:
        """What the instrument is known by: what answers, where it can be asked."""
        if isinstance(self._instrument, Identified):
            try:
                return self._instrument.identities()
            except InstrumentError as error:
                raise SessionError(f"the instrument cannot be identified: {error}") from error
        return (self._instrument.capabilities.address,)

    def _at_rest(self) -> float | None:
        """Before anything is armed: the tip rests, and a stop is taken.

        Returns the noise of a position in metres, None where the instrument does not tell; control
        is given back if it may not be armed (SessionError).
        """
        try:
            noise_m, problem = self._readback_noise()
            if problem is None and isinstance(self._instrument, TriesStop):
                problem = self._instrument.try_stop()
        except InstrumentError as error:
            noise_m, problem = None, str(error)
        self._need("PREVIEW")  # a stop may have come meanwhile
        if problem is not None:
            self._control.release()
            raise SessionError(f"the plan cannot be armed: {problem}")
        return noise_m

    def _readback_noise(self) -> tuple[float | None, str | None]:
        """Noise of a position at rest, by which stops are confirmed, and what is wrong with it."""
        if not isinstance(self._instrument, TellsNoise) or self._limits is None:
            return None, None
        noise_m, tolerance_m = self._instrument.readback_noise(), self._limits.readback_tolerance_m
        if 3 * noise_m <= tolerance_m:
            return noise_m, None
        return noise_m, (
            f"a position at rest is read back within {3 * noise_m * 1e9:.3g} nm (3 standard"
            f" deviations), more than readback_tolerance_m ({tolerance_m * 1e9:.3g} nm)"
        )

    def _check(self, plan: VisitPlan) -> Check:
        begun = {} if self._measure_again else self._begun
        return rehearse(plan, self._instrument, self._limits, begun, self.clock)

    def _approved_until(self) -> float:
        return self._approved[1] if self._approved is not None else -math.inf

    def _need(self, *states: SessionState) -> None:
        state = self.state
        if state not in states:
            raise SessionError(f"not possible in {state}; needs {' or '.join(states)}")

    def _hold(self, reason: str) -> None:
        """Hold, whether it can be noted or not: a full disk is no reason to go on."""
        with self._lock:
            if self._state != "HOLD":
                self._hold_reason = self._stop_reason or reason
                try:
                    self._move("HOLD", self._hold_reason)
                except (OSError, ValueError) as error:  # a full disk, or a journal that is closed
                    LOG.error("the hold is not in the journal: %s", error)
                    self._state = "HOLD"
                if self._limits is not None and self._limits.after_hold == "withdraw":
                    seconds = 60 * self._limits.after_hold_minutes
                    self._after_hold = threading.Timer(seconds, self._withdraw_after_hold)
                    self._after_hold.daemon = True
                    self._after_hold.start()

    def _cancel_withdrawing(self) -> None:
        timer, self._after_hold = self._after_hold, None
        if timer is not None:
            timer.cancel()

    def _move(self, state: SessionState, why: str) -> None:
        self._journal.write(StateChanged(before=self._state, state=state, why=why))
        self._state = state
