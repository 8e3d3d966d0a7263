"""How long the window does not respond during an exploration: the longest gap of the event loop."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.outcome import Bar, BenchReport

_LIMIT_S = 600


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Explore in a real viewer (a display or Xvfb is needed) and measure the event loop.

    Parameters
    ----------
    scan : path, optional
        A generated surface if None.
    quick : bool
        Two windows instead of the preset's.
    """
    from benchmarks.scripted_window import open_session
    from benchmarks.speed.gui_large import STAGES, run_large
    from benchmarks.speed.gui_points import run_points

    with open_session(scan, windows_px=(9, 13) if quick else None) as session:
        idle_ms = session.beat(2.0)
        started = time.monotonic()
        beats = session.explore(_LIMIT_S)
        run_s = time.monotonic() - started
        session.explorer.start()
        session.pump(2.0)
        asked = time.monotonic()
        session.explorer.stop()
        session.pump(20.0, until=lambda: not session.explorer.running)
        stop_s = time.monotonic() - asked
    return BenchReport(
        name="gui",
        values={
            "longest_gap_ms": round(beats.longest_ms, 1),
            "longest_gap_served_ms": round(beats.longest_served_ms, 1),
            "longest_gap_cpu_ms": round(beats.longest_cpu_ms, 1),
            "longest_gap_idle_ms": round(idle_ms, 1),
            "run_s": round(run_s, 1),
            "stop_s": round(stop_s, 2),
            **run_points(),
            **({} if quick else run_large()),
        },
        bars=(
            Bar("longest_gap_ms", "<=", 100.0),
            Bar("stop_s", "<=", 1.0),
            Bar("select_1000_of_50000_s", "<=", 0.3),
            Bar("recolor_50000_s", "<=", 0.5),
            *(Bar(f"{s}_window_cpu_ms", "<=", 100.0) for s in (() if quick else STAGES)),
        ),
        notes=(
            "the gap counts from one beat of a 5 ms timer to the next, results shown included;"
            " served: without the time in which every core was taken; of a large scan: window:"
            " without drawing the canvas; rasterizer: threads of a renderer in software",
        ),
    )
