"""One experiment on one instrument: from watching to an approved run, and back on any doubt.

OBSERVE -> PREVIEW -> ARMED (expires) -> RUNNING -> OBSERVE; HOLD from anywhere, left by a person.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Literal

from corescout.data import Measurement, Scan, StoppedError
from corescout.data.errors import CorescoutError
from corescout.instruments.gate import Gate, LimitError
from corescout.instruments.journal import Journal
from corescout.instruments.limits import Limits
from corescout.instruments.messages import Message, messages_of
from corescout.instruments.protocol import Check, Event, Instrument
from corescout.instruments.visit_plan import VisitPlan

State = Literal["OBSERVE", "PREVIEW", "ARMED", "RUNNING", "HOLD"]
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
    armed_s : float
        How long an approval holds.
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
        self._state: State = "OBSERVE"
        self._plan: VisitPlan | None = None
        self._approved: tuple[str, float] | None = None  # digest, until (monotonic)
        self._gate: Gate | None = None
        self._came_back: Measurement | Scan | None = None

    @property
    def state(self) -> State:
        """Where the session stands; an approval that ran out is void."""
        with self._lock:
            if self._state == "ARMED" and self._approved_until() < time.monotonic():
                self._move("PREVIEW", "the approval ran out")
            return self._state

    def preview(self, plan: VisitPlan) -> Check:
        """Say what a plan would do; nothing is sent.

        Raises
        ------
        SessionError
            While a run is under way or held.
        """
        with self._lock:
            self._need("OBSERVE", "PREVIEW", "ARMED")
            check = self._check(plan)
            self._plan, self._approved = plan, None
            self._journal.write("preview", digest=plan.digest, errors=list(check.errors))
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
            If it is another plan, has errors or expired, or there are no limits.
        """
        with self._lock:
            self._need("PREVIEW")
            plan = self._plan
            if plan is None or digest != plan.digest:
                raise SessionError("the approval is for another plan than the one previewed")
            errors = self._check(plan).errors
            if errors:
                raise SessionError(f"the plan cannot be armed: {'; '.join(errors)}")
            self._approved = (digest, time.monotonic() + self._armed_s)
            self._journal.write("approved", digest=digest, by=by)
            self._move("ARMED", "")

    def run(self, plan: VisitPlan) -> Iterator[Event]:
        """Carry out the approved plan; yields an event for each thing that happened.

        The plan is held against the approval byte by byte, and every message against the limits
        once more. Anything unexpected ends in HOLD with the tip where it is.

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
            self._approved = None
            self._gate = Gate(limits, self._carry_out)
            self._move("RUNNING", plan.digest)
        try:
            yield from self._visits(plan, limits, self._gate)
        except GeneratorExit:
            self.stop("the run was left")
            raise
        except StoppedError as error:
            self._hold(str(error))
            yield Event("held", detail={"reason": str(error)})
            return
        except Exception as error:
            self.stop(f"{type(error).__name__}: {error}")
            raise
        with self._lock:
            if self._state == "RUNNING":
                self._move("OBSERVE", "done")
        yield Event("done")

    def stop(self, reason: str) -> None:
        """Interrupt the instrument, from any thread and in any state; the session holds."""
        emergency = self._limits.emergency if self._limits is not None else "halt"
        gate = self._gate
        # The instrument first: the gate may wait for the message that is under way.
        self._instrument.stop(reason, emergency)
        if gate is not None:
            gate.stop(reason)
        self._hold(reason)

    def release(self, by: str) -> None:
        """Leave HOLD: a person has looked."""
        with self._lock:
            self._need("HOLD")
            self._instrument.connect()
            self._journal.write("released", by=by)
            self._plan = self._gate = None
            self._move("OBSERVE", "")

    # -- inner ----------------------------------------------------------------------------

    def _visits(self, plan: VisitPlan, limits: Limits, gate: Gate) -> Iterator[Event]:
        gate.set_position(self._instrument.status().at_m)
        for message in messages_of(plan, limits.largest_speed_m_per_s):
            if datetime.now(UTC) > plan.expires_at:
                raise StoppedError("the plan expired during the run")
            self._journal.write("message", **asdict(message))
            gate(message)
            yield Event("sent", message.target_uid, detail={"message": message})
            came = self._came_back
            if isinstance(came, Measurement):
                self._journal.write("measured", target_uid=message.target_uid, source=came.source)
                yield Event("measured", message.target_uid, measurement=came)
            if message.kind == "move":
                yield self._arrived(message, limits, gate)

    def _carry_out(self, message: Message) -> None:
        self._came_back = self._instrument.send(message)

    def _arrived(self, message: Message, limits: Limits, gate: Gate) -> Event:
        """Read the position back after a move."""
        if not self._instrument.capabilities.can_read_back:
            return Event("arrived", message.target_uid, detail={"read_back": False})
        at_m = self._instrument.status().at_m
        wanted = (message.values["x_m"], message.values["y_m"])
        off_m = math.inf if at_m is None else math.dist(at_m, wanted)
        if off_m > limits.readback_tolerance_m:
            self._instrument.stop("position", limits.emergency)
            raise StoppedError(
                f"the tip is {off_m * 1e9:.0f} nm from where it was sent, more than"
                f" {limits.readback_tolerance_m * 1e9:.0f} nm"
            )
        gate.set_position(at_m)
        return Event("arrived", message.target_uid, detail={"off_m": off_m})

    def _check(self, plan: VisitPlan) -> Check:
        """Rehearse a plan against the limits with a gate that sends nothing."""
        limits, errors, warnings = self._limits, [], []
        if limits is None:
            return Check(("no limits: nothing can be armed",), (), (), 0.0, 0.0)
        capabilities = self._instrument.capabilities
        if datetime.now(UTC) > plan.expires_at:
            errors.append("the plan has expired: make it anew")
        if len(plan.targets) > limits.most_targets:
            errors.append(f"{len(plan.targets)} targets, at most {limits.most_targets}")
        if plan.frame.angle_rad and not limits.rotation_verified:
            errors.append("the scan is rotated, and no marker check has shown which way")
        if not capabilities.can_stop:
            warnings.append("this instrument cannot be stopped from here: stop at the instrument")
        try:
            messages = messages_of(plan, limits.largest_speed_m_per_s)
        except (KeyError, ValueError) as error:
            return Check((*errors, f"a target cannot be said: {error}"), (), (), 0.0, 0.0)
        rehearsal = Gate(limits, lambda message: None)
        at_m = self._instrument.status().at_m
        rehearsal.set_position(at_m)
        path_m = seconds = 0.0
        for message in messages:
            if message.kind not in capabilities.actions:
                errors.append(f"{capabilities.name} does not know {message.kind!r}")
            try:
                rehearsal(message)
            except LimitError as error:
                errors.append(f"target {message.target_uid}: {error}")
            if message.kind == "move" and at_m is not None:
                step = math.dist(at_m, (message.values["x_m"], message.values["y_m"]))
                path_m, seconds = path_m + step, seconds + step / limits.largest_speed_m_per_s
            if message.kind == "move":
                at_m = (message.values["x_m"], message.values["y_m"])
            seconds += message.values.get("seconds", 0.0)
        return Check(tuple(errors), tuple(warnings), messages, path_m, seconds)

    def _approved_until(self) -> float:
        return self._approved[1] if self._approved is not None else -math.inf

    def _need(self, *states: State) -> None:
        if self.state not in states:
            raise SessionError(f"not possible in {self._state}; needs {' or '.join(states)}")

    def _hold(self, reason: str) -> None:
        with self._lock:
            if self._state != "HOLD":
                self._move("HOLD", reason)

    def _move(self, state: State, why: str) -> None:
        self._journal.write("state", before=self._state, state=state, why=why)
        self._state = state
