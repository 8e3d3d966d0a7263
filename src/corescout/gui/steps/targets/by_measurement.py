"""Targets by what was measured: a property along the walls, and the places to measure next."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QSpinBox,
)

from corescout.data import Result, Scan
from corescout.data.counted import counted
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import OURS, LayerData, size_on
from corescout.gui.canvas.placement import geometry
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.look import sequential_palette
from corescout.gui.model.target_edits import edit_targets, numbered
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.step import Fold, breakable
from corescout.instruments.target_export import allowed_places
from corescout.loop_properties import PROPERTIES
from corescout.steering import GOALS, Prediction, Suggestion, measured_values, suggest

_GOALS = {
    "map": "Know it everywhere",
    "types": "Mean of each type",
    "extremes": "Largest and smallest",
    "surprise": "Where structure misleads",
}
_POINT_PX = 2.0
_MOST = 3  # reasons that are shown at once
_TIP = Qt.ItemDataRole.ToolTipRole
_NO_GOAL = "Give at least one goal a weight."
_NOTHING = "Measure some targets in step 6, or choose a table of loops."


class ByMeasurement(Fold):
    """Asks what is to be known of which property, and proposes targets for it; sends nothing.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
        Gets the maps of mean and deviation.
    work : Work
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        super().__init__("By what was measured")
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self._chosen: Path | None = None  # a table of the operator's own
        self.measure, self.count = QComboBox(), QSpinBox()
        self.weights = {goal: _weight(goal) for goal in GOALS}
        self.weights["map"].setValue(1)
        for name, (unit, meaning) in PROPERTIES.items():
            self.measure.addItem(f"{_words(name)} ({unit})", name)
            self.measure.setItemData(self.measure.count() - 1, meaning, _TIP)
        self.count.setRange(1, 100)
        self.count.setValue(10)
        self.count.setSuffix(" targets")
        self.measure.setToolTip("Property of the loops that is predicted along the walls")
        self.count.setToolTip("Number of targets of the next batch")
        weighed = {f"weight of {goal}": box for goal, box in self.weights.items()}
        for name, widget in (weighed | {"property": self.measure, "batch": self.count}).items():
            widget.setAccessibleName(name)
            workspace.parameters.add("targets", name, widget)
        self.table_button = QPushButton("Table ...")
        self.table_button.setToolTip("Use measurements.csv of another day, or a table of your own")
        self.propose_button = QPushButton("Propose targets")
        self.propose_button.setToolTip(
            "Predict the property and replace the targets by the next batch; it can be undone"
        )
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.form.addRow("Property", self.measure)
        for goal, box in self.weights.items():
            self.form.addRow(_GOALS.get(goal, goal), box)
        self.form.addRow(self.count, self.table_button)
        self.form.addRow(self.propose_button)
        self.form.addRow(self.said)
        self.table_button.clicked.connect(self._ask_table)
        self.propose_button.clicked.connect(self.propose)

    @property
    def table(self) -> Path | None:
        """What was measured: the table that was chosen, or that of the instrument's day."""
        return self._chosen or self._workspace.targets.measurements

    def propose(self) -> None:
        """Propose the next targets; the maps appear with them."""
        result, table, targets = self._workspace.result, self.table, self._workspace.targets
        if result is None or table is None:
            self._say(_NOTHING)
            return
        goals = {goal: float(box.value()) for goal, box in self.weights.items() if box.value()}
        if not goals:
            self._say(_NO_GOAL)
            return
        if self._work.running("steer"):
            return
        name, count, limits = self.measure.currentData(), self.count.value(), targets.limits

        def find(on_progress: object, stop: object) -> Suggestion:
            values = measured_values(table, result, name)
            inside = allowed_places(result, limits, "spectrum", {})
            return suggest(result, values, goals, count, allowed=inside)

        self._say("Predicting ...")
        self.propose_button.setEnabled(False)
        self._work.start("steer", Job(find), lambda job: self._found(job, result))

    # -- inner ----------------------------------------------------------------------------

    def _found(self, job: Job[Suggestion], result: Result) -> None:
        self.propose_button.setEnabled(True)
        found = job.answer
        if found is None:
            self._say(breakable(f"Nothing is proposed: {job.error}"))
            return
        if self._workspace.result is not result:
            self._say("The result changed meanwhile: propose again.")
            return
        if found.targets:
            words = f"propose {counted(len(found.targets), 'target')}"
            edit_targets(self._workspace, numbered(found.targets), words)
            self._workspace.settle("targets")
        lines = [*found.lines]
        if found.prediction is not None:
            self._canvas.show_layers(property_layers(result, found.prediction))
            lines.append(_legend(found.prediction))
        reasons = self._reasons()
        more = len(reasons) - _MOST
        if more > 0:
            reasons = [*reasons[:_MOST], f"and {more} more: under the mouse in the table"]
        self._say("\n".join([*lines, *reasons]).replace("+-", "±"))

    def _say(self, text: str) -> None:
        """Say it; a form gives wrapped words the height of one line."""
        self.said.setText(text)
        self.said.setMinimumHeight(self.said.heightForWidth(self.said.width()))

    def _reasons(self) -> list[str]:
        """Why each target, by the numbers of the table."""
        numbers: dict[str, list[str]] = defaultdict(list)
        for number, target in enumerate(self._workspace.targets.ordered, start=1):
            if target.reason:
                numbers[target.reason].append(str(number))
        return [f"{', '.join(found)}: {reason}" for reason, found in numbers.items()]

    def _ask_table(self) -> None:
        start = str((self.table or Path.home()).parent)
        path, _ = QFileDialog.getOpenFileName(self, "What was measured", start, "CSV (*.csv)")
        if path:
            self.use_table(Path(path))

    def use_table(self, path: Path) -> None:
        """Steer by this table from now on."""
        self._chosen = path
        self._say(breakable(f"Table: {path}"))


