"""`bench cluster`: kills, Stop, and what the roads of a trial cost: processes and Dask.

Costs are processor time, which a busy machine changes less than time.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks.outcome import Bar, BenchReport, Value
from benchmarks.reliability.cluster_kills import kill_cluster, kill_processes
from benchmarks.reliability.dask_processes import DaskProcesses
from corescout.data import StoppedError
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.search import TrialRunner
from corescout.search.cluster import Cluster
from corescout.search.executors import n_workers
from corescout.search.processes import Processes
from corescout.search.tasks import Task, run_task
from corescout.search.tasks import to_bytes as file_of
from corescout.surfaces import generate_surface
from corescout.trial_data import TrialData
from corescout.trial_file import from_bytes
from corescout.vae import single_threaded

KILLS, QUICK_KILLS = 20, 3  # of each road
_MUST_BE_0 = (
    "other_results", "trials_counted_twice", "trials_void", "files_left", "processes_left",
    "unclear_ends",
)  # fmt: skip


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Measure; the moments of the kills are random, from a fixed seed."""
    values: dict[str, Value] = {}
    kills = QUICK_KILLS if quick else KILLS
    with tempfile.TemporaryDirectory() as parent:
        values |= _named("processes", kill_processes(Path(parent), kills))
        values |= _named("cluster", kill_cluster(Path(parent), kills))
    values |= roads(2 if quick else 8)
    values |= stops(2 if quick else 10)
    bars = (
        *(Bar(f"{road}_{name}", "<=", 0) for road in ("processes", "cluster")
          for name in _MUST_BE_0),
        Bar("cluster_data_left_on_workers", "<=", 0),
        Bar("longest_stop_s", "<=", 1.0),
        Bar("processes_over_threads", "<=", 1.10),
        Bar("cluster_over_threads", "<=", 1.10),
    )  # fmt: skip
    notes = (
        "..._over_threads is processor time of the same trials with a warm worker, that of the"
        " coordinator included; the scheduler's stands by itself",
    )
    return BenchReport("cluster", values, bars, notes)


def _named(road: str, found: dict[str, Value]) -> dict[str, Value]:
    return {f"{road}_{name}": value for name, value in found.items()}


def _plan() -> Plan:
    return Plan.preset("live", windows_px=(9, 13), invariances=("r", "rt"))


def roads(repeats: int) -> dict[str, Value]:
    """Processor time of the same trials here, in a warm process and on a warm Dask worker."""
    plan = _plan()
    data = prepare(generate_surface((160, 160), seed=3).scan, plan).trial_data
    tasks = [Task(plan, (c,)) for c in plan.candidates(data.channels)]
    tasks = (tasks * repeats)[:repeats]
    with single_threaded():
        run_task(data, tasks[0])
        began = time.process_time()
        outcomes = [run_task(data, task) for task in tasks]
        threads_s = time.process_time() - began
        with Processes(1) as executor:
            process = _road(data, tasks, executor, lambda: [executor.pids[0]])
        with tempfile.TemporaryDirectory() as folder:
            dask = DaskProcesses(Path(folder), workers=1)
            try:
                cluster = _on_cluster(data, tasks, dask)
            finally:
                dask.close()
    files = [file_of(task, found) for task, found in zip(tasks, outcomes, strict=True)]
    began = time.process_time()
    for task, content in zip(tasks, files, strict=True):
        task.finished(from_bytes(content, data))
    read_s = (time.process_time() - began) / repeats
    trial_s = threads_s / repeats
    return {
        "trials": repeats,
        "key_points": len(data),
        "trial_processor_s": round(trial_s, 4),
        "processes_over_threads": round(sum(process) / threads_s, 3),
        "cluster_over_threads": round(sum(cluster[:2]) / threads_s, 3),
        "coordinator_ms_per_trial": round(1e3 * process[0] / repeats, 2),
        "of_it_reading_ms": round(1e3 * read_s, 2),
        "coordinator_of_cluster_ms_per_trial": round(1e3 * cluster[0] / repeats, 2),
        "scheduler_ms_per_trial": round(1e3 * cluster[2] / repeats, 2),
        "bytes_per_trial": round(statistics.mean(map(len, files))),
        "bytes_of_data": len(data.to_bytes()),
        "processes_at_saturation": int(trial_s / max(process[0] / repeats, 1e-6)),
        "cluster_workers_at_saturation": int(trial_s / max(max(cluster[0], cluster[2]) / repeats,
                                                           1e-6)),
    }  # fmt: skip


def _on_cluster(data: TrialData, tasks: Sequence[Task], dask: DaskProcesses) -> list[float]:
    with Cluster(str(dask.file)) as executor:
        while not n_workers(executor):
            time.sleep(0.05)
        return _road(data, tasks, executor, lambda: [dask.workers[0].pid, dask.scheduler.pid])


def _road(
    data: TrialData, tasks: Sequence[Task], executor: Executor, pids: Callable[[], list[int]]
) -> list[float]:
    """Processor time of the tasks in this process and in others, which are warm."""
    runner = TrialRunner(data, executor)
    runner.run(tasks[:1])
    others = [psutil.Process(pid) for pid in pids()]
    before = [time.process_time(), *map(_spent, others)]
    runner.run(tasks)
    after = [time.process_time(), *map(_spent, others)]
    return [late - early for early, late in zip(before, after, strict=True)]


def _spent(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def stops(count: int) -> dict[str, Value]:
    """Time from Stop to its answer, at random moments of a training: here, and on a cluster."""
    with tempfile.TemporaryDirectory() as folder:
        here = [_stop(random.Random(i), lambda: Processes(2)) for i in range(count)]
        dask = DaskProcesses(Path(folder))
        try:
            there = [_stop(random.Random(i), lambda: Cluster(str(dask.file)))
                     for i in range(count)]  # fmt: skip
        finally:
            dask.close()
    return {
        "stops": len(here) + len(there),
        "longest_stop_s": round(max(here), 3),
        "longest_stop_of_cluster_s": round(max(there), 3),
        "training_step_s": round(_step_s(), 4),
    }


def _long_plan() -> Plan:
    plan = _plan().model_copy(update={"windows_px": (21,)})
    return plan.changed("training.epochs", 5000)


def _stop(rng: random.Random, opened: Callable[[], Executor]) -> float:
    stop, pressed = threading.Event(), [0.0]

    def press() -> None:
        pressed[0] = time.monotonic()
        stop.set()

    def follow(progress: object) -> None:
        if getattr(progress, "trials", ()) and not pressed[0]:  # scattering is done: trainings run
            pressed[0] = float("inf")
            threading.Timer(rng.uniform(0.2, 1.5), press).start()

    with opened() as executor:
        while not n_workers(executor):
            time.sleep(0.05)
        try:
            explore(generate_surface((160, 160), seed=3).scan, _long_plan(), executor=executor,
                    stop=stop, on_progress=follow)  # fmt: skip
        except StoppedError:
            return time.monotonic() - pressed[0]
    raise RuntimeError("the exploration ended before it was stopped")


def _step_s() -> float:
    """Time of a step of the training that is stopped, the median of some."""
    plan = _long_plan()
    data = prepare(generate_surface((160, 160), seed=3).scan, plan).trial_data
    task = next(Task(plan, (c,)) for c in plan.candidates(data.channels) if c.kind == "vae")
    stop, seen = threading.Event(), list[float]()

    def step(fraction: float) -> None:
        seen.append(time.monotonic())
        if len(seen) > 30:
            stop.set()

    with single_threaded(), suppress(StoppedError):
        run_task(data, task, stop, step)
    return statistics.median(b - a for a, b in pairwise(seen))
