"""Step 3: which representations are tried, by what they are judged, and for how long."""

from __future__ import annotations

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
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.jobs.search_place import ClusterState
from corescout.gui.kept.preferences import preferences
from corescout.gui.look import tint
from corescout.gui.model.plan_of_steps import merged
from corescout.gui.model.plan_options import Options, nested, read_options, write_options
from corescout.gui.model.reward_words import OFFERED, REWARD_TIPS
from corescout.gui.model.settings import SearchSettings, has_unit
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.explore.options_form import OptionsForm
from corescout.gui.steps.step import Fold, Step, breakable
from corescout.plan import Plan
from corescout.rewards.words import reward_words
from corescout.square_grid import square_grid
from corescout.vocabulary import INVARIANCE_LABELS, INVARIANCE_TIPS, PRESET_WORDS


class ExploreStep(Step):
    """Preset, windows, invariances, reward, budget.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    """

    def __init__(self, workspace: Workspace, canvas: Canvas) -> None:
        super().__init__(workspace, "explore")
        self._canvas = canvas
        self._build_always()
        self._build_more()
        wanted = preferences()
        self.preset.setCurrentIndex(max(0, self.preset.findData(wanted.preset)))
        self.budget.setValue(wanted.budget_min)
        self._watch()
        workspace.chosen_changed.connect(self._show_scale)
        self._show_windows()
        self.publish()

    # -- the plan -------------------------------------------------------------------------

    def publish(self) -> None:
        """Hand the search space and the decision to the workspace."""
        self.workspace.set_settings(self.name, self.settings())

    def settings(self) -> SearchSettings:
        """Return what the widgets say."""
        boxes = self.invariance_boxes.items()
        return SearchSettings(
            preset=self.preset.currentData(),
            windows=self.windows.text(),
            pitch_m=self._pitch_m() if has_unit(self.windows.text()) else None,
            invariances=tuple(name for name, box in boxes if box.isChecked()),
            reward=self.reward_name(),
            seeds=self.seeds.value(),
            budget_min=self.budget.value(),
            seed=self.seed.value(),
            options=self.options.text(),
        )

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

    def show_workers(self, state: ClusterState | None) -> None:
        """Say what each worker of the cluster does; nothing where none computes."""
        self.workers.setVisible(state is not None)
        if state is not None and self.workers.text() != (said := breakable(state.in_words)):
            self.workers.setText(said)

    # -- the patch on the scan ------------------------------------------------------------

    def show_patches(self) -> None:
        """Draw the windows at their true size on the scan, or hide them."""
        chosen, view, result = self.workspace.chosen, self.workspace.view, self.workspace.result
        if not self.patches.isChecked() or chosen is None:
            patch_outline.hide_outlines(self._canvas.viewer)
            return
        at = np.asarray(chosen.scan.shape_px, float) / 2 - 0.5
        if view is not None and len(view.core_yx_px):
            at = np.asarray(view.core_yx_px[np.argmax(view.core.typicality)])
        winner = result.winner.window_px if result is not None else None
        windows = self.settings().windows_tried_px()
        patch_outline.show_outlines(self._canvas.viewer, chosen.scan, windows, at, winner)

    def _pitch_m(self) -> float | None:
        chosen = self.workspace.chosen
        if chosen is None:
            return None
        return square_grid(chosen.scan.shape_px, chosen.scan.frame).pitch_m

    def _show_scale(self, *_: object) -> None:
        """Windows that were typed as lengths are other numbers of pixels on another scan."""
        self.publish()
        self._show_windows()

    def _show_windows(self, *_: object) -> None:
        preset = Plan.preset(self.preset.currentData())
        self.windows.setPlaceholderText(", ".join(map(str, preset.windows_px)) + " px")
        windows, pitch_m = self.settings().windows_tried_px(), self._pitch_m()
        typed = has_unit(self.windows.text())
        words = patch_outline.window_words(windows, pitch_m, in_px=typed)
        found = "windows such as 9, 13, 17" + (", or 90, 130 nm" if pitch_m else "")
        self.sizes.setText(words if windows else found)
        self.sizes.setVisible(bool(self.sizes.text()))
        if self.patches.isChecked():
            self.show_patches()

    # -- building -------------------------------------------------------------------------

    def _build_always(self) -> None:
        self.preset = QComboBox()
        for name, what in PRESET_WORDS.items():
            self.preset.addItem(what, name)
        self.preset.setToolTip(
            "live: a decision between two scans. standard: more seeds, winner checked with the"
            " paper's decoder. paper: settings of the paper"
        )
        self.windows = QLineEdit()
        self.windows.setToolTip(
            "Window sizes: 9, 13, 17 in pixels, or with a unit, such as 90, 130 nm or 90-300 nm. A"
            " window should show a wall and both of its sides. Leave empty for the preset default"
        )
        self.sizes = QLabel()
        tint(self.sizes, "hint")
        self.sizes.setWordWrap(True)
        self.patches = QCheckBox("Show windows on the scan")
        self.patches.setToolTip(
            "Squares at true size, around the clearest core point or the middle of the scan"
        )
        self.invariance_boxes = {}
        boxes = QGridLayout()
        boxes.setContentsMargins(0, 0, 0, 0)
        for place, (kind, label) in enumerate(INVARIANCE_LABELS.items()):
            box = QCheckBox(label)
            box.setChecked(kind != "t")
            box.setToolTip(INVARIANCE_TIPS[kind])
            boxes.addWidget(box, place // 2, place % 2)
            self.invariance_boxes[kind] = box
        form = self.form()
        form.addRow("Search", self.preset)
        form.addRow("Windows", self.windows)
        form.addRow("", self.sizes)
        form.addRow("", self.patches)
        form.addRow("Invariance", boxes)

    def _build_more(self) -> None:
        self.reward = QComboBox()
        self.reward.setEditable(True)
        self.reward.setInsertPolicy(QComboBox.InsertPolicy.InsertAtBottom)
        self.reward.addItem("preset default", None)
        for name in OFFERED:
            self.reward.addItem(reward_words(name), name)
            tip = REWARD_TIPS.get(name, "")
            self.reward.setItemData(self.reward.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.reward.setToolTip(
            "Reward that decides between the candidates. Type module:function for your own reward;"
            " it is called with the fit of a candidate"
        )
        self.seeds = QSpinBox()
        self.seeds.setRange(0, 9)
        self.seeds.setSpecialValueText("preset default")
        self.seeds.setToolTip("Random seeds per finalist; sets the error bars")
        self.budget = QDoubleSpinBox()
        self.budget.setRange(0, 600)
        self.budget.setDecimals(1)
        self.budget.setSingleStep(0.5)
        self.budget.setSuffix(" min")
        self.budget.setSpecialValueText("no limit")
        self.budget.setToolTip(
            "Time limit of the search in minutes; candidates not reached in time are listed"
        )
        self.seed = QSpinBox()
        self.seed.setRange(0, 99)
        self.seed.setToolTip("Random seed of the search: the same seed gives the same numbers")
        self.options = QLineEdit()
        self.options.setPlaceholderText("preset defaults")
        self.options.setToolTip(
            "Changed options by their names in a plan file, such as training.epochs = 80"
        )
        self.options_button = QPushButton("All options …")
        self.options_button.setToolTip("All options of a search, with unit and meaning")
        self.options_button.clicked.connect(self.show_options)
        self.cluster = QLineEdit()
        self.cluster.setPlaceholderText("this computer")
        self.cluster.setToolTip(
            "Cluster that computes: the address of a Dask scheduler, such as tcp://host:8786, or"
            " its scheduler file. Leave empty for this computer. No number depends on it"
        )
        self.more = Fold()
        self.more.form.addRow("Reward", self.reward)
        self.more.form.addRow("Seeds", self.seeds)
        self.more.form.addRow("Budget", self.budget)
        self.more.form.addRow("Random start", self.seed)
        self.more.form.addRow("Cluster", self.cluster)
        self.more.form.addRow("Options", self.options)
        self.more.form.addRow("", self.options_button)
        self.body.addWidget(self.more)
        self.workers = QLabel()
        self.workers.setWordWrap(True)
        self.workers.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.workers.setAccessibleName("Workers of the cluster")
        tint(self.workers, "hint")
        self.workers.setVisible(False)
        self.body.addWidget(self.workers)

    def _watch(self) -> None:
        named = [
            (self.preset, "search"), (self.windows, "windows"), (self.reward, "reward"),
            (self.seeds, "seeds"), (self.budget, "budget"), (self.seed, "random start"),
            (self.options, "options"), (self.cluster, "cluster"),
            *((box, f"invariance {box.text()}") for box in self.invariance_boxes.values()),
        ]  # fmt: skip
        for widget, name in named:
            self.workspace.parameters.add(self.name, name, widget)
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
