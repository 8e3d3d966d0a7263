"""What runs off the GUI thread. The engine is imported there: that takes seconds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from corescout.data import Keypoints, Progress, Result, Scan
from corescout.gui.background import Job
from corescout.plan import Plan


def start_exploration(scan: Scan, plan: Plan, keypoints: Keypoints | None) -> Job[Result]:
    """Explore on all cores but one, which is left to the window; no number depends on it."""
    workers = max(1, (os.cpu_count() or 2) - 1)

    def run(on_progress: Callable[[Progress], None], stop: threading.Event) -> Result:
        from corescout.pipeline import explore

        return explore(
            scan, plan, keypoints=keypoints, workers=workers, on_progress=on_progress, stop=stop
        )

    return Job(run)


@dataclass(frozen=True)
class Preview:
    """What is shown before anything runs: key points, and doubts about the scan in words."""

    keypoints: Keypoints
    doubts: tuple[str, ...]


def start_preview(scan: Scan, plan: Plan) -> Job[Preview]:
    """Find the key points that an exploration would use, and what speaks against it."""

    def find(on_progress: object, stop: object) -> Preview:
        from corescout.preparation import preview_keypoints
        from corescout.quality import assess

        keypoints = preview_keypoints(scan, plan)
        channel = plan.channels[0] if plan.channels else None
        doubts = tuple(f.message for f in assess(scan, channel, len(keypoints)))
        found = Preview(keypoints, doubts)
        # What the run needs: now, and not when Explore is pressed.
        import_module("corescout.pipeline")
        return found

    return Job(find)


def start_export(result: Result, folder: Path) -> Job[Path]:
    """Write a run folder with its report."""

    def write(on_progress: object, stop: object) -> Path:
        from corescout.pipeline import save

        return save(result, folder)

    return Job(write)
