"""What a plan would do: every message held against the limits by a gate that sends nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from corescout.data.counted import counted
from corescout.instruments.clock import SteadyClock
from corescout.instruments.frame_cost import frames_in_words
from corescout.instruments.gate import Gate, LimitError
from corescout.instruments.limits import Limits
from corescout.instruments.messages import MOTION, Message, messages_of
from corescout.instruments.protocol import Check, ChecksStop, Instrument, InstrumentError
from corescout.instruments.readiness import read_readiness, setpoint_of
from corescout.instruments.visit_plan import VisitPlan, plan_problems

_CLOCK_S = 60.0  # behind by which it is said
Begun = Mapping[str, tuple[float, float] | None]


def rehearse(
    plan: VisitPlan, instrument: Instrument, limits: Limits | None, begun: Begun,
    clock: SteadyClock,
) -> Check:  # fmt: skip
    """Return errors, warnings, messages, way and time of a plan; nothing is sent.

    Parameters
    ----------
    limits : Limits or None
        Without them there is nothing to hold it against: an error.
    begun : mapping of str to (x, y) or None
        Targets that were measured before: in the plan they are errors.
    clock : SteadyClock
        That the plan's end is held against.
    """
    if limits is None:
        return Check(("no limits: nothing can be armed",), (), (), 0.0, 0.0)
    problems = plan_problems(plan)
    if problems:
        return Check(problems, (), (), 0.0, 0.0)
    errors = _errors_of_the_whole(plan, instrument, limits, clock)
    errors += _repeated(plan, limits, begun)
    try:
        messages = messages_of(plan, limits.largest_speed_m_per_s, limits.scan_speed_m_per_s)
    except (KeyError, ValueError) as error:
        words = f"a target cannot be turned into instrument messages: {error}"
        return Check((*errors, words), (), (), 0.0, 0.0)
    at_m = start_m(instrument, messages, limits)
    state = read_readiness(instrument, messages)
    errors += state.errors(limits)
    errors += _errors_of_messages(messages, instrument, limits, at_m, state.ac_peak_v)
    warnings = [*instrument.capabilities.warnings(), *state.said]
    warnings += frames_in_words(plan, messages)
    path_m, seconds = _way(messages, limits, at_m)
    wire: tuple[str, ...] = ()
    try:
        wire = instrument.preview(messages)
    except InstrumentError as error:
        errors.append(str(error))
    return Check(tuple(errors), tuple(warnings), messages, path_m, seconds, wire)


def start_m(
    instrument: Instrument, messages: Sequence[Message], limits: Limits
) -> tuple[float, float] | None:
    """Where the tip is; of an instrument that cannot say so, where it could be at worst."""
    at_m = instrument.status().at_m
    first = next((m.values for m in messages if m.kind == "move"), None)
    if at_m is None and first and not instrument.capabilities.can_read_back:
        return limits.farthest_from((first["x_m"], first["y_m"]))
    return at_m


def _errors_of_the_whole(
    plan: VisitPlan, instrument: Instrument, limits: Limits, clock: SteadyClock
) -> list[str]:
    errors = []
    if clock.now() > plan.expires_at:
        errors.append(f"the plan has expired: make it again{_set_back(clock)}")
    if len(plan.targets) > limits.most_targets:
        errors.append(f"{counted(len(plan.targets), 'target')}, at most {limits.most_targets}")
    if plan.frame.angle_rad and not limits.rotation_verified:
        errors.append("the scan is rotated, and no marker check has shown which way")
    capabilities = instrument.capabilities
    if plan.drift_check is not None and capabilities.whole_plans:
        errors.append(
            f"{capabilities.name} takes plans as a whole: drift cannot be checked on the way"
        )
    if isinstance(instrument, ChecksStop) and (problem := instrument.stop_problem()) is not None:
        errors.append(problem)
    if limits.setpoint is not None:
        wrong = limits.setpoint_problem(setpoint_of(instrument))
        errors += [] if wrong is None else [wrong]
    return errors


def _set_back(clock: SteadyClock) -> str:
    seconds = clock.set_back().total_seconds()
    if seconds < _CLOCK_S:
        return ""
    return f" (this computer's clock was set back by {seconds:.0f} s: set it right, and restart)"


def _errors_of_messages(
    messages: tuple[Message, ...],
    instrument: Instrument,
    limits: Limits,
    at_m: tuple[float, float] | None,
    ac_peak_v: float,
) -> list[str]:
    errors = []
    capabilities = instrument.capabilities
    gate = Gate(limits, lambda message: None)
    gate.set_position(at_m)
    gate.ac_peak_v = ac_peak_v
    for message in messages:
        if message.kind not in capabilities.actions:
            errors.append(f"{capabilities.name} does not know {message.kind!r}")
        try:
            gate(message)
        except LimitError as error:
            of = f"target {message.target_uid}" if message.target_uid else "the plan"
            errors.append(f"{of}: {error}")
    return errors


def _repeated(plan: VisitPlan, limits: Limits, begun: Begun) -> list[str]:
    """Targets that were begun before, here or in the session that the journal tells of."""
    again = [
        t.uid
        for t in plan.targets
        if t.uid in begun
        or any(
            place is not None and t.xy_m is not None
            and math.dist(place, t.xy_m) <= limits.readback_tolerance_m
            for place in begun.values()
        )
    ]  # fmt: skip
    if not again:
        return []
    return [f"measured before: {', '.join(again)}; leave them out or ask to measure again"]


def _way(
    messages: tuple[Message, ...], limits: Limits, at_m: tuple[float, float] | None
) -> tuple[float, float]:
    """Length in metres, and the seconds of travelling and of spectra."""
    path_m = seconds = 0.0
    for message in messages:
        if message.kind in MOTION:
            place = (message.values["x_m"], message.values["y_m"])
            if at_m is not None:
                path_m += math.dist(at_m, place)
            at_m = place
        seconds += message.values.get("seconds", 0.0)
    return path_m, seconds + path_m / limits.largest_speed_m_per_s
