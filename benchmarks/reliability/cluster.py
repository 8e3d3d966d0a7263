"""`bench cluster`: kills of coordinator and workers, Stop, and what the roads of a trial cost.

The coordinator is `corescout explore` in a process of its own, which is killed at random moments of
its trials and gone on with; its workers likewise. Bytes of the run are held against those of a run
that nobody touched. Costs are processor time, which a busy machine changes less than time.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.outcome import CHECKOUT, Bar, BenchReport
from corescout.data import StoppedError
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.search import TrialRunner
from corescout.search.processes import Processes
from corescout.search.tasks import Task, run_task
from corescout.search.tasks import to_bytes as file_of
from corescout.surfaces import generate_surface
from corescout.trial_file import from_bytes
from corescout.vae import single_threaded
from corescout.whole import read_journal

KILLS, QUICK_KILLS = 20, 3
_SETTINGS = {"training.epochs": 8, "training.retries": 0, "decision.null_surrogates": 4}
_COMPARED = ("core_points.csv", "targets.csv", "key_points.csv")


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Measure; the moments of the kills are random, from a fixed seed."""
    values: dict[str, float | int | bool | str] = {}
    with tempfile.TemporaryDirectory() as parent:
        values |= _kills(Path(parent), QUICK_KILLS if quick else KILLS)
    values |= _roads(2 if quick else 8)
    values |= _stops(2 if quick else 10)
    bars = (
        Bar("other_results", "<=", 0),
        Bar("trials_counted_twice", "<=", 0),
        Bar("files_left", "<=", 0),
        Bar("longest_stop_s", "<=", 1.0),
        Bar("processes_over_threads", "<=", 1.10),
    )
    notes = ("processes_over_threads is processor time of the same trials with warm workers",)
    return BenchReport("cluster", values, bars, notes)


def _kills(parent: Path, kills: int) -> dict[str, float | int | bool | str]:
    """Kill the coordinator, or one of its workers, at random moments until it has its result."""
    rng, file = random.Random(0), parent / "scan.npy"
    np.save(file, generate_surface((128, 128), seed=1).scan.channel())
    whole = parent / "whole"
    _wait(_start(file, whole, resume=False))
    told = _contents(whole)
    other = twice = left = lives = done = 0
    of_workers = 0
    while lives < kills:
        folder, resume = parent / f"run{done}", False
        while lives < kills:
            process = _start(file, folder, resume=resume)
            worker = _kill_within(process, folder, rng)
            if worker is None:
                break  # it was finished before its moment came
            lives, of_workers = lives + 1, of_workers + worker
            if worker:
                _wait(process)
                break
            resume = (folder / "record" / "about.json").is_file()
        else:
            _wait(_start(file, folder, resume=resume))
        if not (folder / "decision.json").is_file():
            _wait(_start(file, folder, resume=True))
        done += 1
        other += _contents(folder) != told
        keys = _finished(folder)
        twice += len(keys) - len(set(keys))
        left += sum(p.name.startswith(".") or p.name == "lock" for p in folder.rglob("*"))
    left += sum(p.name.startswith(".") for p in parent.iterdir())
    return {
        "kills": lives, "kills_of_workers": of_workers, "runs": done, "other_results": other,
        "trials_counted_twice": twice, "files_left": left,
    }  # fmt: skip


def _start(file: Path, folder: Path, *, resume: bool) -> subprocess.Popen[bytes]:
    if resume:
        words = ["--resume", str(folder)]
    else:
        words = [str(file), "--out", str(folder), "--overwrite", "--windows", "9,13",
                 "--invariances", "none,r,rt", "--pixel-size", "10nm"]  # fmt: skip
        for name, value in _SETTINGS.items():
            words += ["--set", f"{name}={value}"]
    return subprocess.Popen(
        [sys.executable, "-m", "corescout", "explore", *words, "--workers", "2", "--processes"],
        cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _kill_within(process: subprocess.Popen[bytes], folder: Path, rng: random.Random) -> bool | None:
    """Kill after so many more finished trials and a moment; whether it was a worker, None: late."""
    import psutil

    wanted = len(_finished(folder)) + rng.randrange(3)
    while process.poll() is None and len(_finished(folder)) < wanted:
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 1.0))
    if process.poll() is not None:
        return None
    try:
        workers = psutil.Process(process.pid).children()
    except psutil.NoSuchProcess:
        return None
    if workers and rng.random() < 0.4:
        os.kill(rng.choice(workers).pid, signal.SIGKILL)
        return True
    process.kill()
    process.wait()
    return False


