"""A whole day at the twin, told in advance; the same story runs headless and in a window.

Drift, a moved frame, a zoom, a bad scan, a lost connection, scans in a rush, a tip that wears.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from corescout.data import Scan, ScanFrame
from corescout.data.errors import CorescoutError
from corescout.instruments import InstrumentError, Session
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import Arrival
from corescout.live.policy import Policy
from corescout.live.reading.analyst import Analyst
from corescout.live.settings import LiveSettings
from corescout.plan import Plan, TargetPlan, TrainingPlan
from corescout.surfaces import generate_surface

DRIFT_M_PER_S = (0.02e-9, 0.01e-9)  # 2.9 nm per scan of 256 lines
SPEED = 60.0
SURFACE_PX, FRAME_PX = 384, 256
WORN_PX = 2.5  # blur of the tip at its worst, beyond that of the surface
BAD_NOISE = 20.0
LONGEST_WAIT_S = 240.0  # for an exploration or a plan

What = Literal["same", "moved", "zoom", "bad", "lost", "rush", "worn"]


@dataclass(frozen=True)
class ScenarioStep:
    """One scan of the story."""

    what: What
    tip_px: float = 0.0


def story(scans: int) -> tuple[ScenarioStep, ...]:
    """Return the steps of a day of so many scans; each thing happens at least once from 8 on."""
    steps = [ScenarioStep("same")] * scans
    for what, at, share in (
        ("moved", 0.15, 0.1),
        ("zoom", 0.3, 0.05),
        ("bad", 0.42, 0.0),
        ("lost", 0.52, 0.0),
        ("rush", 0.62, 0.06),
    ):
        first = round(at * scans)
        for number in range(first, min(scans, first + max(1, round(share * scans)))):
            steps[number] = ScenarioStep(what)  # type: ignore[arg-type]
    first = round(0.75 * scans)
    worn = max(1, round(0.15 * scans))
    for i in range(worn):
        if first + i < scans:
            steps[first + i] = ScenarioStep("worn", WORN_PX * (i + 1) / worn)
    return tuple(steps)


@dataclass
class ScriptedTwin:
    """A source that scans the twin as the story goes.

    Attributes
    ----------
    whole : list of Scan
        All scans that were taken to their end; each must have its outcome.
    at_s : dict
        Time of the instrument at the start of each, by uid.
    steps : dict
        ScenarioStep of each, by uid.
    """

    twin: DigitalTwin
    steps: tuple[ScenarioStep, ...]
    frame_px: int = FRAME_PX
    runner: Runner | None = None
    whole: list[Scan] = field(default_factory=list)
    at_s: dict[str, float] = field(default_factory=dict)
    told: dict[str, ScenarioStep] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._next = 0
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """Of the source."""
        return "the digital twin, a day told in advance"

    def arrivals(self) -> Iterator[Arrival]:
        """Scan step by step; a lost connection is opened again by whoever watches."""
        self.twin.fault = None
        self.twin.connect()
        while self._next < len(self.steps) and not self._stopped.is_set():
            step, number = self.steps[self._next], self._next
            self._next += 1
            self._wait_for_the_instrument(number)
            if self._stopped.is_set():
                return
            lock = self.runner.instrument_lock if self.runner is not None else None
            whole = None
            with lock or nullcontext():
                for scan in self._scan(step, number):
                    if scan.rows_done is None:
                        whole = scan  # told when the instrument is free again
                    else:
                        yield scan
            if whole is not None:
                yield whole

    def stop(self) -> None:
        """End after the lines that are being scanned."""
        self._stopped.set()
        self.twin.close()

    # -- inner ----------------------------------------------------------------------------

    def _scan(self, step: ScenarioStep, number: int) -> Iterator[Scan]:
        sample = self.twin.sample
        sample.tip_px = step.tip_px
        quiet = sample.noise
        sample.noise = BAD_NOISE if step.what == "bad" else quiet
        speed, self.twin.speed = self.twin.speed, self.twin.speed
        if step.what == "rush":
            self.twin.speed = 100 * speed
        began = self.twin.seconds()
        try:
            for scan in self.twin.scans(self._frame(step)):
                done = scan.rows_done
                if step.what == "lost" and done is not None and done >= scan.shape_px[0] // 2:
                    raise InstrumentError("the cable was pulled")
                named = replace(scan, uid=f"scan-{number + 1:03d}-{step.what}")
                if done is None:
                    self.whole.append(named)
                    self.at_s[named.uid], self.told[named.uid] = began, step
                yield named
        finally:
            self.twin.speed, sample.noise = speed, quiet

    def _frame(self, step: ScenarioStep) -> ScanFrame:
        """Where the step scans: the middle, beside it, or a part of it at twice the pixels."""
        pitch = self.twin.sample.frame.pitch_m[0]
        shape = (self.frame_px, self.frame_px)
        side = self.frame_px * pitch
        if step.what == "moved":
            return ScanFrame(shape, (pitch, pitch), (0.2 * side, -0.2 * side))
        if step.what == "zoom":
            return ScanFrame(shape, (pitch / 2, pitch / 2), (0.1 * side, 0.15 * side))
        return ScanFrame(shape, (pitch, pitch))

    def _wait_for_the_instrument(self, number: int) -> None:
        """Plans have the instrument for themselves; some scans wait until the one before is told.

        These are the second, which waits for the exploration, and the one after a bad scan, which
        would supersede it on a slow machine.
        """
        runner, waited = self.runner, 0.0
        awaits_outcome = number == 1 or (number > 1 and self.steps[number - 1].what == "bad")
        while runner is not None and waited < LONGEST_WAIT_S:
            told = self._has_outcome(runner) if awaits_outcome else True
            if told and not runner.measuring_or_due:
                return
            waited += 0.05
            if self._stopped.wait(0.05):
                return

    def _has_outcome(self, runner: Runner) -> bool:
        """Whether all scans that were taken to their end have an outcome."""
        decided = {record.uid for record in runner.snapshot.records}
        return runner.idle and decided.issuperset(scan.uid for scan in self.whole)


@dataclass
class Scenario:
    """Everything that a day needs."""

    twin: DigitalTwin
    source: ScriptedTwin
    day: Day
    session: Session
    runner: Runner
    policy: Policy

    def start(self) -> None:
        """Begin the day; its operator looks at what is held and releases it."""
        self.runner.start()
        threading.Thread(target=self._look, name="corescout-operator", daemon=True).start()

    def _look(self) -> None:
        while self.runner.running:
            if self.session.state == "HOLD":
                with suppress(CorescoutError):
                    self.runner.release("the operator of the story")
            self.runner.wait(0.2)


def scenario(
    folder: Path,
    scans: int = 100,
    *,
    speed: float = SPEED,
    plan: Plan | None = None,
    seed: int = 0,
    surface_px: int = SURFACE_PX,
    frame_px: int = FRAME_PX,
    drift_m_per_s: tuple[float, float] = DRIFT_M_PER_S,
) -> Scenario:
    """Set a day up: `start` begins it, `runner.wait` is its end.

    Parameters
    ----------
    folder : Path
        Of the day.
    scans : int
    speed : float
        Of the twin.
    plan : Plan, optional
        Of explorations; one of some seconds if not said.
    surface_px, frame_px : int
        Sides of the sample and of a scan.
    drift_m_per_s : tuple of float
        Of the sample, in the twin's seconds: a fast twin drifts fast while a plan is made.
    """
    surface = generate_surface((surface_px, surface_px), seed=seed)
    twin = DigitalTwin(surface, speed, drift_m_per_s, seed=seed)
    source = ScriptedTwin(twin, story(scans), frame_px)
    day = Day(folder)
    session = Session(twin, limits_of(twin), day.journal)
    policy = Policy("the operator of the story", most_plans=max(2, scans // 10), most_targets=400)
    analyst = Analyst(plan or quick_plan(seed))
    settings = LiveSettings(report_every=25)
    runner = Runner(source, day, analyst, session, twin, policy, settings)
    source.runner = runner
    return Scenario(twin, source, day, session, runner, policy)


def quick_plan(seed: int = 0) -> Plan:
    """An exploration of some seconds, with the test of its evidence."""
    plan = Plan.preset(
        "live",
        seed=seed,
        windows_px=(9, 13),
        invariances=("rt",),
        targets=TargetPlan(per_type=2, spacing_px=15),
        training=TrainingPlan(
            epochs=40, max_steps=400, batch_size=64, learning_rate=1e-2, collapse_variance=0.1
        ),
    )
    decision = plan.decision.model_copy(update={"seeds": 1, "null_surrogates": 19})
    return plan.model_copy(update={"decision": decision})
