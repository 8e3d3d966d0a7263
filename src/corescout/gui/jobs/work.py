"""The jobs of a window: started by name, polled ten times a second, stopped when it closes.

Whatever changes what is shown makes Qt draw the whole window anew, a thirtieth of a second without
a graphics card: each turn does one thing, and the window lives in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from qtpy.QtCore import QObject, QTimer

from corescout.data import Progress
from corescout.gui.jobs.collector import FullCollections
from corescout.gui.jobs.job import Job

_POLL_MS = 100  # the window is redrawn at most ten times a second
_QUICK_MS = 15  # while something is awaited that must feel immediate
_NEXT_MS = 40  # while something is still to be shown


@dataclass
class _Entry:
    job: Job[Any]
    on_end: Callable[[Job[Any]], None]
    on_progress: Callable[[Progress], None] | None


class Queue(Protocol):
    """What is still to be shown, one at a time."""

    def __bool__(self) -> bool:
        """Whether anything waits."""

    def show_next(self) -> None:
        """Show the first that waits, if any."""


class _Nothing:
    def __bool__(self) -> bool:
        return False

    def show_next(self) -> None:
        """Show nothing."""


class Work(QObject):
    """Runs jobs off the GUI thread, in turns with what is to be shown.

    Parameters
    ----------
    parent : QObject

    Attributes
    ----------
    queue : Queue
        Takes turns with the jobs.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.queue: Queue = _Nothing()
        self._jobs: dict[str, _Entry] = {}
        self._quick: set[str] = set()
        self._tasks: dict[str, Callable[[], None]] = {}
        self._layers_turn = True
        self._closed = False
        self._collections = FullCollections()
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)
        # The bound method would keep the window alive; what must end is the work.
        parent.destroyed.connect(_StopAll(self._jobs))

    @property
    def busy(self) -> bool:
        """Whether work is under way or a layer is still to be shown."""
        return bool(self._jobs) or bool(self._tasks) or bool(self.queue)

    def running(self, name: str) -> bool:
        """Whether the job of a name is under way."""
        return name in self._jobs

    def job(self, name: str) -> Job[Any] | None:
        """Return the job of a name while it is under way."""
        entry = self._jobs.get(name)
        return entry.job if entry else None

    def start(
        self,
        name: str,
        job: Job[Any],
        on_end: Callable[[Job[Any]], None],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        quick: bool = False,
        long: bool = False,
    ) -> None:
        """Follow a job: `on_progress` and `on_end` are called on the GUI thread.

        Parameters
        ----------
        quick : bool
            Poll every 15 ms: the operator waits for it with a hand on a slider.
        long : bool
            Put off full garbage collections until all work has ended.
        """
        if self._closed:
            job.stop()
            return
        if long:
            self._collections.put_off()
        self._jobs[name] = _Entry(job, on_end, on_progress)
        if quick:
            self._quick.add(name)
        self._run_timer()

    def stop(self, name: str) -> None:
        """Ask a job to stop; its `on_end` is called when it has."""
        if name in self._jobs:
            self._jobs[name].job.stop()

    def take_turns(self) -> None:
        """Something was put into the queue."""
        self._run_timer()

    def later(self, name: str, task: Callable[[], None]) -> None:
        """Do something in a turn of its own; one of the same name that still waits is dropped."""
        self._tasks[name] = task
        self._run_timer()

    def wait(self, seconds: float) -> None:
        """Wait until every job has ended."""
        for entry in list(self._jobs.values()):
            entry.job.wait(seconds)

    def close(self) -> None:
        """Stop everything; nothing is called any more."""
        self._closed = True
        self._timer.stop()
        self._tasks.clear()  # they know the window
        self._collections.resume()
        for entry in self._jobs.values():
            entry.job.stop()

    def _run_timer(self) -> None:
        if self._closed:
            return
        waits = bool(self._tasks) or bool(self.queue)
        wanted = _QUICK_MS if self._quick else _NEXT_MS if waits else _POLL_MS
        if not self._timer.isActive() or self._timer.interval() != wanted:
            self._timer.start(wanted)

    def _poll(self) -> None:
        if self._tasks:
            self._tasks.pop(next(iter(self._tasks)))()
        elif self._layers_turn and self.queue:
            self._layers_turn = False
            self.queue.show_next()
        else:
            self._layers_turn = True
            if not self._follow_jobs():
                self.queue.show_next()
        if self._closed:
            return
        if self.busy:
            self._run_timer()
        else:
            self._collections.resume()
            self._timer.stop()

    def _follow_jobs(self) -> bool:
        """Tell of the jobs what is new; whether there was anything."""
        told = False
        for name, entry in list(self._jobs.items()):
            progress = entry.job.take_progress()
            if progress is not None and entry.on_progress is not None:
                told = True
                entry.on_progress(progress)
            if not entry.job.running:
                told = True
                del self._jobs[name]
                self._quick.discard(name)
                entry.on_end(entry.job)
        return told


class _StopAll:
    """Ends the work of a window that is gone, and holds the window weakly."""

    def __init__(self, jobs: dict[str, _Entry]) -> None:
        self._jobs = jobs

    def __call__(self, *_: object) -> None:
        for entry in self._jobs.values():
            entry.job.stop()
