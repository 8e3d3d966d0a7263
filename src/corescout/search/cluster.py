"""Workers of a Dask cluster that somebody else has started: this only connects to its scheduler.

A trial is given to one worker, which is known by its address: a worker that goes takes one trial
with it, whose deaths are counted here. Data travel once to each worker, now or when it joins, as a
worker plugin; a task is a line of text. Stop reaches the workers beside their queue and is looked
at before every step of a training. A worker with other versions of what computes is not used.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Client
from distributed.diagnostics.plugin import WorkerPlugin

from corescout.data import InputError, StoppedError
from corescout.search.executors import WorkerDiedError, error_of
from corescout.search.tasks import run_task, versions
from corescout.search.worker import computed
from corescout.trial_data import TrialData

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.5
_CONNECT_S = 10.0
GRACE_S = 10.0  # that a worker has to answer Stop before it is restarted

_PROGRAM = "corescout"  # begins the names that this program gives

# In a worker: what its trials share, by the name of the plugin, and by the client that asks.
_DATA: dict[str, TrialData] = {}
_STOPS: dict[str, threading.Event] = {}


class _Data(WorkerPlugin):  # type: ignore[misc]
    """Brings the data of an exploration to a worker, and takes them away."""

    idempotent = True

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self._content = name, content

    def setup(self, worker: object) -> None:
        """Unpack the data."""
        _DATA[self.name] = TrialData.from_bytes(self._content)

    def teardown(self, worker: object) -> None:
        """Forget the data."""
        _DATA.pop(self.name, None)


def _data_name(client: str, digest: str) -> str:
    """Name of the plugin that holds the data of a client: of two that share them one may end."""
    return f"{client}/{digest}"


def _compute(client: str, digest: str, told: str, stored: bytes | None) -> tuple[Any, bytes]:
    """In a worker: compute a task."""
    from corescout.vae import single_threaded

    with single_threaded():
        stop = _STOPS.setdefault(client, threading.Event())
        data = _DATA[_data_name(client, digest)]
        return computed(data, told, stored, stop, lambda fraction: None)


def _stop(client: str) -> None:
    """In a worker: Stop was pressed."""
    _STOPS.setdefault(client, threading.Event()).set()


def _left_behind(dask_scheduler: Any = None) -> list[str]:
    """In the scheduler: names of the data of programs that were killed."""
    names = [n for n in dask_scheduler.worker_plugins if n.startswith(f"Client-{_PROGRAM}-")]
    return [n for n in names if n.partition("/")[0] not in dask_scheduler.clients]


def _versions() -> dict[str, str]:
    """In a worker: what it computes with."""
    import platform

    return {"Python": platform.python_version(), **versions()}


@dataclass
class _ClusterJob:
    future: Future[bytes]
    remote: Any
    worker: str
    label: str


class Cluster(Executor):
    """Workers behind a Dask scheduler.

    Parameters
    ----------
    address : str
        Such as ``tcp://host:8786`` (``tls://`` with Dask's own settings), or the path of a
        scheduler file.

    Raises
    ------
    InputError
        If no scheduler answers, or no worker has the versions of this program.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = _connected(address)
        self._id = str(self._client.id)
        self._threads: dict[str, int] = {}  # accepted workers
        self._refused: dict[str, str] = {}
        self._shared: set[str] = set()
        self._jobs: list[_ClusterJob] = []
        self._lock = threading.RLock()
        self._closed, self._ending, self._news = False, False, threading.Event()
        try:
            self._clear_away()
            self._look()
            if not self._threads and self._refused:
                self._none_left()
        except BaseException:
            self._client.close()
            raise
        self._thread = threading.Thread(target=self._watch, daemon=True, name="corescout-cluster")
        self._thread.start()

    @property
    def dashboard(self) -> str:
        """Address of Dask's dashboard; "" if it has none."""
        return str(self._client.dashboard_link or "")

    @property
    def n_workers(self) -> int:
        """Trials that it can take at once, now: one for each thread of an accepted worker."""
        with self._lock:
            return sum(self._threads.values())

    def states(self) -> dict[str, str]:
        """What each worker does, or why it is not used, by its address."""
        with self._lock:
            found = dict.fromkeys(self._threads, "idle") | self._refused
            return found | {job.worker: job.label for job in self._jobs}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give `run_task` with its arguments to a worker that is free."""
        if fn is not run_task or kwargs:
            raise TypeError("a cluster computes trials: submit(run_task, data, task, ...)")
        data, task, _, _, stored = args
        future: Future[bytes] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            worker = self._free()
            if worker is None:
                future.set_exception(WorkerDiedError("no worker is left"))
                return future
            try:
                self._share(data)
                remote = self._client.submit(
                    _compute, self._id, data.digest, task.to_json(), stored,
                    workers=[worker], allow_other_workers=False, pure=False, retries=0,
                    key=f"{_PROGRAM}-{uuid.uuid4().hex}",
                )  # fmt: skip
            except (OSError, RuntimeError) as error:
                raise self._lost() from error
            remote.add_done_callback(lambda _: self._news.set())
            self._jobs.append(_ClusterJob(future, remote, worker, task.label))
        return future

    def end_trials(self) -> None:
        """Tell the workers to stop; restart those that do not within the grace time."""
        self._ending = True
        with suppress(Exception):
            self._client.run(_stop, self._id, on_error="ignore")
        end = time.monotonic() + GRACE_S
        while self._jobs and time.monotonic() < end:
            time.sleep(0.05)
        with self._lock:
            late, self._jobs = self._jobs, []
        for job in late:
            job.future.set_exception(StoppedError("stopped"))
        if late:
            names = sorted({job.worker for job in late})
            _log.warning("did not stop and are restarted: %s", ", ".join(names))
            with suppress(Exception):
                self._client.restart_workers(names, raise_for_error=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take the data off the workers and leave; scheduler and workers stay."""
        self._closed = True
        self._news.set()
        self._thread.join()
        for name in self._shared:
            with suppress(Exception):
                self._client.unregister_worker_plugin(name)
        self._client.close()

    # -- inner ----------------------------------------------------------------------------

    def _clear_away(self) -> None:
        """Take what a killed program has left off the workers: its data, and a trial that runs."""
        for name in self._client.run_on_scheduler(_left_behind):
            with suppress(OSError, ValueError):  # another program may clear away too
                self._client.run(_stop, name.partition("/")[0], on_error="ignore")
                self._client.unregister_worker_plugin(name)

    def _share(self, data: TrialData) -> None:
        name = _data_name(self._id, data.digest)
        if name not in self._shared:
            self._client.register_plugin(_Data(name, data.to_bytes()), name=name)
            self._shared.add(name)

    def _free(self) -> str | None:
        used = [job.worker for job in self._jobs]
        free = {w: n - used.count(w) for w, n in self._threads.items()}
        best = max(free, key=lambda w: free[w], default=None)
        return best if best is not None and free[best] > 0 else None

    def _watch(self) -> None:
        """Take what workers hand back, and notice those that come and go."""
        looked = time.monotonic()
        while not self._closed:
            self._news.wait(_LOOK_EVERY_S)
            self._news.clear()
            try:
                self._collect()
                if time.monotonic() - looked >= _LOOK_EVERY_S and not self._closed:
                    self._look()
                    looked = time.monotonic()
            except Exception as error:  # noqa: BLE001 - whatever it is, the scheduler is gone
                _log.debug("the scheduler does not answer", exc_info=error)
                if not self._closed:
                    self._end_all(self._lost())
                return

    def _collect(self) -> None:
        with self._lock:
            ended = [job for job in self._jobs if job.remote.done()]
        for job in ended:
            outcome = self._outcome(job)
            with self._lock:
                self._jobs.remove(job)
            if isinstance(outcome, bytes):
                job.future.set_result(outcome)
            else:
                job.future.set_exception(outcome)
            job.remote.release()

    def _outcome(self, job: _ClusterJob) -> bytes | Exception:
        if job.remote.status == "cancelled" or job.remote.status == "lost":
            raise OSError("the scheduler has forgotten a trial")
        error = job.remote.exception(timeout=_CONNECT_S)
        if error is not None:
            return error if isinstance(error, Exception) else RuntimeError(str(error))
        header, content = job.remote.result(timeout=_CONNECT_S)
        if header["what"] == "done":
            return bytes(content)
        return error_of(header)

    def _look(self) -> None:
        """Accept or refuse workers that have come, and end the trials of those that have gone."""
        found = self._workers_now()
        new = [w for w in found if w not in self._threads and w not in self._refused]
        told = self._client.run(_versions, workers=new, on_error="return") if new else {}
        with self._lock:
            for worker in new:
                self._meet(worker, int(found[worker]["nthreads"]), told.get(worker))
            for worker in set(self._threads) - set(found):
                del self._threads[worker]
            gone = [job for job in self._jobs if job.worker not in found]
            self._jobs = [job for job in self._jobs if job.worker in found]
        for job in gone:
            job.remote.cancel()
            job.future.set_exception(WorkerDiedError(f"{job.worker} has left the cluster"))

    def _workers_now(self) -> dict[str, Any]:
        """What the scheduler says of each worker, by its address.

        `Client.scheduler_info` reads a copy that the client itself replaces every two seconds by
        one without workers: all of them would seem to have left.
        """
        if self._client.status != "running":
            raise OSError("the connection to the scheduler is lost")
        told = self._client.sync(self._client.scheduler.identity, n_workers=-1)
        found: dict[str, Any] = told["workers"]
        return found

    def _meet(self, worker: str, n_threads: int, told: object) -> None:
        if not isinstance(told, dict):
            self._refused[worker] = f"refused: corescout cannot be imported there ({told})"
        elif differing := _differing(told):
            self._refused[worker] = f"refused: {differing}"
        else:
            self._threads[worker] = n_threads
            return
        _log.warning("worker %s is %s", worker, self._refused[worker])

    def _none_left(self) -> None:
        said = "; ".join(f"{worker} is {why}" for worker, why in self._refused.items())
        raise InputError(
            "a worker with the versions of this program", said[:600],
            "install the same versions there, and start its workers again",
        )  # fmt: skip

    def _lost(self) -> InputError:
        return InputError(
            f"a scheduler that answers at {self._address}",
            "none any more",
            "start it again and go on with --resume; what was finished is kept in the run folder",
        )

    def _end_all(self, error: Exception) -> None:
        with self._lock:
            jobs, self._jobs, self._threads = self._jobs, [], {}
        for job in jobs:
            job.future.set_exception(StoppedError("stopped") if self._ending else error)


def _connected(address: str) -> Client:
    file = Path(address)
    where = {"scheduler_file": str(file)} if file.is_file() else {"address": address}
    try:
        return Client(timeout=_CONNECT_S, set_as_default=False, name=_PROGRAM, **where)
    except (OSError, ValueError) as error:
        raise InputError(
            f"a Dask scheduler at {address}",
            f"none that answers ({type(error).__name__})",
            "start one with 'dask scheduler', and give its address or its scheduler file",
        ) from error


def _differing(theirs: dict[str, str]) -> str:
    """Say which versions differ and how; "" if none does."""
    ours = _versions()
    return ", ".join(
        f"it has {name} {theirs.get(name, 'not installed')}, this program {version}"
        for name, version in ours.items()
        if theirs.get(name) != version
    )
