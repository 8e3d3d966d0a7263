"""The scan: a raster in real time into buffers that keep an image until it is written over."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .settings import Frame
from .signals import NOISE, sample

if TYPE_CHECKING:
    from .microscope import Microscope


def place_m(frame: Frame, u_m: float | np.ndarray, v_m: float | np.ndarray) -> tuple:
    """Where (u, v) of a frame lies: u to its right, v up, the angle clockwise."""
    a = math.radians(frame.angle_deg)
    x = frame.x_m + u_m * math.cos(a) + v_m * math.sin(a)
    return x, frame.y_m - u_m * math.sin(a) + v_m * math.cos(a)


@dataclass
class Line:
    """A line as it will be scanned: when each way ends, and under which frame."""

    number: int
    forward_ends: float
    ends: float
    frame: Frame


class Scanner:
    def __init__(self, microscope: Microscope) -> None:
        s = microscope.settings
        self.microscope = microscope
        self.frame, self.channels = s.frame, list(s.channels)
        self.pixels, self.lines = s.pixels, s.lines
        self.continuous, self.bouncy, self.autosave = s.continuous, s.bouncy, s.autosave
        self.series, self.comment = "pfm_scan", ""
        self.keep_time, self.ratio = False, 1.0
        self.forward_m_s = s.scan_speed_m_s
        self.running = self.paused = False
        self.direction = 0
        self.passes_done, self.stops, self.lines_done = 0, 0, 0
        self.last_line, self.saved = -1, ""
        self._due: list[Line] = []
        self.images: dict[tuple[int, int], np.ndarray] = {}
        self.frames_used: list[list[Frame]] = []

    # Speed
    def line_times_s(self) -> tuple[float, float]:
        forward = self.frame.width_m / self.forward_m_s
        return forward, forward / self.ratio

    def set_speed(
        self, forward: float, backward: float, t_fwd: float, t_bwd: float, keep: int, ratio: float
    ) -> None:
        self.keep_time = keep == 2 if keep else self.keep_time
        if self.keep_time and t_fwd > 0:
            self.forward_m_s = self.frame.width_m / t_fwd
        elif forward > 0:
            self.forward_m_s = forward
        if ratio > 0:
            self.ratio = ratio
        elif backward > 0:
            self.ratio = backward / self.forward_m_s
        self._plan_again()

    def set_frame(self, frame: Frame) -> None:
        times = self.line_times_s()
        self.frame = frame
        if self.keep_time:
            self.forward_m_s = frame.width_m / times[0]
        self._plan_again()

    # Course
    def start(self, direction: int) -> None:
        t = self.microscope.clock.now()
        self.microscope.xy.cut(t)
        self.running, self.paused, self.direction = True, False, direction
        self.frames_used.append([])
        self._plan(t, 0)

    def stop(self) -> None:
        t = self.microscope.clock.now()
        self.settle(t)
        if self.running:
            self.microscope.xy.cut(t)
            self.running, self._due = False, []
            self.stops += 1

    def pause(self) -> None:
        if self.running:
            self.microscope.xy.cut(self.microscope.clock.now())
            self.paused = True

    def resume(self) -> None:
        if self.running and self.paused:
            self.paused = False
            self._plan_again()

    def _plan_again(self) -> None:
        if self.running and not self.paused:
            t = self.microscope.clock.now()
            self.settle(t)
            if self._due:
                self.microscope.xy.cut(t)
                self._plan(t, self._due[0].number)

    def _plan(self, t: float, first: int) -> None:
        """Lay the raster from line `first` on into the tip's future."""
        forward_s, backward_s = self.line_times_s()
        frame, half = replace(self.frame), self.frame.width_m / 2
        self._due = []
        corners = [(t, self.microscope.xy.at(t))]
        for number in range(first, self.lines):
            left, right = (place_m(frame, u, self._v(frame, number)) for u in (-half, half))
            t += math.dist(corners[-1][1], left) / self.forward_m_s
            corners += [(t, left), (t + forward_s, right), (t + forward_s + backward_s, left)]
            t += forward_s + backward_s
            self._due.append(Line(number, t - backward_s, t, frame))
        self.microscope.xy.append(corners)

    def _v(self, frame: Frame, number: int) -> float:
        from_bottom = number if self.direction == 1 else self.lines - 1 - number
        return (from_bottom + 0.5) * frame.height_m / self.lines - frame.height_m / 2

    def settle(self, t: float) -> None:
        """Write down the lines that have ended by `t`, and begin the next pass if one follows."""
        while self.running and not self.paused and self._due and self._due[0].ends <= t:
            self._write(self._due.pop(0))
            if not self._due:
                self._end_of_pass()

    def _end_of_pass(self) -> None:
        self.passes_done += 1
        path = f"{self.microscope.settings.session_path}\\{self.series}{self.passes_done:04d}.sxm"
        self.saved = path if self.autosave else ""
        if not self.continuous:
            self.running = False
            return
        if self.bouncy:
            self.direction = 1 - self.direction
        self.frames_used.append([])
        self._plan(self.microscope.xy.ends_at, 0)

    def _write(self, line: Line) -> None:
        s = self.microscope.settings
        self.lines_done, self.last_line = self.lines_done + 1, line.number
        self.frames_used[-1].append(line.frame)
        u = (
            np.arange(self.pixels) + 0.5
        ) * line.frame.width_m / self.pixels - line.frame.width_m / 2
        x, y = place_m(line.frame, u, self._v(line.frame, line.number))
        for channel in self.channels:
            signal = s.slots[channel] if s.by_slot else channel
            for way in (1, 0):
                values = sample(signal, x if way else x + 3e-9, y)
                values = values + self._noise(signal)
                values = np.zeros_like(values) if signal in s.constant else values
                image = self.image(channel, way)
                image[line.number] = values
                if signal in s.repeated_line and line.number == self.lines - 1:
                    image[line.number] = image[line.number - 1]
                if signal in s.holes and line.number == self.lines // 2:
                    image[line.number, self.pixels // 3] = np.nan

    def _noise(self, signal: int) -> np.ndarray:
        scale = self.microscope.settings.image_noise * NOISE.get(signal, 1e-5)
        return scale * self.microscope.random.standard_normal(self.pixels)

    def image(self, channel: int, way: int) -> np.ndarray:
        """Rows in the order of scanning, as they stand in the buffer."""
        key, shape = (channel, way), (self.lines, self.pixels)
        if key not in self.images or self.images[key].shape != shape:
            self.images[key] = np.full(shape, np.nan)
        return self.images[key]

    def next_line_ends(self) -> float:
        return self._due[0].ends if self._due and not self.paused else math.inf

    def pass_ends(self) -> float:
        return self._due[-1].ends if self._due and not self.paused else math.inf
