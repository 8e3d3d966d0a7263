"""One experiment on one instrument: from watching to an approved run, and back on any doubt.

OBSERVE -> PREVIEW -> ARMED (expires) -> RUNNING -> OBSERVE; HOLD from anywhere, left by a person.
Everybody may watch and preview; from ARMED on a session has the instrument for itself.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from corescout.data import Scan, StoppedError
from corescout.instruments.arming import approval, identities_of, noise_at_rest, refusal
from corescout.instruments.clock import SteadyClock
from corescout.instruments.control import Control
from corescout.instruments.entries import Previewed, Released, ScanCame, StateChanged
from corescout.instruments.events import Done, Event, Held
from corescout.instruments.gate import Gate
from corescout.instruments.halt import Halt
from corescout.instruments.journal import Journal, last_state, last_time
from corescout.instruments.limits import Limits
from corescout.instruments.messages import Message
from corescout.instruments.plan_run import PlanRun
from corescout.instruments.protocol import Check, Instrument, InstrumentError, StopReport
from corescout.instruments.rehearsal import rehearse
from corescout.instruments.states import SessionError, SessionState
from corescout.instruments.visit_plan import VisitPlan, plan_problems
from corescout.instruments.withdrawing import Withdrawing
from corescout.whole import read_journal

LOG = logging.getLogger("corescout.instruments")
_STOP_S = 0.45  # for which `stop` waits at most to note the hold
ARMED_S = 120.0  # an approval that is not used is void after this


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
        self._given: list[Message] = []
        self._measure_again = False
        self._hold_reason = ""
        self.stop_told: Callable[[StopReport], None] = lambda report: None
        self._halt = Halt(instrument, journal, lambda report: self.stop_told(report))
        self._withdrawing = Withdrawing(
            instrument, self._halt, journal, self.stop, lambda: self.state == "HOLD"
        )
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
        halt = self._halt
        reason = self._hold_reason or (halt.reason if halt.stopped else "")
        return f"{reason}; {halt.held_with}" if reason and halt.held_with else reason

    @property
    def stop_report(self) -> StopReport | None:
        """The newest of the last stop, until a release."""
        return self._halt.report

    @property
    def given(self) -> tuple[Message, ...]:
        """What the last run gave to the instrument; nothing if it was held before."""
        return tuple(self._given)

    @property
    def armed_for_s(self) -> float:
        """How long the approval still holds; 0 without one."""
        return max(0.0, self._approved_until() - time.monotonic())

    @property
    def state(self) -> SessionState:
        """Where the session stands; an approval that ran out is void."""
        if self._halt.stopped:  # at once, whatever is under way
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
            if (problem := self._control.take(identities_of(self._instrument))) is not None:
                raise SessionError(problem)
            noise_m, problem = noise_at_rest(self._instrument, self._limits)
            self._need("PREVIEW")  # a stop may have come meanwhile
            if problem is not None:
                self._control.release()
                raise SessionError(f"the plan cannot be armed: {problem}")
            self._approved = (digest, time.monotonic() + self._armed_s)
            self._journal.write(approval(plan, by, self._limits, noise_m))
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
            self._given, limits = [], self._limits
            if self.state != "ARMED" or self._approved is None or limits is None:
                raise SessionError(f"nothing is armed (state {self._state})")
            if (why := refusal(plan, self._approved[0], reference)) is not None:
                raise SessionError(why)
            self._approved = None
            run = PlanRun(
                plan, reference, self._instrument, limits, self._journal, self.clock, self._begun,
                self._stop_quietly,
            )  # fmt: skip
            self._gate = gate = run.gate
            self._given = gate.given
            self._move("RUNNING", plan.digest)
            if self._halt.stopped:
                gate.stop(self._halt.reason)
        try:
            yield from run.visits()
        except GeneratorExit:
            self._stop_quietly("the run was left")
            raise
        except StoppedError as error:
            if self._halt.stopped:
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
            stopped = self._halt.stopped or self._state != "RUNNING"
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
        self._halt.begin(reason)
        gate = self._gate
        if gate is not None:
            gate.stop(reason)
        report = self._halt.send(reason, emergency)
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
        self._withdrawing.withdraw(by)

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
            self._hold_reason = ""
            self._withdrawing.cancel()
            self._halt.end()
            self._move("OBSERVE", "")
            self._control.release()

    def close(self) -> None:
        """Give control back; a run that is under way is stopped."""
        if self.state == "RUNNING":
            self._stop_quietly("the session was closed")
        self._withdrawing.cancel()
        self._control.release()

    # -- inner ----------------------------------------------------------------------------

    def _stop_quietly(self, reason: str) -> None:
        with suppress(InstrumentError):  # the session holds, and the journal says it
            self.stop(reason)

    def _note_stop(self, reason: str, report: StopReport) -> None:
        self._hold(reason)
        self._halt.take(report)

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
                self._hold_reason = self._halt.reason or reason
                try:
                    self._move("HOLD", self._hold_reason)
                except (OSError, ValueError) as error:  # a full disk, or a journal that is closed
                    LOG.error("the hold is not in the journal: %s", error)
                    self._state = "HOLD"
                if self._limits is not None and self._limits.after_hold == "withdraw":
                    self._withdrawing.begin(self._limits.after_hold_minutes)

    def _move(self, state: SessionState, why: str) -> None:
        self._journal.write(StateChanged(before=self._state, state=state, why=why))
        self._state = state
