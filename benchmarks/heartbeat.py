"""How long the window did not respond: the longest gap between two beats of a timer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Self

from qtpy.QtCore import Qt, QTimer

_BEAT_MS = 5
_LONG_MS = 100.0
_SCHEDULER = Path("/proc/thread-self/schedstat")  # ns on a core, ns in the queue for one


class CanvasDrawing:
    """What drawing a viewer's canvas takes: the renderer's part of a gap.

    Attributes
    ----------
    thread_s : float
        Processor time of the window's thread in drawing, so far.
    """

    def __init__(self, viewer: Any) -> None:
        self.thread_s = self._began_s = 0.0
        drawn = viewer.window._qt_viewer.canvas._scene_canvas.events.draw
        drawn.connect(self._begin, position="first")
        drawn.connect(self._end, position="last")

    def rasterizer_s(self) -> float:
        """Return the processor time of the threads of a renderer in software so far (Linux)."""
        spent_ns = 0
        for name in Path("/proc/self/task").glob("*/comm"):
            try:
                if name.read_text().startswith("llvmpipe"):
                    spent_ns += int((name.parent / "schedstat").read_text().split()[0])
            except OSError:
                continue  # it has ended
        return 1e-9 * spent_ns

    def _begin(self, event: object) -> None:
        self._began_s = time.thread_time()

    def _end(self, event: object) -> None:
        self.thread_s += time.thread_time() - self._began_s


class Heartbeat:
    """Measures the event loop while it is entered.

    Parameters
    ----------
    drawing : CanvasDrawing, optional
        Tells the renderer's part.

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
    longest_window_cpu_ms, longest_rasterizer_cpu_ms : float
        Most that this thread computed between two beats without drawing the canvas, and most that
        the threads of a renderer in software did; 0 without `drawing`.
    """

    def __init__(self, drawing: CanvasDrawing | None = None) -> None:
        self._drawing = drawing
        self.longest_window_cpu_ms = self.longest_rasterizer_cpu_ms = 0.0
        self._last_drawn = (0.0, 0.0)
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
        self._last_queue_s, self._last_drawn = _queue_s(), self._drawn()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now, cpu_s, queue_s = time.perf_counter(), time.thread_time(), _queue_s()
        computed_ms = 1e3 * (cpu_s - self._last_cpu_s)
        self.longest_cpu_ms = max(self.longest_cpu_ms, computed_ms)
        self._last_cpu_s = cpu_s
        if self._drawing is not None:
            self._beat_of_drawing(computed_ms)
        gap_ms = 1e3 * (now - self._last_s)
        self.longest_ms = max(self.longest_ms, gap_ms)
        served_ms = gap_ms - 1e3 * (queue_s - self._last_queue_s)
        self.longest_served_ms = max(self.longest_served_ms, served_ms)
        self._last_queue_s = queue_s
        self.long_ones += gap_ms > _LONG_MS
        self._last_s = now

    def _beat_of_drawing(self, computed_ms: float) -> None:
        before, self._last_drawn = self._last_drawn, self._drawn()
        drawing_ms, raster_ms = (
            1e3 * (b - a) for a, b in zip(before, self._last_drawn, strict=True)
        )
        self.longest_window_cpu_ms = max(self.longest_window_cpu_ms, computed_ms - drawing_ms)
        self.longest_rasterizer_cpu_ms = max(self.longest_rasterizer_cpu_ms, raster_ms)

    def _drawn(self) -> tuple[float, float]:
        drawing = self._drawing
        return (0.0, 0.0) if drawing is None else (drawing.thread_s, drawing.rasterizer_s())


def _queue_s() -> float:
    """Seconds that this thread has waited for a core so far; 0 where nobody counts them."""
    try:
        return 1e-9 * int(_SCHEDULER.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
