"""Step 1: which image is analysed, where it lies, and what speaks against a decision on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QLabel, QSizePolicy

from corescout.gui.look import DOUBT
from corescout.gui.steps.step import Step

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class ScanStep(Step):
    """The channel, the doubts, and the place under the mouse."""

    chosen = Signal(str)  # name of the layer

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "scan")
        self.channel = QComboBox()
        self.channel.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.channel.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.channel.setMinimumContentsLength(16)
        self.channel.setToolTip("The image layer that is analysed")
        self.doubts = QLabel("")
        self.doubts.setWordWrap(True)
        self.doubts.setStyleSheet(f"color: {DOUBT};")
        self.doubts.setVisible(False)
        self.place = QLabel("Move the mouse over the scan for its coordinates")
        self.place.setWordWrap(True)
        self.place.setToolTip("Place under the mouse in the instrument's coordinates, Y up")
        self.form().addRow("Channel", self.channel)
        self.body.addWidget(self.doubts)
        self.body.addWidget(self.place)
        self._by_hand = False
        self.channel.activated.connect(self._choose_by_hand)
        self.channel.currentTextChanged.connect(self.chosen)

    def set_channels(self, names: list[str], preferred: str | None) -> None:
        """Offer image layers; what was chosen by hand stays, else the preferred one is chosen."""
        current = self.channel.currentText()
        if current not in names:
            self._by_hand = False
        self.channel.blockSignals(True)
        self.channel.clear()
        self.channel.addItems(names)
        wanted = current if self._by_hand else preferred
        if wanted is not None:
            self.channel.setCurrentText(wanted)
        self.channel.blockSignals(False)
        if self.channel.currentText() != current:
            self.chosen.emit(self.channel.currentText())

    def follow_newest(self) -> None:
        """Forget what was chosen by hand: a new scan came in."""
        self._by_hand = False

    def say_doubts(self, doubts: tuple[str, ...]) -> None:
        """Say what speaks against a decision on this scan; nothing where nothing does."""
        self.doubts.setText("\n".join(f"\u26a0 {doubt}" for doubt in doubts))
        self.doubts.setVisible(bool(doubts))

    def set_running(self, running: bool) -> None:
        """Lock the channel while a search runs on it."""
        self.channel.setEnabled(not running)

    def _choose_by_hand(self) -> None:
        self._by_hand = True
