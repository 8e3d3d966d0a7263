"""From Explore to its end: one search at a time, started, held, stopped, and what came of it."""

from __future__ import annotations

from psygnal import Signal

from corescout.data import InputError, Progress, Result, StoppedError
from corescout.gui.jobs.engine import start_exploration
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.own_code import may_run
from corescout.gui.jobs.work import Work
from corescout.gui.kept.preferences import preferences
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace

_NAME = "explore"


class Running:
    """Runs the engine on the chosen image.

    Parameters
    ----------
    workspace : Workspace
    work : Work
    """

    paused = Signal(bool)
    stopping = Signal()

    def __init__(self, workspace: Workspace, work: Work) -> None:
        self._workspace, self._work = workspace, work
        self._said_provisional = False

    def start(self) -> None:
        """Explore the chosen image with the settings of the steps."""
        workspace, chosen = self._workspace, self._workspace.chosen
        if chosen is None or workspace.running:
            return
        try:
            plan = workspace.plan()
        except ValueError as error:
            self._say_problem(str(error).splitlines()[-1])
            return
        if not may_run(plan):
            self._say_problem(
                "The code of the reward was not allowed to run: choose another reward."
            )
            return
        drawn = workspace.key_points.edited_of(chosen.scan)
        workspace.begin_search(chosen.scan)
        self._said_provisional = False
        workspace.workflow.set("explore", StepState.RUNNING, "finding key points")
        workspace.say("Exploring ... Candidates appear below as they finish.", "running")
        job = start_exploration(chosen.scan, plan, drawn, preferences().cores)
        self._work.start(_NAME, job, self._end, self._progress, long=True)

    def stop(self) -> None:
        """End the search within about a second, paused or not; what was finished stays."""
        if self._workspace.running:
            self._work.stop(_NAME)
            self.stopping.emit()

    def pause(self, paused: bool) -> None:
        """Hold the search where it is, or let it go on."""
        job = self._work.job(_NAME)
        if job is not None:
            job.pause() if paused else job.resume()
            self.paused.emit(paused)

    @property
    def asked_to_stop(self) -> bool:
        """Whether the search under way is on its way to stop."""
        job = self._work.job(_NAME)
        return job is not None and job.stopping

    def _progress(self, progress: Progress) -> None:
        count = len(progress.trials)
        self._workspace.workflow.set("explore", StepState.RUNNING, f"{count} candidates")
        self._workspace.set_progress(progress)
        first = progress.provisional
        if first is not None and not self._said_provisional:
            self._said_provisional = True
            self._workspace.say(f"{first.in_words}.", "running")

    def _end(self, job: Job[Result]) -> None:
        workspace, error = self._workspace, job.error
        workspace.set_running(False)
        if job.answer is not None:
            workspace.set_result(job.answer)
            self._work.later("open", workspace.result_shown.emit)
        elif isinstance(error, StoppedError):
            self._say_stopped(len(workspace.progress.trials) if workspace.progress else 0)
        elif isinstance(error, InputError):
            self._say_problem(str(error))
        else:
            self._say_problem(f"A bug: {type(error).__name__}: {error}. Please report it.")

    def _say_stopped(self, count: int) -> None:
        text = f"stopped after {count} candidates"
        self._workspace.workflow.set("explore", StepState.TO_DO, text)
        self._workspace.say(
            f"Stopped. {count} finished candidates are in the table. Explore starts a new search.",
            "ready",
        )

    def _say_problem(self, text: str) -> None:
        self._workspace.workflow.set("explore", StepState.PROBLEM, text)
        self._workspace.say(text, "problem")
