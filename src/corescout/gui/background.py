"""Work off the GUI thread: one job, its last snapshot, its end. No Qt: the window polls it.

A poll at 10 Hz bounds how often the window is redrawn, needs no signal across threads, and leaves
nothing connected when the window closes in the middle of a job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from corescout.data import Progress, StoppedError

Answer = TypeVar("Answer")
Work = Callable[[Callable[[Progress], None], threading.Event], Answer]


class Job(Generic[Answer]):
    """A function on a thread of its own.

    Parameters
    ----------
    work : callable
        Given ``on_progress`` and ``stop``; its return value is the answer.

    Attributes
    ----------
    answer : object or None
    error : Exception or None
        StoppedError when it was stopped.
    """

    def __init__(self, work: Work[Answer]) -> None:
        self._work = work
        self._stop = threading.Event()
        self._latest: Progress | None = None
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="corescout-job")
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask it to stop; it does within about a second."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for its end."""
        self._thread.join(seconds)

    def take_progress(self) -> Progress | None:
        """Return the last snapshot that was not taken yet."""
        latest, self._latest = self._latest, None
        return latest

    def _run(self) -> None:
        try:
            self.answer = self._work(self._keep, self._stop)
        except Exception as error:  # noqa: BLE001 - the window shows every error
            self.error = error
            if isinstance(error, StoppedError):
                self._stop.set()

    def _keep(self, progress: Progress) -> None:
        self._latest = progress
