"""Random plans, and what may not be said, written down without the code that checks it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from corescout.data import Scan, ScanFrame, Target
from corescout.instruments import Capabilities, Limits, Message, Status, StopReport

BOX_M, STEP_M, BIAS_V, SECONDS, MOST = 2e-6, 3e-6, 6.0, 1.0, 6
SPEED_M_PER_S = 1e-6
LIMITS = Limits(
    x_m=(-BOX_M, BOX_M), y_m=(-BOX_M, BOX_M), largest_step_m=STEP_M,
    largest_speed_m_per_s=SPEED_M_PER_S, largest_bias_v=BIAS_V, longest_spectrum_s=SECONDS,
    most_targets=MOST, readback_tolerance_m=20e-9, rotation_verified=False, emergency="halt",
)  # fmt: skip
IMAGE = Scan(
    uid="s", channels={"a": np.zeros((8, 8), np.float32)}, frame=ScanFrame((8, 8), (1e-7, 1e-7))
)
_NO_NUMBERS: tuple[Any, ...] = (
    math.nan, math.inf, -math.inf, "1e-6", "", None, True, False, 10**400, -(10**400), 5e-324,
    np.float32(1e-6), np.float64(math.nan), np.int64(1), np.bool_(True), np.array([1e-6]),
    1j, Fraction(1, 3), Decimal("1e-6"), [1e-6], -0.0,
)  # fmt: skip


def random_targets(rng: random.Random) -> list[Target]:
    """Draw one to eight targets: half of the lists wholly inside, the others with wild values."""
    wild = rng.random() < 0.5
    count = rng.randint(1, 8 if wild else MOST)
    return [_target(rng, number, wild=wild) for number in range(count)]


def _target(rng: random.Random, number: int, *, wild: bool) -> Target:
    action: Any = rng.choices(("mark", "spectrum", "zoom"), (2, 5, 1))[0]
    place = tuple(_value(rng, BOX_M, wild=wild) for _ in "xy")
    settings: dict[str, Any] = {}
    if action == "zoom":
        settings["size_m"] = _positive(rng, BOX_M / 2, wild=wild)
        if wild and rng.random() < 0.2:
            settings["angle_rad"] = rng.choice((0.0, 0.3, math.pi, -1e-9, math.nan, "0"))
    if action == "spectrum":
        for name in ("bias_start_v", "bias_end_v"):
            if rng.random() < 0.6:
                settings[name] = _value(rng, BIAS_V, wild=wild)
        if rng.random() < 0.4:
            settings["seconds"] = _positive(rng, SECONDS, wild=wild)
        if rng.random() < 0.4:
            points = (1.0, 0.0, -3.0, 1e12, 2.5, math.nan) if wild else (32.0, 64.0, 128.0)
            settings["n_points"] = rng.choice(points)
    if wild and rng.random() < 0.05:
        settings.pop("size_m", None)
    if wild and rng.random() < 0.02:
        settings["bias_v"] = 5.0
    yx = (0.0, 0.0)
    return Target(f"t{number}", "s", yx, place, 1, number, action, settings)


def _value(rng: random.Random, bound: float, *, wild: bool) -> Any:
    if not wild or rng.random() < 0.9:
        return rng.uniform(-0.4 * bound, 0.4 * bound)
    edge = rng.choice((bound, -bound))
    beyond = math.nextafter(edge, math.copysign(math.inf, edge))
    within = math.nextafter(edge, 0.0)
    return rng.choice((edge, beyond, within, 1.001 * edge, 10 * edge, 0.0, *_NO_NUMBERS))


def _positive(rng: random.Random, bound: float, *, wild: bool) -> Any:
    value = _value(rng, bound, wild=wild)
    if isinstance(value, float) and math.isfinite(value):
        return max(abs(value), 0.0 if wild else 0.05 * bound)
    return value


def is_inside(targets: Sequence[Target], start_m: tuple[float, float], ac_v: float = 0.0) -> bool:
    """Whether a plan lies clearly inside every limit: then it must be carried out.

    Plain floats alone, a drive of `ac_v` on top of the bias, every corner of a frame within a step.
    """
    at = start_m
    for target in targets:
        x, y = target.xy_m or (math.nan, math.nan)
        settings: dict[str, Any] = {"bias_start_v": -5.0, "bias_end_v": 5.0, **target.settings}
        numbers = (x, y, *settings.values())
        if not all(type(v) is float and math.isfinite(v) for v in numbers):
            return False
        half = settings.get("size_m", 0.0) / 2
        corners = [(x + a * half, y + b * half) for a in (-1, 1) for b in (-1, 1)]
        if any(max(abs(c), abs(d)) > BOX_M for c, d in corners):
            return False
        if target.action != "mark":
            if max(math.dist(at, corner) for corner in corners) > 0.99 * STEP_M:
                return False
            at = (x, y)
        if not _settings_inside(target.action, settings, ac_v):
            return False
    return 1 <= len(targets) <= MOST


def _settings_inside(action: str, settings: dict[str, Any], ac_v: float) -> bool:
    known = {"bias_start_v", "bias_end_v"} | {
        "zoom": {"size_m"}, "spectrum": {"seconds", "n_points"}
    }.get(action, set())  # fmt: skip
    if set(settings) - known or settings.get("angle_rad", 0.0) != 0.0:
        return False
    if action == "zoom":
        return bool(1e-9 <= settings.get("size_m", 0.0) <= BOX_M)
    largest_v = max(abs(settings["bias_start_v"]), abs(settings["bias_end_v"])) + ac_v
    points = settings.get("n_points", 64.0)
    seconds = settings.get("seconds", 0.5)
    return bool(largest_v <= BIAS_V and 8 <= points <= 1024 and 1e-3 <= seconds <= SECONDS)


def expected(targets: Sequence[Target]) -> list[tuple[Any, ...]]:
    """What of a plan must be heard: places and biases in order, at the wire's float32."""
    said: list[tuple[Any, ...]] = []
    for target in targets:
        x, y = target.xy_m or (math.nan, math.nan)
        if target.action == "mark":
            said.append(("mark", np.float32(x), np.float32(y)))
        elif target.action == "zoom":
            size = np.float32(target.settings["size_m"])
            said.append(("zoom", np.float32(x), np.float32(y), size))
        else:
            biases = {"bias_start_v": -5.0, "bias_end_v": 5.0, **target.settings}
            said.append(("move", x, y))
            start, end = biases["bias_start_v"], biases["bias_end_v"]
            said.append(("spectrum", np.float32(start), np.float32(end)))
    return said