def _wait(process: subprocess.Popen[bytes]) -> None:
    if process.wait() != 0:
        raise RuntimeError(f"explore ended with {process.returncode}")


def _finished(folder: Path) -> list[str]:
    journal = folder / "record" / "journal.jsonl"
    if not journal.is_file():
        return []
    return [e["key"] for e in read_journal(journal) if e["what"] == "finished"]


def _contents(folder: Path) -> tuple[object, ...]:
    decision = json.loads((folder / "decision.json").read_text("utf-8"))
    decision.pop("seconds")
    return decision, *((folder / name).read_bytes() for name in _COMPARED)


def _plan() -> Plan:
    return Plan.preset("live", windows_px=(9, 13), invariances=("r", "rt"))


def _roads(repeats: int) -> dict[str, float | int | bool | str]:
    """Processor time of the same trials in this thread and in a warm process; the coordinator's."""
    import psutil

    plan = _plan()
    data = prepare(generate_surface((160, 160), seed=3).scan, plan).trial_data
    tasks = [Task(plan, (c,)) for c in plan.candidates(data.channels)]
    tasks = (tasks * repeats)[:repeats]
    with single_threaded(), Processes(1) as executor:
        run_task(data, tasks[0])
        runner = TrialRunner(data, executor)
        runner.run(tasks[:1])  # the worker is warm now
        began = time.process_time()
        outcomes = [run_task(data, task) for task in tasks]
        threads_s = time.process_time() - began
        worker = psutil.Process(executor.pids[0])
        before, began = sum(worker.cpu_times()[:2]), time.process_time()
        runner.run(tasks)
        coordinator_s = time.process_time() - began
        processes_s = sum(worker.cpu_times()[:2]) - before + coordinator_s
    files = [file_of(task, found) for task, found in zip(tasks, outcomes, strict=True)]
    began = time.process_time()
    for task, content in zip(tasks, files, strict=True):
        task.finished(from_bytes(content, data))
    read_s = (time.process_time() - began) / repeats
    per_trial = coordinator_s / repeats
    return {
        "trials": repeats,
        "key_points": len(data),
        "trial_processor_s": round(threads_s / repeats, 4),
        "processes_over_threads": round(processes_s / threads_s, 3),
        "coordinator_ms_per_trial": round(1e3 * per_trial, 2),
        "of_it_reading_ms": round(1e3 * read_s, 2),
        "bytes_per_trial": round(statistics.mean(map(len, files))),
        "bytes_of_data": len(data.to_bytes()),
        "workers_at_saturation": int(threads_s / repeats / max(per_trial, 1e-6)),
    }


def _stops(count: int) -> dict[str, float | int | bool | str]:
    """Time from Stop to its answer, at random moments of a training in a process."""
    rng, found = random.Random(1), []
    plan = _plan().model_copy(update={"windows_px": (21,)})
    plan = plan.changed("training.epochs", 5000)
    scan = generate_surface((160, 160), seed=3).scan
    for _ in range(count):
        stop, pressed = threading.Event(), [0.0]
        wait_s = rng.uniform(0.2, 1.5)

        def press(progress: object, stop: threading.Event = stop,
                  pressed: list[float] = pressed, wait_s: float = wait_s) -> None:  # fmt: skip
            if getattr(progress, "fraction", 0) > 0 and not pressed[0]:
                pressed[0] = time.monotonic() + wait_s
                threading.Timer(wait_s, stop.set).start()

        with Processes(2) as executor:
            try:
                explore(scan, plan, executor=executor, stop=stop, on_progress=press)
            except StoppedError:
                found.append(time.monotonic() - pressed[0])
    return {"stops": len(found), "longest_stop_s": round(max(found, default=float("nan")), 3)}
