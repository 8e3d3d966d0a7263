"""Step 5: where to measure next."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from corescout.data import InputError, Result
from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.exports.arcmd import turn_doubt
from corescout.exports.target_files import FORMATS
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.target_layer import TargetLayer
from corescout.gui.jobs.work import Work
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.settings import TargetSettings
from corescout.gui.model.target_edits import chosen_targets, edit_targets, numbered
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.step import Fold, Step
from corescout.gui.steps.targets.by_measurement import ByMeasurement
from corescout.gui.steps.targets.table import TargetTable
from corescout.instruments.target_export import export_text
from corescout.plan import TargetPlan
from corescout.targets import way_through

_CHOICES = {
    "core": ("core", "clearest examples of each type"),
    "boundary": ("boundary", "places between two types, the least certain ones"),
    "novel": ("novel", "places unlike every type, the least known ones"),
}
_MOUSE = {"pan_zoom": "Look", "add": "Add", "select": "Move"}


class TargetsStep(Step):
    """How many, how far apart and of which kind; the table, the layer and the route.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        super().__init__(workspace, "targets")
        self.by_measurement = ByMeasurement(workspace, canvas, work)
        self._make_parameters()
        self.choose_button = QPushButton("Choose targets")
        self.choose_button.setToolTip(
            "Choose targets again with these settings; manual edits are replaced"
        )
        self.table = TargetTable()
        self.route = QLabel()
        self.route.setWordWrap(True)
        workspace.chosen_changed.connect(self._show_default_spacing)
        self.modes = {mode: _mode_button(mode, text) for mode, text in _MOUSE.items()}
        self.delete_button = QPushButton("Delete")
        self.delete_button.setToolTip("Delete the selected targets (Del)")
        self.export_button = QPushButton("Export ...")
        self.export_button.setToolTip("Write the targets as CSV, JSON or .arcmd (Asylum)")
        self._lay_out()
        self.layer = TargetLayer(workspace, canvas)
        self._connect()
        self._show_targets()
        self.publish()

    # -- what the operator does -----------------------------------------------------------

    def choose(self) -> None:
        """Choose the targets anew with the settings of this step."""
        workspace = self.workspace
        if workspace.result is None:
            return
        edit_targets(workspace, chosen_targets(workspace, workspace.result), "choose targets")
        workspace.settle("targets")

    def delete_selected(self) -> None:
        """Delete the targets that are selected."""
        targets = self.workspace.targets
        kept = targets.without(self.table.rows())
        count = len(targets.ordered) - len(kept)
        if count:
            what = "delete target" if count == 1 else f"delete {count} targets"
            edit_targets(self.workspace, numbered(kept), what)

    def export(self, path: str | Path | None = None) -> None:
        """Write the targets in the order of the visits; the suffix says how."""
        result, targets = self.workspace.result, self.workspace.targets.ordered
        if result is None or not targets:
            return
        target = Path(path) if path is not None else self._ask_file(result)
        if target is None:
            return
        name = target.suffix.lstrip(".").lower()
        if name not in FORMATS:
            known = ", ".join(f".{n}" for n in FORMATS)
            self.route.setText(
                ended(f"Not written: {target.name} has none of the suffixes {known}")
            )
            return
        if name == "arcmd" and not self._turn_is_checked(result):
            self.route.setText("Not written: the scan is turned, and no marker check was made.")
            return
        start = None if result.scan.frame is None else result.scan.frame.center_m
        try:
            text = export_text(result, way_through(targets, start), name)
            target.write_text(text, encoding="utf-8", newline="\n")
        except (InputError, OSError) as error:
            self.route.setText(f"Not written: {error}")
        else:
            self.route.setText(f"{counted(len(targets), 'target')} written to {target}")

    # -- state ----------------------------------------------------------------------------

    def publish(self) -> None:
        """Hand the settings of the choice to the workspace."""
        settings = TargetSettings(
            per_type=self.per_type.value(),
            spacing_m=_metres(self.spacing),
            margin_m=self.margin.value() * 1e-9,
            avoid_m=_metres(self.avoid),
            diversity=self.diversity.value() / 100,
            choice=tuple(_CHOICES)[self.choice.value()],
        )
        self.workspace.set_settings(self.name, settings)

    def do_again(self) -> None:
        """Choose again: types need not be found anew for that."""
        self.choose()

    def set_running(self, running: bool) -> None:
        """Lock the choice while a search runs."""
        self.choose_button.setEnabled(not running and self.workspace.result is not None)

    # -- inner ----------------------------------------------------------------------------

    def _show_targets(self, *_: object) -> None:
        result, targets = self.workspace.result, self.workspace.targets
        types = None if result is None else result.types
        self.table.set_targets(targets.ordered, targets.state_of, types)
        self.set_running(self.workspace.running)
        for widget in (self.delete_button, self.export_button):
            widget.setEnabled(bool(targets.ordered))
        for button in self.modes.values():
            button.setEnabled(result is not None)
        if result is None:
            self.route.setText("Targets appear here after Explore.")
        else:
            start = None if result.scan.frame is None else result.scan.frame.center_m
            words = way_through(targets.ordered, start).words()
            self.route.setText(f"Route: {words}")

    def _show_default_spacing(self, chosen: ChosenImage | None) -> None:
        """Say the spacing that is not set in nm, as all that are set; pixels without a scale."""
        pixels = TargetPlan().spacing_px
        frame = None if chosen is None else chosen.scan.frame
        words = f"{pixels:.0f} px"
        tip = f"Minimum distance between two targets; {words} if not set"
        if frame is not None:
            words = f"{pixels * min(frame.pitch_m) * 1e9:.0f} nm"
        self.spacing.setSpecialValueText(words)
        self.spacing.setToolTip(tip)

    def _show_states(self) -> None:
        self.table.set_states(self.workspace.targets.state_of)

    def _show_selected(self) -> None:
        self.table.select(self.workspace.targets.selected)

    def _set_mode(self, mode: str) -> None:
        self.layer.set_mode(mode)
        self._show_mode(self.layer.mode)

    def _show_mode(self, mode: str) -> None:
        """Say what the mouse does to the targets, whoever said so."""
        for name, button in self.modes.items():
            button.setChecked(name == mode)

    def _turn_is_checked(self, result: Result) -> bool:
        """Ask for the marker check of a turned scan: Igor might turn its image the other way."""
        doubt = turn_doubt(result.scan.frame)
        if not doubt:
            return True
        answer = QMessageBox.question(self, "Turned scan", f"{ended(doubt)} Was it seen to?")
        return answer is QMessageBox.StandardButton.Yes

    def _ask_file(self, result: Result) -> Path | None:
        name = f"{Path(result.scan.source or result.scan.uid).stem}-targets.csv"
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Write the targets", str(Path.home() / name),
            "CSV (*.csv);;JSON (*.json);;Asylum (*.arcmd)",
        )  # fmt: skip
        return Path(chosen) if chosen else None

    # -- building -------------------------------------------------------------------------

    def _make_parameters(self) -> None:
        self.per_type = QSpinBox()
        self.per_type.setRange(1, 100)
        self.per_type.setValue(5)
        self.per_type.setToolTip("Number of targets per type")
        self.spacing = _nanometres("10 px", "Minimum distance between two targets")
        self.margin = _nanometres("none", "Minimum distance from the edge of the scan")
        self.avoid = _nanometres(
            "same as spacing",
            "Minimum distance from points already measured: a spectrum can leave a domain behind",
        )
        self.choice = QSlider(Qt.Orientation.Horizontal)
        self.choice.setRange(0, len(_CHOICES) - 1)
        self.choice.setPageStep(1)
        self.choice.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.choice.setToolTip("\n".join(f"{n}: {why}" for n, why in _CHOICES.values()))
        self.choice.setAccessibleName("Core, boundary or novel places")
        self.diversity = QSpinBox()
        self.diversity.setRange(0, 100)
        self.diversity.setValue(30)
        self.diversity.setSuffix(" %")
        self.diversity.setToolTip(
            "Diversity of the targets. 0 %: highest ranked only. 100 %: as different from each"
            " other as possible, on the scan and in the latent space"
        )
        named = {
            "targets per type": self.per_type, "spacing of targets": self.spacing,
            "margin": self.margin, "distance from measured": self.avoid,
            "kind of targets": self.choice, "diversity": self.diversity,
        }  # fmt: skip
        for name, widget in named.items():
            self.workspace.parameters.add(self.name, name, widget)
            widget.valueChanged.connect(self.changed)

    def _lay_out(self) -> None:
        form = self.form()
        numbers = QHBoxLayout()
        self.per_type.setMaximumWidth(96)
        numbers.addWidget(self.per_type)
        numbers.addWidget(QLabel("spacing"))
        numbers.addWidget(self.spacing, stretch=1)
        form.addRow("Per type", numbers)
        form.addRow("Kind", _labelled(self.choice, [name for name, _ in _CHOICES.values()]))
        more = Fold()
        more.form.addRow("Margin", self.margin)
        more.form.addRow("Distance from measured points", self.avoid)
        more.form.addRow("Diversity", self.diversity)
        self.body.addWidget(more)
        self.body.addWidget(self.by_measurement)
        self.body.addWidget(self.choose_button)
        self.body.addWidget(self.table)
        self.body.addWidget(self.route)
        row = QHBoxLayout()
        row.setSpacing(3)
        for button in self.modes.values():
            row.addWidget(button)
        row.addWidget(self.delete_button)
        row.addStretch(1)
        row.addWidget(self.export_button)
        self.body.addLayout(row)
        self.modes["pan_zoom"].setChecked(True)

    def _connect(self) -> None:
        targets = self.workspace.targets
        targets.changed.connect(self._show_targets)
        targets.states_changed.connect(self._show_states)
        targets.selected_changed.connect(self._show_selected)
        self.layer.mode_changed.connect(self._show_mode)
        self.choose_button.clicked.connect(self.choose)
        self.table.picked.connect(targets.select)
        self.table.delete_wanted.connect(self.delete_selected)
        self.delete_button.clicked.connect(self.delete_selected)
        self.export_button.clicked.connect(lambda: self.export())
        for mode, button in self.modes.items():
            button.clicked.connect(lambda _=False, mode=mode: self._set_mode(mode))


def _nanometres(at_zero: str, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0, 100_000)
    box.setDecimals(0)
    box.setSingleStep(10)
    box.setSuffix(" nm")
    box.setSpecialValueText(at_zero)
    box.setToolTip(tip)
    return box


def _metres(box: QDoubleSpinBox) -> float | None:
    return box.value() * 1e-9 if box.value() > 0 else None


def _mode_button(mode: str, text: str) -> QPushButton:
    tips = {
        "pan_zoom": "Move the view with the mouse; click a target to see its loop",
        "add": "Click on the scan to add targets",
        "select": "Drag targets; with Shift several",
    }
    button = QPushButton()
    button.setText(text)
    button.setCheckable(True)
    button.setToolTip(tips[mode])
    return button


def _labelled(slider: QSlider, words: list[str]) -> QWidget:
    """A slider with a word below each of its stops."""
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(slider)
    below = QGridLayout()
    sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    for column, (word, side) in enumerate(zip(words, sides, strict=True)):
        below.addWidget(QLabel(word), 0, column, side)
    layout.addLayout(below)
    return box
