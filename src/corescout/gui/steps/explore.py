"""Step 3: which representations are tried, and how thoroughly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QSpinBox

from corescout.gui.steps.step import Fold, Step

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_PRESETS = {
    "live": "live (about a minute)",
    "standard": "standard (some minutes)",
    "paper": "paper (hours)",
}
_INVARIANCES = {"none": "none", "r": "rotation", "rt": "rotation + translation"}


class ExploreStep(Step):
    """Preset, windows, invariances, seed."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "explore")
        self.preset = QComboBox()
        for name, what in _PRESETS.items():
            self.preset.addItem(what, name)
        self.windows = QLineEdit()
        self.windows.setPlaceholderText("of the preset, or such as 9, 13, 17")
        self.seed = QSpinBox()
        self.seed.setRange(0, 99)
        self.invariance_boxes = {name: QCheckBox(label) for name, label in _INVARIANCES.items()}
        boxes = QHBoxLayout()
        for box in self.invariance_boxes.values():
            box.setChecked(True)
            boxes.addWidget(box)
        self.form().addRow("Search", self.preset)
        self.more = Fold()
        self.more.form.addRow("Windows (px)", self.windows)
        self.more.form.addRow("Invariance", boxes)
        self.more.form.addRow("Seed", self.seed)
        self.body.addWidget(self.more)
        self.preset.currentIndexChanged.connect(self.changed)
        self.windows.editingFinished.connect(self.changed)
        self.seed.valueChanged.connect(self.changed)
        for box in self.invariance_boxes.values():
            box.toggled.connect(self.changed)

    def plan_values(self) -> dict[str, Any]:
        """Return the search space.

        Raises
        ------
        ValueError
            If a window size cannot be used.
        """
        values: dict[str, Any] = {
            "preset_name": self.preset.currentData(),
            "seed": self.seed.value(),
            "invariances": tuple(n for n, box in self.invariance_boxes.items() if box.isChecked()),
        }
        windows = self.windows_px()
        if windows is not None:
            values["windows_px"] = windows
        return values

    def windows_px(self) -> tuple[int, ...] | None:
        """Return the window sizes, None for those of the preset."""
        text = self.windows.text().strip()
        if not text:
            return None
        try:
            return tuple(int(part) for part in text.split(",") if part.strip())
        except ValueError:
            raise ValueError(
                f"expected window sizes such as 9, 13; found {text!r}; correct it under More"
            ) from None

    def set_running(self, running: bool) -> None:
        """Lock the search while it runs."""
        for widget in (self.preset, self.more):
            widget.setEnabled(not running)
