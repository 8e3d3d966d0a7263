"""What runs off the GUI thread. The engine is imported there: that takes seconds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from corescout.data import Finding, Keypoints, Progress, Result, Scan
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.kept_search import KeptSearch
from corescout.plan import Plan


def start_exploration(
    scan: Scan,
    plan: Plan,
    keypoints: Keypoints | None,
    cores: int = 0,
    place: Callable[[], Path | None] = lambda: None,
) -> Job[Result]:
    """Explore on so many cores; 0 is all but one, which is left to the window.

    No number depends on it.

    Parameters
    ----------
    place : callable
        Returns the folder where finished trials are kept until the search has ended; called off
        the GUI thread.
    """
    workers = _workers(cores)

    def run(on_progress: Callable[[Progress], None], stop: threading.Event) -> Result:
        from corescout.pipeline import explore

        kept, ended = KeptSearch.begin(place, scan, plan, keypoints), False
        try:
            result = explore(
                scan,
                plan,
                keypoints=keypoints,
                workers=workers,
                on_progress=on_progress,
                stop=stop,
                store=kept,
            )
            ended = True
        finally:
            kept.end(keep=not ended)
        return result

    return Job(run)


def start_choosing(result: Result, number: int, cores: int = 0) -> Job[Result]:
    """Make the result of another candidate of a search, on so many cores."""
    workers = _workers(cores)

    def run(on_progress: Callable[[Progress], None], stop: threading.Event) -> Result:
        from corescout.choosing import choose_candidate

        return choose_candidate(result, number, workers=workers, on_progress=on_progress, stop=stop)

    return Job(run)


def _workers(cores: int) -> int:
    """Threads of the engine: one core is left to the window."""
    return cores or max(1, (os.cpu_count() or 2) - 1)


class Previewer:
    """Finds the key points that an exploration would use; keeps what the next call can use.

    Jobs run one after the other: the caller waits for one before it starts the next.
    """

    def __init__(self) -> None:
        self._scan: Scan | None = None
        self._finder: Any = None

    def start(self, scan: Scan, plan: Plan) -> Job[Keypoints]:
        """Find key points, however few."""

        def find(on_progress: object, stop: object) -> Keypoints:
            from corescout.preparation import KeypointFinder

            if self._scan is not scan:
                self._scan, self._finder = scan, KeypointFinder(scan)
            found: Keypoints = self._finder.find(plan, least=0)
            return found

        return Job(find)


def start_doubts(scan: Scan, channel: str | None) -> Job[tuple[Finding, ...]]:
    """Look for what speaks against a decision on a channel."""

    def look(on_progress: object, stop: object) -> tuple[Finding, ...]:
        from corescout.quality import assess

        found = assess(scan, channel)
        # What the run needs: now, and not when Explore is pressed.
        import_module("corescout.pipeline")
        import_module("scipy.stats")  # of core points: a third of a second, at the first click
        return found

    return Job(look)
