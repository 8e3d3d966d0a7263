"""`bench day-window`: the whole day of `bench day` in a real window.

The same story at the twin, 60 times as fast as a real instrument, watched by the explorer: rows
as they come, each scan with its overlays, targets, loops, the policy's plans. Counted besides the
figures of the day: how long the window did not respond, and how many layers there are at the end.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.outcome import Bar, BenchReport, Value
from benchmarks.reliability.day import BARS, MOST_S, QUICK_SCANS, SCANS, DayMemory, figures

if TYPE_CHECKING:
    from benchmarks.reliability.scenario import Scenario

MOST_LAYERS = 12
_END_S = 60.0
_FIRST_SCANS = 2  # whose gaps are told apart: what happens for the first time takes longer
_PICTURES = 6


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Run a day of 100 scans; of 10 with `quick`. A folder as `scan` keeps day and picture."""
    with tempfile.TemporaryDirectory() as folder:
        values = _day(Path(folder) if scan is None else scan, QUICK_SCANS if quick else SCANS)
    bars = (
        *BARS,
        Bar("layers", "<=", MOST_LAYERS),
        Bar("longest_gap_ms", "<=", 100.0),
    )
    note = (
        "a gap counts from one beat of a 5 ms timer to the next, and other programs lengthen it;"
        " gap_served is without the time in which every core was taken, gap_cpu what the window's"
        " own thread computed in one; first_scans are those until the second scan was understood"
    )
    return BenchReport("day-window", values, bars, (note,))


def _day(folder: Path, scans: int) -> dict[str, Value]:
    from benchmarks.heartbeat import Heartbeat
    from benchmarks.reliability.scenario import scenario
    from benchmarks.scripted_window import open_session
    from corescout.gui.jobs.live_watch import LiveWatch

    made, memory = scenario(folder / "day", scans), DayMemory([])
    shots = []
    made.runner.signals.scan_done.connect(memory.note)
    with open_session(None, size=(1400, 900)) as session:
        step = session.explorer.instrument_step
        for name in ("scan", "key_points", "explore"):
            session.explorer.steps[name].set_expanded(False)
        step.set_expanded(True)
        step.panel.live_fold.toggle.setChecked(True)
        began = time.monotonic()
        step.show_watch(LiveWatch(made.runner))
        with Heartbeat() as first:  # layers are added, modules loaded, the first scan explored
            session.pump(MOST_S, until=_come(made, _FIRST_SCANS))
        with Heartbeat() as heartbeat:
            for number in range(1, _PICTURES + 1):
                session.pump(MOST_S, until=_come(made, number * scans // (_PICTURES + 1)))
                shots.append(session.grab())
            session.pump(MOST_S, until=lambda: not made.runner.running)
        seconds, ended = time.monotonic() - began, not made.runner.running
        session.pump(2.0)
        session.screenshot(folder / "day.png")
        layers = len(session.viewer.layers)
        step.live.stop()
        session.pump(_END_S, until=lambda: step.live.watch is None)
    for number, shot in enumerate(shots):
        shot.save(str(folder / f"day-{number}.png"))
    made.day.close()
    values: dict[str, Value] = {"seconds": round(seconds, 1), "ended": ended}
    values |= figures(made)
    values |= {
        "memory_growth_mib": round(memory.growth_mib, 1),
        "memory_mib": round(max(memory.mib, default=0.0), 1),
        "longest_gap_ms": round(heartbeat.longest_ms, 1),
        "longest_gap_served_ms": round(heartbeat.longest_served_ms, 1),
        "longest_gap_cpu_ms": round(heartbeat.longest_cpu_ms, 1),
        "gaps_over_100_ms": heartbeat.long_ones,
        "first_scans_gap_ms": round(first.longest_ms, 1),
        "first_scans_gap_cpu_ms": round(first.longest_cpu_ms, 1),
        "layers": layers,
    }
    return values


def _come(made: Scenario, scans: int) -> Callable[[], bool]:
    """Whether so many scans have their outcome, or the day is over."""
    runner = made.runner
    return lambda: len(runner.snapshot.records) >= scans or not runner.running
