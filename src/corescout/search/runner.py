"""Runs tasks in a fixed order, within a budget; what is known already is not computed again.

Each task is computed by one thread with one core: its numbers do not depend on how many run beside
it, nor where.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Protocol

from corescout import trial_file
from corescout.data import StoppedError
from corescout.search import tasks as trial_tasks
from corescout.search.executors import TrialFailedError, WorkerDiedError, end_trials, n_workers
from corescout.search.tasks import Task, run_task
from corescout.trial import Outcome
from corescout.trial_data import TrialData

_log = logging.getLogger(__name__)
_REPORT_EVERY_S = 0.1
MOST_DEATHS = 2  # of workers under one trial, after which it is void

Computed = tuple[Outcome, ...] | bytes
Found = tuple[Outcome, ...] | str


class Store(Protocol):
    """Keeps files of finished trials by their key."""

    def get(self, key: str) -> bytes | None:
        """Return the file of a trial; None if there is none."""

    def put(self, key: str, content: bytes, label: str) -> None:
        """Keep the file of a trial; it is on the disk when this returns."""

    def died(self, key: str, label: str, why: str) -> int:
        """Note that a worker died under a trial; return how often that has been."""

    def deaths(self, key: str) -> int:
        """How many workers have died under a trial."""


class Memory:
    """A store that keeps the deaths alone, for an exploration without a folder."""

    def __init__(self) -> None:
        self._deaths: dict[str, int] = {}

    def get(self, key: str) -> bytes | None:
        """None."""

    def put(self, key: str, content: bytes, label: str) -> None:
        """Keep nothing."""

    def died(self, key: str, label: str, why: str) -> int:
        """Count a death."""
        self._deaths[key] = self.deaths(key) + 1
        return self._deaths[key]

    def deaths(self, key: str) -> int:
        """How many workers have died under a trial."""
        return self._deaths.get(key, 0)


@dataclass
class TrialRunner:
    """Runs tasks on one set of data and says how far it is.

    Parameters
    ----------
    data : TrialData
    executor : Executor
        See `search.executors`.
    store : Store, optional
        Asked before anything is computed, and told of everything that was.
    stop : Event
        Ends the run within one optimiser step.
    on_progress : callable
        Told the fraction of the expected cost that is done and the estimated seconds left, at
        most ten times a second.
    expected_cost : float
        Of everything that this runner will be given.
    """

    data: TrialData
    executor: Executor
    store: Store | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    on_progress: Callable[[float, float | None], None] | None = None
    expected_cost: float = 0.0
    _done_cost: float = field(default=0.0, init=False)
    _known_cost: float = field(default=0.0, init=False)
    _busy_s: float = field(default=0.0, init=False)
    _deaths: Memory = field(default_factory=Memory, init=False)

    def run(
        self,
        tasks: Sequence[Task],
        *,
        deadline: float | None = None,
        on_task: Callable[[int, Found], None] | None = None,
    ) -> list[Found]:
        """Run the tasks; return the outcomes of each, or why it failed.

        With a deadline they run in order, without one the longest first.

        Tasks that could not be started before `deadline` (`time.monotonic`) are left out at the
        end of the list.

        Raises
        ------
        StoppedError
            If `stop` was set.
        """
        work = _Work(self, tasks, on_task)
        work.take_known()
        if deadline is None:  # the longest first, so that no core waits for one at the end
            work.waiting.sort(key=lambda i: -work.costs[i])
        began = time.monotonic()
        while (work.waiting or work.running) and not self.stop.is_set():
            while work.waiting and len(work.running) < n_workers(self.executor):
                if self._late(deadline, work.results):
                    work.waiting.clear()
                    break
                work.start(work.waiting.pop(0))
            if work.running:
                work.collect()
            elif work.waiting:  # a cluster that has lost its workers may get others
                time.sleep(_REPORT_EVERY_S)
            self._report(work, began)
        if self.stop.is_set():
            work.end()
            raise StoppedError("stopped")
        self._done_cost += sum(work.costs[i] for i in work.results)
        self._busy_s += time.monotonic() - began
        return [work.results[i] for i in sorted(work.results)]

    def _late(self, deadline: float | None, results: dict[int, Found]) -> bool:
        if deadline is None or not results:
            return False
        return time.monotonic() - held_s(self.stop) >= deadline

    def _report(self, work: _Work, began: float) -> None:
        if self.on_progress is None:
            return
        parts = zip(work.costs, work.fractions, strict=True)
        done = self._done_cost + sum(cost * fraction for cost, fraction in parts)
        total = max(self.expected_cost, done)
        spent = max(0.0, self._busy_s + time.monotonic() - began - held_s(self.stop))
        computed = done - self._known_cost
        left = spent * (total - done) / computed if computed > 0.02 * total else None
        self.on_progress(done / total if total else 0.0, left)


class _Work:
    """The tasks of one call of `TrialRunner.run`: which wait, which run, what came of them."""

    def __init__(
        self,
        runner: TrialRunner,
        tasks: Sequence[Task],
        on_task: Callable[[int, Found], None] | None,
    ) -> None:
        self._runner, self._tasks, self._on_task = runner, tasks, on_task
        self.costs = [task.cost(runner.data) for task in tasks]
        self.keys = [task.key(runner.data.digest) for task in tasks]
        self.fractions = [0.0] * len(tasks)
        self.waiting = list(range(len(tasks)))
        self.running: dict[Future[Computed], int] = {}
        self.results: dict[int, Found] = {}
        self._stored: dict[int, bytes] = {}  # files that lack a fit

    def take_known(self) -> None:
        """Take what the store has; a file that lacks a fit is completed in its turn."""
        store = self._runner.store
        for i in list(self.waiting) if store is not None else ():
            content = store.get(self.keys[i])  # type: ignore[union-attr]
            if content is None:
                continue
            try:
                found = trial_file.from_bytes(content, self._runner.data)
                about = trial_file.about_of(content)
            except (OSError, KeyError, ValueError) as error:
                _log.warning("%s is computed again: %s", self._tasks[i].label, error)
                continue
            if not self._tasks[i].is_whole(found, about):
                self._stored[i] = content
                continue
            self.waiting.remove(i)
            self._runner._known_cost += self.costs[i]
            self._end(i, self._tasks[i].finished(found))

    def start(self, i: int) -> None:
        """Give a task to the executor, unless it has killed too many workers."""
        deaths = self._store.deaths(self.keys[i])
        if deaths >= MOST_DEATHS:
            self._end(i, _void(deaths))
            return

        def follow(fraction: float) -> None:
            self.fractions[i] = fraction

        runner = self._runner
        job: Future[Computed] = runner.executor.submit(
            run_task, runner.data, self._tasks[i], runner.stop, follow, self._stored.get(i)
        )
        self.running[job] = i

    def collect(self) -> None:
        """Wait a moment for what ends; keep it before anything is said of it."""
        finished, _ = wait(self.running, _REPORT_EVERY_S, FIRST_COMPLETED)
        for job in sorted(finished, key=self.running.__getitem__):
            i = self.running.pop(job)
            try:
                computed = job.result()
            except StoppedError:
                continue
            except WorkerDiedError as died:
                self._died(i, died)
            except TrialFailedError as error:
                self._failed(i, str(error))
            except (ArithmeticError, RuntimeError, ValueError) as error:
                # One candidate that cannot be fitted must not end the search; why is kept.
                self._failed(i, f"{type(error).__name__}: {error}")
            else:
                self._end(i, self._kept(i, computed))

    def end(self) -> None:
        """Stop was pressed: nothing more is started, what runs is ended; what is done is kept."""
        end_trials(self._runner.executor)
        for job in list(self.running):
            job.cancel()
        wait(self.running)
        for job, i in self.running.items():
            if not job.cancelled() and job.exception() is None:
                self._end(i, self._kept(i, job.result()))

    @property
    def _store(self) -> Store:
        return self._runner.store or self._runner._deaths

    def _kept(self, i: int, computed: Computed) -> tuple[Outcome, ...]:
        task, store = self._tasks[i], self._runner.store
        content = computed if isinstance(computed, bytes) else None
        if isinstance(computed, bytes):
            computed = trial_file.from_bytes(computed, self._runner.data)
        if store is not None:
            store.put(self.keys[i], content or trial_tasks.to_bytes(task, computed), task.label)
        return task.finished(computed)

    def _died(self, i: int, died: WorkerDiedError) -> None:
        deaths = self._store.died(self.keys[i], self._tasks[i].label, str(died))
        _log.warning("a worker died under %s (%s)", self._tasks[i].label, died)
        if deaths >= MOST_DEATHS:
            self._end(i, _void(deaths))
        else:
            self.fractions[i] = 0.0
            self.waiting.insert(0, i)

    def _failed(self, i: int, why: str) -> None:
        _log.warning("%s failed: %s", self._tasks[i].label, why)
        self._end(i, why)

    def _end(self, i: int, found: Found) -> None:
        self.fractions[i] = 1.0
        self.results[i] = found
        if self._on_task is not None:
            self._on_task(i, found)


def _void(deaths: int) -> str:
    return f"void: {deaths} workers died while they computed it"


def held_s(stop: threading.Event) -> float:
    """Return how long whoever holds the search has held it: that is not of its budget."""
    return float(getattr(stop, "held_s", 0.0))
