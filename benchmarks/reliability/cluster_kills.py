"""Kills of workers, the scheduler and the coordinator at random moments of an exploration.

The coordinator is `corescout explore` in a process of its own, forked from one that has imported
it; its trials run in processes of this machine, or on two workers of a Dask scheduler, forked
likewise. What was killed is started again, the exploration
gone on with, and the bytes of the run are held against those of a run that nobody touched.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil

from benchmarks.outcome import CHECKOUT, Value
from benchmarks.reliability.dask_processes import DaskProcesses
from benchmarks.reliability.forked import Process, forked
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

COMPARED = ("core_points.csv", "targets.csv", "key_points.csv")
_MOST_TRIALS_BETWEEN = 8
_PLAN = {
    "training.epochs": 8, "training.retries": 0, "training.collapse_variance": 0.001,
    "mixtures.max_components": 3,
    "decision.seeds": 9, "decision.finalists": 5, "decision.null_surrogates": 4,
}  # fmt: skip


@dataclass
class _Count:
    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    other_results: int = 0
    trials_counted_twice: int = 0
    trials_void: int = 0
    files_left: int = 0
    processes_left: int = 0
    unclear_ends: int = 0


def kill_processes(parent: Path, kills: int) -> dict[str, Value]:
    """Kill the coordinator and its worker processes, in turn."""
    where = ("--workers", "2", "--processes")
    return _Kills(parent, where, {"coordinator": _coordinator, "worker": _own_worker}).run(kills)


def kill_cluster(parent: Path, kills: int) -> dict[str, Value]:
    """Kill a Dask worker, the scheduler and the coordinator, in turn."""
    dask = DaskProcesses(parent, start=forked)

    def worker(process: Process, rng: random.Random) -> None:
        dask.kill_worker(rng.randrange(len(dask.workers)))
        dask.start_worker()

    def scheduler(process: Process, rng: random.Random) -> None:
        dask.kill_scheduler()
        process.wait()
        dask.kill_workers()
        dask.start_scheduler()
        dask.start_worker()
        dask.start_worker()

    ways = {"worker": worker, "scheduler": scheduler, "coordinator": _coordinator}
    try:
        found = _Kills(parent, ("--cluster", str(dask.file)), ways).run(kills)
        return {**found, "data_left_on_workers": _data_left(dask)}
    finally:
        dask.close()


Kill = Callable[[Process, random.Random], None]


class _Kills:
    """Explorations one after another, until so many kills have hit them."""

    def __init__(self, parent: Path, where: tuple[str, ...], ways: Mapping[str, Kill]) -> None:
        self._parent, self._where, self._ways = parent, where, ways
        self._rng, self._count = random.Random(0), _Count()
        self._file = parent / "scan.npy"
        np.save(self._file, generate_surface((72, 72), seed=1).scan.channel())
        self._whole = parent / "whole"
        if not self._whole.is_dir():
            process = _start(self._file, self._whole, ("--workers", "1"))
            if process.wait() != 0:
                raise RuntimeError(f"explore ended with {process.returncode}")
        self._told, self._total = _contents(self._whole), len(_finished(self._whole))

    def run(self, kills: int) -> dict[str, Value]:
        kinds = cycle(self._ways)
        while self._count.kills.total() < kills:
            self._one_run(self._parent / f"run{self._count.runs}", kinds, kills)
            self._count.runs += 1
        count = vars(self._count).copy()
        of_each = {f"kills_of_{kind}": count["kills"][kind] for kind in self._ways}
        count["kills"] = self._count.kills.total()
        return {**count, **of_each, "trials": self._total}

    def _one_run(self, folder: Path, kinds: cycle[str], kills: int) -> None:
        """Start an exploration, hit it and go on with it until it has its result."""
        process, begun = _start(self._file, folder, self._where), False
        while True:
            code: int | None = 0
            if self._count.kills.total() >= kills or not self._moment(process, folder):
                code = process.wait()
            else:
                kind = next(kinds)
                self._ways[kind](process, self._rng)
                self._count.kills[kind] += 1
                if process.poll() is None:
                    continue
                code = 0 if kind == "coordinator" else process.returncode
            self._count.unclear_ends += code not in (0, 2)
            if (folder / "decision.json").is_file() and not _is_open(folder):
                break
            begun = (folder / "record" / "about.json").is_file()
            process = _start(self._file, folder, self._where, resume=begun)
        self._compare(folder)

    def _moment(self, process: Process, folder: Path) -> bool:
        """Wait for a random moment; False where the exploration ended before it came."""
        rng = self._rng
        wanted = min(self._total, len(_finished(folder)) + rng.randrange(_MOST_TRIALS_BETWEEN))
        while process.poll() is None and (
            len(_finished(folder)) < wanted or _waits_for_second_try(folder)
        ):
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 2.0 if wanted == self._total else 0.5))
        return process.poll() is None

    def _compare(self, folder: Path) -> None:
        count, keys = self._count, _finished(folder)
        count.other_results += _contents(folder) != self._told
        count.trials_counted_twice += len(keys) - len(set(keys))
        count.trials_void += sum(n > 1 for n in Counter(_died(folder)).values())
        count.files_left += sum(p.name.startswith(".") or p.name == "lock"
                                for p in folder.rglob("*"))  # fmt: skip
        count.files_left += sum(p.name.startswith(".") for p in self._parent.iterdir())
        count.processes_left += _workers_left()


def _coordinator(process: Process, rng: random.Random) -> None:
    process.kill()
    process.wait()


def _own_worker(process: Process, rng: random.Random) -> None:
    """Kill one of the coordinator's own workers, once it has one."""
    while process.poll() is None:
        try:
            workers = psutil.Process(process.pid).children()
        except psutil.NoSuchProcess:
            return
        if workers:
            os.kill(rng.choice(workers).pid, signal.SIGKILL)
            return
        time.sleep(0.01)


