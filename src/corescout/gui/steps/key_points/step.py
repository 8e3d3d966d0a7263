"""Step 2: where patches are cut: detected, drawn along walls, edited by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QPushButton
from superqt import QLabeledDoubleSlider

from corescout.data import Finding, Keypoints, Result, Scan
from corescout.data.counted import counted
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.keypoint_editor import KeypointEditor
from corescout.gui.jobs.engine import Previewer, start_doubts
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.kept.preferences import preferences
from corescout.gui.keys import Keys, read_key
from corescout.gui.look import tint
from corescout.gui.model.keypoint_edits import KeypointEdits
from corescout.gui.model.reasons import in_window_words, reason_of
from corescout.gui.model.settings import KeypointSettings
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.step import Fold, Step
from corescout.square_grid import square_grid
from corescout.vocabulary import DETECTOR_WORDS

_GATHER_MS = 25  # what changes within this time is previewed together
_LEAST = 50  # key points that an exploration needs


class KeyPointsStep(Step):
    """Detector, spacing and smoothing, previewed at once; tools to draw and edit.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    keys : Keys
        Takes the keys of the tools.
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work, keys: Keys) -> None:
        super().__init__(workspace, "key_points")
        self._canvas, self._work = canvas, work
        self._previewer = Previewer()
        self._wanted = False  # another preview, when the one under way has ended
        self._doubted: tuple[Scan, str] | None = None
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(_GATHER_MS)
        self._gather.timeout.connect(self._start_preview)
        self._build_parameters()
        self.editor = KeypointEditor(workspace, canvas, self)
        self.tools = self._build_tools()
        self.editor.tool_changed.connect(self._show_tool)
        self.hint = QLabel("")
        self.hint.setWordWrap(True)
        self.hint.setVisible(False)
        tint(self.hint, "hint")
        self.body.addWidget(self.hint)
        self.count = QLabel("")
        self.count.setWordWrap(True)
        self.body.addWidget(self.count)
        self.keys = Fold("Keys")
        self.body.addWidget(self.keys)
        self._bind_keys(keys)
        workspace.key_points.changed.connect(self._edited)
        workspace.key_points_wanted.connect(self.preview)
        workspace.settings_changed.connect(self._settings_changed)
        workspace.chosen_changed.connect(self._show_possible)
        workspace.result_changed.connect(self._show_used)
        workspace.closing.connect(lambda: self._gather.stop())
        self._show_possible()
        self.publish()

    # -- what others ask ------------------------------------------------------------------

    def publish(self) -> None:
        """Hand detector, spacing and smoothing to the workspace."""
        settings = KeypointSettings(
            self.detector.currentData(), self.spacing.value(), self.smoothing.value()
        )
        self.workspace.set_settings(self.name, settings)

    def preview(self) -> None:
        """Find the key points again, soon; also while a slider goes on moving."""
        if not self._gather.isActive():
            self._gather.start()

    def set_running(self, running: bool) -> None:
        """Lock the key points while a search runs on them."""
        for widget in (self.detector, self.spacing, self.smoothing, *self.tools.values()):
            widget.setEnabled(not running)
        if running:
            self.editor.rest()

    def _show_possible(self, *_: object) -> None:
        """Allow the tools where there is a scan to use them on."""
        possible, running = self.workspace.chosen is not None, self.workspace.running
        for tool in self.tools.values():
            tool.setEnabled(possible and not running)
        if not possible and not running:
            self.count.setText("")

    def _show_used(self, result: Result | None) -> None:
        if result is not None:
            used = result.scan, result.keypoints
            key_points = self.workspace.key_points
            self._work.later("key points", partial(key_points.show_used, *used))

    def _settings_changed(self, step: str) -> None:
        if step in ("key_points", "explore"):  # windows set the margin
            self.preview()

    # -- building -------------------------------------------------------------------------

    def _build_parameters(self) -> None:
        self.detector = QComboBox()
        for detector, what in DETECTOR_WORDS.items():
            self.detector.addItem(what, detector)
        self.detector.setToolTip(
            "Detector of key points. Canny and Sato follow domain walls; a grid covers the scan"
            " evenly; corners and blobs are for scans without walls"
        )
        self.spacing = _slider(2, 20, preferences().spacing_px)
        self.spacing.setToolTip(
            "Distance between neighbouring key points in pixels. A smaller spacing gives more"
            " patches, more overlap, and a longer search"
        )
        self.smoothing = _slider(0.5, 6, 1)
        self.smoothing.setToolTip(
            "Gaussian smoothing (sigma in pixels) before edge detection. About the width of a wall;"
            " raise it for a noisy scan"
        )
        form = self.form()
        form.addRow("Detector", self.detector)
        form.addRow("Spacing (px)", self.spacing)
        form.addRow("Smoothing (px)", self.smoothing)
        self.lengths = QLabel()
        self.lengths.setToolTip("Spacing and smoothing as they lie on the sample")
        tint(self.lengths, "hint")
        form.addRow("", self.lengths)
        for name in ("detector", "spacing", "smoothing"):
            self.workspace.parameters.add(self.name, name, getattr(self, name))
        self.detector.currentIndexChanged.connect(self.changed)
        self.spacing.valueChanged.connect(self.changed)
        self.smoothing.valueChanged.connect(self.changed)
        for slider in (self.spacing, self.smoothing):
            slider.valueChanged.connect(self._show_lengths)
        self.workspace.chosen_changed.connect(self._show_lengths)
        self._show_lengths()

    def _show_lengths(self, *_: object) -> None:
        """Say both lengths in nm, where the scan has a scale."""
        chosen = self.workspace.chosen
        scan = None if chosen is None else chosen.scan
        pitch_m = None if scan is None else square_grid(scan.shape_px, scan.frame).pitch_m
        self.lengths.setVisible(bool(pitch_m))
        if pitch_m:
            spacing, smoothing = (s.value() * pitch_m * 1e9 for s in (self.spacing, self.smoothing))
            self.lengths.setText(f"spacing {spacing:.0f} nm, smoothing {smoothing:.0f} nm")

    def _build_tools(self) -> dict[str, QPushButton]:
        grid = QGridLayout()
        grid.setSpacing(3)
        tools = {}
        for place, (name, (words, tip, _)) in enumerate(_TOOLS.items()):
            button = QPushButton()
            button.setText(words)
            key = f" ({read_key(_KEYS[name])})" if name in _KEYS else ""
            button.setToolTip(tip + key)
            button.setSizePolicy(button.sizePolicy().Policy.Expanding,
                                 button.sizePolicy().Policy.Fixed)  # fmt: skip
            button.setCheckable(name != "clear")
            button.clicked.connect(partial(self.use, name))
            grid.addWidget(button, place // 4, place % 4)
            tools[name] = button
        self.body.addLayout(grid)
        return tools

    def _bind_keys(self, keys: Keys) -> None:
        for name, key in _KEYS.items():
            words = _TOOLS[name][1].partition(":")[0]
            keys.bind(key, words, self, partial(_use, name=name))
        rows = [
            *keys.rows(),
            ("Delete", "Delete the selected key points or outlines"),
            ("Enter", "End a line or polygon, as a double click does"),
        ]
        for key, words in rows:
            self.keys.form.addRow(f"<b>{key}</b>", QLabel(words))

    def use(self, name: str) -> None:
        """Take up a tool by its name."""
        if self.tools[name].isEnabled():
            _TOOLS[name][2](self)
        self._show_tool(self.editor.tool_in_hand)

    def _show_tool(self, name: str) -> None:
        """Say which tool is in hand."""
        for other, button in self.tools.items():
            button.setChecked(other == name)
        self.hint.setText(_HINTS.get(name, ""))
        self.hint.setVisible(name in _HINTS)

    # -- preview --------------------------------------------------------------------------

    def _start_preview(self) -> None:
        workspace = self.workspace
        if workspace.chosen is None or workspace.running or workspace.closed:
            return
        if self._work.running("preview"):
            self._wanted = True
            return
        try:
            plan = workspace.plan()
        except ValueError as error:
            self._say(reason_of(error), problem=True)
            return
        scan = workspace.chosen.scan
        job = self._previewer.start(scan, plan)
        self._work.start("preview", job, partial(self._show_preview, scan), quick=True)

    def _show_preview(self, scan: Scan, job: Job[Keypoints]) -> None:
        if self._wanted:
            self._wanted = False
            self._start_preview()
        workspace, chosen = self.workspace, self.workspace.chosen
        if chosen is None or chosen.scan.uid != scan.uid:
            return
        workspace.key_points.set_detected(scan, job.answer)
        if job.answer is None:
            self._say(in_window_words(str(job.error)), problem=True)
            workspace.set_doubts(())
            return
        self._canvas.prepare_layers(scan)
        if workspace.result is None and not workspace.running:
            workspace.say("Ready. Press Explore to start.", "ready")
        self._look_for_doubts(scan)

    def _look_for_doubts(self, scan: Scan) -> None:
        plan = self.workspace.plan()
        channel = plan.channels[0] if plan.channels else scan.default_channel
        known = self._doubted
        if known is not None and known[0] is scan and known[1] == channel:
            return
        self._doubted = (scan, channel)

        def show(job: Job[tuple[Finding, ...]]) -> None:
            self.workspace.set_doubts(job.answer or ())

        self._work.start("doubts", start_doubts(scan, channel), show)

    def _edited(self) -> None:
        found = self.workspace.key_points.keypoints
        if found is None:
            return
        text = f"{counted(len(found), 'key point')}{_by_hand(self.workspace.key_points.edits)}"
        if len(found) < _LEAST:
            self._say(
                f"{text}: an exploration needs at least {_LEAST}; choose a smaller spacing or"
                " another detector, or draw more",
                problem=True,
            )
        else:
            self._say(text, problem=False)
            workflow = self.workspace.workflow
            if workflow.state("explore") is StepState.PROBLEM and self.workspace.result is None:
                workflow.forget(("explore",))  # what stood against it is mended
                self.workspace.say("Ready. Press Explore to start.", "ready")
        self.workspace.compare()

    def _say(self, text: str, *, problem: bool) -> None:
        self.count.setText(text)
        tint(self.count, "problem" if problem else "")
        state = StepState.PROBLEM if problem else StepState.DONE
        self.workspace.workflow.set(
            "key_points", state, text.replace(" key points", "", 1).replace(" key point", "", 1)
        )


def _use(step: KeyPointsStep, name: str) -> None:
    step.use(name)


def _by_hand(edits: KeypointEdits) -> str:
    """What was done by hand, in brackets; nothing if nothing was."""
    lines = sum(outline.kind == "along" for outline in edits.outlines)
    regions = len(edits.outlines) - lines
    parts = []
    if len(edits.added):
        parts.append(f"{len(edits.added)} set by hand")
    if lines:
        parts.append(counted(lines, "line"))
    if regions:
        parts.append(counted(regions, "region"))
    if len(edits.removed):
        parts.append(f"{len(edits.removed)} removed")
    return f" ({', '.join(parts)})" if parts else ""


def _slider(low: float, high: float, value: float) -> Any:
    slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setSingleStep(0.5)
    slider.setDecimals(1)
    slider.setValue(value)
    return slider


_TOOLS: dict[str, tuple[str, str, Any]] = {
    "line": ("Line", "Draw a line along a wall: points follow it at the spacing",
             lambda s: s.editor.draw("along", closed=False)),
    "polygon": ("Loop", "Draw a closed line around a domain: points follow it at the spacing",
                lambda s: s.editor.draw("along", closed=True)),
    "include": ("Include", "Include a region: only points inside such regions are kept",
                lambda s: s.editor.draw("include", closed=True)),
    "exclude": ("Exclude", "Exclude a region: points inside it are dropped",
                lambda s: s.editor.draw("exclude", closed=True)),
    "add": ("Add", "Add key points: one at every click", lambda s: s.editor.point_tool("add")),
    "select": ("Select", "Select key points: drag them, or delete them with the Delete key",
               lambda s: s.editor.point_tool("select")),
    "rest": ("Move view", "Move the view: no drawing tool is active", lambda s: s.editor.rest()),
    "clear": ("Clear", "Remove all edits of key points; Undo restores them",
              lambda s: s.workspace.key_points.clear()),
}  # fmt: skip
_HINTS = {  # what the mouse does with the tool that is in hand
    "line": "Click along the wall. A double click or Enter ends the line",
    "polygon": "Click around the domain. A double click or Enter closes the loop",
    "include": "Click around what is to be kept. A double click or Enter closes it",
    "exclude": "Click around what is to be left out. A double click or Enter closes it",
    "add": "Each click adds a key point",
    "select": "Drag the points. Delete removes those that are selected",
}
_KEYS = {
    "line": "Shift-D", "polygon": "Shift-G", "include": "Shift-I", "exclude": "Shift-X",
    "add": "Shift-K", "select": "Shift-S", "rest": "Shift-M",
}  # fmt: skip
