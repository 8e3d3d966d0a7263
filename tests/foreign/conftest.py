"""The product's bridge and session against the foreign controller."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from corescout.data import Scan, ScanFrame, Target
from corescout.data.errors import CorescoutError
from corescout.instruments import Journal, Limits, Session, plan_visits
from corescout.instruments.nanonis import NanonisInstrument
from foreign.server import Controller

LIMITS = Limits(
    x_m=(-2e-6, 2e-6), y_m=(-2e-6, 2e-6), largest_step_m=3e-6, largest_speed_m_per_s=2e-6,
    largest_bias_v=5.0, longest_spectrum_s=2.0, most_targets=20, readback_tolerance_m=50e-9,
    rotation_verified=False, emergency="halt_and_zero_bias",
)  # fmt: skip
IMAGE = Scan(
    uid="s", channels={"a": np.zeros((8, 8), np.float32)}, frame=ScanFrame((8, 8), (1e-7, 1e-7))
)
MOTIONS = ("FolMe.XYPosSet", "BiasSpectr.Start", "Pattern.ExpStart")


def target(x_um: float, y_um: float, action: Any = "spectrum", **settings: float) -> Target:
    """A target at a place, with a bias of -4 to 4 V where it is a spectrum."""
    if action == "spectrum":
        settings = {"bias_start_v": -4.0, "bias_end_v": 4.0, **settings}
    place = (x_um * 1e-6, y_um * 1e-6)
    return Target(f"{x_um}/{y_um}", "s", (0.0, 0.0), place, 1, 1, action, settings)


@dataclass
class Bench:
    """A controller, the bridge to it and a session."""

    controller: Controller
    instrument: NanonisInstrument
    session: Session
    reports: list[tuple[float, Any]] = field(default_factory=list)  # of stops, when (monotonic)
    events: list[Any] = field(default_factory=list)
    error: Exception | None = None
    worker: threading.Thread | None = None
    limits: Limits = LIMITS

    def arm(self, *targets: Target, **options: Any) -> Any:
        """Preview and approve a plan; it must have no errors."""
        plan = plan_visits(IMAGE, targets, **options)
        check = self.session.preview(plan)
        assert not check.errors, check.errors
        self.session.approve(plan.digest, by="test")
        return plan

    def begin(self, *targets: Target, **options: Any) -> None:
        """Run a plan in a thread of its own."""
        self.start(self.arm(*targets, **options))

    def start(self, plan: Any) -> None:
        """Run a plan that is armed, in a thread of its own."""
        self.worker = threading.Thread(target=self._run, args=(plan,), daemon=True)
        self.worker.start()

    def run(self, *targets: Target, **options: Any) -> str:
        """Run a plan to its end; the last event, or the error in words."""
        self.begin(*targets, **options)
        return self.ended()

    def ended(self, seconds: float = 30.0) -> str:
        """Wait for the end of the run; "done", or why it was held."""
        assert self.worker is not None
        self.worker.join(seconds)
        assert not self.worker.is_alive(), "the run goes on"
        if self.error is not None:
            return str(self.error)
        last = self.events[-1]
        return "done" if last.what == "done" else last.reason

    def _run(self, plan: Any) -> None:
        try:
            self.events.extend(self.session.run(plan))
        except CorescoutError as error:
            self.error = error

    def until(self, ready: Callable[[], Any], seconds: float = 10.0) -> None:
        """Wait until something is so."""
        end_s = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end_s, (
                f"it never came about: {self.error or self.events[-1:]}"
            )
            time.sleep(0.01)

    def moving(self) -> bool:
        """Whether the tip moves now."""
        return not self.controller.microscope.at_rest()

    def stop(self) -> tuple[float, float]:
        """Stop, whatever it says; seconds until it returned, the controller's time of asking."""
        began_s, at = time.monotonic(), self.controller.clock.now()
        with suppress(CorescoutError):
            self.session.stop("test")
        return time.monotonic() - began_s, at

    def states(self) -> list[str]:
        """What was told of the stop, in order."""
        return [report.state for _, report in self.reports]

    def rested_after(self, asked: float, watched_s: float = 1.0) -> float:
        """Watch on; seconds from the asking until the tip moved or swept last."""
        time.sleep(watched_s)
        microscope = self.controller.microscope
        now = microscope.settle()
        assert not microscope.spectroscopy.running(now), "a spectrum goes on"
        assert now >= microscope.xy.ends_at, "the tip goes on"
        return float(microscope.xy.last_change(asked, now) - asked)


@pytest.fixture
def benches(tmp_path) -> Iterator[Callable[..., Bench]]:
    """Make a controller with settings, and a session on it."""
    with ExitStack() as stack:

        def make(
            limits: dict[str, Any] | None = None, bridge: dict[str, Any] | None = None,
            **settings: Any,
        ) -> Bench:  # fmt: skip
            settings = {"speed_m_s": 1e-6, "integration_s": 0.01, **settings}
            controller = stack.enter_context(Controller(**settings))
            instrument = NanonisInstrument(
                "127.0.0.1", ports=controller.ports, **{"timeout_s": 10.0, **(bridge or {})}
            )
            stack.callback(instrument.close)
            instrument.connect()
            number = len(list(tmp_path.iterdir()))
            journal = Journal(tmp_path / f"{number}.jsonl", synced=False)
            stack.callback(journal.close)
            bounds = replace(LIMITS, **limits) if limits else LIMITS
            session = Session(instrument, bounds, journal)
            stack.callback(_quietly, session.close)
            bench = Bench(controller, instrument, session, limits=bounds)
            _listen(bench)
            return bench

        yield make


@pytest.fixture
def bench(benches) -> Bench:
    """One with a controller that does what it is told."""
    return benches()


def _quietly(do: Callable[[], object]) -> None:
    with suppress(CorescoutError):
        do()


def _listen(bench: Bench) -> None:
    stop = bench.instrument.stop

    def listening(reason: str, emergency: str, told: Any = None) -> Any:
        def note(report: Any) -> None:
            bench.reports.append((time.monotonic(), report))
            if told is not None:
                told(report)

        report = stop(reason, emergency, note)
        bench.reports.append((time.monotonic(), report))
        return report

    bench.instrument.stop = listening  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def only_its_own_garbage():
    """A stop is timed here: collections pass over what other tests have left in the process."""
    gc.freeze()
    yield
    gc.unfreeze()
