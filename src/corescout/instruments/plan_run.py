"""The run of an approved plan: message by message, each held against what is read back."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace

from corescout.data import Measurement, Scan, StoppedError
from corescout.instruments.clock import SteadyClock
from corescout.instruments.entries import (
    DriftSeen,
    MessageSent,
    PlanHandedOver,
    TargetMeasured,
    TipArrived,
    TipElsewhere,
    WrittenSeen,
)
from corescout.instruments.events import Arrived, Drifted, Event, HandedOver, Measured, Sent, Wrote
from corescout.instruments.gate import Gate
from corescout.instruments.journal import Journal
from corescout.instruments.limits import Limits
from corescout.instruments.messages import MOTION, Message, messages_of
from corescout.instruments.protocol import ChecksStop, Instrument
from corescout.instruments.readiness import read_readiness, setpoint_of
from corescout.instruments.rehearsal import start_m
from corescout.instruments.visit_plan import VisitPlan, is_number
from corescout.instruments.written import WrittenFrames
from corescout.registration import register

BIAS_V = 10e-3  # within which a bias is the one that was set
_MEASURING = ("mark", "spectrum", "zoom")
_LOOKED_BEFORE = ("move", "spectrum", "zoom")
_TIMED_S = 5.0  # beyond the longest spectrum, for what goes before and after its sweep


class PlanRun:
    """Sends the messages of one plan through a gate, and reads back what they rest on.

    It knows no states and holds nothing: whatever is wrong is raised, and the session holds.

    Parameters
    ----------
    plan : VisitPlan
    reference : Scan or None
        The scan that the plan comes from, for checks of drift.
    instrument : Instrument
    limits : Limits
    journal : Journal
    clock : SteadyClock
        That the end of the plan is held against.
    begun : dict of str to (float, float) or None
        Takes the targets at which a measurement was begun, with their places in metres.
    stop : callable
        Stops the instrument for a reason, from any thread.

    Attributes
    ----------
    gate : Gate
        What every message goes through, and what a stop closes.
    """

    def __init__(
        self,
        plan: VisitPlan,
        reference: Scan | None,
        instrument: Instrument,
        limits: Limits,
        journal: Journal,
        clock: SteadyClock,
        begun: dict[str, tuple[float, float] | None],
        stop: Callable[[str], None],
    ) -> None:
        self._plan, self._reference = plan, reference
        self._instrument, self._limits, self._journal = instrument, limits, journal
        self._clock, self._begun, self._stop = clock, begun, stop
        self._came_back: Measurement | Scan | None = None
        spectra = [t for t in plan.targets if t.action == "spectrum" and t.xy_m is not None]
        self._looked_at = {t.uid for t in spectra if plan.written_size_m > 0}
        self._written = WrittenFrames({t.uid: t.xy_m for t in spectra if t.xy_m is not None})
        self.gate = Gate(limits, self._carry_out)

    def visits(self) -> Iterator[Event]:
        """Send the messages one by one; yield what happened.

        Raises
        ------
        StoppedError
            If anything is not as it should be, or a stop came.
        """
        plan, limits, gate = self._plan, self._limits, self.gate
        messages = messages_of(plan, limits.largest_speed_m_per_s, limits.scan_speed_m_per_s)
        gate.set_position(start_m(self._instrument, messages, limits))
        place: tuple[float, float] | None = None  # that the tip was sent to
        for message in messages:
            if self._clock.now() > plan.expires_at:
                raise StoppedError("the plan expired during the run")
            timed = self._look_before(message, place)
            if message.kind in ("move", "zoom"):
                place = (message.values["x_m"], message.values["y_m"])
            self._journal.write(MessageSent(**asdict(message)))
            looks = message.kind == "zoom" and message.target_uid in self._looked_at
            if message.target_uid and message.kind in _MEASURING and not looks:
                self._begun[message.target_uid] = _place(plan, message.target_uid)
            self._came_back = None
            with self._at_most(timed=timed):
                gate(message)
            yield Sent(message)
            if message.kind == "spectrum" and place is not None:
                self._need_place("after the spectrum", place)
            yield from self._came(message)
            if message.kind == "move":
                yield self._arrived(message)
            if message.kind == "zoom" and self._instrument.capabilities.can_read_back:
                gate.set_position(self._instrument.status().at_m)
            self._need_no_problem()
        if self._instrument.capabilities.whole_plans:
            self._need_a_stop()
            self._need_state(messages)
        gate.finish(self._instrument.finish)
        if self._instrument.capabilities.whole_plans:
            self._journal.write(PlanHandedOver(digest=plan.digest))
            yield HandedOver()

    def _came(self, message: Message) -> Iterator[Event]:
        """What a message brought back: a measurement, or the frame of a drift check."""
        came, uid = self._came_back, message.target_uid
        if came is None:
            return
        if uid is None and isinstance(came, Scan) and self._reference is not None:
            yield self._drift(came, self._reference)
            return
        if uid in self._looked_at and isinstance(came, Scan):
            yield from self._wrote(str(uid), came)
            return
        self._journal.write(TargetMeasured(target_uid=uid, source=came.source))
        yield Measured(uid, came)

    def _wrote(self, uid: str, frame: Scan) -> Iterator[Event]:
        """Compare the frame after a spectrum with that before it; it is told, and holds nothing."""
        area = self._written.take(uid, frame)
        if area is not None:
            self._journal.write(
                WrittenSeen(
                    target_uid=uid, area_m2=area.area_m2, radius_m=area.radius_m,
                    touched=list(area.touched), refused=area.refused,
                )
            )  # fmt: skip
            yield Wrote(uid, area)

    def _drift(self, frame: Scan, reference: Scan) -> Event:
        """Compare a frame with the plan's scan where the plan takes it to lie."""
        plan = self._plan
        found = register(replace(reference, frame=plan.frame), frame)
        self._journal.write(DriftSeen(drift_m=found.drift_m, refused=found.refused))
        if found.refused is not None:
            raise StoppedError(f"drift could not be measured: {found.refused}")
        if found.length_m > plan.tolerance_m:
            raise StoppedError(
                f"the sample drifted by {found.length_m * 1e9:.0f} nm, the plan tolerates"
                f" {plan.tolerance_m * 1e9:.0f} nm: register and preview again"
            )
        return Drifted(found.drift_m)

    def _need_a_stop(self) -> None:
        """Nothing moves where it could not be stopped."""
        if isinstance(self._instrument, ChecksStop):
            problem = self._instrument.stop_problem()
            if problem is not None:
                raise StoppedError(problem)

    def _need_no_problem(self) -> None:
        status, limits = self._instrument.status(), self._limits
        if status.problem is not None:
            raise StoppedError(f"the instrument reports {status.problem}")
        if limits.setpoint is not None:
            wrong = limits.setpoint_problem(setpoint_of(self._instrument))
            if wrong is not None:
                raise StoppedError(wrong)

    def _look_before(self, message: Message, place: tuple[float, float] | None) -> bool:
        """Read everything back that a motion or a spectrum rests on; whether it must be timed."""
        capabilities, gate = self._instrument.capabilities, self.gate
        if message.kind not in _LOOKED_BEFORE or capabilities.whole_plans:
            return False
        if message.kind in MOTION:
            self._need_a_stop()
        if capabilities.can_read_back:
            status = self._instrument.status()
            if status.at_m is None or not all(map(is_number, status.at_m)):
                raise StoppedError("the position of the tip cannot be read")
            gate.set_position(status.at_m)
            if not abs(status.bias_v - gate.bias_v) <= BIAS_V:
                raise StoppedError(
                    f"the bias reads {status.bias_v:g} V, and {gate.bias_v:g} V was set"
                )
            if message.kind == "spectrum" and place is not None:
                self._need_place("before the spectrum", place)
        return self._need_state([message])

    def _need_state(self, messages: Sequence[Message]) -> bool:
        """Hold feedback, drive and spectra against the limits; whether a spectrum is timed."""
        state = read_readiness(self._instrument, messages)
        errors = state.errors(self._limits)
        if errors:
            raise StoppedError("; ".join(errors))
        self.gate.ac_peak_v = state.ac_peak_v
        return state.timed

    def _need_place(self, when: str, wanted_m: tuple[float, float]) -> None:
        """The tip must be where it was sent: what is measured elsewhere is no target's."""
        capabilities = self._instrument.capabilities
        if capabilities.whole_plans or not capabilities.can_read_back:
            return
        at_m = self._instrument.status().at_m
        self._off_m(TipElsewhere(when=when, wanted_m=wanted_m), at_m)

    def _off_m(self, elsewhere: TipElsewhere, at_m: tuple[float, float] | None) -> float:
        """How far the tip is from where it was sent: known, and within the tolerance.

        Otherwise the entry is written, and it is said (StoppedError).
        """
        tolerance_m = self._limits.readback_tolerance_m
        known, when = at_m is not None and all(map(is_number, at_m)), elsewhere.when
        off_m = math.dist(at_m or (), elsewhere.wanted_m or ()) if known else math.inf
        if off_m <= tolerance_m:
            return off_m
        self._journal.write(replace(elsewhere, off_m=_finite(off_m)))
        if not known:
            raise StoppedError(f"the position of the tip cannot be read {when}".rstrip())
        raise StoppedError(
            f"the tip is {off_m * 1e9:.0f} nm from where it was sent{when and f', {when}'}, more"
            f" than {tolerance_m * 1e9:.0f} nm"
        )

    @contextmanager
    def _at_most(self, *, timed: bool) -> Iterator[None]:
        """Stop a spectrum of unknown length when the longest allowed one would have ended."""
        if not timed:
            yield
            return
        limit_s = self._limits.longest_spectrum_s + _TIMED_S
        reason = f"a spectrum took more than {limit_s:g} s"
        timer = threading.Timer(limit_s, self._stop, (reason,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _carry_out(self, message: Message) -> None:
        self._came_back = self._instrument.send(message)

    def _arrived(self, message: Message) -> Event:
        """Read the position back after a move."""
        capabilities = self._instrument.capabilities
        if capabilities.whole_plans or not capabilities.can_read_back:  # nothing has moved yet
            return Arrived(message.target_uid)
        at_m = self._instrument.status().at_m
        wanted = (message.values["x_m"], message.values["y_m"])
        elsewhere = TipElsewhere(target_uid=message.target_uid, wanted_m=wanted)
        off_m = self._off_m(elsewhere, at_m)
        self.gate.set_position(at_m)
        self._journal.write(TipArrived(target_uid=message.target_uid, off_m=off_m))
        return Arrived(message.target_uid, at_m, off_m)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _place(plan: VisitPlan, uid: str) -> tuple[float, float] | None:
    return next(t.xy_m for t in plan.targets if t.uid == uid)
