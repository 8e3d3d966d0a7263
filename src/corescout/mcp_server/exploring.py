"""The tool that explores: bounded in time, with progress, one at a time, and stoppable."""

from __future__ import annotations

import os
import re
import sys
import threading
from contextlib import suppress
from pathlib import Path

from corescout.data import InputError, Progress, StoppedError
from corescout.data.counted import counted
from corescout.mcp_server.answers import ToolAnswer
from corescout.mcp_server.arguments import ExploreScan, NoArguments
from corescout.mcp_server.desk import Desk
from corescout.mcp_server.lanes import Call
from corescout.mcp_server.looking import channel_of, verdict_answer
from corescout.mcp_server.places import RESULTS
from corescout.plan import Plan

MOST_RUNS = 200
_NICE = 10  # what runs at an instrument goes first
LARGEST_PX = 2048 * 2048
_BUDGET_SHARE = 0.7  # of the time: evidence and report come after the search


def explore_scan(desk: Desk, asked: ExploreScan, call: Call) -> ToolAnswer:
    """Explore a scan and keep the run in the server's own folder."""
    from corescout.pipeline import explore, save

    folder = _free_folder(desk.places.own / "runs", asked.scan)
    scan = desk.scan(asked.scan, asked.channel, asked.pixel_size_nm)
    channel = channel_of(scan, asked.channel)
    height, width = scan.shape_px
    if height * width > LARGEST_PX:
        raise InputError(
            f"a scan of at most {LARGEST_PX:,} px to explore", f"{width} x {height} px",
            "let the person explore it with corescout explore",
        )  # fmt: skip
    plan = Plan.preset(
        asked.preset, channels=(channel,), seed=asked.seed,
        budget_s=desk.minutes * 60 * _BUDGET_SHARE,
    )  # fmt: skip
    _step_back()  # not before the imports: others would wait for a lock that a slow thread holds
    late = threading.Timer(desk.minutes * 60, call.stop.set)
    late.daemon = True
    desk.stop_exploration = call.stop
    late.start()
    try:
        result = explore(
            scan, plan, workers=desk.workers, stop=call.stop,
            on_progress=lambda p: call.progress(p.fraction, _words(p)),
        )  # fmt: skip
    except StoppedError as stopped:
        raise InputError(
            "an exploration that ends by itself",
            f"one that was stopped after {counted(len(stopped.trials), 'candidate')};"
            " nothing was kept",
            "explore again, a smaller scan if its time was over",
        ) from stopped
    finally:
        late.cancel()
        desk.stop_exploration = None
    with desk.drawing:
        save(result, folder, log=f"asked for by {call.caller}\n{result.verdict}\n")
    name = f"{RESULTS}/runs/{folder.name}"
    return verdict_answer(desk, name, result, picture=asked.picture)


def stop_exploration(desk: Desk, _asked: NoArguments, _call: Call) -> ToolAnswer:
    """End the exploration under way."""
    stop = desk.stop_exploration
    if stop is None:
        return ToolAnswer({"stopped": False, "why": "no exploration is under way"})
    stop.set()
    return ToolAnswer(
        {"stopped": True, "why": "it ends within about a second; nothing of it is kept"}
    )


def _step_back() -> None:
    """Lower the priority of this thread and of those that it will start; on Linux alone."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _words(progress: Progress) -> str:
    left = "" if progress.seconds_left is None else f", about {progress.seconds_left:.0f} s left"
    return f"{progress.stage}{left}"


def _free_folder(parent: Path, scan: str) -> Path:
    """Return the next free folder for a run of a scan, named by the scan and a number.

    Raises
    ------
    InputError
        If there are as many runs as may be kept.
    """
    taken = {path.name for path in parent.iterdir()} if parent.is_dir() else set()
    if len(taken) >= MOST_RUNS:
        raise InputError(
            f"fewer than {MOST_RUNS} runs in the server's folder", f"{len(taken)}",
            "ask the person to clear it",
        )  # fmt: skip
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", scan.rpartition("/")[2]).strip(".")[:60] or "scan"
    numbers = (f"{stem}-{n:03d}.corescout" for n in range(1, MOST_RUNS + 2))
    return parent / next(name for name in numbers if name not in taken)
