"""Ten searches in one window: what each result that is kept costs beside the one that is shown."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import psutil

from benchmarks.outcome import Bar, BenchReport

_LIMIT_S = 1800
_SHORT = "training.epochs = 15; decision.finalists = 1; decision.null_surrogates = 2"


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Search again and again in a real viewer (a display or Xvfb is needed), by other seeds.

    Parameters
    ----------
    scan : path, optional
        A generated surface if None.
    quick : bool
        Three searches instead of ten.
    """
    from benchmarks.scripted_window import ScriptedWindow, open_session
    from corescout import folders

    def resident_mb() -> float:
        gc.collect()
        return float(psutil.Process().memory_info().rss) / 1e6

    def search(session: ScriptedWindow, seed: int) -> None:
        explorer, results = session.explorer, session.explorer.workspace.results
        explorer.workspace.parameters.get("explore", "random start").set(seed)
        explorer.workspace.parameters.get("explore", "options").set(_SHORT)
        explorer.start()
        session.pump(_LIMIT_S, until=lambda: not explorer.running)
        session.pump(_LIMIT_S, until=lambda: not any(
            e.held.in_memory for e in results if e.key != results.shown
        ))  # fmt: skip

    count, sizes = 3 if quick else 10, []
    with tempfile.TemporaryDirectory() as place:
        before, folders.sessions_folder = folders.sessions_folder, lambda: Path(place)
        try:
            with open_session(scan, windows_px=(9, 13), keep_session=True) as session:
                for seed in range(count):
                    search(session, seed)
                    sizes.append(resident_mb())
                kept = len(session.explorer.workspace.results)
        finally:
            folders.sessions_folder = before
    return BenchReport(
        name="results",
        values={
            "results": kept,
            "resident_mb": ", ".join(f"{size:.0f}" for size in sizes),
            "mb_per_kept_result": round((sizes[-1] - sizes[0]) / (kept - 1), 2),
        },
        bars=(Bar("mb_per_kept_result", "<=", 10.0),),
        notes=("what a first search loads is in its figure, and in none of the difference",),
    )
