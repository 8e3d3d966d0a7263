"""`bench limits`: 10,000 random plans, run where they can be approved.

Nothing outside the limits may get on the wire. What was sent is held against the bounds themselves,
not against the code that checks them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from corescout.bench.outcome import Bar, BenchReport
from corescout.data import Scan, ScanFrame, Target
from corescout.instruments import (
    Capabilities,
    Journal,
    Limits,
    Message,
    Session,
    SessionError,
    Status,
    plan_visits,
)

PLANS, QUICK_PLANS = 10_000, 500
BOX_M, STEP_M, BIAS_V, SECONDS = 2e-6, 3e-6, 6.0, 1.0
LIMITS = Limits(
    x_m=(-BOX_M, BOX_M), y_m=(-BOX_M, BOX_M), largest_step_m=STEP_M, largest_speed_m_per_s=1e-6,
    largest_bias_v=BIAS_V, longest_spectrum_s=SECONDS, most_targets=6, readback_tolerance_m=1e-8,
    rotation_verified=False, emergency="halt",
)  # fmt: skip


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
        self.wire: list[Message] = []
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
        self.wire.append(message)
        if message.kind == "move":
            self.at_m = (message.values["x_m"], message.values["y_m"])

    def stop(self, reason: str, emergency: str) -> None:
        """Nothing moves."""


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Preview, approve and run random plans."""
    rng = np.random.default_rng(0)
    count = QUICK_PLANS if quick else PLANS
    armed = refused = sent = outside = voided = 0
    image = Scan(
        uid="s", channels={"a": np.zeros((8, 8), np.float32)}, frame=ScanFrame((8, 8), (1e-7, 1e-7))
    )
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            journal = Journal(Path(folder) / f"{number}.jsonl", synced=False)
            recorder = Recorder()
            session = Session(recorder, LIMITS, journal)
            plan = plan_visits(image, _targets(rng))
            session.preview(plan)
            try:
                session.approve(plan.digest[:-1] + ("0" if plan.digest[-1] != "0" else "1"), "x")
            except SessionError:
                voided += 1
            try:
                session.approve(plan.digest, "bench")
            except SessionError:
                refused += 1
            else:
                armed += 1
                list(session.run(plan))
            sent += len(recorder.wire)
            outside += sum(map(_is_outside, recorder.wire)) + _long_steps(recorder.wire)
            session.close()
            journal.close()
    values = {
        "plans": count, "armed": armed, "refused": refused, "messages": sent,
        "outside": outside, "changed_approvals_taken": count - voided,
    }  # fmt: skip
    bars = (
        Bar("outside", "<=", 0),
        Bar("changed_approvals_taken", "<=", 0),
        Bar("armed", ">=", count / 20),
        Bar("refused", ">=", count / 20),
    )
    return BenchReport("limits", values, bars)


def _targets(rng: np.random.Generator) -> list[Target]:
    reach = rng.choice([0.8, 0.8, 1.2]) * BOX_M
    targets = []
    for i in range(int(rng.integers(1, 8))):
        x, y = rng.uniform(-reach, reach, 2)
        action = ("mark", "spectrum", "zoom")[int(rng.integers(3))]
        settings = {
            "bias_start_v": -rng.uniform(0, 1.1 * BIAS_V),
            "bias_end_v": rng.uniform(0, 1.1 * BIAS_V),
            "n_points": 32.0, "seconds": rng.uniform(0.1, 1.1 * SECONDS),
            "size_m": rng.uniform(0, 0.5 * BOX_M), "angle_rad": float(rng.choice([0, 0, 0, 0.3])),
        }  # fmt: skip
        targets.append(
            Target(f"t{i}", "s", (0.0, 0.0), (float(x), float(y)), 1, i, action, settings)  # type: ignore[arg-type]
        )
    return targets


def _is_outside(message: Message) -> bool:
    v = message.values
    half = 0.5 * v.get("size_m", 0.0)
    places = [abs(v[name]) + half for name in ("x_m", "y_m") if name in v]
    biases = [abs(v[name]) for name in ("bias_v", "bias_start_v", "bias_end_v") if name in v]
    return (
        any(p > BOX_M for p in places)
        or any(b > BIAS_V for b in biases)
        or v.get("seconds", 0.0) > SECONDS
        or v.get("angle_rad", 0.0) != 0
    )


def _long_steps(wire: list[Message]) -> int:
    at, count = (0.0, 0.0), 0
    for message in wire:
        if message.kind == "move":
            place = (message.values["x_m"], message.values["y_m"])
            count += math.dist(at, place) > STEP_M
            at = place
    return count
