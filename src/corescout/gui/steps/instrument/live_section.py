"""Live: watch a folder or the instrument; what became of each scan, the newest first."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from corescout.data.sentences import ended
from corescout.gui.look import tint
from corescout.gui.steps.instrument.live_rows import LiveRows
from corescout.gui.steps.step import breakable
from corescout.live.states import Snapshot

INSTRUMENT, FOLDER = "this instrument", "a folder ..."


class LiveSection(QWidget):
    """Start, stop, what happens now, and what became of the scans."""

    watch_wanted = Signal(str)  # INSTRUMENT or FOLDER
    stop_wanted = Signal()
    sign_wanted = Signal(int)  # a sheet for so many targets
    revoke_wanted = Signal()
    page_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.source = QComboBox()
        self.source.addItems([FOLDER])
        self.source.setToolTip("Source of the scans")
        self.watch_button = QPushButton("Watch")
        self.watch_button.setToolTip("Analyse every new scan as it arrives")
        self.page_button = QPushButton("Day's page")
        self.page_button.setToolTip("Write the report of the day as it is now, and open it")
        self.page_button.setVisible(False)
        self.where, self.status, self.first = QLabel(), QLabel(), QLabel()
        self.warnings, self.bar = QLabel(), QProgressBar()
        for label in (self.where, self.status, self.first, self.warnings):
            label.setWordWrap(True)
            label.setVisible(False)
        for label, role in ((self.where, "hint"), (self.first, "doubt"), (self.warnings, "doubt")):
            tint(label, role)
        self.bar.setVisible(False)
        self.bar.setAccessibleName("How far the exploration is")
        self.records = LiveRows()
        self.records.setVisible(False)
        self.most_targets = QSpinBox()
        self.most_targets.setRange(1, 1000)
        self.most_targets.setValue(50)
        self.most_targets.setSuffix(" targets")
        self.most_targets.setToolTip(
            "Number of targets that may be measured without asking, in this watch"
        )
        self.sign_button = QPushButton("Allow automatic runs ...")
        self.sign_button.setToolTip(
            "A sheet on which a person signs what may run without asking, and until when"
        )
        top, self._policy = QHBoxLayout(), QWidget()
        top.addWidget(self.source, stretch=1)
        top.addWidget(self.watch_button)
        top.addWidget(self.page_button)
        policy = QHBoxLayout(self._policy)
        policy.setContentsMargins(0, 0, 0, 0)
        policy.addWidget(self.most_targets)
        policy.addWidget(self.sign_button, stretch=1)
        self._policy.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(top)
        for widget in (
            self.where, self.status, self.bar, self.first, self.warnings, self._policy,
            self.records,
        ):  # fmt: skip
            layout.addWidget(widget)
        self._watching = False
        self.watch_button.clicked.connect(self._pressed)
        self.page_button.clicked.connect(lambda: self.page_wanted.emit())
        self.status.setOpenExternalLinks(True)
        self.sign_button.clicked.connect(self._sign)
        self._in_force = False

    def show_connected(self, connected: bool) -> None:
        """Offer the instrument where there is one."""
        wanted = [INSTRUMENT, FOLDER] if connected else [FOLDER]
        if [self.source.itemText(i) for i in range(self.source.count())] != wanted:
            self.source.clear()
            self.source.addItems(wanted)

    def show_watching(self, watching: bool, *, measures: bool = False) -> None:
        """A watch began or ended."""
        self._watching = watching
        self.watch_button.setText("Stop watching" if watching else "Watch")
        self.watch_button.setEnabled(True)
        self.source.setEnabled(not watching)
        self.show_policy("")
        self._policy.setVisible(watching and measures)
        self.page_button.setVisible(watching or self.records.count() > 0)
        self.status.setVisible(watching)
        self.records.setVisible(watching or self.records.count() > 0)
        if watching:
            self.records.begin()
        else:
            for widget in (self.where, self.bar, self.first, self.warnings):
                widget.setVisible(False)

    def say(self, text: str) -> None:
        """Say why there is no watch."""
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the state of the watch."""
        waits = f", {snapshot.waiting} waiting" if snapshot.waiting else ""
        lost = "" if snapshot.connected or not snapshot.records else " Not connected."
        message = snapshot.message
        about = f"{' ' if message.startswith('for ') else ': '}{message}" if message else ""
        stage = snapshot.stage[:1].upper() + snapshot.stage[1:]
        _set(self.where, breakable(f"Scans of {snapshot.source}" if snapshot.source else ""))
        _set(self.status, breakable(f"{ended(stage + about + waits)}{lost}"))
        self._show_progress(snapshot)
        self.show_policy(snapshot.policy)
        told = list(snapshot.warnings[:4])
        if snapshot.refused:
            told.insert(0, ended(f"The policy leaves this plan to you: {snapshot.refused}"))
        if snapshot.not_written:
            told.insert(0, ended(f"NOT WRITTEN TO THE DISK. {snapshot.not_written}"))
        _set(self.warnings, breakable("\n".join(f"\u26a0 {line}" for line in told)))
        self.records.show_records(snapshot.records)

    def _show_progress(self, snapshot: Snapshot) -> None:
        """How far an exploration is, and its first answer, which nothing is measured on."""
        progress = snapshot.progress
        self.bar.setVisible(progress is not None)
        first = progress.provisional if progress is not None else None
        if progress is not None:
            self.bar.setValue(round(100 * progress.fraction))
        held = " Nothing is measured before the final grade." if snapshot.policy else ""
        said = "" if first is None else ended(f"First answer: {first.in_words}") + held
        _set(self.first, said)

    def _pressed(self) -> None:
        if self._watching:
            self.watch_button.setEnabled(False)
            self.stop_wanted.emit()
        else:
            self.watch_wanted.emit(self.source.currentText())

    def show_policy(self, policy: str) -> None:
        """Say whether a policy is in force: the button signs one, or takes it back."""
        self._in_force = bool(policy)
        text = "Revoke" if policy else "Allow automatic runs ..."
        if self.sign_button.text() != text:
            self.sign_button.setText(text)
        self.most_targets.setEnabled(not policy)

    def _sign(self) -> None:
        if self._in_force:
            self.revoke_wanted.emit()
        else:
            self.sign_wanted.emit(self.most_targets.value())


def _set(label: QLabel, text: str) -> None:
    if text != label.text():
        label.setText(text)
    label.setVisible(bool(text))
