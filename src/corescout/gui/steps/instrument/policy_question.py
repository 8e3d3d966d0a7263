"""Whether a policy is taken back, asked once when Esc was pressed while it waits."""

from __future__ import annotations

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

ANSWER_S = 10


class PolicyQuestion(QWidget):
    """Counts down; unanswered means that the policy is taken back."""

    revoked = Signal()
    kept = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.revoke_button = QPushButton("Take it back")
        self.keep_button = QPushButton("Go on")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, stretch=1)
        row.addWidget(self.revoke_button)
        row.addWidget(self.keep_button)
        self._left_s = 0
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._count)
        self.revoke_button.clicked.connect(self._revoke)
        self.keep_button.clicked.connect(self._keep)
        self.setVisible(False)

    @property
    def asking(self) -> bool:
        """Whether it waits for an answer."""
        return bool(self._timer.isActive())

    def ask(self) -> None:
        """Ask, or take the second Esc for the answer."""
        if self.asking:
            self._revoke()
            return
        self._left_s = ANSWER_S
        self._say()
        self.setVisible(True)
        self._timer.start()

    def forget(self) -> None:
        """There is no policy any more."""
        self._timer.stop()
        self.setVisible(False)

    def _say(self) -> None:
        self.text.setText(
            f"Nothing is sent. Take the policy back? In {self._left_s} s it is taken back."
        )

    def _count(self) -> None:
        self._left_s -= 1
        if self._left_s <= 0:
            self._revoke()
        else:
            self._say()

    def _revoke(self) -> None:
        self.forget()
        self.revoked.emit()

    def _keep(self) -> None:
        self.forget()
        self.kept.emit()
