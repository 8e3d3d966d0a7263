"""The two halves of the dock: what is asked for, and what was found."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from corescout.data import Progress, Result
from corescout.gui.latent_plot import LatentPlot
from corescout.gui.tables import CandidateTable, TargetTable
from corescout.plan import Plan

_INVARIANCES = {"none": "none", "r": "rotation", "rt": "rotation + translation"}
_STATE_COLORS = {
    "empty": "#7A7A7A", "ready": "#56B4E9", "running": "#E69F00", "types": "#009E73",
    "none": "#CC79A7", "problem": "#D55E00",
}  # fmt: skip


class Controls(QWidget):  # type: ignore[misc]
    """Channel, key points, settings, Explore and Stop."""

    changed = Signal()  # a setting that moves the key points

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.channel = QComboBox()
        self.channel.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.channel.setToolTip("Image layer that is analysed")
        self.detector = QComboBox()
        for name, what in (
            ("canny", "walls: Canny edges"),
            ("sato", "walls: Sato ridges"),
            ("grid", "grid"),
            ("orb", "ORB corners"),
            ("sift", "SIFT blobs"),
        ):
            self.detector.addItem(what, name)  # fmt: skip
        self.spacing = QDoubleSpinBox()
        self.spacing.setRange(1, 100)
        self.spacing.setValue(5)
        self.spacing.setSuffix(" px apart")
        self.preset = QComboBox()
        for name, what in (
            ("live", "live (about a minute)"),
            ("standard", "standard (some minutes)"),
            ("paper", "paper (hours)"),
        ):
            self.preset.addItem(what, name)  # fmt: skip
        self.more = _More()
        self.keypoint_text = QLabel("")
        self.keypoint_text.setWordWrap(True)
        self.doubts = QLabel("")
        self.doubts.setWordWrap(True)
        self.doubts.setStyleSheet(f"color: {_STATE_COLORS['running']};")
        self.doubts.setVisible(False)
        self.explore_button = QPushButton("Explore this scan")
        self.explore_button.setMinimumHeight(30)
        self.stop_button = QPushButton("Stop")
        self.stop_button.setEnabled(False)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(True)
        self.progress.setFormat("")
        self.place = QLabel("Move the mouse over the scan for its coordinates")
        self._by_hand = False
        self._lay_out()
        self.channel.activated.connect(self._choose_by_hand)
        self.detector.currentIndexChanged.connect(self.changed)
        self.spacing.valueChanged.connect(self.changed)
        self.preset.currentIndexChanged.connect(self.changed)
        self.more.changed.connect(self.changed)

    def plan(self, channels: tuple[str, ...] | None) -> Plan:
        """Return the plan of the settings.

        Raises
        ------
        ValueError
            If a window size cannot be used.
        """
        plan = Plan.preset(self.preset.currentData())
        changes: dict[str, object] = {"channels": channels, "seed": self.more.seed.value()}
        windows = self.more.windows_px()
        if windows is not None:
            changes["windows_px"] = windows
        changes["invariances"] = self.more.invariances()
        values = {**plan.model_dump(), **changes}
        values["keypoints"] |= {
            "detector": self.detector.currentData(), "spacing_px": self.spacing.value(),
        }  # fmt: skip
        return Plan.model_validate(values)

    def set_channels(self, names: list[str], preferred: str | None) -> None:
        """Offer image layers; what was chosen by hand stays, else the preferred one is chosen."""
        current = self.channel.currentText()
        if current not in names:
            self._by_hand = False
        self.explore_button.setEnabled(bool(names) and not self.stop_button.isEnabled())
        self.channel.blockSignals(True)
        self.channel.clear()
        self.channel.addItems(names)
        wanted = current if self._by_hand else preferred
        if wanted is not None:
            self.channel.setCurrentText(wanted)
        self.channel.blockSignals(False)
        if self.channel.currentText() != current:
            self.channel.currentTextChanged.emit(self.channel.currentText())

    def show_running(self, running: bool) -> None:
        """Enable what can be done now."""
        self.explore_button.setEnabled(not running)
        self.stop_button.setEnabled(running)
        for widget in (self.channel, self.detector, self.spacing, self.preset, self.more):
            widget.setEnabled(not running)
        self.progress.setValue(0)
        self.progress.setFormat("finding key points" if running else "")

    def show_progress(self, progress: Progress, *, stopping: bool) -> None:
        """Show how far a run is and how long it still takes."""
        self.progress.setValue(round(1000 * progress.fraction))
        left = "" if progress.seconds_left is None else f", {_minutes(progress.seconds_left)} left"
        self.progress.setFormat("stopping ..." if stopping else f"{progress.stage}{left}  %p%")

    def say_keypoints(self, text: str, *, problem: bool) -> None:
        """Say how many key points there are, or why there are none."""
        self.keypoint_text.setText(text)
        color = _STATE_COLORS["problem"] if problem else ""
        self.keypoint_text.setStyleSheet(f"color: {color};" if color else "")

    def say_doubts(self, doubts: tuple[str, ...]) -> None:
        """Say what speaks against a decision on this scan; nothing where nothing does."""
        self.doubts.setText("\n".join(f"\u26a0 {doubt}" for doubt in doubts))
        self.doubts.setVisible(bool(doubts))

    def follow_newest(self) -> None:
        """Forget what was chosen by hand: a new scan came in."""
        self._by_hand = False

    def _choose_by_hand(self) -> None:
        self._by_hand = True

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        form.addRow("1  Channel", self.channel)
        places = QHBoxLayout()
        places.addWidget(self.detector, stretch=1)
        places.addWidget(self.spacing)
        form.addRow("2  Key points", places)
        form.addRow("", self.keypoint_text)
        form.addRow(self.doubts)
        form.addRow("3  Search", self.preset)
        buttons = QHBoxLayout()
        buttons.addWidget(self.explore_button, stretch=3)
        buttons.addWidget(self.stop_button, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(form)
        layout.addWidget(self.more)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.place)


class _More(QWidget):  # type: ignore[misc]
    """Settings that are seldom changed, folded away."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.windows = QLineEdit()
        self.windows.setPlaceholderText("of the preset, or such as 9, 13, 17")
        self.windows.editingFinished.connect(self.changed)
        self.seed = QSpinBox()
        self.seed.setRange(0, 99)
        self._boxes = {name: QCheckBox(label) for name, label in _INVARIANCES.items()}
        inner = QWidget()
        form = QFormLayout(inner)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Windows (px)", self.windows)
        boxes = QHBoxLayout()
        for box in self._boxes.values():
            box.setChecked(True)
            boxes.addWidget(box)
        form.addRow("Invariance", boxes)
        form.addRow("Seed", self.seed)
        toggle = QToolButton()
        toggle.setText("More")
        toggle.setCheckable(True)
        toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        toggle.setArrowType(Qt.ArrowType.RightArrow)
        toggle.toggled.connect(inner.setVisible)
        inner.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(toggle)
        layout.addWidget(inner)

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

    def invariances(self) -> tuple[str, ...]:
        """Return the invariances that are tried."""
        return tuple(name for name, box in self._boxes.items() if box.isChecked())


