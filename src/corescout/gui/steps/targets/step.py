"""Step 5: where to measure next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from corescout.data import InputError, Result, Target
from corescout.exports.target_files import FORMATS
from corescout.gui.canvas import layer_data as shown
from corescout.gui.canvas.target_layer import TargetLayer
from corescout.gui.model.target_edits import edited, numbered
from corescout.gui.model.undo import Change, Parameter
from corescout.gui.model.workflow import State
from corescout.gui.steps.step import Fold, Step
from corescout.gui.steps.targets.table import TargetTable
from corescout.plan import TargetPlan
from corescout.targets import way_through

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_CHOICES = {
    "core": ("core", "The clearest examples of each type"),
    "boundary": ("boundary", "Places that two types share: the least certain ones"),
    "novel": ("novel", "Places unlike every type: the least known ones"),
}
_MOUSE = {"pan_zoom": "Look", "add": "Add", "select": "Move"}


class TargetsStep(Step):
    """How many, how far apart and of which kind; the table, the layer and the route.

    Attributes
    ----------
    measured_xy_m : list of (x, y)
        Places that were measured; new targets keep away from them.
    picked : Signal of a Target or None
        The one that is selected, in the table or on the scan.
    """

    picked = Signal(object)
    targets_changed = Signal(object)  # tuple of Target, in the order of the visits

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "targets")
        self.measured_xy_m: list[tuple[float, float]] = []
        self._state_of: dict[str, str] = {}
        self._make_parameters()
        self.choose_button = QPushButton("Choose targets")
        self.choose_button.setToolTip("Choose anew with these settings; edits by hand are replaced")
        self.table = TargetTable()
        self.route = QLabel()
        self.route.setWordWrap(True)
        self.modes = {mode: _mode_button(mode, text) for mode, text in _MOUSE.items()}
        self.delete_button = QPushButton("Delete")
        self.delete_button.setToolTip("Delete the selected targets (Del)")
        self.export_button = QPushButton("Export ...")
        self.export_button.setToolTip("Write the targets as CSV, JSON or .arcmd (Asylum)")
        self._lay_out()
        self.layer = TargetLayer(explorer.viewer, self._layer_edited, self._layer_selected)
        self._connect()
        self._show(explorer.result)

    # -- what the operator does -----------------------------------------------------------

    def choose(self) -> None:
        """Choose the targets anew with the settings of this step."""
        result = self.explorer.result
        if result is None:
            return
        self._edit(self.chosen(result), "choose targets")
        self.explorer.settle("targets")

    def chosen(self, result: Result) -> tuple[Target, ...]:
        """Return the targets of a result with the settings of this step."""
        from corescout.targets import targets_of

        plan = TargetPlan.model_validate(self.plan_values()["targets"])
        return targets_of(result, plan, self.measured_xy_m)

    def delete_selected(self) -> None:
        """Delete the targets that are selected."""
        rows, shown_now = self.table.rows(), self.targets
        kept = [t for row, t in enumerate(shown_now) if row not in rows]
        if len(kept) < len(shown_now):
            count = len(shown_now) - len(kept)
            what = "delete target" if count == 1 else f"delete {count} targets"
            self._edit(numbered(kept), what)

    def export(self, path: str | Path | None = None) -> None:
        """Write the targets in the order of the visits; the suffix says how."""
        result = self.explorer.result
        if result is None or not self.targets:
            return
        target = Path(path) if path is not None else self._ask_file(result)
        if target is None:
            return
        name = target.suffix.lstrip(".").lower()
        if name not in FORMATS:
            known = ", ".join(f".{n}" for n in FORMATS)
            self.route.setText(f"Not written: {target.name} has none of the suffixes {known}.")
            return
        start = None if result.scan.frame is None else result.scan.frame.center_m
        try:
            text = FORMATS[name](result, way_through(self.targets, start))
            target.write_text(text, encoding="utf-8", newline="\n")
        except (InputError, OSError) as error:
            self.route.setText(f"Not written: {error}")
        else:
            self.route.setText(f"{len(self.targets)} targets written to {target}")

    # -- state ----------------------------------------------------------------------------

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets with the edits, in the order of the visits."""
        return self.table.targets

    def show_states(self, state_of: Mapping[str, str]) -> None:
        """Show which targets are planned, current, measured or skipped."""
        self._state_of = dict(state_of)
        self.table.set_states(self._state_of)
        self.layer.show_states([self._state_of.get(t.uid, "planned") for t in self.targets])

    def take(self, targets: tuple[Target, ...]) -> None:
        """Show targets that a watch suggests."""
        self._set(targets)

    def pick(self, row: int) -> None:
        """Select a target as a click on it does."""
        self.table.select({row})
        self._table_picked({row})

    def plan_values(self) -> dict[str, Any]:
        """Return the settings of the choice."""
        return {
            "targets": {
                "per_type": self.per_type.value(),
                "spacing_m": _metres(self.spacing),
                "margin_m": self.margin.value() * 1e-9,
                "avoid_m": _metres(self.avoid),
                "diversity": self.diversity.value() / 100,
                "choice": tuple(_CHOICES)[self.choice.value()],
            }
        }

    def do_again(self) -> None:
        """Choose again: types need not be found anew for that."""
        self.choose()

    def set_running(self, running: bool) -> None:
        """Lock the choice while a search runs."""
        self.choose_button.setEnabled(not running and self.explorer.result is not None)

    def leave(self) -> None:
        """Let go of the layer's events."""
        self.layer.leave()

    # -- inner ----------------------------------------------------------------------------

    def _show(self, result: Result | None) -> None:
        self._show_targets(() if result is None else result.targets)
        self.choose_button.setEnabled(result is not None)

    def _show_targets(self, targets: tuple[Target, ...]) -> None:
        result = self.explorer.result
        ordered = () if result is None else shown.in_order(result.scan, targets)
        self.table.set_targets(ordered, self._state_of, None if result is None else result.types)
        for widget in (self.delete_button, self.export_button):
            widget.setEnabled(bool(ordered))
        for button in self.modes.values():
            button.setEnabled(result is not None)
        if result is None:
            self.route.setText("Explore a scan: its targets stand here.")
        else:
            start = None if result.scan.frame is None else result.scan.frame.center_m
            words = way_through(ordered, start).words().replace(" um", " µm")
            self.route.setText(f"Route: {words}")
        self.targets_changed.emit(ordered)

    def _edit(self, targets: tuple[Target, ...], text: str) -> None:
        """Set other targets as a step that can be undone."""
        before = self.targets
        self.explorer.undo_stack.push(
            Change(text, lambda: self._set(targets), lambda: self._set(before))
        )

    def _set(self, targets: tuple[Target, ...]) -> None:
        self.explorer.set_targets(targets)
        self._show_targets(targets)
        result = self.explorer.result
        if result is not None:
            discs = shown.target_layers(result.scan, targets, self._state_of, result.types)
            self.explorer.show_layers(discs)
            self.explorer.workflow.set("targets", State.DONE, f"{len(targets)}")
            self.explorer.workflow.touch("targets")

    def _layer_edited(self, yx_px: np.ndarray[Any, Any]) -> None:
        result = self.explorer.result
        if result is None:
            return
        found = edited(result, self.targets, yx_px)
        if found is not None:
            self._edit(*found)

    def _layer_selected(self, rows: set[int]) -> None:
        self.table.select(rows)
        self._say_picked(rows)

    def _table_picked(self, rows: set[int]) -> None:
        self.layer.select(rows)
        self._say_picked(rows)

    def _say_picked(self, rows: set[int]) -> None:
        row = min(rows) if rows else -1
        self.picked.emit(self.targets[row] if 0 <= row < len(self.targets) else None)

    def _set_mode(self, mode: str) -> None:
        for name, button in self.modes.items():
            button.setChecked(name == mode)
        self.layer.set_mode(mode)

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
        self.per_type.setToolTip("Targets of each type")
        self.spacing = _nanometres("10 px", "Least distance between two targets")
        self.margin = _nanometres("none", "Distance from the edge of the scan")
        self.avoid = _nanometres(
            "as spacing", "Distance from places that were measured: a spectrum leaves a domain"
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
            "0 %: the most wanted ones; 100 %: as unlike each other as can be, on the scan and in"
            " the latent space"
        )
        named = {
            "targets per type": self.per_type, "spacing of targets": self.spacing,
            "margin": self.margin, "distance from measured": self.avoid,
            "kind of targets": self.choice, "diversity": self.diversity,
        }  # fmt: skip
        stack = self.explorer.undo_stack
        self._parameters = [Parameter(stack, widget, name) for name, widget in named.items()]
        for widget in named.values():
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
        more.form.addRow("From measured", self.avoid)
        more.form.addRow("Diversity", self.diversity)
        self.body.addWidget(more)
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
        self.explorer.result_changed.connect(self._show)
        self.choose_button.clicked.connect(self.choose)
        self.table.picked.connect(self._table_picked)
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
