"""The six steps one below the other, the verdict on top of those that it is about."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from corescout.gui.canvas.canvas import Canvas
from corescout.gui.jobs.work import Work
from corescout.gui.keys import Keys
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.explore.running import Running
from corescout.gui.steps.explore.step import ExploreStep
from corescout.gui.steps.instrument.step import InstrumentStep
from corescout.gui.steps.key_points.step import KeyPointsStep
from corescout.gui.steps.scan.step import ScanStep
from corescout.gui.steps.step import Step
from corescout.gui.steps.targets.step import TargetsStep
from corescout.gui.steps.types.step import TypesStep
from corescout.gui.steps.verdict import Notice, Reasons, VerdictLabel

_LEAST_PX = 120
_NARROWEST_PX = 346  # the steps do not become wider and narrower as folds open
_OPEN_AT_FIRST = ("scan", "key_points")


class StepColumn(QScrollArea):
    """Scrolls where the window is low, so that nothing is clipped.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    keys : Keys
        Takes the keys of the tools.

    Attributes
    ----------
    verdict : VerdictLabel
    notice : Notice
    scan, key_points, explore, types, targets, instrument : Step
    steps : dict of str to Step
        In their order, by the keys of `workflow.STEPS`.
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work, keys: Keys) -> None:
        super().__init__()
        self._workspace = workspace
        self._wanted: QWidget | None = None  # that is to be seen
        self.verdict, self.notice = VerdictLabel(workspace), Notice(workspace)
        self.reasons = Reasons(workspace)
        self.scan = ScanStep(workspace, canvas)
        self.key_points = KeyPointsStep(workspace, canvas, work, keys)
        self.explore = ExploreStep(workspace, canvas)
        self.types = TypesStep(workspace, canvas, work)
        self.targets = TargetsStep(workspace, canvas, work)
        self.instrument = InstrumentStep(workspace, canvas, work)
        ordered = (self.scan, self.key_points, self.explore, self.types, self.targets,
                   self.instrument)  # fmt: skip
        self.steps: dict[str, Step] = {step.name: step for step in ordered}
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self.sample_button = QPushButton("Open a generated sample")
        self.sample_button.setToolTip(
            "Simulated ferroelectric surface with known types, for a first try"
        )
        for step in ordered:
            if step is self.explore:
                column.addWidget(self.notice)
                column.addWidget(self.verdict)
                column.addWidget(self.reasons)
                column.addWidget(self.sample_button)
            column.addWidget(step)
            step.set_expanded(step.name in _OPEN_AT_FIRST)
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(_LEAST_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inner)
        inner.installEventFilter(self)
        self.instrument.wanted.connect(self._bring_into_view)
        workspace.chosen_changed.connect(self._offer_sample)
        workspace.result_shown.connect(self.open_for_result)
        self._offer_sample(workspace.chosen)

    def serve(self, running: Running, say_scans: Callable[[int], None]) -> None:
        """Tell a search which scans and which cluster it is for, and show what it tells."""
        running.more, running.choose_image = self.scan.more_scans, self.scan.choose_image
        running.cluster = self.explore.cluster.text
        running.workers_changed.connect(self.explore.show_workers)
        self.scan.more.changed.connect(lambda: say_scans(1 + len(self.scan.more.images())))

    def show_on_top(self, line: QWidget) -> None:
        """Show a line above the steps; it scrolls with them and takes no height of its own."""
        self.widget().layout().insertWidget(0, line)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Be as wide as the widest open step needs: nothing is cut at the side."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            bar = self.verticalScrollBar().sizeHint().width()
            needed = self.widget().minimumSizeHint().width() + bar + 2
            self.setMinimumWidth(max(needed, _NARROWEST_PX))
        return bool(super().eventFilter(watched, event))

    def _offer_sample(self, chosen: ChosenImage | None) -> None:
        self.sample_button.setVisible(chosen is None)

    def _bring_into_view(self, widget: QWidget) -> None:
        """Scroll there when it has its size: the window may be low."""
        self._wanted = widget
        QTimer.singleShot(0, self._scroll)

    def _scroll(self) -> None:
        if self._wanted is not None and not self._workspace.closed:
            self.ensureWidgetVisible(self._wanted, 0, 8)

    def open_for_result(self) -> None:
        """A search has ended: open what it found, fold what led there."""
        for name in ("key_points", "explore"):
            if not self.steps[name].by_hand:
                self.steps[name].set_expanded(False)
        if not self.types.by_hand:
            self.types.set_expanded(True)
