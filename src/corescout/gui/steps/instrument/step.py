"""Step 6: connect an instrument, preview, approve and run a plan, watch, stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path
from qtpy.QtCore import QTimer

from corescout.colors import type_color
from corescout.data import Scan, Target
from corescout.gui.canvas import layer_data as shown
from corescout.gui.canvas.live_image import LiveImage
from corescout.gui.canvas.tip_layer import TipLayer
from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.live_watch import LiveWatch
from corescout.gui.look import text_color
from corescout.gui.model.visit import Progress, VisitSettings
from corescout.gui.model.workflow import State
from corescout.gui.steps.instrument.choices import Choice, folder_choice
from corescout.gui.steps.instrument.esc_key import EscKey
from corescout.gui.steps.instrument.live_controller import LiveView
from corescout.gui.steps.instrument.live_section import INSTRUMENT
from corescout.gui.steps.instrument.loop_plot import loop_words, loops_layer
from corescout.gui.steps.instrument.panel import InstrumentWidgets, LetGo, ask_folder, person
from corescout.gui.steps.targets.step import TargetsStep
from corescout.instruments import Check, VisitPlan
from corescout.live.settings import LiveSettings

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_POLL_MS = 100
_OPENING = "connecting ..."


class InstrumentStep(InstrumentWidgets):
    """The instrument of the window.

    Attributes
    ----------
    link : InstrumentLink or None
        While one is connected.
    days : Path
        Folder of the journals and measurements.
    """

    def __init__(self, explorer: Explorer, targets_step: TargetsStep) -> None:
        super().__init__(explorer, targets_step)
        self.days = user_data_path("corescout") / "days"
        self.link: InstrumentLink | None = None
        self._links: list[InstrumentLink] = []  # whose threads may still end
        self._plan: VisitPlan | None = None
        self._check: Check | None = None
        self._version = 0  # of targets and settings: another one voids what was previewed
        self._wanted: Any = None  # the widget that is to be seen
        self.progress = Progress()
        viewer = explorer.viewer
        self.live_image, self.tip_layer = LiveImage(viewer), TipLayer(viewer)
        self.live = LiveView(
            explorer, targets_step, self.live_section, self.live_image, self._show_live_plan
        )
        self._esc = EscKey(viewer, self, self.stop)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._connect_widgets()
        self.show_link(self.link)
        # The bound method would keep the step alive; what must end is the run and the watch.
        self.destroyed.connect(LetGo(self.__dict__))

    # -- what the operator does -----------------------------------------------------------

    def connect_instrument(self, choice: Choice | None = None) -> None:
        """Connect what is chosen; the button disconnects what is connected."""
        if self.link is not None:
            self.disconnect_instrument()
            return
        found = choice or self._chosen()
        if found is None or self.explorer.work.running("connect"):
            return
        folder = self.days / found.day_name()

        def open_link(on_progress: object, stop: object) -> InstrumentLink:
            instrument, limits = found.open()
            return InstrumentLink(instrument, limits, folder)

        self.connect_button.setEnabled(False)
        self.status.setText(_OPENING)
        self.explorer.workflow.set("instrument", State.RUNNING, _OPENING)
        self.explorer.work.start("connect", Job(open_link), self._connected)

    def disconnect_instrument(self) -> None:
        """Let the instrument go; a run is stopped first."""
        link, self.link = self.link, None
        if self.live.measures:
            self.live.stop()
        if link is not None:
            link.close()
        self._esc.unbind()
        self.tip_layer.remove()
        self._forget_plan("")
        self.show_link(self.link)

    def show_step(self) -> None:
        """Open this step and scroll to it."""
        self.set_expanded(True)
        self._bring_into_view(self.connect_button)
        self.connect_button.setFocus()

    def take_scan(self) -> None:
        """Let the instrument scan; its rows appear as they come."""
        if self.link is not None:
            self.link.scan()

    def dry_run(self) -> None:
        """Say what a plan of the targets would do; nothing is sent."""
        link, result = self.link, self.explorer.result
        if link is None or result is None or self.explorer.work.running("dry run"):
            return
        settings, targets = self.visit_settings(), self.targets_step.targets
        again = self.form_of_action.again.isChecked()

        def preview(on_progress: object, stop: object) -> tuple[VisitPlan, Check]:
            plan = settings.plan(result, targets)
            return plan, link.preview(plan, measure_again=again)

        version = self._version
        self.preview_box.clear("checking ...")
        self.explorer.work.start(
            "dry run", Job(preview), lambda job: self._previewed(job, version), quick=True
        )

    def approve(self) -> None:
        """Approve exactly the plan that was previewed."""
        link, plan, watch = self.link, self._plan, self.live.watch
        if link is None or plan is None:
            return
        if watch is not None and watch.measures:
            self._do("approve", lambda: watch.approve(plan.digest, person()))
        else:
            self._do("approve", lambda: link.approve(plan.digest, person()))

    def run(self) -> None:
        """Carry out the plan that was approved."""
        link, plan, result = self.link, self._plan, self.explorer.result
        if link is None or plan is None or result is None:
            return
        self.progress.begin(plan.targets)
        self.targets_step.show_states(self.progress.state_of)
        link.run(plan, result.scan)

    def stop(self) -> None:
        """STOP, in any state."""
        if self.link is not None:
            self.link.stop("STOP was pressed")

    def release(self) -> None:
        """Leave HOLD: the operator has looked."""
        link, watch = self.link, self.live.watch
        if watch is not None and watch.measures:
            self._do("release", lambda: watch.release(person()))
        elif link is not None:
            self._do("release", lambda: link.release(person()))

    def watch_scans(self, source: str, folder: Path | None = None) -> None:
        """Understand every new scan as it arrives, from the instrument or a folder."""
        link = self.link if source == INSTRUMENT else None
        if link is None and folder is None:
            folder = ask_folder(self)
            if folder is None:
                return
        action, settings = self.form_of_action.values()
        check = self.form_of_action.check_every.value() > 0
        where = "-".join(folder.absolute().parts[-2:]) if folder else ""
        name = f"{datetime.now():%Y-%m-%d}-watch-{where}"
        live = LiveSettings(action=action, action_settings=settings, drift_check=check)
        self.live.start(link, folder, self.days / name, live)
        self._timer.start()
        self._bring_into_view(self.live_fold)

    def show_watch(self, watch: LiveWatch) -> None:
        """Show a watch that was begun elsewhere."""
        self.live.attach(watch)
        self._timer.start()

    # -- state ----------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """Of the session; "" without an instrument."""
        return self.link.snapshot.state if self.link is not None else ""

    def visit_settings(self) -> VisitSettings:
        """Return what the form says."""
        action, settings = self.form_of_action.values()
        form = self.form_of_action
        tolerance_m = form.tolerance.value() * 1e-9
        return VisitSettings(action, settings, tolerance_m, form.check_every.value())

    def set_dark(self, dark: bool) -> None:
        """Draw the plot in the theme's colours."""
        self.loop_plot.set_text_color(text_color(dark))

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
                self.preview_box.errors.setText(str(job.error))
                self.preview_box.errors.setVisible(True)
            self._poll()

        self.explorer.work.start(name, Job(lambda on_progress, stop: work()), ended, quick=True)

    def _connected(self, job: Job[InstrumentLink]) -> None:
        self.connect_button.setEnabled(True)
        link = job.answer
        if link is None:
            self.status.setText(f"Not connected: {job.error}")
            self.explorer.workflow.set("instrument", State.PROBLEM, "not connected")
            return
        self._links = [other for other in self._links if not other.wait(0)] + [link]
        if self.explorer.closed:
            link.close()
            return
        self.link = link
        self.progress = Progress()
        self.journal.follow(link.day.journal.path)
        self._esc.bind()
        self._timer.start()
        self.show_link(self.link)
        self._poll()
        self._bring_into_view(self.run_button)

    def _previewed(self, job: Job[tuple[VisitPlan, Check]], version: int) -> None:
        if job.answer is None:
            self._forget_plan(str(job.error))
        elif version != self._version:
            self._withdraw("The plan changed meanwhile: dry run again.")
        else:
            self._plan, self._check = job.answer
            self.preview_box.show_check(*job.answer)
            self._bring_into_view(self.preview_box)
        self._poll()

    def _plan_changed(self, *_: object) -> None:
        """Targets or settings are others: what was previewed or approved is void."""
        self._version += 1
        if self.live.measures:
            return  # its plans are its own
        if self._plan is not None and self.state in ("PREVIEW", "ARMED"):
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
            self._plan, self._check = plan, check
            self.preview_box.show_check(plan, check)

    def _forget_plan(self, why: str) -> None:
        self._plan = self._check = None
        self.approve_button.setEnabled(False)
        self.run_button.setEnabled(False)
        self.preview_box.clear(why)

    # -- ten times a second ---------------------------------------------------------------

    def _poll(self) -> None:
        self.live.poll()
        link = self.link
        if link is None:
            if self.live.watch is None and not self.explorer.work.running("watch"):
                self._timer.stop()
            return
        snapshot = link.snapshot
        events = link.take_events()
        if events:
            self._take_events(link, events)
        scan = link.take_scan()
        if scan is not None:
            self._take_scan(scan)
        self.tip_layer.show(snapshot.at_m, self._view_size_m())
        ready = self._plan is not None and self._check is not None and not self._check.errors
        live = self.live.measures
        self.show_snapshot(link, self.progress, approvable=ready, live=live)
        if self.more.toggle.isChecked():
            self.journal.refresh()

    def _take_events(self, link: InstrumentLink, events: list[Any]) -> None:
        step, result = self.targets_step, self.explorer.result
        self.progress.take(events)
        step.show_states(self.progress.state_of)
        came = [e for e in events if e.what == "measured" and e.target_uid in link.measurements]
        if came and result is not None:
            places = [link.measurements[e.target_uid].xy_m for e in came]
            step.measured_xy_m += [place for place in places if place is not None]
            layer = loops_layer(result.scan, step.targets, link.measurements, result.types.colors)
            self.explorer.show_layers([layer])
            uid = came[-1].target_uid
            self._show_loop(next((t for t in step.targets if t.uid == uid), None))
        if self.progress.ended:
            self._forget_plan("")

    def _take_scan(self, scan: Scan) -> None:
        if scan.rows_done is not None:
            self.live_image.show(scan)
            return
        self.live_image.remove()
        self.explorer.show_layers(shown.scan_layers(scan))

    def _view_size_m(self) -> float:
        result = self.explorer.result
        frame = result.scan.frame if result is not None else None
        if frame is None and self.link is not None and self.link.limits is not None:
            (low, high) = self.link.limits.x_m
            return high - low
        return 1e-6 if frame is None else min(frame.size_m)

    def _bring_into_view(self, widget: Any) -> None:
        """Scroll there when it has its size: the window may be low."""
        self._wanted = widget
        QTimer.singleShot(0, self._scroll)

    def _scroll(self) -> None:
        if self._wanted is not None and not self.explorer.closed:
            self.explorer.column.ensureWidgetVisible(self._wanted, 0, 8)

    def _show_loop(self, target: Target | None) -> None:
        link = self.link
        curve = link.measurements.get(target.uid) if link is not None and target else None
        self.loop_box.setVisible(curve is not None)
        if link is None or target is None or curve is None:
            return
        targets = self.targets_step.targets
        others = [link.measurements[t.uid] for t in targets
                  if t.type == target.type and t.uid in link.measurements]  # fmt: skip
        result = self.explorer.result
        color = type_color(target.type, None if result is None else result.types.colors)
        self.loop_plot.show_loop(curve, color, others)
        number = next((i for i, t in enumerate(targets, start=1) if t.uid == target.uid), 0)
        self.loop_box.setText(loop_words(number, target, link.loops.get(target.uid)))
        if self.loop_plot.isHidden():
            self.loop_plot.setVisible(True)
            self._bring_into_view(self.loop_plot)

    # -- building -------------------------------------------------------------------------

    def _chosen(self) -> Choice | None:
        found = self.choice.currentData()
        if found is not None:
            return found  # type: ignore[no-any-return]
        folder = ask_folder(self)
        return folder_choice(folder) if folder is not None else None

    def _connect_widgets(self) -> None:
        self.connect_button.clicked.connect(lambda: self.connect_instrument())
        self.scan_button.clicked.connect(self.take_scan)
        self.dry_run_button.clicked.connect(self.dry_run)
        self.approve_button.clicked.connect(self.approve)
        self.run_button.clicked.connect(self.run)
        self.live_section.watch_wanted.connect(self.watch_scans)
        self.live_section.stop_wanted.connect(self.live.stop)
        self.live_section.sign_wanted.connect(lambda count: self.live.sign(count, person()))
        self.stop_bar.stop_wanted.connect(self.stop)
        self.stop_bar.release_wanted.connect(self.release)
        self.form_of_action.changed.connect(self._plan_changed)
        self.targets_step.targets_changed.connect(self._plan_changed)
        self.targets_step.picked.connect(self._show_loop)
        self._timer.timeout.connect(self._poll)
