"""Live: watch a folder or the instrument; what became of each scan, the newest first."""

from __future__ import annotations

import re

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from corescout.gui.look import DOUBT, PROBLEM
from corescout.live.states import ScanRecord, Snapshot

INSTRUMENT, FOLDER = "this instrument", "a folder ..."
_MOST_ROWS = 100


class LiveSection(QWidget):
    """Start, stop, what happens now, and what became of the scans."""

    watch_wanted = Signal(str)  # INSTRUMENT or FOLDER
    stop_wanted = Signal()
    sign_wanted = Signal(int)  # targets that a policy may have measured; 0 takes it back

    def __init__(self) -> None:
        super().__init__()
        self.source = QComboBox()
        self.source.addItems([FOLDER])
        self.source.setToolTip("Source of the scans")
        self.watch_button = QPushButton("Watch")
        self.watch_button.setToolTip("Analyse every new scan as it arrives")
        self.status, self.warnings = QLabel(), QLabel()
        for label in (self.status, self.warnings):
            label.setWordWrap(True)
            label.setVisible(False)
        self.warnings.setStyleSheet(f"color: {DOUBT};")
        self.records = QListWidget()
        self.records.setMaximumHeight(120)
        self.records.setWordWrap(True)
        self.records.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.records.setAccessibleName("Scans, the newest first")
        self.records.setVisible(False)
        self.most_targets = QSpinBox()
        self.most_targets.setRange(1, 1000)
        self.most_targets.setValue(50)
        self.most_targets.setSuffix(" targets")
        self.most_targets.setToolTip(
            "Number of targets that may be measured without asking, in this watch"
        )
        self.sign_button = QPushButton("Allow automatic runs ...")
        self.sign_button.setCheckable(True)
        self.sign_button.setToolTip(
            "Allow plans within the limits to run without asking, up to this number of targets"
        )
        top, self._policy = QHBoxLayout(), QWidget()
        top.addWidget(self.source, stretch=1)
        top.addWidget(self.watch_button)
        policy = QHBoxLayout(self._policy)
        policy.setContentsMargins(0, 0, 0, 0)
        policy.addWidget(self.most_targets)
        policy.addWidget(self.sign_button, stretch=1)
        self._policy.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(top)
        for widget in (self.status, self.warnings, self._policy, self.records):
            layout.addWidget(widget)
        self._watching, self._shown = False, 0
        self.watch_button.clicked.connect(self._pressed)
        self.sign_button.toggled.connect(self._signed)

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
        self.sign_button.blockSignals(True)
        self.sign_button.setChecked(False)
        self.sign_button.setText("Allow automatic runs ...")
        self.sign_button.blockSignals(False)
        self._policy.setVisible(watching and measures)
        self.status.setVisible(watching)
        self.records.setVisible(watching or self.records.count() > 0)
        if watching:
            self.records.clear()
            self._shown = 0
        else:
            self.warnings.setVisible(False)

    def say(self, text: str) -> None:
        """Say why there is no watch."""
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the state of the watch."""
        waits = f", {snapshot.waiting} waiting" if snapshot.waiting else ""
        lost = "" if snapshot.connected or not snapshot.records else " Not connected."
        about = f": {snapshot.message}" if snapshot.message else ""
        text = _breakable(f"{snapshot.stage}{about}{waits}.{lost}")
        if text != self.status.text():
            self.status.setText(text)
        told = list(snapshot.warnings[:4])
        if snapshot.not_written:
            told.insert(0, f"NOT WRITTEN TO THE DISK. {snapshot.not_written}.")
        warnings = _breakable("\n".join(f"\u26a0 {line}" for line in told))
        if warnings != self.warnings.text():
            self.warnings.setText(warnings)
        self.warnings.setVisible(bool(warnings))
        for record in snapshot.records[self._shown :]:
            self.records.insertItem(0, _item(record))
        self._shown = len(snapshot.records)
        while self.records.count() > _MOST_ROWS:
            self.records.takeItem(self.records.count() - 1)

    def _pressed(self) -> None:
        if self._watching:
            self.watch_button.setEnabled(False)
            self.stop_wanted.emit()
        else:
            self.watch_wanted.emit(self.source.currentText())

    def _signed(self, signed: bool) -> None:
        self.sign_button.setText("Revoke" if signed else "Allow automatic runs ...")
        self.sign_wanted.emit(self.most_targets.value() if signed else 0)


def _breakable(text: str) -> str:
    """Let long names of files wrap: one that does not would widen the whole column."""
    return re.sub(r"(?<=[-_./])", "\u200b", text)


def _item(record: ScanRecord) -> QListWidgetItem:
    item = QListWidgetItem(str(record).strip())
    item.setToolTip(str(record))
    if record.outcome == "set aside":
        item.setForeground(QBrush(QColor(PROBLEM)))
    elif record.outcome == "superseded":
        item.setForeground(QBrush(QColor("#8A8A8A")))
    return item
