"""From Explore to its end: what the window shows while a search is under way, and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corescout.data import Progress, Result
from corescout.gui.model.workflow import State
from corescout.gui.steps.explore.own_code import may_run

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class Running:
    """Starts, holds and stops the search of an explorer, and shows what comes of it."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        exploration = explorer.exploration
        exploration.progressed.connect(self._show_progress)
        exploration.found.connect(self._show_found)
        exploration.stopped.connect(self._show_stopped)
        exploration.failed.connect(self._show_failed)

    def start(self) -> None:
        """Explore the chosen channel with the settings of the steps."""
        explorer = self._explorer
        layer = explorer.image_layer()
        if layer is None or explorer.running:
            return
        scan = explorer.scan_of(layer)
        try:
            plan = explorer.plan()
        except ValueError as error:
            self._say_problem(str(error).splitlines()[-1])
            return
        if not may_run(plan, explorer):
            self._say_problem(
                "The code of the reward was not allowed to run: choose another reward."
            )
            return
        drawn = explorer.key_points_step.take_edited(scan)
        explorer.begin(scan)
        self._show_running(True)
        explorer.workflow.set("explore", State.RUNNING, "finding key points")
        explorer.verdict.say("Exploring ... candidates appear below as they finish.", "running")
        explorer.candidate_panel.begin(plan.decision.reward)
        explorer.exploration.start(scan, plan, drawn)

    def stop(self) -> None:
        """End the search within about a second."""
        if self._explorer.running:
            self._explorer.exploration.stop()
            self._explorer.run_bar.show_stopping()

    def pause(self, paused: bool) -> None:
        """Hold the search, or let it go on."""
        if self._explorer.running:
            self._explorer.exploration.pause(paused)
            self._explorer.run_bar.show_paused(paused)

    def _show_running(self, running: bool) -> None:
        self._explorer.run_bar.show_running(running)
        for step in self._explorer.steps.values():
            step.set_running(running)

    def _show_progress(self, progress: Progress) -> None:
        explorer, job = self._explorer, self._explorer.exploration.job
        explorer.run_bar.show_progress(progress, stopping=job is not None and job.stopping)
        explorer.workflow.set("explore", State.RUNNING, f"{len(progress.trials)} candidates")
        explorer.candidate_panel.show_progress(progress)
        best = explorer.candidate_panel.news()
        if best is not None:
            explorer.work.later("candidate", lambda: explorer.show_candidate(best))

    def _show_found(self, result: Result) -> None:
        self._show_running(False)
        self._explorer.set_result(result)
        self._explorer.work.later("open", self._explorer.column.open_for_result)

    def _show_stopped(self, count: int) -> None:
        self._show_running(False)
        self._explorer.workflow.set("explore", State.TO_DO, f"stopped after {count} candidates")
        self._explorer.verdict.say(
            f"Stopped. {count} finished candidates are in the table; Explore starts again.",
            "ready",
        )

    def _show_failed(self, why: str) -> None:
        self._show_running(False)
        self._say_problem(why)

    def _say_problem(self, text: str) -> None:
        self._explorer.workflow.set("explore", State.PROBLEM, text)
        self._explorer.verdict.say(text, "problem")
