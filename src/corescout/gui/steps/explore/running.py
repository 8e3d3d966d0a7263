"""From Explore to its end: one search at a time, started, held, stopped, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from psygnal import Signal

from corescout.data import InputError, Progress, Result, StoppedError
from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.gui.jobs.engine import (
    FoundSeries,
    start_choosing,
    start_exploration,
    start_pooled,
)
from corescout.gui.jobs.further import GivenScan
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.own_code import may_run
from corescout.gui.jobs.search_place import SearchPlace
from corescout.gui.jobs.work import Work
from corescout.gui.kept.preferences import preferences
from corescout.gui.model.chosen_image import ChosenImage
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
    more : callable
        Returns the further images that are explored, and whether all are pooled.
    choose_image : callable
        Chooses the image of a name.
    cluster : callable
        Returns the address of the cluster that computes; "" is this computer.
    """

    moved = Signal(object)  # Progress: how far it is
    paused = Signal(bool)
    stopping = Signal()
    workers_changed = Signal(object)  # ClusterState, None where no cluster computes

    def __init__(self, workspace: Workspace, work: Work) -> None:
        self._workspace, self._work = workspace, work
        self._said_provisional = False
        self._place = SearchPlace()
        self._waiting: list[ChosenImage] = []  # scans that are explored after this one
        self._without: list[str] = []  # why scans of several have no result
        self._several = False
        self.keep: Callable[[], Callable[[], Path | None]] = lambda: lambda: None
        self.more: Callable[[], tuple[tuple[ChosenImage, ...], bool]] = lambda: ((), False)
        self.choose_image: Callable[[str], None] = lambda name: None
        self.cluster: Callable[[], str] = lambda: ""
        workspace.choice_wanted.connect(self.choose)
        workspace.closing_questions.append(self._at_the_end)

    def start(self) -> None:
        """Explore the chosen image with the settings of the steps, and those checked beside it."""
        if self._workspace.chosen is None or self._workspace.running:
            return
        more, pooled = self.more()
        self._waiting, self._without = [] if pooled else list(more), []
        self._several = bool(self._waiting)
        self._start_one(more if pooled else ())

    def _start_one(self, pooled_with: tuple[ChosenImage, ...] = ()) -> None:
        """Start the search on the chosen image, or one for it and others."""
        workspace, chosen = self._workspace, self._workspace.chosen
        if chosen is None:
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
        self._place = SearchPlace(self.cluster(), preferences().cores)
        if pooled_with:
            images = {image.name: image for image in (chosen, *pooled_with)}
            scans = {name: image.scan for name, image in images.items()}
            job = start_pooled(scans, plan, self._place)
            self._work.start(_NAME, job, partial(self._end_series, images), self._progress,
                             long=True)  # fmt: skip
            return
        present = workspace.result
        again = present is not None and present.scan.uid == chosen.scan.uid
        further = GivenScan.all_of(present) if again and present is not None else ()
        alone = start_exploration(chosen.scan, plan, drawn, self._place, self.keep(), further)
        self._work.start(_NAME, alone, self._end, self._progress, long=True)

    def choose(self, number: int) -> None:
        """Use a candidate of the present result in place of its winner: another result."""
        workspace, present = self._workspace, self._workspace.result
        if present is None or workspace.running or workspace.progress is not None:
            return
        trial = next((t for t in present.trials if t.number == number), None)
        if trial is None:
            return
        self._several, self._without = False, []
        workspace.begin_search(present.scan, choosing=True)
        label = trial.candidate.in_nm(present.analysis_pitch_m)
        workspace.workflow.set("explore", StepState.RUNNING, f"training {label}")
        self._place = SearchPlace("", preferences().cores)
        job = start_choosing(present, number, self._place.workers)
        self._work.start(_NAME, job, self._end, self.moved.emit, long=True)

    def stop(self) -> None:
        """End the search within about a second, paused or not; what was finished stays."""
        self._waiting = []
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
        if self._waiting:
            words += f", {counted(len(self._waiting), 'more scan')} after this one"
        self._workspace.workflow.set("explore", StepState.RUNNING, words)
        self.workers_changed.emit(self._place.state)
        self._workspace.set_progress(progress)
        self.moved.emit(progress)
        first = progress.provisional
        if first is not None and not self._said_provisional and self._workspace.result is None:
            self._said_provisional = True
            self._workspace.say(ended(first.in_words), "running")

    def _end(self, job: Job[Result]) -> None:
        if job.answer is not None:
            self._workspace.finish_search(job.answer)
            self._work.later("open", self._workspace.result_shown.emit)
        else:
            self._end_without(job.error)
        self.workers_changed.emit(None)
        if self._waiting:
            self._work.later("next scan", self._start_next)
        elif self._without:
            self._workspace.note("\n".join(self._without))

    def _start_next(self) -> None:
        """Go on with the next scan of those that were checked."""
        if self._workspace.running or not self._waiting:
            return
        self.choose_image(self._waiting.pop(0).name)
        self._start_one()

    def _end_series(self, images: Mapping[str, ChosenImage], job: Job[FoundSeries]) -> None:
        """Every scan of a series has its result; that of the chosen one is shown."""
        workspace, found = self._workspace, job.answer
        self.workers_changed.emit(None)
        if found is None:
            self._end_without(job.error)
            return
        first = next(name for name in images if name in found.results)
        for name, result in found.results.items():
            if name != first:
                left_out = workspace.key_points.edits.left_out
                with_these = workspace.settings.by_step(name, left_out)
                workspace.results.add(result, found_with=with_these)
        workspace.finish_search(found.results[first])
        self._work.later("open", workspace.result_shown.emit)
        one = f"One set of types on {len(found.results)} scans, each in the list of results."
        workspace.note("\n".join([one, *found.notes]))

    def _end_without(self, error: BaseException | None) -> None:
        """Say why there is no result."""
        workspace = self._workspace
        if isinstance(error, StoppedError):
            self._say_stopped(len(workspace.progress.trials) if workspace.progress else 0)
            return
        told = in_window_words(str(error))
        if not isinstance(error, InputError):
            told = f"A bug: {ended(f'{type(error).__name__}: {error}')} Please report it."
        if workspace.chosen is not None and self._several:
            self._without.append(f"{workspace.chosen.name}: {told}")
        self._say_problem(told)

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
