"""A Dask scheduler and its workers on 127.0.0.1, as Dask's own commands start them."""

from __future__ import annotations

import json
import time
from pathlib import Path

from benchmarks.reliability.forked import Process, Start, spawned

_START_S = 120.0


class DaskProcesses:
    """Processes that are started and killed one by one.

    Parameters
    ----------
    folder : Path
        For the scheduler file.
    workers : int
        How many are started at once.
    start : callable
        How a process is started.

    Attributes
    ----------
    file : Path
        The scheduler file.
    scheduler : Process
    workers : list of Process
        With one thread each, in the order in which they were started.
    """

    def __init__(self, folder: Path, workers: int = 2, start: Start = spawned) -> None:
        self.file, self._start_module = folder / "scheduler.json", start
        self.workers: list[Process] = []
        self.start_scheduler()
        for _ in range(workers):
            self.start_worker()

    def start_scheduler(self) -> None:
        """Start a scheduler at a free port; the file then names it."""
        self.file.unlink(missing_ok=True)
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        end = time.monotonic() + _START_S
        while not self._is_written():
            if time.monotonic() > end or self.scheduler.poll() is not None:
                raise RuntimeError("dask scheduler did not start")
            time.sleep(0.05)

    def start_worker(self, **environment: str) -> Process:
        """Start a worker without a nanny: whoever kills it has killed it."""
        worker = self._start(
            "dask_worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny",
            "--no-dashboard", **environment,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def kill_worker(self, which: int = -1) -> None:
        """Kill one worker, the last one if it is not said."""
        _kill(self.workers.pop(which))

    def kill_scheduler(self) -> None:
        """Kill the scheduler; its workers end by themselves in their time."""
        _kill(self.scheduler)

    def kill_workers(self) -> None:
        """Kill every worker."""
        while self.workers:
            self.kill_worker()

    def close(self) -> None:
        """Kill all of them."""
        self.kill_workers()
        self.kill_scheduler()

    def _is_written(self) -> bool:
        try:
            return bool(json.loads(self.file.read_text("utf-8"))["address"])
        except (OSError, ValueError, KeyError):
            return False

    def _start(self, command: str, *words: str, **environment: str) -> Process:
        words = ("--scheduler-file", str(self.file), *words)
        module = f"distributed.cli.{command}"
        return self._start_module(module, words, self.file.parent, environment)


def _kill(process: Process) -> None:
    process.kill()
    process.wait()
