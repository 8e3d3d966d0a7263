"""How long the window did not respond: the longest gap between two beats of a timer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Self

from qtpy.QtCore import Qt, QTimer

_BEAT_MS = 5
_LONG_MS = 100.0
_SCHEDULER = Path("/proc/thread-self/schedstat")  # ns on a core, ns in the queue for one


class Heartbeat:
    """Measures the event loop while it is entered.

    Attributes
    ----------
    longest_ms : float
        Longest time between two beats, of which 5 ms are the timer's own.
    long_ones : int
        Gaps of more than 100 ms.
    longest_cpu_ms : float
        Most that this thread itself computed between two beats: the rest of a gap is others'.
    longest_served_ms : float
        Longest time between two beats without that in which every core was taken (Linux;
        elsewhere as `longest_ms`): what a busier machine adds is not in it.
    """

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.long_ones = 0
        self.longest_cpu_ms = self._last_cpu_s = 0.0
        self.longest_served_ms = self._last_queue_s = 0.0
        self._last_s = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> Self:
        self._last_s, self._last_cpu_s = time.perf_counter(), time.thread_time()
        self._last_queue_s = _queue_s()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now, cpu_s, queue_s = time.perf_counter(), time.thread_time(), _queue_s()
        self.longest_cpu_ms = max(self.longest_cpu_ms, 1e3 * (cpu_s - self._last_cpu_s))
        self._last_cpu_s = cpu_s
        gap_ms = 1e3 * (now - self._last_s)
        self.longest_ms = max(self.longest_ms, gap_ms)
        served_ms = gap_ms - 1e3 * (queue_s - self._last_queue_s)
        self.longest_served_ms = max(self.longest_served_ms, served_ms)
        self._last_queue_s = queue_s
        self.long_ones += gap_ms > _LONG_MS
        self._last_s = now


def _queue_s() -> float:
    """Seconds that this thread has waited for a core so far; 0 where nobody counts them."""
    try:
        return 1e-9 * int(_SCHEDULER.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
