"""A property that was measured at some places, predicted at every key point, as layers."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from corescout.data import Result
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.latent_maps import property_layers
from corescout.gui.canvas.layer_data import LayerData
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.model.reasons import reason_of
from corescout.gui.model.workspace import Workspace
from corescout.loop_properties import PROPERTIES

_JOB = "property map"
Told = tuple[str, list[LayerData]]


class PropertyMap(QWidget):
    """Asks for a table of measurements, says whether structure predicts the property, and maps it.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work

    Attributes
    ----------
    words : QLabel
        Whether structure predicts the property, or why there is no answer.
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        super().__init__()
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.addItems(list(PROPERTIES))
        self.name.setMinimumWidth(80)
        self.name.setToolTip("A property of the loops, or a column of a table of your own")
        self.button = QPushButton("Map ...")
        self.button.setToolTip(
            "Predict the property at every key point from a table of measurements, such as the"
            " measurements.csv of a day: layers of its mean and of its standard deviation"
        )
        self.button.clicked.connect(lambda: self.show_map())
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.hide()
        row = QHBoxLayout()
        row.addWidget(self.name, stretch=1)
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.words)

    def show_map(self, path: str | Path | None = None) -> None:
        """Predict the property from a table, and show the answer; asks for the file if None."""
        result = self._workspace.result
        if result is None or self._work.running(_JOB):
            return
        table = Path(path) if path is not None else self._ask_file()
        if table is None:
            return
        name = self.name.currentText().strip()
        self._say(f"Predicting {name} ...")

        def predict(on_progress: object, stop: object) -> Told:
            return told(result, table, name)

        self._work.start(_JOB, Job(predict), lambda job: self._finish(job, result))

    def _finish(self, job: Job[Told], result: Result) -> None:
        if job.answer is None:
            self._say("" if job.error is None else f"No map: {reason_of(job.error)}")
        elif result is self._workspace.result:
            words, layers = job.answer
            self._say(words)
            self._canvas.show_layers(layers)

    def _say(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def _ask_file(self) -> Path | None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "What was measured", str(Path.home()), "CSV (*.csv)"
        )
        return Path(chosen) if chosen else None


def told(result: Result, table: Path, name: str) -> Told:
    """Return the words, and the layers where structure predicts the property, or may."""
    from corescout.steering import predict_property

    found = predict_property(result, table, name)
    if found.validation.predicts is False:
        return f"No map: {found.words}.", []
    return f"{found.words}.", property_layers(result, found)
