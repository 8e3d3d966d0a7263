"""STOP: red, above all steps, there as long as an instrument is connected."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from corescout.gui.look import PROBLEM
from corescout.gui.steps.instrument.policy_question import PolicyQuestion
from corescout.gui.steps.instrument.strip_words import StripWords

STOP_RED = "#D00000"
_LEVELS = {
    "calm": "font-weight: bold; padding: 2px 6px;",
    "active": "font-weight: bold; padding: 2px 6px; background: #E69F00; color: black;",
    "problem": "font-weight: bold; font-size: 15px; padding: 4px 6px; background: #B00000;"
    " color: white;",
}  # fmt: skip
_MOST = 150  # letters of each of what the stop did and the hold; the rest under the mouse


class StopBar(QWidget):
    """The button, what the last stop did, and the way out of a hold."""

    stop_wanted = Signal()
    release_wanted = Signal()
    withdraw_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.stop_button = QPushButton("STOP   Esc")
        self.stop_button.setMinimumHeight(34)
        self.stop_button.setAccessibleName("Stop the instrument")
        self.stop_button.setStyleSheet(
            f"QPushButton {{ background: {STOP_RED}; color: white; font-weight: bold;"
            " border-radius: 4px; font-size: 14px; }"
            "QPushButton:pressed { background: #8A0000; }"
        )
        self.release_button = QPushButton("I have looked: release")
        self.release_button.setToolTip("Leave HOLD. Look at tip, feedback and bias first.")
        self.withdraw_button = QPushButton("Withdraw tip")
        self.withdraw_button.setToolTip(
            "Lift the tip off the sample: only where it is confirmed to rest at 0 V"
        )
        self.headline, self.facts = QLabel(), QLabel()
        for label in (self.headline, self.facts):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.headline.setAccessibleName("State of the instrument")
        self.facts.setAccessibleName("Connection, limits, sample and policy")
        self._level = ""
        self.question = PolicyQuestion()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setStyleSheet(f"border-left: 4px solid {PROBLEM}; padding: 2px 6px;")
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        row.addWidget(self.stop_button, stretch=2)
        row.addWidget(self.release_button, stretch=1)
        row.addWidget(self.withdraw_button, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.headline)
        layout.addLayout(row)
        layout.addWidget(self.question)
        layout.addWidget(self.said)
        layout.addWidget(self.facts)
        self.stop_button.clicked.connect(self.stop_wanted)
        self.release_button.clicked.connect(self.release_wanted)
        self.withdraw_button.clicked.connect(self.withdraw_wanted)
        self._can_withdraw = False
        self.setVisible(False)
        self.show_hold("", "")

    def show_connected(
        self, connected: bool, *, can_stop: bool = True, can_withdraw: bool = False
    ) -> None:
        """Appear with a connection and go with it."""
        self._can_withdraw = can_withdraw
        self.setVisible(connected)
        self.stop_button.setText("STOP   Esc" if can_stop else "STOP AT THE INSTRUMENT")
        self.stop_button.setToolTip(
            "Stop the instrument now, whatever it is doing (Esc)"
            if can_stop
            else "This instrument cannot be stopped from here. Nothing more is handed over (Esc)"
        )
        if not connected:
            self.show_hold("", "")

    def show_words(self, words: StripWords) -> None:
        """Say what happens, and under which limits and policy."""
        if words.level != self._level:
            self._level = words.level
            self.headline.setStyleSheet(_LEVELS[words.level])
        for label, text in ((self.headline, words.headline), (self.facts, words.facts)):
            if label.text() != text:
                label.setText(text)

    def show_hold(self, reason: str, stop_said: str) -> None:
        """Say why the session holds and what the stop did; nothing if it does not hold."""
        holds = bool(reason)
        # The stop first, each cut by itself: no long reason may hide that it is not confirmed.
        parts = [part for part in (stop_said, f"HOLD: {reason}" if holds else "") if part]
        text = "\n".join(parts)
        if text != self.said.toolTip():
            self.said.setText("\n".join(map(_cut, parts)))
            self.said.setToolTip(text)
        self.said.setVisible(bool(text))
        self.release_button.setVisible(holds)
        self.withdraw_button.setVisible(holds and self._can_withdraw)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
