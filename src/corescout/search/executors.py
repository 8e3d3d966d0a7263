"""Where trials run: threads of this process, processes of this machine, workers of a cluster.

All three are executors of `concurrent.futures` that are given `run_task` with its arguments:

    executor.submit(run_task, data, task, stop, on_step, stored)

Threads hand back outcomes, the others the bytes of `tasks.to_bytes`. What ends a worker under a
trial is a `WorkerDiedError` of that trial alone.
"""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from corescout.data import InputError, StoppedError
from corescout.data.errors import CorescoutError

if TYPE_CHECKING:
    from corescout.search.cluster import Cluster

GRACE_S = 0.7  # that a trial has to answer Stop before its process is ended


class WorkerDiedError(CorescoutError):
    """The process that a trial ran in is gone."""


class TrialFailedError(CorescoutError):
    """A trial cannot be fitted; the text is that of the error in its worker."""


class Threads(ThreadPoolExecutor):
    """Threads of this process.

    torch lets go of the interpreter lock while it computes, so threads share the data without a
    copy and start at once, on every system.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.n_workers = workers or os.cpu_count() or 1
        super().__init__(self.n_workers, thread_name_prefix="corescout")

    def end_trials(self) -> None:
        """Nothing to do: the trials look at the event themselves."""


def connected_cluster(address: str) -> Cluster:
    """Return the workers behind the Dask scheduler at an address, or of a scheduler file.

    Raises
    ------
    InputError
        If Dask is not installed, no scheduler answers, or no worker can be used.
    """
    try:
        from corescout.search.cluster import Cluster
    except ImportError as error:
        raise InputError(
            "Dask for a cluster", f"none ({error})",
            "pip install 'napari-corescout[distributed]'",
        ) from error  # fmt: skip
    return Cluster(address)


def n_workers(executor: Executor) -> int:
    """Trials that an executor can run at once, now."""
    return int(getattr(executor, "n_workers", 1))


def end_trials(executor: Executor) -> None:
    """Tell an executor that Stop was pressed."""
    end = getattr(executor, "end_trials", None)
    if end is not None:
        end()


def error_of(header: dict[str, Any]) -> Exception:
    """Return what a worker's answer without a file means (`search.worker`)."""
    if header["what"] == "stopped":
        return StoppedError("stopped")
    if header["what"] == "input":
        return InputError(*header["of"])
    return TrialFailedError(header["why"])
