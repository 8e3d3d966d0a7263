"""Worker processes of this machine, each with one core and an interpreter of its own.

They are started as `python -m corescout.search.worker`, not by `multiprocessing`: the program that
starts them, a window, a notebook or a script without a guarded main module, is not imported again.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corescout.data import InputError, StoppedError
from corescout.search.executors import GRACE_S, WorkerDiedError, error_of
from corescout.search.tasks import Task, run_task
from corescout.search.worker import receive, send
from corescout.trial_data import TrialData


@dataclass
class _Job:
    future: Future[bytes]
    data: TrialData
    task: Task
    on_step: Callable[[float], None]
    stored: bytes | None


class Processes(Executor):
    """Processes of this machine.

    Parameters
    ----------
    workers : int or None
        The number of cores if None.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.n_workers = workers or os.cpu_count() or 1
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ending = False
        self._slots = [_Slot(self._jobs, self._is_ending) for _ in range(self.n_workers)]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give `run_task` with its arguments to a process."""
        if fn is not run_task or kwargs:
            raise TypeError("processes compute trials: submit(run_task, data, task, ...)")
        data, task, _, on_step, stored = args
        job = _Job(Future(), data, task, on_step, stored)
        self._jobs.put(job)
        return job.future

    def end_trials(self) -> None:
        """Tell every process to stop, and end those that do not within the grace time."""
        self._ending = True
        for slot in self._slots:
            slot.stop()
        end = time.monotonic() + GRACE_S
        for slot in self._slots:
            slot.wait_idle(max(0.0, end - time.monotonic()))
            slot.kill_if_busy()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes."""
        self._ending = True
        for _ in self._slots:
            self._jobs.put(None)
        for slot in self._slots:
            slot.close()

    @property
    def pids(self) -> list[int]:
        """Of the processes that run."""
        return [pid for slot in self._slots if (pid := slot.pid) is not None]

    def _is_ending(self) -> bool:
        return self._ending


class _Slot:
    """One process at a time, started when it is first needed and again after it died."""

    def __init__(self, jobs: queue.SimpleQueue[_Job | None], is_ending: Callable[[], bool]) -> None:
        self._jobs, self._is_ending = jobs, is_ending
        self._process: subprocess.Popen[bytes] | None = None
        self._digest = ""
        self._busy, self._idle = False, threading.Event()
        self._idle.set()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="corescout-worker")
        self._thread.start()

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def stop(self) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with self._sending, suppress(OSError, ValueError):
                send(process.stdin, {"what": "stop"})

    def wait_idle(self, seconds: float) -> None:
        self._idle.wait(seconds)

    def kill_if_busy(self) -> None:
        process = self._process
        if not self._idle.is_set() and process is not None:
            process.kill()

    def close(self) -> None:
        self.kill_if_busy()
        self._thread.join()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            self._idle.clear()
            try:
                self._compute(job)
            except (OSError, ValueError, EOFError) as error:
                self._gone(job, error)
            except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
                job.future.set_exception(error)
            finally:
                self._idle.set()
        self._end()

    def _compute(self, job: _Job) -> None:
        if self._is_ending():
            raise StoppedError("stopped")
        process = self._ready()
        assert process.stdin is not None
        assert process.stdout is not None
        if self._digest != job.data.digest:
            self._tell({"what": "data"}, job.data.to_bytes())
            self._digest = job.data.digest
        stored = job.stored or b""
        self._tell({"what": "task", "task": job.task.to_json(), "stored": bool(stored)}, stored)
        while (message := receive(process.stdout)) is not None:
            header, content = message
            if header["what"] == "step":
                job.on_step(header["fraction"])
            elif header["what"] == "done":
                job.future.set_result(content)
                return
            else:
                raise error_of(header)
        raise EOFError("its output has ended")

    def _gone(self, job: _Job, error: Exception) -> None:
        """The process is gone: the next trial gets another one."""
        code = self._end()
        if self._is_ending():
            job.future.set_exception(StoppedError("stopped"))
        else:
            job.future.set_exception(WorkerDiedError(f"exit code {code}: {error}"))

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "corescout.search.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
        assert self._process.stdout is not None
        if receive(self._process.stdout) is None:
            raise InputError(
                "a worker process that starts",
                f"one that ended with exit code {self._end()}",
                "read what it said above, or leave --processes out",
            )
        return self._process

    def _tell(self, header: dict[str, Any], content: bytes) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        with self._sending:
            send(process.stdin, header, content)

    def _end(self) -> int | None:
        """End the process; return its exit code."""
        process, self._process, self._digest = self._process, None, ""
        if process is None:
            return None
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            code = process.wait(timeout=GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return code


def _environment() -> dict[str, str]:
    """One thread each, and this same package, wherever it was imported from."""
    import corescout

    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    here = str(Path(corescout.__file__).parent.parent)
    path = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH", "")) if p)
    return {**os.environ, **one, "PYTHONPATH": path}