def _start(file: Path, folder: Path, where: tuple[str, ...], *, resume: bool = False) -> Process:
    words = ["--resume", str(folder)]
    if not resume:
        words = [str(file), "--out", str(folder), "--overwrite", "--windows", "5,7,9",
                 "--invariances", "none,r,t,rt", "--pixel-size", "10nm"]  # fmt: skip
        words += [word for item in _PLAN.items() for word in ("--set", "{}={}".format(*item))]
    return forked("corescout", ["explore", *words, *where], CHECKOUT)


def _entries(folder: Path, what: str) -> list[str]:
    journal = folder / "record" / "journal.jsonl"
    if not journal.is_file():
        return []
    return [e.get("key", "") for e in read_journal(journal) if e["what"] == what]


def _finished(folder: Path) -> list[str]:
    return _entries(folder, "finished")


def _died(folder: Path) -> list[str]:
    return _entries(folder, "died")


def _waits_for_second_try(folder: Path) -> bool:
    """Whether a trial has lost a worker and is not finished: a second loss would make it void."""
    return bool(set(_died(folder)) - set(_finished(folder)))


def _is_open(folder: Path) -> bool:
    return not _entries(folder, "decided")


def _contents(folder: Path) -> tuple[object, ...]:
    decision = json.loads((folder / "decision.json").read_text("utf-8"))
    decision.pop("seconds")
    return decision, *((folder / name).read_bytes() for name in COMPARED)


def _workers_left() -> int:
    """Worker processes whose coordinator is gone, a moment after it ended."""
    end = time.monotonic() + 10
    while (left := _orphans()) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def _orphans() -> int:
    found = 0
    for process in psutil.process_iter(["cmdline", "cwd"]):
        told = process.info
        is_worker = "corescout.search.worker" in (told["cmdline"] or ())
        found += is_worker and told["cwd"] == str(CHECKOUT)
    return found


def _data_left(dask: DaskProcesses) -> int:
    """Prepared scans that workers still hold when nobody explores."""
    from distributed import Client

    def held() -> int:
        from corescout.search import cluster

        return len(cluster._DATA)

    with Client(scheduler_file=str(dask.file), set_as_default=False) as client:
        return sum(client.run(held).values())
