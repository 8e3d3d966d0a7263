"""Live: watch a folder or the instrument; what became of each scan, the newest first."""

from __future__ import annotations

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

from corescout.gui.look import tint, tint_color
from corescout.gui.steps.step import breakable
from corescout.live.states import ScanRecord, Snapshot

INSTRUMENT, FOLDER = "this instrument", "a folder ..."
_MOST_ROWS = 100


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
        self.names: dict[str, str] = {}  # of files, by the uid of their scan
        self.status, self.warnings = QLabel(), QLabel()
        for label in (self.status, self.warnings):
            label.setWordWrap(True)
            label.setVisible(False)
        tint(self.warnings, "doubt")
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
        for widget in (self.status, self.warnings, self._policy, self.records):
            layout.addWidget(widget)
        self._watching, self._shown = False, 0
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
        self.page_button.setVisible(watching)
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
        where = f"{snapshot.source}: " if snapshot.source else ""
        text = breakable(f"{where}{snapshot.stage}{about}{waits}.{lost}")
        if text != self.status.text():
            self.status.setText(text)
        self.show_policy(snapshot.policy)
        told = list(snapshot.warnings[:4])
        if snapshot.refused:
            told.insert(0, f"The policy leaves this plan to you: {snapshot.refused}.")
        if snapshot.not_written:
            told.insert(0, f"NOT WRITTEN TO THE DISK. {snapshot.not_written}.")
        warnings = breakable("\n".join(f"\u26a0 {line}" for line in told))
        if warnings != self.warnings.text():
            self.warnings.setText(warnings)
        self.warnings.setVisible(bool(warnings))
        for record in snapshot.records[self._shown :]:
            self.records.insertItem(0, _item(record, self.names.get(record.uid, "")))
        self._shown = len(snapshot.records)
        while self.records.count() > _MOST_ROWS:
            self.records.takeItem(self.records.count() - 1)

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


def _item(record: ScanRecord, name: str) -> QListWidgetItem:
    words = str(record).strip()
    item = QListWidgetItem(words.replace(record.uid, name, 1) if name else words)
    item.setToolTip(str(record))
    if record.outcome == "set aside":
        item.setForeground(QBrush(QColor(tint_color("problem"))))
    elif record.outcome == "superseded":
        item.setForeground(QBrush(QColor(tint_color("hint"))))
    return item
