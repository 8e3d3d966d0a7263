"""Step 2: where patches are cut: detected, drawn along walls, edited by hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QPushButton
from superqt import QLabeledDoubleSlider

from corescout.data import Keypoints, Scan
from corescout.gui.canvas.keypoint_editor import KeypointEditor
from corescout.gui.jobs.engine import Previewer, start_doubts
from corescout.gui.jobs.job import Job
from corescout.gui.kept.preferences import preferences
from corescout.gui.keys import read_key
from corescout.gui.look import PROBLEM
from corescout.gui.model.keypoint_edits import KeypointEdits
from corescout.gui.model.undo import Parameter
from corescout.gui.model.workflow import State
from corescout.gui.steps.step import Fold, Step

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_GATHER_MS = 25  # what changes within this time is previewed together
_LEAST = 50  # key points that an exploration needs
_DETECTORS = {
    "canny": "walls: Canny edges",
    "sato": "walls: Sato ridges",
    "grid": "grid, walls or not",
    "orb": "corners (ORB)",
    "sift": "blobs (SIFT)",
    "none": "only what I draw",
}


class KeyPointsStep(Step):
    """Detector, spacing and smoothing, previewed at once; tools to draw and edit."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "key_points")
        self._previewer = Previewer()
        self._wanted = False  # another preview, when the one under way has ended
        self._doubted: tuple[Scan, str] | None = None
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(_GATHER_MS)
        self._gather.timeout.connect(self._start_preview)
        self._build_parameters()
        self.editor = KeypointEditor(explorer, self.spacing.value)
        self.tools = self._build_tools()
        self.count = QLabel("")
        self.count.setWordWrap(True)
        self.body.addWidget(self.count)
        self.keys = Fold("Keys")
        self.body.addWidget(self.keys)
        self._bind_keys()
        self.editor.changed.connect(self._edited)
        self.changed.connect(self.preview)
        explorer.viewer.layers.events.inserted.connect(self._follow_layers)

    # -- for the explorer -----------------------------------------------------------------

    @property
    def keypoints(self) -> Keypoints | None:
        """Detected and edited key points; None where none could be found."""
        return self.editor.keypoints

    def take_edited(self, scan: Scan) -> Keypoints | None:
        """Return the key points of a scan if they were edited; None if the detector's are used."""
        if self.editor.scan_uid != scan.uid:  # no preview of a scan that has just come in
            return None
        self.editor.take_edits()
        return self.editor.keypoints if self.editor.edits else None

    def plan_values(self) -> dict[str, Any]:
        """Return detector, spacing and smoothing."""
        return {
            "keypoints": {
                "detector": self.detector.currentData(),
                "spacing_px": round(self.spacing.value(), 1),
                "smoothing_px": round(self.smoothing.value(), 1),
            }
        }

    def preview(self) -> None:
        """Find the key points again, soon; also while a slider goes on moving."""
        if not self._gather.isActive():
            self._gather.start()

    def show_used(self, scan: Scan, used: Keypoints) -> None:
        """A result is shown: its key points, where none of its scan are shown yet."""
        editor = self.editor
        if editor.scan_uid not in (None, scan.uid) or (
            editor.keypoints is None and not editor.edits
        ):
            editor.set_detected(scan, used)
        elif editor.keypoints is not None:
            self._edited()

    def show_possible(self, possible: bool) -> None:
        """Allow the tools where there is a scan to use them on."""
        for tool in self.tools.values():
            tool.setEnabled(possible)
        if not possible and not self.explorer.running:
            self.count.setText("")

    def set_running(self, running: bool) -> None:
        """Lock the key points while a search runs on them."""
        for widget in (self.detector, self.spacing, self.smoothing, *self.tools.values()):
            widget.setEnabled(not running)
        if running:
            self.editor.rest()

    def leave(self) -> None:
        """Let go of the viewer's layers."""
        self._gather.stop()
        self.explorer.viewer.layers.events.inserted.disconnect(self._follow_layers)
        self.editor.leave()

    # -- building -------------------------------------------------------------------------

    def _build_parameters(self) -> None:
        self.detector = QComboBox()
        for name, what in _DETECTORS.items():
            self.detector.addItem(what, name)
        self.detector.setToolTip(
            "What marks a key point. Canny and Sato follow domain walls; a grid takes all places"
            " alike; corners and blobs are for scans without walls"
        )
        self.spacing = _slider(2, 20, preferences().spacing_px)
        self.spacing.setToolTip(
            "Distance between neighbouring key points, in pixels of the scan. Smaller: more"
            " patches, more alike, and a longer search"
        )
        self.smoothing = _slider(0.5, 6, 1)
        self.smoothing.setToolTip(
            "Gaussian sigma before edges are sought, in pixels. About the width of a wall; raise"
            " it on a noisy scan"
        )
        form = self.form()
        form.addRow("Detector", self.detector)
        form.addRow("Spacing (px)", self.spacing)
        form.addRow("Smoothing (px)", self.smoothing)
        stack = self.explorer.undo_stack
        self.parameters = [
            Parameter(stack, self.detector, "detector"),
            Parameter(stack, self.spacing, "spacing"),
            Parameter(stack, self.smoothing, "smoothing"),
        ]
        self.detector.currentIndexChanged.connect(self.changed)
        self.spacing.valueChanged.connect(self.changed)
        self.smoothing.valueChanged.connect(self.changed)

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
            button.clicked.connect(partial(self.use, name))
            grid.addWidget(button, place // 4, place % 4)
            tools[name] = button
        self.body.addLayout(grid)
        return tools

    def _bind_keys(self) -> None:
        for name, key in _KEYS.items():
            words = _TOOLS[name][1].partition(":")[0]
            self.explorer.keys.bind(key, words, self, partial(_use, name=name))
        rows = [
            *self.explorer.keys.rows(),
            ("Delete", "Delete the selected key points or outlines"),
            ("Enter", "End a line or polygon, as a double click does"),
        ]
        for key, words in rows:
            self.keys.form.addRow(f"<b>{key}</b>", QLabel(words))

    def use(self, name: str) -> None:
        """Take up a tool by its name."""
        if self.tools[name].isEnabled():
            _TOOLS[name][2](self.editor)

    # -- preview --------------------------------------------------------------------------

    def _start_preview(self) -> None:
        layer = self.explorer.image_layer()
        if layer is None or self.explorer.running:
            return
        if self.explorer.work.running("preview"):
            self._wanted = True
            return
        try:
            plan = self.explorer.plan()
        except ValueError as error:
            self._say(str(error).splitlines()[-1], problem=True)
            return
        scan = self.explorer.scan_of(layer)
        job = self._previewer.start(scan, plan)
        self.explorer.work.start("preview", job, partial(self._show_preview, scan), quick=True)

    def _show_preview(self, scan: Scan, job: Job[Keypoints]) -> None:
        if self._wanted:
            self._wanted = False
            self._start_preview()
        layer = self.explorer.image_layer()
        if layer is None or self.explorer.scan_of(layer).uid != scan.uid:
            return
        self.editor.set_detected(scan, job.answer)
        if job.answer is None:
            self._say(str(job.error), problem=True)
            self.explorer.scan_step.say_doubts(())
            return
        self.explorer.prepare_layers(scan)
        self._look_for_doubts(scan)

    def _look_for_doubts(self, scan: Scan) -> None:
        plan = self.explorer.plan()
        channel = plan.channels[0] if plan.channels else scan.default_channel
        known = self._doubted
        if known is not None and known[0] is scan and known[1] == channel:
            return
        self._doubted = (scan, channel)

        def show(job: Job[tuple[str, ...]]) -> None:
            self.explorer.scan_step.say_doubts(job.answer or ())

        self.explorer.work.start("doubts", start_doubts(scan, channel), show)

    def _edited(self) -> None:
        found = self.editor.keypoints
        if found is None:
            return
        text = f"{len(found):,} key points{_by_hand(self.editor.edits)}"
        if len(found) < _LEAST:
            self._say(
                f"{text}: an exploration needs at least {_LEAST}; choose a smaller spacing or"
                " another detector, or draw more",
                problem=True,
            )
        else:
            self._say(text, problem=False)
        self.explorer.settings_changed()

    def _say(self, text: str, *, problem: bool) -> None:
        self.count.setText(text)
        self.count.setStyleSheet(f"color: {PROBLEM};" if problem else "")
        state = State.PROBLEM if problem else State.DONE
        self.explorer.workflow.set("key_points", state, text.replace(" key points", "", 1))

    def _follow_layers(self, event: object = None) -> None:
        self.editor.follow_layers()


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
        parts.append("1 line" if lines == 1 else f"{lines} lines")
    if regions:
        parts.append("1 region" if regions == 1 else f"{regions} regions")
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
             lambda e: e.draw("along", closed=False)),
    "polygon": ("Loop", "Draw a closed line around a domain: points follow it at the spacing",
                lambda e: e.draw("along", closed=True)),
    "include": ("Include", "Include a region: only points inside such regions are kept",
                lambda e: e.draw("include", closed=True)),
    "exclude": ("Exclude", "Exclude a region: points inside it are dropped",
                lambda e: e.draw("exclude", closed=True)),
    "add": ("Add", "Add key points: one at every click", lambda e: e.point_tool("add")),
    "select": ("Select", "Select key points: drag them, or delete them with the Delete key",
               lambda e: e.point_tool("select")),
    "rest": ("Move view", "Move the view: put the tools down", lambda e: e.rest()),
    "clear": ("Clear", "Forget all edits of key points; Undo brings them back",
              lambda e: e.clear()),
}  # fmt: skip
_KEYS = {
    "line": "Shift-D", "polygon": "Shift-G", "include": "Shift-I", "exclude": "Shift-X",
    "add": "Shift-K", "select": "Shift-S", "rest": "Shift-M",
}  # fmt: skip
