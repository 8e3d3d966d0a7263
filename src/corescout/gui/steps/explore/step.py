"""Step 3: which representations are tried, by what they are judged, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
)

from corescout.gui.canvas import patch_outline
from corescout.gui.kept.preferences import preferences
from corescout.gui.model.plan_of_steps import merged
from corescout.gui.model.plan_options import Options, nested, read_options, write_options
from corescout.gui.model.reward_words import OFFERED, REWARD_TIPS, reward_words
from corescout.gui.model.undo import Parameter
from corescout.gui.steps.explore.options_form import OptionsForm
from corescout.gui.steps.step import Fold, Step
from corescout.plan import Plan
from corescout.square_grid import square_grid

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_PRESETS = {
    "live": "live (about a minute)",
    "standard": "standard (some minutes)",
    "paper": "paper (hours)",
}
_INVARIANCES = {
    "none": ("none", "Patches are compared as they lie"),
    "r": ("rotation", "A wall counts the same whichever way it runs"),
    "t": ("translation", "A wall counts the same wherever it crosses the patch"),
    "rt": ("both", "Whichever way a wall runs and wherever it crosses the patch"),
}


class ExploreStep(Step):
    """Preset, windows, invariances, reward, budget."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "explore")
        self._build_always()
        self._build_more()
        wanted = preferences()
        self.preset.setCurrentIndex(max(0, self.preset.findData(wanted.preset)))
        self.budget.setValue(wanted.budget_min)
        self._watch()
        self.windows.setPlaceholderText(
            ", ".join(map(str, Plan.preset(self.preset.currentData()).windows_px))
        )

    # -- the plan -------------------------------------------------------------------------

    def plan_values(self) -> dict[str, Any]:
        """Return the search space and the decision.

        Raises
        ------
        ValueError
            If a window size or an option cannot be used, or no invariance is left.
        """
        values: dict[str, Any] = {
            "preset_name": self.preset.currentData(),
            "seed": self.seed.value(),
            "invariances": tuple(n for n, box in self.invariance_boxes.items() if box.isChecked()),
        }
        windows = self.windows_px()
        if windows is not None:
            values["windows_px"] = windows
        if self.budget.value() > 0:
            values["budget_s"] = 60 * self.budget.value()
        decision: dict[str, Any] = {}
        reward = self.reward_name()
        if reward is not None:
            decision["reward"] = reward
        if self.seeds.value() > 0:
            decision["seeds"] = self.seeds.value()
        if decision:
            values["decision"] = decision
        return merged(values, nested(read_options(self.options.text())))

    def windows_px(self) -> tuple[int, ...] | None:
        """Return the window sizes, None for those of the preset."""
        text = self.windows.text().strip()
        if not text:
            return None
        try:
            return tuple(int(part) for part in text.split(",") if part.strip())
        except ValueError:
            raise ValueError(
                f"expected window sizes such as 9, 13; found {text!r}; correct it in step 3"
            ) from None

    def reward_name(self) -> str | None:
        """Return the reward that decides, None for that of the preset."""
        text = self.reward.currentText().strip()
        place = self.reward.findText(text)
        if place == 0 or not text:
            return None
        return str(self.reward.itemData(place) or text)

    def show_options(self) -> None:
        """Open the form of all options, as they stand."""
        preset = Plan.preset(self.preset.currentData())
        try:
            changes = nested(read_options(self.options.text()))
            plan = Plan.model_validate(merged(preset.model_dump(), changes))
        except ValueError:
            plan = preset
        self.form_of_options = OptionsForm(self, preset, plan)
        self.form_of_options.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form_of_options.applied.connect(self._take_options)
        self.form_of_options.show()

    def _take_options(self, values: Options) -> None:
        self.options.setText(write_options(values))
        self.options.editingFinished.emit()

    def set_running(self, running: bool) -> None:
        """Lock the search while it runs."""
        for widget in (self.preset, self.windows, self.more, *self.invariance_boxes.values()):
            widget.setEnabled(not running)

    # -- the patch on the scan ------------------------------------------------------------

    def show_patches(self) -> None:
        """Draw the windows at their true size on the scan, or hide them."""
        explorer, layer = self.explorer, self.explorer.image_layer()
        if not self.patches.isChecked() or layer is None:
            patch_outline.hide_outlines(explorer.viewer)
            return
        scan, view = explorer.scan_of(layer), explorer.view
        at = np.asarray(scan.shape_px, float) / 2 - 0.5
        if view is not None and len(view.core_yx_px):
            at = np.asarray(view.core_yx_px[np.argmax(view.core.typicality)])
        chosen = explorer.result.winner.window_px if explorer.result is not None else None
        patch_outline.show_outlines(explorer.viewer, scan, self._windows_or_none(), at, chosen)

    def show_scan(self) -> None:
        """Another scan: say the windows in its nm."""
        self._show_windows()

    def _windows_or_none(self) -> tuple[int, ...]:
        try:
            chosen = self.windows_px()
            given = {} if chosen is None else {"windows_px": chosen}
            return Plan.preset(self.preset.currentData(), **given).windows_px
        except ValueError:
            return ()

    def _show_windows(self, *_: object) -> None:
        preset = Plan.preset(self.preset.currentData())
        self.windows.setPlaceholderText(", ".join(map(str, preset.windows_px)))
        windows, layer = self._windows_or_none(), self.explorer.image_layer()
        pitch_m = None
        if layer is not None:
            scan = self.explorer.scan_of(layer)
            pitch_m = square_grid(scan.shape_px, scan.frame).pitch_m
        words = patch_outline.in_words(windows, pitch_m)
        self.sizes.setText(words or ("" if windows else "windows such as 9, 13, 17"))
        self.sizes.setVisible(bool(self.sizes.text()))
        if self.patches.isChecked():
            self.show_patches()

    # -- building -------------------------------------------------------------------------

    def _build_always(self) -> None:
        self.preset = QComboBox()
        for name, what in _PRESETS.items():
            self.preset.addItem(what, name)
        self.preset.setToolTip(
            "live decides while the tip comes back; standard repeats with more seeds and holds the"
            " winner against the spatial decoder; paper does what the paper says"
        )
        self.windows = QLineEdit()
        self.windows.setToolTip(
            "Sides of the square patches in pixels, such as 9, 13, 17. A window should hold a wall"
            " and what lies to both sides of it; empty: those of the preset"
        )
        self.sizes = QLabel()
        self.sizes.setEnabled(False)
        self.sizes.setWordWrap(True)
        self.patches = QCheckBox("Show the windows on the scan")
        self.patches.setToolTip(
            "Squares at true size, around the clearest core point or the middle of the scan"
        )
        self.invariance_boxes = {}
        boxes = QGridLayout()
        boxes.setContentsMargins(0, 0, 0, 0)
        for place, (name, (label, tip)) in enumerate(_INVARIANCES.items()):
            box = QCheckBox(label)
            box.setChecked(name != "t")
            box.setToolTip(tip)
            boxes.addWidget(box, place // 2, place % 2)
            self.invariance_boxes[name] = box
        form = self.form()
        form.addRow("Search", self.preset)
        form.addRow("Windows (px)", self.windows)
        form.addRow("", self.sizes)
        form.addRow("", self.patches)
        form.addRow("Invariance", boxes)

    def _build_more(self) -> None:
        self.reward = QComboBox()
        self.reward.setEditable(True)
        self.reward.setInsertPolicy(QComboBox.InsertPolicy.InsertAtBottom)
        self.reward.addItem("of the preset", None)
        for name in OFFERED:
            self.reward.addItem(reward_words(name), name)
            tip = REWARD_TIPS.get(name, "")
            self.reward.setItemData(self.reward.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.reward.setToolTip(
            "What decides between the candidates. Type module:function for a reward of your own:"
            " it is given the fit of a candidate"
        )
        self.seeds = QSpinBox()
        self.seeds.setRange(0, 9)
        self.seeds.setSpecialValueText("of the preset")
        self.seeds.setToolTip(
            "How often each finalist is trained with another random start: the bars of the plot"
        )
        self.budget = QDoubleSpinBox()
        self.budget.setRange(0, 600)
        self.budget.setDecimals(1)
        self.budget.setSingleStep(0.5)
        self.budget.setSuffix(" min")
        self.budget.setSpecialValueText("no limit")
        self.budget.setToolTip(
            "Time that the search may take, in minutes; what was not tried by then is said"
        )
        self.seed = QSpinBox()
        self.seed.setRange(0, 99)
        self.seed.setToolTip("Random start: the same seed gives the same numbers")
        self.options = QLineEdit()
        self.options.setPlaceholderText("as the preset has them")
        self.options.setToolTip("Every other option that was changed, by its name in a plan file")
        self.options_button = QPushButton("All options …")
        self.options_button.setToolTip("Every option of a search, with its unit and its meaning")
        self.options_button.clicked.connect(self.show_options)
        self.more = Fold()
        self.more.form.addRow("Reward", self.reward)
        self.more.form.addRow("Seeds", self.seeds)
        self.more.form.addRow("Budget", self.budget)
        self.more.form.addRow("Random start", self.seed)
        self.more.form.addRow("Options", self.options)
        self.more.form.addRow("", self.options_button)
        self.body.addWidget(self.more)

    def _watch(self) -> None:
        stack = self.explorer.undo_stack
        named = [
            (self.preset, "search"), (self.windows, "windows"), (self.reward, "reward"),
            (self.seeds, "seeds"), (self.budget, "budget"), (self.seed, "random start"),
            (self.options, "options"),
            *((box, f"invariance {box.text()}") for box in self.invariance_boxes.values()),
        ]  # fmt: skip
        self.parameters = [Parameter(stack, widget, name) for widget, name in named]
        for widget in (self.preset, self.reward):
            widget.currentIndexChanged.connect(self.changed)
        for widget in (self.seeds, self.budget, self.seed):
            widget.valueChanged.connect(self.changed)
        for box in self.invariance_boxes.values():
            box.toggled.connect(self.changed)
        for line in (self.windows, self.options):
            line.editingFinished.connect(self.changed)
        self.preset.currentIndexChanged.connect(self._show_windows)
        self.windows.textChanged.connect(self._show_windows)
        self.patches.toggled.connect(self.show_patches)
