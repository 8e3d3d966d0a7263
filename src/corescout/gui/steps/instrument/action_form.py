"""What is done at the targets: mark, spectrum or frame, with its settings and their units."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from corescout.data.counted import counted
from corescout.data.target import SPECTRUM_DEFAULTS, Action
from corescout.gui.model.visit import VisitSettings
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.step import Fold
from corescout.instruments.protocol import SpectrumSettings
from corescout.instruments.visit_plan import TOLERANCE_M
from corescout.instruments.visits import CHECK_EVERY

_ACTIONS = {
    "spectrum": "spectrum at each target",
    "mark": "mark each target",
    "zoom": "frame around each target",
}


class ActionForm(QWidget):
    """The settings of a visit; `changed` when one of them is another.

    Parameters
    ----------
    workspace : Workspace
        Keeps the settings with the session, and their changes on the undo stack.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.action = QComboBox()
        self.action.setToolTip("What is done at each target")
        for name, words in _ACTIONS.items():
            self.action.addItem(words, name)
        self.bias = _number(0, 100, SPECTRUM_DEFAULTS["bias_end_v"], " V", 1)
        self.bias.setPrefix("\u00b1 ")
        self.bias.setToolTip("Bias sweep from - to + this value and back")
        self.seconds = _number(0.05, 600, SPECTRUM_DEFAULTS["seconds"], " s", 2)
        self.seconds.setToolTip("Duration of one spectrum")
        self.points = QSpinBox()
        self.points.setRange(8, 4096)
        self.points.setValue(int(SPECTRUM_DEFAULTS["n_points"]))
        self.points.setSuffix(" points")
        self.points.setToolTip("Points of one spectrum")
        self.told_text = QLabel()
        self.told_text.setWordWrap(True)
        self.told_text.setVisible(False)
        self._told: SpectrumSettings | None = None
        self.size = _number(1, 100_000, 200, " nm", 0)
        self.size.setToolTip("Side of the frame that is scanned around each target")
        self.tolerance = _number(1, 10_000, TOLERANCE_M * 1e9, " nm", 0)
        self.tolerance.setToolTip(
            "Largest drift allowed; beyond it the run stops and waits for you"
        )
        self.check_every = QSpinBox()
        self.check_every.setRange(0, 100)
        self.check_every.setSpecialValueText("never")
        self.check_every.setPrefix("every ")
        self.check_every.setSuffix(" targets")
        self.check_every.setValue(CHECK_EVERY)
        self.check_every.setToolTip("Frames rescanned during the run to measure drift")
        self.written = QCheckBox("look at what was written")
        self.written.setToolTip(
            "A frame at 0 V before and after each spectrum shows what it wrote; new targets of a"
            " watch keep away from it"
        )
        self.again = QCheckBox("measure targets again")
        self.again.setToolTip("If off, targets that were already measured or started are rejected")
        self._lay_out()
        named = {
            "action": self.action, "bias": self.bias, "duration": self.seconds,
            "points": self.points, "frame": self.size, "tolerance": self.tolerance,
            "drift check": self.check_every, "measure again": self.again,
            "written": self.written,
        }  # fmt: skip
        for name, widget in named.items():
            workspace.parameters.add("instrument", name, widget)
        self._parameters = workspace.parameters
        self._check_wanted = CHECK_EVERY  # where the instrument can scan
        for widget in (self.bias, self.seconds, self.points, self.size, self.tolerance,
                       self.check_every):  # fmt: skip
            widget.valueChanged.connect(self.changed)
        for box in (self.again, self.written):
            box.toggled.connect(self.changed)
        self.action.currentIndexChanged.connect(self._show_settings)
        self.action.currentIndexChanged.connect(self.changed)
        self._show_settings()

    def values(self) -> tuple[Action, dict[str, float]]:
        """Return the action and its settings, in SI units."""
        action: Action = self.action.currentData()
        if action == "spectrum":
            bias, told = self.bias.value(), self._told or SpectrumSettings()
            return action, {
                "bias_start_v": -bias, "bias_end_v": bias,
                "n_points": float(told.n_points or self.points.value()),
                "seconds": told.seconds or self.seconds.value(),
            }  # fmt: skip
        return action, {"size_m": self.size.value() * 1e-9} if action == "zoom" else {}

    def visit_settings(self) -> VisitSettings:
        """Return what is done at the targets, and the drift that the plan tolerates."""
        action, settings = self.values()
        tolerance_m = self.tolerance.value() * 1e-9
        check_every, written = self.check_every.value(), self.looks_at_written
        return VisitSettings(action, settings, tolerance_m, check_every, written)

    @property
    def looks_at_written(self) -> bool:
        """Whether frames are scanned around each spectrum."""
        is_spectrum: bool = self.action.currentData() == "spectrum"
        return is_spectrum and self.written.isEnabled() and self.written.isChecked()

    def show_possible(self, actions: frozenset[str], *, can_check: bool) -> None:
        """Offer what the instrument knows; look at the drift where it can scan a frame."""
        for row in range(self.action.count()):
            item = self.action.model().item(row)
            item.setEnabled(self.action.itemData(row) in actions)
        if can_check != self.check_every.isEnabled():
            if not can_check:
                self._check_wanted = self.check_every.value()
            wanted = self._check_wanted if can_check else 0
            self._parameters.get("instrument", "drift check").set(wanted)
        self.check_every.setEnabled(can_check)
        self.written.setEnabled(can_check)

    def show_spectrum(self, told: SpectrumSettings | None) -> None:
        """Show how spectra are set at the instrument: there is nothing to type here then.

        Parameters
        ----------
        told : SpectrumSettings or None
            None where duration and points are sent from here.
        """
        if told == self._told:
            return
        self._told = told
        for field in (self.seconds, self.points):
            field.setVisible(told is None)
        self.told_text.setVisible(told is not None)
        if told is not None:
            seconds = "not told" if told.seconds is None else f"{told.seconds:.3g} s"
            points = "points not told" if told.n_points is None else counted(told.n_points, "point")
            self.told_text.setText(f"Set at the instrument: {seconds}, {points}")
        self.changed.emit()

    def _show_settings(self, *_: object) -> None:
        action = self.action.currentData()
        self._spectrum.setVisible(action == "spectrum")
        self._frame.setVisible(action == "zoom")

    def _lay_out(self) -> None:
        self._spectrum, self._frame = QWidget(), QWidget()
        grid = QGridLayout(self._spectrum)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        grid.addWidget(self.bias, 0, 0)
        grid.addWidget(self.seconds, 0, 1)
        grid.addWidget(self.points, 1, 0)
        grid.addWidget(self.told_text, 2, 0, 1, 2)
        grid.addWidget(self.written, 3, 0, 1, 2)
        form = QFormLayout(self._frame)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Side", self.size)
        more = Fold("Tolerance, drift, repeats")
        more.form.addRow("Tolerance", self.tolerance)
        more.form.addRow("Drift check", self.check_every)
        more.form.addRow(self.again)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for widget in (self.action, self._spectrum, self._frame, more):
            layout.addWidget(widget)


def _number(low: float, high: float, value: float, unit: str, decimals: int) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(decimals)
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(unit)
    return box
