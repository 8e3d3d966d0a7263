"""Step 6: connect an instrument, preview, approve and run a plan, watch, stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from qtpy.QtCore import QTimer, Signal

from corescout.data import Scan
from corescout.folders import days_folder
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import scan_layers
from corescout.gui.canvas.tip_layer import TipLayer, view_size_m
from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.live_watch import LiveWatch
from corescout.gui.jobs.work import Work
from corescout.gui.look import text_color
from corescout.gui.model.visit import VisitProgress
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.instrument.attached import Attached
from corescout.gui.steps.instrument.choices import InstrumentChoice, folder_choice
from corescout.gui.steps.instrument.dry_run import in_words_of_file
from corescout.gui.steps.instrument.live_controller import LiveController
from corescout.gui.steps.instrument.live_section import INSTRUMENT
from corescout.gui.steps.instrument.measured_loops import MeasuredLoops
from corescout.gui.steps.instrument.panel import InstrumentPanel, ask_folder, person
from corescout.gui.steps.instrument.safety import Safety
from corescout.gui.steps.step import Step
from corescout.instruments import Check, Event, VisitPlan
from corescout.instruments.events import Measured
from corescout.live.loop.looks import with_reason
from corescout.live.settings import LiveSettings

_POLL_MS = 100
_OPENING = "connecting ..."


class InstrumentStep(Step):
    """The instrument of the window.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work

    Attributes
    ----------
    panel : InstrumentPanel
        Its widgets.
    days : Path
        Folder of the journals and measurements.
    plan : VisitPlan or None
        That is shown: previewed here, or by a watch.
    check : Check or None
        What it would do.
    """

    wanted = Signal(object)  # the widget that is to be seen

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        super().__init__(workspace, "instrument")
        self._canvas, self._work = canvas, work
        self.panel = InstrumentPanel(workspace)
        self.body.addWidget(self.panel)
        self.days = days_folder()
        self.attached = Attached()
        self._links: list[InstrumentLink] = []  # whose threads may still end
        self.plan: VisitPlan | None = None
        self.check: Check | None = None
        self._version = 0  # of targets and settings: another one voids what was previewed
        self.progress = VisitProgress()
        self.tip_layer = TipLayer(canvas.viewer)
        self._loops = MeasuredLoops(workspace, canvas, self.panel, self.wanted.emit)
        self.live = LiveController(
            workspace, canvas, work, self.panel.live_section, self.attached, self._show_live_plan
        )
        self.safety = Safety(workspace, self.panel, self.live, self, self.stop)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._connect()
        self.panel.show_link(None)
        self.destroyed.connect(self.attached)

    @property
    def link(self) -> InstrumentLink | None:
        """The instrument, while one is connected."""
        return self.attached.link

    # -- what the operator does -----------------------------------------------------------

    def connect_instrument(self, choice: InstrumentChoice | None = None) -> None:
        """Connect what is chosen; the button disconnects what is connected."""
        if self.link is not None:
            self.disconnect_instrument()
            return
        found = choice or self._chosen()
        if found is None or self._work.running("connect"):
            return
        folder = self.days / found.day_name()

        def open_link(on_progress: object, stop: object) -> InstrumentLink:
            instrument, limits = found.open()
            return InstrumentLink(instrument, limits, folder)

        self.panel.connect_button.setEnabled(False)
        self.panel.status.setText(_OPENING)
        self.workspace.workflow.set("instrument", StepState.RUNNING, _OPENING)
        self._work.start("connect", Job(open_link), self._connected)

    def disconnect_instrument(self) -> None:
        """Let the instrument go; a run is stopped first."""
        link, self.attached.link = self.link, None
        if self.live.measures:
            self.live.stop()
        if link is not None:
            link.close()
        self.safety.follow(None)
        self.tip_layer.remove()
        self._forget_plan("")
        self._show_link()

    def show_step(self) -> None:
        """Open this step and scroll to it."""
        self.set_expanded(True)
        self.wanted.emit(self.panel.connect_button)
        self.panel.connect_button.setFocus()

    def take_scan(self) -> None:
        """Let the instrument scan; its rows appear as they come."""
        if self.link is not None:
            self.link.scan()

    def dry_run(self) -> None:
        """Say what a plan of the targets would do; nothing is sent."""
        link, result = self.link, self.workspace.result
        if link is None or result is None or self._work.running("dry run"):
            return
        settings = self.panel.form_of_action.visit_settings()
        targets = self.workspace.targets.ordered
        again = self.panel.form_of_action.again.isChecked()

        def preview(on_progress: object, stop: object) -> tuple[VisitPlan, Check]:
            look = link.first_look(result.scan, settings.tolerance_m)
            plan = settings.plan(result, targets, look=look)
            return plan, with_reason(link.preview(plan, measure_again=again), look)

        version = self._version
        self.panel.preview_box.clear("checking ...")
        self._work.start(
            "dry run", Job(preview), lambda job: self._previewed(job, version), quick=True
        )

    def approve(self) -> None:
        """Approve exactly the plan that was previewed."""
        link, plan, watch = self.link, self.plan, self.live.watch
        if link is None or plan is None:
            return
        if watch is not None and watch.measures:
            self._do("approve", lambda: watch.approve(plan.digest, person()))
        else:
            self._do("approve", lambda: link.approve(plan.digest, person()))

    def run(self) -> None:
        """Carry out the plan that was approved."""
        link, plan, result = self.link, self.plan, self.workspace.result
        if link is None or plan is None or result is None:
            return
        self.progress.begin(plan.targets)
        self.workspace.targets.set_states(self.progress.state_of)
        link.run(plan, result.scan)

    def stop(self) -> None:
        """STOP, in any state; a policy is taken back."""
        if self.link is not None:
            self.link.stop("STOP was pressed")
            self._forget_plan("")

    def release(self) -> None:
        """Leave HOLD: the operator has looked."""
        link, watch = self.link, self.live.watch
        if watch is not None and watch.measures:
            self._do("release", lambda: watch.release(person()))
        elif link is not None:
            self._do("release", lambda: link.release(person()))

    def withdraw_tip(self) -> None:
        """Lift the tip off the sample, in HOLD."""
        link = self.link
        if link is not None:
            self._do("withdraw tip", lambda: link.withdraw_tip(person()))

    def watch_scans(self, source: str, folder: Path | None = None) -> None:
        """Understand every new scan as it arrives, from the instrument or a folder."""
        link = self.link if source == INSTRUMENT else None
        if link is None and folder is None:
            folder = ask_folder(self)
            if folder is None:
                return
        form = self.panel.form_of_action
        action, settings = form.values()
        where = "-".join(folder.absolute().parts[-2:]) if folder else ""
        name = f"{datetime.now():%Y-%m-%d}-watch-{where}"
        live = LiveSettings(
            action=action, action_settings=settings, drift_check=form.check_every.value() > 0,
            look_at_written=form.looks_at_written,
        )  # fmt: skip
        self.live.start(link, folder, self.days / name, live)
        self._timer.start()
        self.wanted.emit(self.panel.live_fold)

    def show_watch(self, watch: LiveWatch) -> None:
        """Show a watch that was begun elsewhere."""
        self.live.attach(watch)
        self._timer.start()

    # -- state ----------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """Of the session; "" without an instrument."""
        return self.link.snapshot.state if self.link is not None else ""

    def set_dark(self, dark: bool) -> None:
        """Draw the plot in the theme's colours."""
        self.panel.loop_plot.set_text_color(text_color(dark))

    def do_again(self) -> None:
        """A plan is out of date: preview it anew."""
        self.dry_run()

    def leave(self) -> None:
        """The window closes: a run and a watch are stopped, the instrument let go."""
        self.live.stop()
        self.disconnect_instrument()
        self._timer.stop()

    def wait(self, seconds: float = 10.0) -> bool:
        """Wait until no thread of an instrument is left."""
        watch = self.live.watch
        if watch is not None and not watch.wait(seconds):
            return False
        return not [link for link in self._links if not link.wait(seconds)]

    # -- jobs -----------------------------------------------------------------------------

    def _do(self, name: str, work: Callable[[], None]) -> None:
        """Do what may wait off the window; say why if it is refused."""

        def ended(job: Job[None]) -> None:
            if job.error is not None:
                self.panel.preview_box.errors.setText(str(job.error))
                self.panel.preview_box.errors.setVisible(True)
            self.poll()

        self._work.start(name, Job(lambda on_progress, stop: work()), ended, quick=True)

    def _connected(self, job: Job[InstrumentLink]) -> None:
        self.panel.connect_button.setEnabled(True)
        link = job.answer
        if link is None:
            self.panel.status.setText(f"Not connected: {job.error}")
            self.workspace.workflow.set("instrument", StepState.PROBLEM, "not connected")
            return
        self._links = [other for other in self._links if not other.wait(0)] + [link]
        if self.workspace.closed:
            link.close()
            return
        self.attached.link = link
        self.progress = VisitProgress()
        self.panel.journal.follow(link.day.journal.path)
        self.safety.follow(link)
        self._timer.start()
        self._show_link()
        self.poll()
        self.wanted.emit(self.panel.run_button)

    def _previewed(self, job: Job[tuple[VisitPlan, Check]], version: int) -> None:
        if job.answer is None:
            self._forget_plan(str(job.error))
        elif version != self._version:
            self._withdraw("The plan changed meanwhile: dry run again.")
        else:
            self.plan, self.check = job.answer
            link, result = self.link, self.workspace.result
            own = link is None or result is None or link.took(result.scan)
            foreign = "" if own or result is None else in_words_of_file(result.scan)
            self.panel.preview_box.show_check(*job.answer, foreign=foreign)
            self.wanted.emit(self.panel.preview_box)
        self.poll()

    def _plan_changed(self, *_: object) -> None:
        """Targets or settings are others: what was previewed or approved is void."""
        self._version += 1
        if self.live.measures:
            return  # its plans are its own
        if self.plan is not None and self.state in ("PREVIEW", "ARMED"):
            self._withdraw("The plan changed: dry run again.")

    def _withdraw(self, why: str) -> None:
        link = self.link
        self._forget_plan(why)
        if link is not None:
            self._do("withdraw", lambda: link.withdraw(why))

    def _show_live_plan(self, plan: VisitPlan | None, check: Check | None) -> None:
        """Show the plan of a watch: it waits for approval, and then runs by itself."""
        if plan is None or check is None:
            self._forget_plan("")
        else:
            self.plan, self.check = plan, check
            self.panel.preview_box.show_check(plan, check)

    def _forget_plan(self, why: str) -> None:
        self.plan = self.check = None
        self.panel.approve_button.setEnabled(False)
        self.panel.run_button.setEnabled(False)
        self.panel.preview_box.clear(why)

    # -- ten times a second ---------------------------------------------------------------

    def poll(self) -> None:
        """Show what has happened since; called ten times a second while anything is watched."""
        self.live.poll()
        link = self.link
        if link is None:
            if self.live.watch is None and not self._work.running("watch"):
                self._timer.stop()
            return
        snapshot = link.snapshot
        events = link.take_events()
        if events:
            self._take_events(link, events)
        scan = link.take_scan()
        if scan is not None:
            self._take_scan(scan)
        self.tip_layer.show(snapshot.at_m, view_size_m(self.workspace.result, link.limits))
        ready = self.plan is not None and self.check is not None and not self.check.errors
        live = self.live.measures
        state, text = self.panel.show_snapshot(link, self.progress, approvable=ready, live=live)
        self.safety.show(self.progress)
        self.workspace.workflow.set("instrument", state, text)
        if self.panel.more.toggle.isChecked():
            self.panel.journal.refresh()

    def _take_events(self, link: InstrumentLink, events: list[Event]) -> None:
        self.progress.take(events)
        self.safety.take(events)
        self.workspace.targets.set_states(self.progress.state_of)
        measured = [event.target_uid for event in events if isinstance(event, Measured)]
        self._loops.take(link, [uid for uid in measured if uid in link.measurements])
        if self.progress.ended:
            self._forget_plan("")

    def _take_scan(self, scan: Scan) -> None:
        if scan.rows_done is not None:
            self.live.image.show(scan)
            return
        self.live.image.remove()
        self._canvas.show_layers(scan_layers(scan))

    def _show_link(self) -> None:
        self.panel.show_link(self.link)
        if self.link is None:
            self.workspace.workflow.set("instrument", StepState.TO_DO, "")

    def _show_picked(self) -> None:
        self._loops.show(self.link, self.workspace.targets.picked)

    # -- building -------------------------------------------------------------------------

    def _chosen(self) -> InstrumentChoice | None:
        found = self.panel.choice.currentData()
        if found is not None:
            return found  # type: ignore[no-any-return]
        folder = ask_folder(self)
        return folder_choice(folder) if folder is not None else None

    def _connect(self) -> None:
        panel, targets = self.panel, self.workspace.targets
        panel.connect_wanted.connect(lambda: self.connect_instrument())
        panel.scan_wanted.connect(self.take_scan)
        panel.dry_run_wanted.connect(self.dry_run)
        panel.approve_wanted.connect(self.approve)
        panel.run_wanted.connect(self.run)
        panel.live_section.watch_wanted.connect(self.watch_scans)
        panel.live_section.stop_wanted.connect(self.live.stop)
        panel.stop_bar.stop_wanted.connect(self.stop)
        panel.stop_bar.release_wanted.connect(self.release)
        panel.stop_bar.withdraw_wanted.connect(self.withdraw_tip)
        panel.form_of_action.changed.connect(self._plan_changed)
        targets.changed.connect(self._plan_changed)
        targets.selected_changed.connect(self._show_picked)
        self._timer.timeout.connect(self.poll)
        self.workspace.closing.connect(self.leave)
