"""One stop of one run on the foreign controller, judged by where its tip really was.

What is judged is the controller's own record of tip and bias, and what was told of the stop; no
reading of the product is trusted.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.foreign import controller
from corescout.data import Scan, ScanFrame, Target
from corescout.data.errors import CorescoutError
from corescout.instruments import Journal, Limits, Session, plan_visits
from corescout.instruments.nanonis import NanonisInstrument

SPEED_M_PER_S = 2e-6
WATCHED_S = 1.2  # after the stop, beyond the half second in which the tip must rest
LATEST_S = 3.0  # of a stop after the run began
AT_WORK_SHARE = 0.7  # of the stops while something runs; the others come at any moment
CONFIRMED_S = 5.0  # for which a confirmation is waited for
REST_S, ZERO_V = 0.5, 10e-3
LIMITS = Limits(
    x_m=(-3e-6, 3e-6), y_m=(-3e-6, 3e-6), largest_step_m=6e-6, largest_speed_m_per_s=SPEED_M_PER_S,
    largest_bias_v=6.0, longest_spectrum_s=5.0, most_targets=20, readback_tolerance_m=50e-9,
    rotation_verified=False, emergency="halt_and_zero_bias",
)  # fmt: skip


@dataclass(frozen=True)
class StopTrial:
    """What is tried: how slow the answers are, which ports die in which way, what runs."""

    seed: int
    latency_s: tuple[float, float] = (0.001, 0.1)
    dead_ports: tuple[int, ...] = ()
    kind: str = "alive"
    restores_start_bias: bool = False

    @property
    def healthy(self) -> bool:
        """Whether every connection answers."""
        return not self.dead_ports

    @property
    def cut_off(self) -> bool:
        """Whether no connection works."""
        return len(self.dead_ports) == 4


@dataclass
class StopOutcome:
    """What became of a stop; times in seconds after it was asked for."""

    trial: StopTrial
    state: str  # of the session as the stop was asked for
    under_way: str  # move, spectrum, scan or nothing
    returned_s: float
    rest_s: float
    moved_after: bool
    biased_after: bool
    told: list[tuple[float, str, str]] = field(default_factory=list)  # when, state, words

    @property
    def confirmed(self) -> bool:
        """Whether it was told at last that the tip rests."""
        return any(state == "confirmed" for _, state, _ in self.told)

    @property
    def confirmed_s(self) -> float:
        """When it was told that the tip rests."""
        return min((s for s, state, _ in self.told if state == "confirmed"), default=float("inf"))

    @property
    def first_said_s(self) -> float:
        """When it was first told whether the tip rests."""
        return min((s for s, state, _ in self.told if state != "sent"), default=float("inf"))

    @property
    def wrongly_confirmed(self) -> bool:
        """Whether it was told that the tip rests at 0 V before it did, or although it never did."""
        if not self.confirmed:
            return False
        return self.rest_s > self.confirmed_s or self.moved_after or self.biased_after


def stop_once(trial: StopTrial) -> StopOutcome:
    """Connect, run a plan, stop it at a random moment, and watch what the tip does."""
    rng = random.Random(trial.seed)
    settings = {
        "latency_s": trial.latency_s, "speed_m_s": SPEED_M_PER_S, "seed": trial.seed,
        "bias_v": 0.0, "integration_s": 0.03, "scan_speed_m_s": 1e-6, "lines": 24, "pixels": 32,
        "restores_start_bias": trial.restores_start_bias,
    }  # fmt: skip
    with controller(**settings) as foreign, tempfile.TemporaryDirectory() as folder:
        instrument = NanonisInstrument("127.0.0.1", ports=foreign.ports)
        instrument.connect()
        told: list[tuple[float, str, str]] = []
        journal = Journal(Path(folder) / "journal.jsonl", synced=False)
        session = Session(_listening(instrument, told), LIMITS, journal)
        plan = plan_visits(_image(), _targets(rng))
        session.preview(plan)
        session.approve(plan.digest, by="bench")
        worker = threading.Thread(target=_quietly, args=(lambda: list(session.run(plan)),))
        worker.start()
        time.sleep(rng.uniform(0.0, LATEST_S))
        if rng.random() < AT_WORK_SHARE:  # between two motions much is read back
            _wait_until_something_runs(foreign)
            time.sleep(rng.uniform(0.0, 0.4))
        try:
            return _stop(trial, foreign, session, told)
        finally:
            for port in range(4):
                foreign.kill_port(port, "alive")
            _quietly(instrument.close)
            foreign.__exit__()
            worker.join(20)
            _quietly(session.close)
            journal.close()


def _stop(
    trial: StopTrial, foreign: Any, session: Session, told: list[tuple[float, str, str]]
) -> StopOutcome:
    for port in trial.dead_ports:
        foreign.kill_port(port, trial.kind)
    state, under_way = session.state, _under_way(foreign)
    began_s = time.monotonic()
    with suppress(CorescoutError):
        session.stop("bench")
    returned_s = time.monotonic() - began_s
    time.sleep(max(0.0, REST_S + WATCHED_S - returned_s))
    while not any(state == "confirmed" for _, state, _ in told) and (
        time.monotonic() - began_s < CONFIRMED_S
    ):
        time.sleep(0.05)
    microscope, clock = foreign.microscope, foreign.clock
    with microscope.lock:
        now = microscope.settle()
        stopped = clock.of_wall(began_s)
        rest_s = _last_motion(microscope, stopped, now) - stopped
        biased = abs(microscope.bias.at(now)[0]) > ZERO_V or microscope.spectroscopy.running(now)
    said = [(when - began_s, report, words) for when, report, words in told]
    return StopOutcome(trial, state, under_way, returned_s, rest_s, rest_s > REST_S, biased, said)


def _wait_until_something_runs(foreign: Any) -> None:
    end_s = time.monotonic() + 10.0
    while _under_way(foreign) == "nothing" and time.monotonic() < end_s:
        time.sleep(0.01)


def _last_motion(microscope: Any, since: float, now: float) -> float:
    """When the tip moved last, or will still move: what has not ended by now never rests."""
    if microscope.xy.ends_at > now or microscope.spectroscopy.running(now):
        return float("inf")
    return float(microscope.xy.last_change(since, now))


def _under_way(foreign: Any) -> str:
    state = foreign.microscope.snapshot()
    if state["spectrum"] or state["pattern"]:
        return "spectrum"
    if state["scan"]:
        return "scan"
    return "move" if state["moving"] else "nothing"


def _listening(instrument: Any, told: list[tuple[float, str, str]]) -> Any:
    """Note every report of a stop with its time."""
    stop = instrument.stop

    def note(report: Any) -> None:
        told.append((time.monotonic(), report.state, str(report)))

    def noting(reason: str, emergency: str, told: Callable[[Any], None] | None = None) -> Any:
        def both(report: Any) -> None:
            note(report)
            if told is not None:
                told(report)

        report = stop(reason, emergency, both)
        note(report)
        return report

    instrument.stop = noting
    return instrument


def _image() -> Scan:
    frame = ScanFrame((8, 8), (1e-7, 1e-7))
    return Scan(uid="s", channels={"a": np.zeros((8, 8), np.float32)}, frame=frame)


def _targets(rng: random.Random) -> list[Target]:
    """Spectra and frames at far places; the first is near in one of three, to be reached soon."""
    targets, reach = [], rng.choice((0.1e-6, 1.5e-6, 1.5e-6))
    for number in range(6):
        place = (rng.uniform(-reach, reach), rng.uniform(-reach, reach))
        action: Any = rng.choices(("spectrum", "zoom"), (3, 1))[0]
        zoom = {"size_m": 0.4e-6} if action == "zoom" else {}
        targets.append(Target(f"t{number}", "s", (0.0, 0.0), place, 1, number, action, zoom))
        reach = 1.5e-6
    return targets


def _quietly(work: Callable[[], object]) -> None:
    with suppress(CorescoutError, OSError):
        work()