def _weight(goal: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, 9)
    box.setPrefix("weight ")
    box.setSpecialValueText("not asked")
    box.setToolTip(
        f"How much the next targets are to tell of this goal ({goal}), beside the others"
    )
    return box


def property_layers(result: Result, prediction: Prediction) -> list[LayerData]:
    """Return the map of a property and that of its deviation, a point for each key point."""
    name = _words(prediction.name)
    return [
        _map(result.scan, result, prediction.std, f"{name}: deviation", visible=False),
        _map(result.scan, result, prediction.mean, f"{name}: mean", visible=True),
    ]


def _words(name: str) -> str:
    """A property in words; its unit is said beside it."""
    return name.removesuffix("_v").replace("_", " ")


def _map(
    scan: Scan, result: Result, values: NDArray[np.float64], name: str, *, visible: bool
) -> LayerData:
    palette = sequential_palette()
    low, high = _range(values)
    share = np.clip((values - low) / max(high - low, 1e-30), 0, 1)
    rows = np.nan_to_num(share * (len(palette) - 1)).round().astype(int)
    return (
        np.asarray(result.patches.center_yx_px),
        {
            "name": name,
            "metadata": {OURS: name},
            "size": size_on(scan, _POINT_PX),
            "face_color": palette[rows],
            "border_width": 0.0,
            "visible": visible,
            "features": {"value": np.asarray(values)},
            **geometry(scan),
        },
        "points",
    )


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [2, 98])
    return float(low), float(high)


def _legend(prediction: Prediction) -> str:
    low, high = _range(prediction.mean)
    deviation = float(np.nanmedian(prediction.std))
    return (
        f"On the scan: mean {low:.3g} (dark) to {high:.3g} {prediction.unit} (bright), deviation"
        f" {deviation:.2g} {prediction.unit} at the median; its map is a layer, hidden at first."
    )
