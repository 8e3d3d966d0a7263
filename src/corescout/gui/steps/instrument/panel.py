"""The widgets of step 6: what the operator asks for goes out, what is shown comes in."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from corescout.gui.jobs.instrument_link import InstrumentLink, LinkSnapshot, status_words
from corescout.gui.look import tint
from corescout.gui.model.visit import VisitProgress
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.instrument.action_form import ActionForm
from corescout.gui.steps.instrument.dry_run import DryRunPanel
from corescout.gui.steps.instrument.instrument_list import InstrumentList, open_profiles
from corescout.gui.steps.instrument.journal_view import JournalView
from corescout.gui.steps.instrument.live_section import LiveSection
from corescout.gui.steps.instrument.loop_plot import LoopPlot
from corescout.gui.steps.instrument.stop_bar import StopBar
from corescout.gui.steps.step import Fold
from corescout.instruments.protocol import Withdraws


class InstrumentPanel(QWidget):
    """Knows nothing of sessions: `InstrumentStep` makes it act.

    Parameters
    ----------
    workspace : Workspace
        Its targets can be visited; the settings of a visit are among its parameters.

    Attributes
    ----------
    stop_bar : StopBar
        Stands above all steps.
    """

    connect_wanted = Signal()  # or disconnect, where an instrument is connected
    scan_wanted = Signal()
    dry_run_wanted = Signal()
    approve_wanted = Signal()
    run_wanted = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._build()
        self._connect()

    def show_snapshot(
        self, link: InstrumentLink, progress: VisitProgress, *, approvable: bool, live: bool
    ) -> tuple[StepState, str]:
        """Show the state of the session, and enable what can be done now; return it in words.

        Parameters
        ----------
        approvable : bool
            Whether a plan without errors is shown.
        live : bool
            Whether a watch previews and runs: then only its plans are approved.
        """
        snapshot = link.snapshot
        state, can_stop = snapshot.state, link.instrument.capabilities.can_stop
        held = state == "HOLD"
        reason = (snapshot.hold_reason or "look at the instrument") if held else ""
        can_withdraw = isinstance(link.instrument, Withdraws)
        self.stop_bar.show_connected(True, can_stop=can_stop, can_withdraw=can_withdraw)
        self.stop_bar.show_hold(reason, snapshot.stop_said)
        _set_text(self.status, snapshot.problem or status_words(snapshot))
        idle = state in ("OBSERVE", "PREVIEW", "ARMED") and not snapshot.running
        has_targets = bool(self._workspace.targets.ordered)
        free = idle and not snapshot.scanning and not live
        self._lock_form(state, live=live)
        self.form_of_action.show_spectrum(snapshot.spectrum)
        self.dry_run_button.setEnabled(free and has_targets)
        self.approve_button.setEnabled(approvable and state == "PREVIEW")
        armed = approvable and state == "ARMED" and not live
        self.run_button.setEnabled(armed)
        _set_text(self.run_button, f"Run ({snapshot.armed_for_s:.0f} s)" if armed else "Run")
        self.scan_button.setEnabled(free)
        self.bar.setVisible(snapshot.running or bool(progress.ended))
        self.bar.setMaximum(max(1, len(progress.targets)))
        self.bar.setValue(progress.done)
        self.bar.setFormat(progress.text)
        return _chip(state, snapshot, progress, live=live)

    def show_link(self, link: InstrumentLink | None) -> None:
        """Show what can be done with an instrument, or without one."""
        connected = link is not None
        self.choice.setEnabled(not connected)
        self.connect_button.setText("Disconnect" if connected else "Connect")
        for widget in self._with_instrument:
            widget.setVisible(connected)
        self.stop_bar.show_connected(connected)
        self.live_section.show_connected(connected)
        if link is None:
            self.form_of_action.setEnabled(True)
            self.locked.setVisible(False)
            self.bar.setVisible(False)
            self.loop_box.setVisible(False)
            self.loop_plot.setVisible(False)
            self.status.setText("No instrument is connected.")
            return
        known = link.instrument.capabilities
        self.form_of_action.show_possible(
            known.actions, can_check="zoom" in known.actions and not known.whole_plans
        )
        lines = list(known.warnings())
        if link.limits is None:
            lines.append("The profile has no limits, so plans can be checked but not approved.")
        self.warnings.setText("\n".join(f"\u26a0 {line}" for line in lines))
        self.warnings.setVisible(bool(lines))
        self.scan_button.setVisible(known.name == "digital twin")

    def _lock_form(self, state: str, *, live: bool) -> None:
        """What was approved is what is shown: no setting changes under an approval or a watch."""
        why = ""
        if state in ("ARMED", "RUNNING"):
            why = "Locked: a plan is approved or runs. Dry run again to change it."
        elif live:
            why = "Locked: the watch uses these settings. Stop watching to change them."
        self.form_of_action.setEnabled(not why)
        _set_text(self.locked, why)
        self.locked.setVisible(bool(why))

    def _build(self) -> None:
        self.stop_bar = StopBar()
        self.choice = InstrumentList()
        self.profiles_button = QPushButton("Profiles …")
        self.profiles_button.setToolTip(
            "Open the file of instrument profiles and limits; it is read again when the list opens"
        )
        self.connect_button = QPushButton("Connect")
        self.status, self.warnings, self.loop_box = QLabel(), QLabel(), QLabel()
        for label in (self.status, self.warnings, self.loop_box):
            label.setWordWrap(True)
        tint(self.warnings, "doubt")
        self.scan_button = QPushButton("Take a scan")
        self.scan_button.setToolTip(
            "Scan the surface of the twin; rows appear as they are measured"
        )
        self.form_of_action, self.locked = ActionForm(self._workspace), QLabel()
        self.locked.setWordWrap(True)
        self.locked.setVisible(False)
        tint(self.locked, "hint")
        self.dry_run_button = QPushButton("Dry run")
        self.dry_run_button.setToolTip("Check the plan and list every message; nothing is sent")
        self.approve_button = QPushButton("Approve")
        self.approve_button.setToolTip("Approve exactly this plan; the approval lasts two minutes")
        self.run_button = QPushButton("Run")
        self.run_button.setToolTip("Run the approved plan")
        self.preview_box, self.bar = DryRunPanel(), QProgressBar()
        self.live_section, self.live_fold = LiveSection(), Fold("Live: watch as scans come")
        self.live_fold.form.addRow(self.live_section)
        self.loop_plot, self.journal, self.more = LoopPlot(), JournalView(), Fold("Journal")
        self.more.form.addRow(self.journal)
        top, buttons = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.choice, stretch=1)
        top.addWidget(self.connect_button)
        top.addWidget(self.profiles_button)
        for button in (self.dry_run_button, self.approve_button, self.run_button):
            buttons.addWidget(button)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        body.addLayout(top)
        body.addWidget(self.status)
        body.addWidget(self.warnings)
        body.addWidget(self.scan_button)
        body.addWidget(self.form_of_action)
        body.addWidget(self.locked)
        body.addLayout(buttons)
        for widget in (
            self.preview_box,
            self.bar,
            self.loop_box,
            self.loop_plot,
            self.live_fold,
            self.more,
        ):
            body.addWidget(widget)
        self._with_instrument = (
            self.warnings, self.scan_button, self.form_of_action, self.dry_run_button,
            self.approve_button, self.run_button, self.preview_box, self.more,
        )  # fmt: skip
        self.bar.setVisible(False)
        for button in (self.dry_run_button, self.approve_button, self.run_button):
            button.setEnabled(False)

    def _connect(self) -> None:
        self.connect_button.clicked.connect(lambda: self.connect_wanted.emit())
        self.profiles_button.clicked.connect(open_profiles)
        self.scan_button.clicked.connect(lambda: self.scan_wanted.emit())
        self.dry_run_button.clicked.connect(lambda: self.dry_run_wanted.emit())
        self.approve_button.clicked.connect(lambda: self.approve_wanted.emit())
        self.run_button.clicked.connect(lambda: self.run_wanted.emit())


def _chip(
    state: str, snapshot: LinkSnapshot, progress: VisitProgress, *, live: bool
) -> tuple[StepState, str]:
    """State and text of the step's header."""
    if state == "HOLD" or snapshot.problem:
        return StepState.PROBLEM, state if state == "HOLD" else snapshot.problem
    if snapshot.running:
        return StepState.RUNNING, progress.text or "running"
    if snapshot.scanning:
        return StepState.RUNNING, "scanning"
    if live:
        return StepState.RUNNING, "measuring" if state == "RUNNING" else "watching"
    if progress.ended == "done" and state == "OBSERVE":
        return StepState.DONE, progress.text
    return StepState.TO_DO, {"ARMED": "approved", "PREVIEW": "previewed"}.get(state, "connected")


def person() -> str:
    """Who approves: the name of the user of this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "the operator"


def ask_folder(parent: QWidget) -> Path | None:
    """Ask for a folder of scans; None if the operator cancels."""
    folder = QFileDialog.getExistingDirectory(parent, "Folder in which scans are saved")
    return Path(folder) if folder else None


def _set_text(widget: Any, text: str) -> None:
    if widget.text() != text:
        widget.setText(text)
