"""The measuring half of a runner: a suggestion, its approval, the run, results tied to targets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from corescout.data import InputError, Scan
from corescout.data.counted import counted
from corescout.instruments import (
    Check,
    Event,
    Instrument,
    InstrumentError,
    Session,
    SessionError,
    StopReport,
    VisitPlan,
    events,
)
from corescout.instruments.entries import (
    Declined,
    NotPreviewed,
    PolicyRefused,
    PolicyTakenBack,
    RunHeld,
    Withdrawn,
)
from corescout.live.day.day import Day
from corescout.live.loop.looks import Looks, with_reason
from corescout.live.loop.spectra_in_files import SpectraInFiles
from corescout.live.loop.suggestion import MeasuredPlaces, VisitSuggestion, doubt
from corescout.live.loop.target_states import TargetStates
from corescout.live.policy import Policy, Signed
from corescout.live.reading.drift import Drift
from corescout.live.reading.next_scan import Understood
from corescout.live.settings import LiveSettings

LOOK_AND_RELEASE = "look at the instrument, then release"


class Measuring:
    """Suggests on scans, and runs what a person or a policy approves.

    `suggest` and `carry_out` are the worker's; everything else may come from any thread.

    Parameters
    ----------
    session : Session
    instrument : Instrument
    day : Day
    policy : Policy or None
    settings : LiveSettings
    show : callable
        Takes changes of the snapshot.
    wake : callable
        Tells the worker that something was approved.
    """

    def __init__(
        self,
        session: Session,
        instrument: Instrument,
        day: Day,
        policy: Policy | None,
        settings: LiveSettings,
        show: Callable[..., None],
        wake: Callable[[], None],
    ) -> None:
        self._session, self._instrument, self._day = session, instrument, day
        self._signed = Signed(policy, clock=session.clock)
        self._settings, self._show, self._wake = settings, show, wake
        self._lock = threading.RLock()
        self.instrument_lock = threading.Lock()  # held while a plan runs, or a source scans
        self._suggestion: VisitSuggestion | None = None
        self._plan: VisitPlan | None = None
        self._check: Check | None = None
        self._since_plan: tuple[float, float] = (0.0, 0.0)
        self._looks = Looks()
        self._approved = self._under_way = self._by_policy = False
        self._states = TargetStates(day, show)
        self._files = SpectraInFiles(instrument, day, self._states)
        if policy is not None:
            day.write_policy(policy)
            show(policy=self._signed.words)

    # -- from any thread ------------------------------------------------------------------

    @property
    def state(self) -> str:
        """Of the session."""
        return self._session.state

    @property
    def measured(self) -> MeasuredPlaces:
        """Places that were measured in this session."""
        return self._states.measured

    @property
    def held(self) -> bool:
        """Whether a person must look."""
        return self._session.state == "HOLD"

    @property
    def hold_reason(self) -> str:
        """Why it holds; "" if it does not."""
        return self._session.hold_reason

    @property
    def at_work(self) -> bool:
        """Whether a plan is under way, or waits for the end of a scan."""
        return self.due or self.under_way

    @property
    def under_way(self) -> bool:
        """Whether a plan is being carried out."""
        return self._under_way or self._session.state == "RUNNING"

    @property
    def due(self) -> bool:
        """Whether a plan is approved and waits for the worker."""
        return self._approved and self._session.state == "ARMED"

    def approve(self, digest: str, by: str) -> None:
        """Approve the plan that is shown (SessionError if it is another one, or has errors)."""
        with self._lock:
            self._session.approve(digest, by)
            self._approved, self._by_policy = True, False
            self._states.mark("approved")
        self._wake()

    def decline(self, by: str) -> None:
        """Drop the plan that is shown."""
        with self._lock:
            if self._session.state == "RUNNING":
                raise SessionError("the plan is under way: stop it")
            if self._plan is not None:
                self._day.write(Declined(digest=self._plan.digest, by=by))
            self._states.mark("withdrawn", f"declined by {by}")
            self._void(f"declined by {by}")
            self._suggestion = None
            self._forget_plan()
        self.show_stage()

    def release(self, by: str) -> None:
        """Leave HOLD: a person has looked. What was planned before is not."""
        with self._lock:
            self._session.release(by)
            self._forget_plan()
        self.show_stage()
        self._wake()

    def sign(self, policy: Policy | None) -> None:
        """Sign a policy for the rest of the session; None takes it back."""
        with self._lock:
            self._signed = Signed(policy, clock=self._session.clock)
        self._show(policy=self._signed.words, refused="")
        if policy is None:
            self._day.write(PolicyTakenBack())
            return
        self._day.write_policy(policy)
        self._ask_policy()
        self._wake()

    def suspend(self, *, suspended: bool = True) -> None:
        """Let the policy approve nothing for now, or go on; never waits."""
        self._signed.suspended = suspended
        if not suspended:
            self._ask_policy()
            self._wake()

    @property
    def stop_report(self) -> StopReport | None:
        """The newest of the last stop, until a release."""
        return self._session.stop_report

    def halt(self, reason: str) -> StopReport:
        """STOP (InstrumentError if nothing answers); what is known of it by now.

        Approvals are void, and a policy is taken back: who goes on must say so.
        """
        signed, self._signed = self._signed, Signed(clock=self._session.clock)
        try:
            return self._session.stop(reason)
        finally:
            self._approved = False
            if signed.policy is not None:
                self._show(policy="", refused="")
                with suppress(OSError, ValueError):  # a full disk must not hide the stop
                    self._day.write(PolicyTakenBack())
            self._show(stage="held", message=reason)

    def withdraw_tip(self, by: str) -> None:
        """Lift the tip off the sample, in HOLD: only where it is confirmed to rest at 0 V."""
        self._session.withdraw_tip(by)

    def stop_run(self, reason: str) -> None:
        """Stop a plan that is under way; nothing else."""
        if self._session.state == "RUNNING":
            with suppress(InstrumentError):  # the session holds and says so
                self._session.stop(reason)

    def show_stage(self) -> None:
        """Say what is waited for."""
        if self.held:
            self._show(stage="held", message=LOOK_AND_RELEASE)
        elif self._plan is not None and self._session.state == "PREVIEW":
            targets = counted(len(self._plan.targets), "target")
            self._show(stage="awaiting approval", message=f"a plan of {targets}")
        elif not self.due:
            self._show(stage="waiting", message=self._states.goal or "for a scan")

    # -- the worker's ---------------------------------------------------------------------

    def suggest(self, understood: Understood, drift: Drift | None) -> int:
        """Suggest on a scan, and return how many targets there are now.

        What was suggested before follows the drift or is withdrawn.
        """
        with self._lock:
            self.follow(drift)
            known = self._looks.follow(understood.scan, drift)
            if self._plan is not None and self._in_force():
                return len(self._plan.targets)
            waits = self._suggestion is not None and len(self._states) > 0
            # the targets of a zoom's survey have moved with the sample
            of_survey = waits and known and understood.kind.kind == "zoom"
            if not of_survey and (result := understood.result) is not None:
                self._suggestion = self._states.suggest(
                    understood, result, self._settings, self._session.limits
                )
                self._looks.newest = understood.scan
            if self._suggestion is None:
                return 0
            self._states.begin(self._suggestion.moved_targets, "suggested")
            if not self.held:
                self._preview()
            return len(self._states)

    def follow(self, drift: Drift | None) -> None:
        """Move everything with the sample; a plan in force that does not hold is withdrawn.

        Parameters
        ----------
        drift : Drift or None
            Of the newest scan; None where it shows another place.
        """
        with self._lock:
            if drift is not None and drift.refused is None:
                self._move(drift)
            plan = self._plan
            if plan is None or not self._in_force():
                return
            since = None if drift is None else replace(drift, drift_m=self._since_plan)
            if (why := doubt(plan, since)) is not None:  # from all drift since it was made
                self._withdraw(why)

    def collect(self) -> None:
        """Take up the spectra that came as files since a plan was handed over."""
        self._files.collect()

    def carry_out(self) -> list[Scan]:
        """Run the plan that was approved; return the zooms that it brought, to be analysed."""
        with self._lock:
            plan, suggestion = self._plan, self._suggestion
            if not self.due or plan is None or suggestion is None:
                if self._approved and self._session.state == "PREVIEW":
                    self._approved = False  # the approval ran out
                    self.show_stage()
                return []
            if self._instrument_busy() or not self.instrument_lock.acquire(blocking=False):
                return []
            self._under_way, self._approved = True, False
        try:
            return self._run(plan, suggestion)
        finally:
            self.instrument_lock.release()
            self._under_way = False
            self.show_stage()

    # -- inner ----------------------------------------------------------------------------

    def _run(self, plan: VisitPlan, suggestion: VisitSuggestion) -> list[Scan]:
        self._show(stage="measuring", message=counted(len(plan.targets), "target"))
        zooms: list[Scan] = []
        try:
            for event in self._session.run(plan, suggestion.result.scan):
                self._happened(event)
                if isinstance(event, events.Measured) and isinstance(event.measurement, Scan):
                    zooms.append(event.measurement)
        except Exception as error:  # noqa: BLE001 - the session holds; the watch goes on
            self._failed(f"{type(error).__name__}: {error}")
        with self._lock:
            if self._by_policy:
                self._signed.count(self._session.given)
            self._plan = self._check = self._suggestion = None
        self._show(plan=None, check=None, policy=self._signed.words)
        return zooms

    def _move(self, drift: Drift) -> None:
        """Move what is not measured yet, and what was, with the sample."""
        dx, dy = drift.drift_m
        self.measured.follow(drift.drift_m)
        self._since_plan = (self._since_plan[0] + dx, self._since_plan[1] + dy)
        if self._suggestion is not None:
            self._suggestion = self._suggestion.follow(drift.drift_m)

    def _in_force(self) -> bool:
        return self._plan is not None and self._session.state in ("PREVIEW", "ARMED")

    def _withdraw(self, why: str) -> None:
        if self._plan is not None:
            self._day.write(Withdrawn(digest=self._plan.digest, why=why))
        self._states.mark("withdrawn", why)
        self._void(why)
        self._forget_plan()

    def _forget_plan(self) -> None:
        self._plan = self._check = None
        self._approved = False
        self._show(plan=None, check=None)

    def _void(self, why: str) -> None:
        """Take an approval back; the instrument is free for others again."""
        if self._session.state in ("PREVIEW", "ARMED"):
            self._session.withdraw(why)

    def _preview(self) -> None:
        """Show what a plan of the suggestion would do, and ask the policy."""
        suggestion = self._suggestion
        if suggestion is None or not suggestion.targets:
            return
        try:
            look = self._looks.decide(self._instrument, self._session.limits)
            plan = suggestion.plan(self._instrument, self._settings, look)
            check = with_reason(self._session.preview(plan), look)
        except (InputError, InstrumentError, SessionError, OSError) as error:
            self._day.write(NotPreviewed(reason=str(error)))
            self._show(message=f"not previewed: {error}")
            return
        self._plan, self._check, self._since_plan = plan, check, (0.0, 0.0)
        self._states.begin(plan.targets, "previewed")
        self._show(plan=plan, check=check, refused="")
        self._ask_policy()

    def _ask_policy(self) -> None:
        """Let the policy approve the plan that is shown, if it covers it."""
        with self._lock:
            policy, plan, check = self._signed.policy, self._plan, self._check
            waits = self._session.state == "PREVIEW" and not self._signed.suspended
            if policy is None or plan is None or check is None or not waits:
                return
            if (why := self._signed.refusal(plan, check)) is not None:
                self._day.write(PolicyRefused(digest=plan.digest, refused=why))
                self._show(refused=why)
                return
            try:
                self._session.approve(plan.digest, f"policy signed by {policy.signed_by}")
            except (SessionError, OSError) as error:
                self._show(message=str(error), refused=str(error))
                return
            self._approved = self._by_policy = True
            self._states.mark("approved")

    def _instrument_busy(self) -> bool:
        """Whether a scan is under way: nothing moves then."""
        try:
            busy = self._instrument.status().busy
        except InstrumentError:
            return True
        if busy:
            self._show(stage="awaiting the end of the scan", message="then it measures")
        return busy

    def _happened(self, event: Event) -> None:
        match event:
            case events.Arrived(at_m=at_m):
                if at_m is not None:
                    self._show(at_m=at_m)
            case events.Measured(target_uid=str(uid), measurement=came):
                self._states.keep(self._states.targets[uid], came)
            case events.HandedOver():
                self._files.expect()
                self._states.mark("approved", "handed over to the instrument")
            case events.Held(reason=reason):
                self._failed(reason)
            case events.Wrote():
                self._states.wrote(event)
            case events.Sent() | events.Measured() | events.Drifted() | events.Done():
                pass
            case _:
                assert_never(event)

    def _failed(self, reason: str) -> None:
        self._day.write(RunHeld(reason=reason))
        self._states.fail(reason)
        self._show(stage="held", message=reason)
