"""One search at a time: started, paused, stopped, and looked into while it runs."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal

from corescout.data import InputError, Keypoints, Progress, Result, Scan, StoppedError
from corescout.gui.jobs.engine import start_exploration
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.model.candidate_view import CandidateView, view_of
from corescout.plan import Plan

_NAME = "explore"


class Exploration(QObject):  # type: ignore[misc]
    """Runs the engine and tells what came of it.

    Attributes
    ----------
    progress : Progress or None
        The last snapshot of the search under way, or of one that was stopped.
    """

    progressed = Signal(object)  # Progress
    found = Signal(object)  # Result
    stopped = Signal(int)  # number of candidates that were finished
    failed = Signal(str)

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._scan: Scan | None = None
        self.progress: Progress | None = None

    @property
    def running(self) -> bool:
        """Whether a search is under way, paused or not."""
        return self._work.running(_NAME)

    @property
    def job(self) -> Job[Any] | None:
        """The search under way."""
        return self._work.job(_NAME)

    def start(self, scan: Scan, plan: Plan, drawn: Keypoints | None) -> None:
        """Search on a scan; `drawn` are key points to use instead of the detector's."""
        self._scan, self.progress = scan, None
        job = start_exploration(scan, plan, drawn)
        self._work.start(_NAME, job, self._end, self._progress, long=True)

    def stop(self) -> None:
        """End the search within about a second, paused or not."""
        self._work.stop(_NAME)

    def pause(self, paused: bool) -> None:
        """Hold the search, or let it go on."""
        if self.job is not None:
            self.job.pause() if paused else self.job.resume()

    def view_of(self, number: int, core_share: float) -> CandidateView | None:
        """Return the view of a candidate of the search under way; None if it has no codes yet."""
        progress = self.progress
        if progress is None or self._scan is None:
            return None
        return view_of(number, progress, self._scan, progress.keypoints, core_share)

    def _progress(self, progress: Progress) -> None:
        self.progress = progress
        self.progressed.emit(progress)

    def _end(self, job: Job[Result]) -> None:
        if job.answer is not None:
            self.found.emit(job.answer)
        elif isinstance(job.error, StoppedError):
            self.stopped.emit(len(self.progress.trials) if self.progress else 0)
        elif isinstance(job.error, InputError):
            self.failed.emit(str(job.error))
        else:
            error = job.error
            self.failed.emit(f"A bug: {type(error).__name__}: {error}. Please report it.")
