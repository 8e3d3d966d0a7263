"""How long the window was deaf: the longest gap between two beats of a timer."""

from __future__ import annotations

import time
from typing import Self

from qtpy.QtCore import Qt, QTimer

_BEAT_MS = 5


class Heartbeat:
    """Measures the event loop while it is entered.

    Attributes
    ----------
    longest_ms : float
        Longest time between two beats, of which 5 ms are the timer's own.
    """

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._last_s = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> Self:
        self._last_s = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, 1e3 * (now - self._last_s))
        self._last_s = now
