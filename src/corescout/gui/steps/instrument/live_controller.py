"""What a watch shows in the window: rows as they come, overlays, targets, loops, the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices

from corescout.data import Measurement, Result, Scan, Target
from corescout.data.sentences import ended
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.live_image import LiveImage
from corescout.gui.jobs.collector import CheapCollections
from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.live_watch import LiveWatch, begin_watch
from corescout.gui.jobs.own_code import may_run
from corescout.gui.jobs.work import Work
from corescout.gui.look import tint_color
from corescout.gui.model.reasons import reason_of
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.instrument.attached import Attached
from corescout.gui.steps.instrument.live_section import LiveSection
from corescout.gui.steps.instrument.loop_plot import loops_layer
from corescout.instruments import Check, VisitPlan
from corescout.live.day.day import PAGE
from corescout.live.day.run_report import report_of, run_of
from corescout.live.policy import Policy
from corescout.live.settings import LiveSettings
from corescout.live.states import ScanRecord, Snapshot, name_of

_STATES = {
    "suggested": "planned", "previewed": "planned", "approved": "planned",
    "measured": "measured", "failed": "skipped", "withdrawn": "skipped",
}  # fmt: skip


class LiveController:
    """Starts and stops a watch, and shows its snapshots ten times a second.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    section : LiveSection
    attached : Attached
        Holds the watch, which ends with the window.
    show_plan : callable
        Given a plan and its check, or None and None: what waits for approval.
    """

    def __init__(
        self,
        workspace: Workspace,
        canvas: Canvas,
        work: Work,
        section: LiveSection,
        attached: Attached,
        show_plan: Callable[[VisitPlan | None, Check | None], None],
    ) -> None:
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self._section, self._attached, self._show_plan = section, attached, show_plan
        self.image = LiveImage(canvas.viewer)
        self._last = Snapshot()
        self._collections = CheapCollections()
        self._waiting: set[str] = set()
        self._parts: dict[str, Callable[[Snapshot], None]] = {  # in this order: later need earlier
            "image": self._show_image,
            "result": self.show_result,
            "targets": self._show_targets,
            "loops": self._show_loops,
            "plan": self._show_current_plan,
            "rows": self._show_rows,
            "back": self._show_back,
        }
        self._edit: Result | None = None  # that the watch has not been told of
        self._day: Path | None = None  # folder of the last watch
        section.records.wanted.connect(self.open_run)
        workspace.result_edited.connect(self._edited)

    @property
    def watch(self) -> LiveWatch | None:
        """The watch that is under way."""
        return self._attached.watch

    @property
    def measures(self) -> bool:
        """Whether a watch is under way whose plans can be approved."""
        return self.watch is not None and self.watch.measures

    @property
    def settled(self) -> bool:
        """Whether all that the watch has said is shown."""
        return not self._waiting

    def start(
        self,
        link: InstrumentLink | None,
        folder: Path | None,
        day_folder: Path,
        settings: LiveSettings,
    ) -> None:
        """Begin to watch an instrument, or a folder."""
        if self.watch is not None or self._work.running("watch"):
            return
        try:
            plan = self._workspace.plan()
        except ValueError as error:
            self._section.say(reason_of(error))
            return
        if not may_run(plan):
            self._section.say("the code of the reward was not allowed to run: choose another")
            return
        plan = plan.model_copy(update={"channels": None})
        known, self._edit = self._workspace.result, None

        def begin(on_progress: object, stop: object) -> LiveWatch:
            return begin_watch(plan, known, link, folder, day_folder, settings)

        self._section.say("Starting ...")
        self._section.watch_button.setEnabled(False)
        self._work.start("watch", Job(begin), self._begun)

    def attach(self, watch: LiveWatch) -> None:
        """Show a watch that was begun."""
        self._attached.watch, self._last, self._waiting = watch, Snapshot(), set()
        self._day = watch.page.parent
        self._adopt()  # what was edited while it began
        self._collections.begin()
        self._section.show_watching(True, measures=watch.measures)
        self._workspace.workflow.set("instrument", StepState.RUNNING, "watching")
        if self._workspace.result is None:
            self._workspace.say("Watching: new scans are analysed as they arrive.", "running")

    def stop(self) -> None:
        """End the watch. Returns at once; `poll` sees its end."""
        if self.watch is not None:
            self.watch.stop()

    @property
    def policy(self) -> str:
        """The policy in force, in words; "" without one."""
        return self.watch.snapshot.policy if self.watch is not None else ""

    @property
    def refused(self) -> str:
        """Why the policy leaves the plan that is shown to a person; "" if it does not."""
        return self.watch.snapshot.refused if self.watch is not None else ""

    def sign(self, policy: Policy | None) -> None:
        """Sign a policy, or take it back."""
        watch = self.watch
        if watch is None:
            return
        job: Job[None] = Job(lambda on_progress, stop: watch.sign(policy))
        self._work.start("sign", job, self._signed, quick=True)

    def suspend(self, *, suspended: bool) -> None:
        """Let the policy approve nothing for now; going on may wait."""
        watch = self.watch
        if watch is None:
            return
        if suspended:
            watch.suspend()
            return
        job: Job[None] = Job(lambda on_progress, stop: watch.suspend(suspended=False))
        self._work.start("resume policy", job, self._signed, quick=True)

    def _signed(self, job: Job[None]) -> None:
        if job.error is not None:
            self._section.say(f"The policy: {job.error}")

    def poll(self) -> None:
        """Show what has changed: one part at each call, so that the window never waits for all."""
        watch = self.watch
        if watch is None:
            return
        if watch.ended:
            self._end(watch.snapshot)
            return
        now, last = watch.snapshot, self._last
        if now is not last:
            self._last = now
            self._say_first_answer(now)
            self._section.show_snapshot(now)
            self._waiting |= _changed(now, last)
            if now.plan is None and last.plan is not None and watch.measures:
                self._show_plan(None, None)  # what is void is not shown for a moment longer
        for part, show in self._parts.items():
            if part in self._waiting:
                self._waiting.remove(part)
                show(now)
                return

    def open_page(self) -> None:
        """Open the page of the day: of a watch under way as it is now, else as it ended."""
        watch, day = self.watch, self._day
        if day is None:
            return

        def write(on_progress: object, stop: object) -> Path:
            return day / PAGE if watch is None else watch.write_page()

        self._open(Job(write), "The page of the day")

    def open_run(self, record: ScanRecord) -> None:
        """Open the report of a scan; say why there is none."""
        run = None if self._day is None else run_of(self._day, record)
        if run is None:
            self._workspace.note(f"{record.called}: {record.outcome}: {record.reason}")
            return

        self._workspace.note(f"Opening the report of {record.called} ...")
        self._open(Job(lambda on_progress, stop: report_of(run)), f"The report of {record.called}")

    def _open(self, job: Job[Path], what: str) -> None:
        """Open the page that a job writes or finds."""

        def opened(job: Job[Path]) -> None:
            if job.answer is None:
                self._workspace.note(f"{what}: {job.error}")
            else:
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(job.answer)))

        self._work.start("page", job, opened)

    # -- inner ----------------------------------------------------------------------------

    def _edited(self, result: Result) -> None:
        """A person edited the types: the watch reads the next scans with them."""
        self._edit = result
        self._adopt()

    def _adopt(self) -> None:
        """Hand over the latest edit, one at a time: an older one must not arrive after it."""
        watch, edit = self.watch, self._edit
        if watch is None or watch.ending or edit is None or self._work.running("adopt"):
            return
        self._edit = None
        job: Job[None] = Job(lambda on_progress, stop: watch.adopt(edit))
        self._work.start("adopt", job, self._adopted, quick=True)

    def _adopted(self, job: Job[None]) -> None:
        if job.error is not None:
            self._section.say(f"Edited types are not used for the next scans: {job.error}")
        self._adopt()

    def _say_first_answer(self, now: Snapshot) -> None:
        """Say which scan is explored while there is no result, and what its first answer is."""
        if self._workspace.result is not None or now.stage != "exploring" or now.current is None:
            return
        first = None if now.progress is None else now.progress.provisional
        name = name_of(now.current) or now.current.uid
        said = "its types come in about a minute" if first is None else first.in_words
        self._workspace.say(ended(f"Exploring {name}: {said}"), "running")

    def _begun(self, job: Job[LiveWatch]) -> None:
        self._section.watch_button.setEnabled(True)
        if job.answer is None:
            self._section.say(f"Could not start: {job.error}")
            return
        if self._workspace.closed:
            job.answer.stop()
            return
        self.attach(job.answer)

    def _channel(self) -> str | None:
        result = self._workspace.result
        return result.channels[0] if result is not None else None

    def _end(self, now: Snapshot) -> None:
        """Show what came last, and that it is over."""
        self._section.show_snapshot(now)
        self._waiting |= _changed(now, self._last) - {"plan", "rows"}
        for part, show in self._parts.items():
            if part in self._waiting:
                show(now)
        page = None if self.watch is None else self.watch.page
        self._attached.watch, self._waiting = None, set()
        self._collections.end()
        self._section.show_watching(False)
        if page is not None and page.exists():
            link = f'<a style="color: {tint_color("doubt")}" href="{page.as_uri()}">'
            self._section.say(f"Stopped. {link}The page of the day</a>")
        self._workspace.workflow.set("instrument", StepState.TO_DO, "")
        self._show_plan(None, None)

    def _show_rows(self, now: Snapshot) -> None:
        """The scan that is under way, as far as it has come, or the one that is looked at."""
        scan = now.partial or now.current
        if scan is not None:
            self.image.show(scan, self._channel())

    def _show_image(self, now: Snapshot) -> None:
        understood = now.understood
        if understood is None:
            return
        result = understood.result
        self.image.show(understood.scan, result.channels[0] if result else self._channel())
        if result is not None:
            self.image.keep(understood.scan, result)

    def _show_back(self, now: Snapshot) -> None:
        """After a scan that was set aside: the latest that was understood, and what was found."""
        if now.understood is None or now.partial is not None:
            return
        self._show_image(now)
        if self._workspace.result is None:
            self.show_result(now)
            self._show_targets(now)

    def show_result(self, now: Snapshot) -> None:
        """Show what the latest scan was understood as; types that are given up are not trusted."""
        understood = now.understood
        if understood is None or understood.result is None:
            return
        self._workspace.take_result(understood.result)
        self._canvas.images_changed.emit()
        if understood.does_not_fit is not None:
            why = understood.does_not_fit.reason
            self._workspace.say(ended(f"Types may be wrong: {why}"), "problem")
            self._workspace.workflow.set("types", StepState.PROBLEM, "may be wrong")

    def _show_targets(self, now: Snapshot) -> None:
        """The targets in force, on the scan that is shown: they may be of an earlier one."""
        result = self._workspace.result
        if result is None or not now.targets:
            return
        self._workspace.set_targets(tuple(_placed(s.target, result.scan) for s in now.targets))
        states = {s.target.uid: _STATES[s.stage] for s in now.targets}
        self._workspace.targets.set_states(states)

    def _show_loops(self, now: Snapshot) -> None:
        result = self._workspace.result
        curves = {u: m for u, m in now.measurements.items() if isinstance(m, Measurement)}
        if result is not None:
            targets = self._workspace.targets.ordered
            layer = loops_layer(result.scan, targets, curves, result.types.colors)
            self._canvas.show_layers([layer])

    def _show_current_plan(self, now: Snapshot) -> None:
        if self.measures and now.plan is not None:
            self._show_plan(now.plan, now.check)


def _changed(now: Snapshot, last: Snapshot) -> set[str]:
    """What there is to show anew."""
    found = set()
    if now.understood is not last.understood:
        found |= {"image", "result", "targets"}
    if now.records is not last.records and now.records[-1].outcome == "set aside":
        found.add("back")
    if now.targets is not last.targets:
        found.add("targets")
    if now.measurements is not last.measurements:
        found.add("loops")
    if now.plan is not last.plan:
        found.add("plan")
    if now.partial is not None and now.partial is not last.partial:
        found.add("rows")
    if now.current is not last.current and now.partial is None:
        found.add("rows")  # it is seen while it is analysed, or explored for a minute
    return found


def _placed(target: Target, scan: Scan) -> Target:
    """A target at its place in metres on a scan: the sample has moved since it was chosen."""
    if scan.frame is None or target.xy_m is None:
        return target
    y, x = scan.frame.to_px(target.xy_m)
    return replace(target, yx_px=(float(y), float(x)))
