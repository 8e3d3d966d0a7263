"""The few things that are ever said to an instrument, in SI units, whatever its own language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from corescout.data import Target
from corescout.instruments.visit_plan import VisitPlan

Kind = Literal["bias", "speed", "move", "mark", "spectrum", "zoom"]

# kind -> the values that it must have, and no others
VALUES: dict[str, frozenset[str]] = {
    "bias": frozenset({"bias_v"}),
    "speed": frozenset({"speed_m_per_s"}),
    "move": frozenset({"x_m", "y_m"}),
    "mark": frozenset({"x_m", "y_m"}),
    "spectrum": frozenset({"bias_start_v", "bias_end_v", "n_points", "seconds"}),
    "zoom": frozenset({"x_m", "y_m", "size_m", "angle_rad"}),
}
SPECTRUM_DEFAULTS = {"bias_start_v": -5.0, "bias_end_v": 5.0, "n_points": 64.0, "seconds": 0.5}
MOTION = frozenset({"move", "zoom"})


@dataclass(frozen=True)
class Message:
    """One thing that is said to an instrument.

    Attributes
    ----------
    kind : str
    values : mapping of str to float
        Names carry their units.
    target_uid : str or None
        The target that it serves.
    """

    kind: Kind
    values: Mapping[str, float] = field(default_factory=dict)
    target_uid: str | None = None


def messages_of(plan: VisitPlan, speed_m_per_s: float) -> tuple[Message, ...]:
    """Return all that a plan says, in order: 0 V and a speed before every move."""
    said: list[Message] = [Message("speed", {"speed_m_per_s": speed_m_per_s})]
    for target in plan.targets:
        said += _visit(target)
    return (*said, Message("bias", {"bias_v": 0.0}))


def _visit(target: Target) -> list[Message]:
    if target.xy_m is None:
        raise ValueError(f"target {target.uid}: expected a place in metres, found none")
    place = {"x_m": target.xy_m[0], "y_m": target.xy_m[1]}
    if target.action == "mark":
        return [Message("mark", place, target.uid)]
    rest = Message("bias", {"bias_v": 0.0}, target.uid)
    if target.action == "zoom":
        frame = {**place, "size_m": target.settings["size_m"], "angle_rad": 0.0}
        return [rest, Message("zoom", {**frame, **_only(target, "angle_rad")}, target.uid)]
    settings = {**SPECTRUM_DEFAULTS, **_only(target, *SPECTRUM_DEFAULTS)}
    return [
        rest,
        Message("move", place, target.uid),
        Message("spectrum", settings, target.uid),
        rest,
    ]


def _only(target: Target, *names: str) -> dict[str, float]:
    return {name: target.settings[name] for name in names if name in target.settings}
