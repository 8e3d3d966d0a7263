"""`bench limits`: 10,000 generated plans, run where they can be approved, and stops in every state.

Nothing outside the limits may get on the wire, whatever the backend: all plans on an instrument
that keeps what it is told, every twentieth on the twin and on Nanonis as well, where the commands
are taken from the TCP connection. What was sent is held against the bounds themselves, not against
the code that checks them. Then stops from another thread, on a twin in real time.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.outcome import Bar, BenchReport
from benchmarks.reliability.limits_plans import IMAGE, LIMITS, Recorder, outside, target_lists
from benchmarks.reliability.limits_stop import stops
from corescout.data import InputError, StoppedError, Target
from corescout.data.errors import CorescoutError
from corescout.instruments import Journal, Message, Session, SessionError, plan_visits
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface

PLANS, QUICK_PLANS = 10_000, 100
REAL_EVERY = 20
_SPEED = 1e5  # of the twin: what is looked at is what it is told


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Preview, approve and run generated plans; then stop runs at any moment."""
    count = QUICK_PLANS if quick else PLANS
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, _Real() as real:
        for number, targets in enumerate(_generated(count)):
            recorder = Recorder()
            _one(recorder, recorder.log, targets, Path(folder) / f"{number}.jsonl", found)
            if number % REAL_EVERY == 0:
                real.run(targets, Path(folder), number, found)
    stopped = stops(2 if quick else 40)
    values: dict[str, Any] = {
        "plans": found["plans"], "armed": found["armed"], "refused": found["refused"],
        "on_twin_and_nanonis": real.count, "messages": found["messages"],
        "outside": found["outside"], "changed_approvals_taken": found["taken"], **stopped,
    }  # fmt: skip
    bars = (
        Bar("plans", ">=", count),
        Bar("outside", "<=", 0),
        Bar("changed_approvals_taken", "<=", 0),
        Bar("armed", ">=", count / 20),
        Bar("refused", ">=", count / 20),
        Bar("longest_stop_s", "<=", 0.5),
        Bar("sent_after_stop", "<=", 0),
    )
    return BenchReport("limits", values, bars)


def _generated(count: int) -> list[list[Target]]:
    """Lists of targets from hypothesis, the same each time."""
    try:
        from hypothesis import HealthCheck, given, settings
    except ImportError as error:
        raise InputError(
            "hypothesis, which generates the plans", "not installed", "pip install hypothesis"
        ) from error
    made: list[list[Target]] = []

    @settings(
        max_examples=count, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(target_lists())
    def collect(targets: list[Target]) -> None:
        made.append(targets)

    collect()
    return made[:count]


def _one(
    instrument: Any, wire: Sequence[Message], targets: list[Target], path: Path, found: Counter[str]
) -> None:
    """One plan from preview to its end on one instrument."""
    journal = Journal(path, synced=False)
    session = Session(instrument, LIMITS, journal)
    start_m, before = instrument.status().at_m, len(wire)
    found["plans"] += isinstance(instrument, Recorder)
    try:
        plan = plan_visits(IMAGE, targets)
    except InputError:  # a place that is no number
        found["refused"] += 1
        journal.close()
        return
    journal.write("plan")
    try:
        session.preview(plan)
        with suppress(SessionError):
            session.approve(plan.digest[:-1] + ("0" if plan.digest[-1] != "0" else "1"), "x")
            found["taken"] += 1
        session.approve(plan.digest, "bench")
        found["armed"] += 1
        with suppress(StoppedError):
            list(session.run(plan))
    except SessionError:
        found["refused"] += 1
    except CorescoutError:
        found["held"] += 1
    finally:
        session.close()
        journal.close()
    found["messages"] += len(wire) - before
    found["outside"] += outside(wire[before:], start_m)


class _Real:
    """The twin, and Nanonis in front of another one, with the commands of the connection."""

    def __init__(self) -> None:
        surface = generate_surface((64, 64), seed=0)
        self.twin = DigitalTwin(surface, speed=_SPEED, creep=0.0)
        self.server = NanonisServer(DigitalTwin(surface, speed=_SPEED, creep=0.0))
        self.nanonis = NanonisInstrument(ports=self.server.ports)
        self.heard: list[Message] = []
        self.count = 0

    def __enter__(self) -> _Real:
        self.server.start()
        commands: Any = self.server.commands
        commands.answer = _listening(commands.answer, self.heard)
        return self

    def __exit__(self, *exception: object) -> None:
        self.nanonis.close()
        self.server.close()
        self.twin.close()

    def run(self, targets: list[Target], folder: Path, number: int, found: Counter[str]) -> None:
        """Run one plan on both."""
        self.count += 1
        self.twin.connect()
        _one(self.twin, self.twin.log, targets, folder / f"{number}-twin.jsonl", found)
        self.nanonis.connect()
        _one(self.nanonis, self.heard, targets, folder / f"{number}-nanonis.jsonl", found)


def _listening(
    answer: Callable[[str, bytes], bytes], heard: list[Message]
) -> Callable[[str, bytes], bytes]:
    """Decode what comes over the connection, before it is carried out."""
    from corescout.instruments.nanonis import codec

    def hear(name: str, body: bytes) -> bytes:
        if name in _HEARD:
            heard.append(
                _HEARD[name](*codec.decode(codec.COMMANDS[name].arguments, codec.Body(body)))
            )
        return answer(name, body)

    return hear


_HEARD: dict[str, Callable[..., Message]] = {
    "FolMe.XYPosSet": lambda x, y, wait: Message("move", {"x_m": x, "y_m": y}),
    "FolMe.SpeedSet": lambda speed, custom: Message("speed", {"speed_m_per_s": speed * (1 - 1e-6)}),
    "Bias.Set": lambda bias: Message("bias", {"bias_v": bias}),
    "BiasSpectr.LimitsSet": lambda start, end: Message(
        "spectrum", {"bias_start_v": start, "bias_end_v": end}
    ),
    "Marks.PointsDraw": lambda marks: Message(
        "mark", {"x_m": float(marks[0][0][0]), "y_m": float(marks[0][0][1])}
    ),
    "Scan.FrameSet": lambda x, y, width, height, angle: Message(
        "zoom", {"x_m": x, "y_m": y, "size_m": max(width, height), "angle_rad": angle}
    ),
}