class Outcome(QWidget):  # type: ignore[misc]
    """The verdict, the latent space, the candidates and the targets."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.latent_plot = LatentPlot()
        self.candidates = CandidateTable()
        self.targets = TargetTable()
        self.tabs = QTabWidget()
        self.tabs.addTab(self.candidates, "Candidates")
        self.tabs.addTab(self.targets, "Targets")
        self.winner_button = QPushButton("Show the winner")
        self.export_button = QPushButton("Export run ...")
        self.note = QLabel()
        self.note.setWordWrap(True)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.latent_plot)
        split.addWidget(self.tabs)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.winner_button)
        buttons.addWidget(self.export_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.verdict)
        layout.addWidget(split, stretch=1)
        layout.addLayout(buttons)
        layout.addWidget(self.note)
        self.clear()

    def say(self, text: str, state: str) -> None:
        """Show the state in words, marked with its colour."""
        self.verdict.setText(text)
        color = _STATE_COLORS[state]
        self.verdict.setStyleSheet(f"border-left: 4px solid {color}; padding: 4px 6px;")

    def show_result(self, result: Result) -> None:
        """Show the verdict and allow what can be done with a result."""
        self.say(_short(result.why), "types" if result.evidence.has_types else "none")
        self.verdict.setToolTip("\n".join([result.why, *result.notes]))
        self.note.setText("")
        self.winner_button.setEnabled(True)
        self.export_button.setEnabled(True)

    def clear(self) -> None:
        """Forget the last result."""
        self.latent_plot.clear_codes()
        self.candidates.clear_trials()
        self.targets.set_targets(())
        self.winner_button.setEnabled(False)
        self.export_button.setEnabled(False)
        self.note.setText("")
        self.verdict.setToolTip("")


def _short(why: str, sentences: int = 4) -> str:
    """The first sentences of a verdict; the tooltip has all."""
    parts = why.split(". ")
    return ". ".join(parts[:sentences]).rstrip(".") + "."


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