class Recorder:
    """An instrument that carries everything out at once and keeps what it was told."""

    capabilities = Capabilities(
        "recorder",
        "recorder",
        frozenset({"bias", "speed", "move", "mark", "spectrum", "zoom"}),
        can_stop=True,
        can_read_back=True,
    )

    def __init__(self) -> None:
        self.log: list[Message] = []
        self.at_m = (0.0, 0.0)

    def connect(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def status(self) -> Status:
        """Where the last move went."""
        return Status(self.at_m, 0.0, busy=False)

    def scans(self) -> Iterator[Scan]:
        """None."""
        return iter(())

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Its language is ours."""
        return tuple(map(str, messages))

    def finish(self) -> None:
        """Nothing to hand over."""

    def send(self, message: Message) -> None:
        """Keep a message."""
        self.log.append(message)
        if message.kind in ("move", "zoom"):
            self.at_m = (message.values["x_m"], message.values["y_m"])

    def release(self) -> None:
        """Nothing was stopped."""

    def stop(self, reason: str, emergency: str, told: object = None) -> StopReport:
        """Nothing moves."""
        return StopReport("confirmed")

    @property
    def heard(self) -> list[tuple[Any, ...]]:
        """What it was told, as `expected` says it."""
        said: list[tuple[Any, ...]] = []
        for message in self.log:
            v = message.values
            if message.kind == "move":
                said.append(("move", v["x_m"], v["y_m"]))
            elif message.kind == "mark":
                said.append(("mark", np.float32(v["x_m"]), np.float32(v["y_m"])))
            elif message.kind == "zoom":
                said.append(("zoom", *(np.float32(v[k]) for k in ("x_m", "y_m", "size_m"))))
            elif message.kind == "spectrum":
                biases = (v["bias_start_v"], v["bias_end_v"])
                said.append(("spectrum", *(np.float32(bias) for bias in biases)))
        return said


def outside(wire: Sequence[Message], start_m: tuple[float, float]) -> int:
    """Count the messages that break a bound; steps from where the tip was, to 1 nm."""
    return sum(map(_is_outside, wire)) + _long_steps(wire, start_m) + _biased(wire)


def _is_outside(message: Message) -> bool:
    v = message.values
    if not all(type(value) in (float, int) and math.isfinite(value) for value in v.values()):
        return True
    half = 0.5 * v.get("size_m", 0.0)
    places = [abs(v[name]) + half for name in ("x_m", "y_m") if name in v]
    biases = [abs(v[name]) for name in ("bias_v", "bias_start_v", "bias_end_v") if name in v]
    return (
        any(p > BOX_M * (1 + 1e-7) for p in places)  # float32 on Nanonis's wire
        or any(b > BIAS_V for b in biases)
        or v.get("seconds", 0.0) > SECONDS
        or not 2 <= v.get("n_points", 2.0) < 1e6
        or v.get("angle_rad", 0.0) != 0
        or v.get("speed_m_per_s", 0.0) > SPEED_M_PER_S
    )


def _long_steps(wire: Sequence[Message], start_m: tuple[float, float]) -> int:
    at, count = start_m, 0
    for message in wire:
        if message.kind in ("move", "zoom"):
            place = (message.values["x_m"], message.values["y_m"])
            count += math.dist(at, place) > STEP_M + 1e-9
            at = place
    return count


def _biased(wire: Sequence[Message]) -> int:
    """Moves and frames that were not told 0 V before them."""
    bias_v, count = math.nan, 0
    for message in wire:
        if message.kind == "bias":
            bias_v = message.values["bias_v"]
        count += message.kind in ("move", "zoom") and bias_v != 0
    return count
