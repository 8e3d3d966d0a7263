"""Random plans, and what may not be said, written down without the code that checks it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from corescout.data import Scan, ScanFrame, Target
from corescout.instruments import Capabilities, Limits, Message, Status

BOX_M, STEP_M, BIAS_V, SECONDS = 2e-6, 3e-6, 6.0, 1.0
LIMITS = Limits(
    x_m=(-BOX_M, BOX_M), y_m=(-BOX_M, BOX_M), largest_step_m=STEP_M, largest_speed_m_per_s=1e-6,
    largest_bias_v=BIAS_V, longest_spectrum_s=SECONDS, most_targets=6, readback_tolerance_m=20e-9,
    rotation_verified=False, emergency="halt",
)  # fmt: skip
IMAGE = Scan(
    uid="s", channels={"a": np.zeros((8, 8), np.float32)}, frame=ScanFrame((8, 8), (1e-7, 1e-7))
)
_SETTINGS = ("bias_start_v", "bias_end_v", "n_points", "seconds", "size_m", "angle_rad")


def target_lists() -> Any:
    """Return a hypothesis strategy of lists of targets: most allowed, some wild or at a bound."""
    from hypothesis import strategies as st

    def value(inside: float) -> Any:
        wild = st.sampled_from([inside, -inside, 1.001 * inside, 10 * inside, 0.0, math.nan])
        usual = st.floats(-0.4 * inside, 0.4 * inside)
        return st.integers(0, 30).flatmap(lambda k: wild if k == 7 else usual)

    settings = st.fixed_dictionaries(
        {"size_m": value(BOX_M).map(abs)},
        optional={
            "bias_start_v": value(BIAS_V), "bias_end_v": value(BIAS_V),
            "n_points": st.sampled_from([32.0, 32.0, 64.0, 1.0]),
            "seconds": value(SECONDS).map(abs), "angle_rad": st.sampled_from([0.0, 0.0, 0.0, 0.3]),
        },
    )  # fmt: skip
    action = st.sampled_from(["mark", "spectrum", "spectrum", "zoom"])
    one = st.tuples(value(BOX_M), value(BOX_M), action, settings)
    return st.lists(one, min_size=1, max_size=8).map(_targets)


def _targets(drawn: Sequence[Any]) -> list[Target]:
    return [
        Target(f"t{i}", "s", (0.0, 0.0), (x, y), 1, i, action, settings)
        for i, (x, y, action, settings) in enumerate(drawn)
    ]


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

    def stop(self, reason: str, emergency: str) -> None:
        """Nothing moves."""


def outside(wire: Sequence[Message], start_m: tuple[float, float]) -> int:
    """Count the messages that break a bound; steps from where the tip was, to 1 nm."""
    return sum(map(_is_outside, wire)) + _long_steps(wire, start_m)


def _is_outside(message: Message) -> bool:
    v = message.values
    half = 0.5 * v.get("size_m", 0.0)
    places = [abs(v[name]) + half for name in ("x_m", "y_m") if name in v]
    biases = [abs(v[name]) for name in ("bias_v", "bias_start_v", "bias_end_v") if name in v]
    return (
        not all(math.isfinite(value) for value in v.values())
        or any(p > BOX_M * (1 + 1e-7) for p in places)  # float32 on Nanonis's wire
        or any(b > BIAS_V for b in biases)
        or v.get("seconds", 0.0) > SECONDS
        or v.get("angle_rad", 0.0) != 0
        or v.get("speed_m_per_s", 0.0) > LIMITS.largest_speed_m_per_s
    )


def _long_steps(wire: Sequence[Message], start_m: tuple[float, float]) -> int:
    at, count = start_m, 0
    for message in wire:
        if message.kind in ("move", "zoom"):
            place = (message.values["x_m"], message.values["y_m"])
            long = message.kind == "move" and math.dist(at, place) > STEP_M + 1e-9
            count += long
            at = place
    return count
