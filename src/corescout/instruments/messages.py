"""The few things that are ever said to an instrument, in SI units, whatever its own language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from corescout.data import Target
from corescout.data.target import SPECTRUM_DEFAULTS
from corescout.instruments.visit_plan import VisitPlan

MessageKind = Literal["bias", "speed", "move", "mark", "spectrum", "zoom"]

# kind -> the values that it must have, and no others
VALUES: dict[str, frozenset[str]] = {
    "bias": frozenset({"bias_v"}),
    "speed": frozenset({"speed_m_per_s"}),
    "move": frozenset({"x_m", "y_m"}),
    "mark": frozenset({"x_m", "y_m"}),
    "spectrum": frozenset({"bias_start_v", "bias_end_v", "n_points", "seconds"}),
    "zoom": frozenset({"x_m", "y_m", "size_m", "angle_rad", "speed_m_per_s"}),
}
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

    kind: MessageKind
    values: Mapping[str, float] = field(default_factory=dict)
    target_uid: str | None = None


def messages_of(
    plan: VisitPlan, speed_m_per_s: float, scan_speed_m_per_s: float | None = None
) -> tuple[Message, ...]:
    """Return all that a plan says, in order: 0 V and a speed before every move.

    Frames are scanned at `scan_speed_m_per_s`, the speed of moves if not said.

    Where a plan looks at what was written, a frame around the target goes before the move to it and
    another one after its spectrum.

    A plan with a drift check scans its small frame again after every few targets, and before the
    first where it says so; these messages serve no target.
    """
    scan_speed = scan_speed_m_per_s or speed_m_per_s
    said: list[Message] = [Message("speed", {"speed_m_per_s": speed_m_per_s})]
    check = plan.drift_check
    if check is not None and check.first_size_m > 0:
        said += _look(check.first_center_m, check.first_size_m, scan_speed)
    for number, target in enumerate(plan.targets, start=1):
        look = _around(plan, target, scan_speed)
        said += [*look, *_visit(target, scan_speed), *look]
        if check is not None and check.every and number % check.every == 0:
            said += _look(check.center_m, check.size_m, scan_speed)
    return (*said, Message("bias", {"bias_v": 0.0}))


def _look(center_m: tuple[float, float], size_m: float, speed_m_per_s: float) -> list[Message]:
    x, y = center_m
    frame = {
        "x_m": x, "y_m": y, "size_m": size_m, "angle_rad": 0.0,
        "speed_m_per_s": speed_m_per_s,
    }  # fmt: skip
    return [Message("bias", {"bias_v": 0.0}), Message("zoom", frame)]


def _around(plan: VisitPlan, target: Target, speed_m_per_s: float) -> list[Message]:
    """The frame at 0 V around a target of a spectrum; nothing where none is asked for.

    At the edge of the scan it stays inside: where the scan was, the tip may go.
    """
    size_m = plan.written_size_m
    if size_m <= 0 or target.action != "spectrum" or target.xy_m is None:
        return []
    frame = plan.frame
    half_m = size_m / 2 * (math.sqrt(2) if frame.angle_rad else 1)
    most_yx = np.asarray(frame.shape_px) / 2 - half_m / np.asarray(frame.pitch_m[::-1])
    middle_yx = (np.asarray(frame.shape_px) - 1) / 2
    off_yx = np.clip(frame.to_px(target.xy_m) - middle_yx, -most_yx.clip(0), most_yx.clip(0))
    x_m, y_m = (float(v) for v in frame.to_m(middle_yx + off_yx))
    found = _look((x_m, y_m), size_m, speed_m_per_s)
    return [replace(message, target_uid=target.uid) for message in found]


def _visit(target: Target, scan_speed_m_per_s: float) -> list[Message]:
    if target.xy_m is None:
        raise ValueError(f"target {target.uid}: expected a place in metres, found none")
    place = {"x_m": target.xy_m[0], "y_m": target.xy_m[1]}
    if target.action == "mark":
        return [Message("mark", place, target.uid)]
    rest = Message("bias", {"bias_v": 0.0}, target.uid)
    if target.action == "zoom":
        frame = {
            **place, "size_m": target.settings["size_m"], "angle_rad": 0.0,
            "speed_m_per_s": scan_speed_m_per_s,
        }  # fmt: skip
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


def in_words(message: Message) -> str:
    """Say a message as a person reads it: "move to X 120.0 nm, Y -35.0 nm"."""
    v = message.values
    place = f"X {v['x_m'] * 1e9:.1f} nm, Y {v['y_m'] * 1e9:.1f} nm" if "x_m" in v else ""
    if message.kind == "bias":
        return f"bias {v['bias_v']:g} V"
    if message.kind == "speed":
        return f"speed {v['speed_m_per_s'] * 1e6:g} µm/s"
    if message.kind == "spectrum":
        return (
            f"spectrum {v['bias_start_v']:g} to {v['bias_end_v']:g} V, {v['n_points']:g} points,"
            f" {v['seconds']:g} s"
        )
    if message.kind == "zoom":
        speed = f" at {v['speed_m_per_s'] * 1e6:g} µm/s" if "speed_m_per_s" in v else ""
        return f"scan {v['size_m'] * 1e9:.0f} nm around {place}{speed}"
    return f"{message.kind} {'to' if message.kind == 'move' else 'at'} {place}"
