"""From Explore to its end: one search at a time, started, held, stopped, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from psygnal import Signal

from corescout.data import InputError, Progress, Result, StoppedError
from corescout.data.counted import counted
from corescout.gui.jobs.engine import start_choosing, start_exploration
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.own_code import may_run
from corescout.gui.jobs.work import Work
from corescout.gui.kept.preferences import preferences
from corescout.gui.model.reasons import in_window_words, reason_of
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace

_NAME = "explore"
_EXPLORING = "Exploring ... Candidates appear below as they finish."


class Running:
    """Runs the engine on the chosen image.

    Parameters
    ----------
    workspace : Workspace
    work : Work

    Attributes
    ----------
    keep : callable
        Asked when a search begins; returns what gives its job the folder to keep trials in.
    """

    moved = Signal(object)  # Progress: how far it is
    paused = Signal(bool)
    stopping = Signal()

    def __init__(self, workspace: Workspace, work: Work) -> None:
        self._workspace, self._work = workspace, work
        self._said_provisional = False
        self.keep: Callable[[], Callable[[], Path | None]] = lambda: lambda: None
        workspace.choice_wanted.connect(self.choose)
        workspace.closing_questions.append(self._at_the_end)

    def start(self) -> None:
        """Explore the chosen image with the settings of the steps."""
        workspace, chosen = self._workspace, self._workspace.chosen
        if chosen is None or workspace.running:
            return
        try:
            plan = workspace.plan()
        except ValueError as error:
            self._say_problem(reason_of(error))
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
        if workspace.result is None:
            workspace.say(_EXPLORING, "running")
        job = start_exploration(chosen.scan, plan, drawn, preferences().cores, self.keep())
        self._work.start(_NAME, job, self._end, self._progress, long=True)

    def choose(self, number: int) -> None:
        """Use a candidate of the present result in place of its winner: another result."""
        workspace, present = self._workspace, self._workspace.result
        if present is None or workspace.running or workspace.progress is not None:
            return
        trial = next((t for t in present.trials if t.number == number), None)
        if trial is None:
            return
        workspace.begin_search(present.scan, choosing=True)
        label = trial.candidate.in_nm(present.analysis_pitch_m)
        workspace.workflow.set("explore", StepState.RUNNING, f"training {label}")
        job = start_choosing(present, number, preferences().cores)
        self._work.start(_NAME, job, self._end, self.moved.emit, long=True)

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
            state = StepState.PAUSED if paused else StepState.RUNNING
            self._workspace.workflow.set("explore", state, "" if paused else "goes on")
            if self._workspace.result is None:
                said = "Paused. Resume goes on where it was." if paused else _EXPLORING
                self._workspace.say(said, "ready" if paused else "running")
            self.paused.emit(paused)

    def _at_the_end(self) -> str:
        """What closing the window would end; "" if nothing."""
        return "A search is under way. Closing ends it." if self._workspace.running else ""

    @property
    def asked_to_stop(self) -> bool:
        """Whether the search under way is on its way to stop."""
        job = self._work.job(_NAME)
        return job is not None and job.stopping

    def _progress(self, progress: Progress) -> None:
        count = len(progress.trials)
        words = counted(count, "candidate")
        self._workspace.workflow.set("explore", StepState.RUNNING, words)
        self._workspace.set_progress(progress)
        self.moved.emit(progress)
        first = progress.provisional
        if first is not None and not self._said_provisional and self._workspace.result is None:
            self._said_provisional = True
            self._workspace.say(f"{first.in_words}.", "running")

    def _end(self, job: Job[Result]) -> None:
        workspace, error = self._workspace, job.error
        if job.answer is not None:
            workspace.finish_search(job.answer)
            self._work.later("open", workspace.result_shown.emit)
        elif isinstance(error, StoppedError):
            self._say_stopped(len(workspace.progress.trials) if workspace.progress else 0)
        elif isinstance(error, InputError):
            self._say_problem(in_window_words(str(error)))
        else:
            self._say_problem(f"A bug: {type(error).__name__}: {error}. Please report it.")

    def _say_stopped(self, count: int) -> None:
        if self._workspace.choosing:
            self._tell("Stopped.", StepState.TO_DO, "")
            return
        words = counted(count, "candidate")
        said = f"Stopped. {words} finished and in the table. Explore goes on from them."
        self._tell(said, StepState.TO_DO, f"stopped after {words}")

    def _say_problem(self, text: str) -> None:
        self._tell(text, StepState.PROBLEM, text)

    def _tell(self, said: str, state: StepState, chip: str) -> None:
        """Say why there is no new result; one that is shown stays, with its verdict."""
        workspace = self._workspace
        workspace.end_search(said)
        if workspace.result is None:
            workspace.workflow.set("explore", state, chip)
            workspace.say(said, "ready" if state is StepState.TO_DO else "problem")
