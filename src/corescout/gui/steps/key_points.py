"""Step 2: where patches are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QLabel

from corescout.gui.look import PROBLEM
from corescout.gui.steps.step import Step

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_DETECTORS = {
    "canny": "walls: Canny edges",
    "sato": "walls: Sato ridges",
    "grid": "grid",
    "orb": "ORB corners",
    "sift": "SIFT blobs",
}


class KeyPointsStep(Step):
    """Detector and spacing, previewed at once."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "key_points")
        self.detector = QComboBox()
        for name, what in _DETECTORS.items():
            self.detector.addItem(what, name)
        self.spacing = QDoubleSpinBox()
        self.spacing.setRange(1, 100)
        self.spacing.setValue(5)
        self.spacing.setSuffix(" px")
        self.count = QLabel("")
        self.count.setWordWrap(True)
        form = self.form()
        form.addRow("Detector", self.detector)
        form.addRow("Spacing", self.spacing)
        self.body.addWidget(self.count)
        self.detector.currentIndexChanged.connect(self.changed)
        self.spacing.valueChanged.connect(self.changed)

    def plan_values(self) -> dict[str, Any]:
        """Return detector and spacing."""
        return {
            "keypoints": {
                "detector": self.detector.currentData(),
                "spacing_px": self.spacing.value(),
            }
        }

    def say(self, text: str, *, problem: bool) -> None:
        """Say how many key points there are, or why there are none."""
        self.count.setText(text)
        self.count.setStyleSheet(f"color: {PROBLEM};" if problem else "")

    def set_running(self, running: bool) -> None:
        """Lock the detector while a search runs on its points."""
        for widget in (self.detector, self.spacing):
            widget.setEnabled(not running)
