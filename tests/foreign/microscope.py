"""The physical state: a tip that moves, scans and measures in real time, whatever anybody asks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from .clock import Clock
from .scanning import Scanner
from .settings import Settings
from .signals import AMPLITUDE, BIAS, PHASE, Z, sample
from .spectroscopy import Spectroscopy
from .track import Track


class RefusedError(Exception):
    """A command that is not done; its text goes into the error body."""


class Microscope:
    """Tip, bias, feedback, and what moves or biases the tip: move, scan, spectrum, pattern.

    All methods take the time from the clock and are safe from any thread.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.lock = threading.Condition(threading.RLock())
        self.random = np.random.default_rng(settings.seed)
        self.xy = Track(settings.start_xy_m)
        self.bias = Track((settings.bias_v,))
        self.speed_m_s, self.custom_speed = settings.speed_m_s, True
        self.feedback, self.setpoint, self.withdrawn = settings.feedback, settings.setpoint, False
        self.ac_v, self.ac_on = settings.ac_v, settings.ac_on
        self.marks: list[tuple[float, float, str]] = []
        self.scanner = Scanner(self)
        self.spectroscopy = Spectroscopy(self)

    def settle(self) -> float:
        """Let happen what the time has brought; the time."""
        with self.lock:
            t = self.clock.now()
            self.scanner.settle(t)
            self.spectroscopy.settle(t)
            return t

    # Motion
    def move_to(self, x_m: float, y_m: float) -> float:
        """Begin a move; when it will have arrived (the microscope's time)."""
        with self.lock:
            t = self.settle()
            if self.scanner.running:
                raise RefusedError("the tip cannot be moved while a scan runs")
            if self.spectroscopy.pattern_runs(t):
                raise RefusedError("the tip cannot be moved while a pattern experiment runs")
            half_x, half_y = self.settings.range_m[0] / 2, self.settings.range_m[1] / 2
            if not (abs(x_m) <= half_x and abs(y_m) <= half_y):
                raise RefusedError(f"({x_m}, {y_m}) m is out of the range of the scanner")
            arrival = self.xy.go(t, (x_m, y_m), self.speed_m_s)
            self.lock.notify_all()
            return arrival

    def stop_move(self) -> None:
        with self.lock:
            t = self.settle()
            if not self.scanner.running and not self.spectroscopy.pattern_runs(t):
                self.xy.cut(t)
            self.lock.notify_all()

    def teleport(self, dx_m: float, dy_m: float) -> None:
        """The tip is somewhere else, as after a hand at the controller."""
        with self.lock:
            t = self.settle()
            x, y = self.xy.at(t)
            self.xy.jump(t, (x + dx_m, y + dy_m))

    def position_m(self) -> tuple[float, float]:
        """What the position reads: the truth and the noise of the read-back."""
        with self.lock:
            noise = (
                self.random.normal(0.0, self.settings.noise_m, 2)
                if self.settings.noise_m
                else (0.0, 0.0)
            )
            x, y = self.xy.at(self.settle())
            return x + float(noise[0]), y + float(noise[1])

    def at_rest(self) -> bool:
        with self.lock:
            return self.settle() >= self.xy.ends_at

    # Bias and Z
    def set_bias(self, volts: float) -> None:
        with self.lock:
            t = self.settle()
            self.bias.jump(t, (volts,))
            self.spectroscopy.bias_was_set(t)

    def bias_v(self) -> float:
        with self.lock:
            return self.bias.at(self.settle())[0]

    def z_m(self) -> float:
        if self.withdrawn:
            return self.settings.range_m[2] / 2
        return float(sample(Z, *self.xy.at(self.settle())))

    def z_status(self) -> int:
        """1 off, 2 on, 3 on hold."""
        if not self.feedback or self.withdrawn:
            return 1
        return 3 if self.spectroscopy.running(self.settle()) and self.settings.z_hold else 2

    def withdraw(self) -> None:
        with self.lock:
            self.withdrawn, self.feedback = True, False

    def value(self, index: int) -> float:
        """What signal `index` reads now."""
        if index == Z:
            return self.z_m()
        if index == BIAS:
            return self.bias_v()
        scale = self.ac_v / 0.5 if index in (AMPLITUDE,) and self.ac_on else 1.0
        x, y = self.xy.at(self.settle())
        return float(sample(index, x, y)) * (
            0.0 if index in (AMPLITUDE, PHASE) and not self.ac_on else scale
        )

    # Waiting
    def wait(
        self, until: Callable[[], float | None], timeout_s: float | None, gone: Callable[[], bool]
    ) -> bool:
        """Wait until `until()` is None; else it gives the next time at which it may be.

        Returns
        -------
        bool
            Whether it came about before the time-out (of the microscope) and the client's leaving.
        """
        with self.lock:
            end = None if timeout_s is None else self.clock.now() + timeout_s
            while True:
                now = self.settle()
                due = until()
                if due is None:
                    return True
                if gone() or (end is not None and now >= end):
                    return False
                next_s = min(due, end) if end is not None else due
                self.lock.wait(min(max(self.clock.wall_s(next_s - now), 0.0002), 0.05))

    def snapshot(self) -> dict[str, object]:
        """What is physically so, for the log."""
        with self.lock:
            t = self.settle()
            return {
                "xy_m": self.xy.at(t),
                "moving": t < self.xy.ends_at,
                "bias_v": self.bias.at(t)[0],
                "scan": self.scanner.running,
                "spectrum": self.spectroscopy.running(t),
                "pattern": self.spectroscopy.pattern_runs(t),
                "feedback": self.feedback and not self.withdrawn,
                "z_m": self.z_m(),
                "ac_v": self.ac_v if self.ac_on else 0.0,
            }
