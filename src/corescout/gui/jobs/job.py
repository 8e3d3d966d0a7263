"""Work off the GUI thread: one job, its last snapshot, its end. No Qt: the window polls it.

A poll at 10 Hz bounds how often the window is redrawn, needs no signal across threads, and leaves
nothing connected when the window closes in the middle of a job.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from corescout.data import Progress, StoppedError

JobAnswer = TypeVar("JobAnswer")
Task = Callable[[Callable[[Progress], None], threading.Event], JobAnswer]


class Pausable(threading.Event):
    """A stop event that holds whoever asks it while it is paused.

    The engine asks at every step of a training whether to stop: paused, each of its threads waits
    there, and a stop wakes it at once. The clock of a budget stands still meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()
        self._go = threading.Event()
        self._go.set()
        self._held_s, self._held_since = 0.0, 0.0

    @property
    def paused(self) -> bool:
        """Whether it holds."""
        return not self._go.is_set()

    @property
    def held_s(self) -> float:
        """Seconds that it has held so far."""
        return self._held_s + (time.monotonic() - self._held_since if self.paused else 0.0)

    def pause(self) -> None:
        """Hold from now on."""
        if not super().is_set() and not self.paused:
            self._held_since = time.monotonic()
            self._go.clear()

    def resume(self) -> None:
        """Let go."""
        self._held_s = self.held_s
        self._go.set()

    def set(self) -> None:
        """Stop, paused or not."""
        super().set()
        self.resume()

    def is_set(self) -> bool:
        """Say whether to stop; waits while paused."""
        if not super().is_set():
            self._go.wait()
        return super().is_set()

    def asked(self) -> bool:
        """Say whether to stop, without waiting."""
        return super().is_set()


class Job(Generic[JobAnswer]):
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

    def __init__(self, work: Task[JobAnswer]) -> None:
        self._work = work
        self._stop = Pausable()
        self._latest: Progress | None = None
        self.answer: JobAnswer | None = None
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
        return self._stop.asked()

    @property
    def paused(self) -> bool:
        """Whether it is held."""
        return self._stop.paused

    def pause(self) -> None:
        """Hold it where it next asks whether to stop."""
        self._stop.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._stop.resume()

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
