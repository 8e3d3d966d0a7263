"""What each command of the documented subset does to the digital twin.

Rows of the data come in the order of scanning, as `images.upright` takes them. Angles, frames and
places that no scanner has are refused; so is what the twin cannot do.
"""

from __future__ import annotations

import itertools
import logging
import math
import re
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import Measurement, Scan
from corescout.data.errors import CorescoutError
from corescout.data.target import SPECTRUM_DEFAULTS
from corescout.instruments.limits import SMALLEST_FRAME_M
from corescout.instruments.messages import Message
from corescout.instruments.nanonis import codec
from corescout.instruments.nanonis.twin_panel import LAYOUTS, Z_RANGE_M, TwinPanel
from corescout.instruments.twin import DigitalTwin

DOWN, UP = 0, 1
_START, _STOP, _TO_CENTER = 0, 1, 6  # of Scan.Action
_CLOUD_PATTERN = 3
_MOST_LINES = 8192  # as many pixels
_REACH = 20.0  # of the scanner, sizes of the surface from the origin
_LOWEST_SPEED_M_PER_S = 1e-12
_LARGEST_BIAS_V = 300.0  # of an amplifier
_PAUSE_S = 0.02
_FULL_TURN_DEG = 360.0
_log = logging.getLogger(__name__)


class TwinCommands:
    """What each command does to the twin. From any thread."""

    def __init__(self, twin: DigitalTwin, session_folder: Path | None = None) -> None:
        self.twin, self._folder = twin, session_folder
        self._saved = itertools.count(1)
        self._base_name = "spectrum"
        self._paused = threading.Event()
        self.frame = twin.sample.frame
        self.marks: list[tuple[float, float]] = []
        self._motion = threading.Lock()
        self._changed = threading.Condition()
        self._scan: Scan | None = None
        self._rows = self._finished = 0
        self._scanning: threading.Thread | None = None
        self._pattern: threading.Thread | None = None
        self._cloud = np.zeros((0, 2), np.float32)
        self.limits_v = (SPECTRUM_DEFAULTS["bias_start_v"], SPECTRUM_DEFAULTS["bias_end_v"])
        self._speed = (1e-6, 1)
        self.channels = list(twin.surface.scan.channels)
        self._acquired = list(range(len(self.channels)))
        self._direction = DOWN
        self._panel = TwinPanel(self)
        self._measuring = False
        self._closed = False
        self._active_at = time.monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since something last moved or was measured; 0 while it does."""
        if self.scanning or self._motion.locked() or self._is_alive(self._pattern):
            self._active_at = time.monotonic()
        return time.monotonic() - self._active_at

    def answer(self, name: str, body: bytes) -> bytes:
        """Return the whole response to a request."""
        layout = LAYOUTS.get(name)
        own = getattr(self, "_" + name.replace(".", "_").lower(), None)
        do = own or self._panel.answer(name)
        if layout is None or do is None:
            return codec.raw_response(name, b"", f"{name} is not known here")
        try:
            body_read = codec.Body(body)
            arguments = codec.decode(layout.arguments, body_read)
            if body_read.left:
                raise codec.WireError(f"{name}: {body_read.left} bytes more than its arguments")
            results = codec.encode(layout.results, do(*arguments) or ())
            return codec.raw_response(name, results)
        except (CorescoutError, ValueError, OverflowError, OSError, MemoryError) as error:
            return codec.raw_response(name, b"", str(error))

    @property
    def scanning(self) -> bool:
        """Whether a scan is under way."""
        return self._is_alive(self._scanning)

    @property
    def last_scan(self) -> Scan | None:
        """What the buffer holds, complete or not."""
        return self._scan

    def start_scan(self, direction: int = DOWN) -> None:
        """Scan the frame in a thread of its own, unless that is under way."""
        if not self.scanning:
            self.twin.release()
            self._rows, self._direction = 0, direction
            self._scanning = threading.Thread(target=self._scan_all, name="nanonis-scan")
            self._scanning.start()

    def close(self) -> None:
        """Stop what is under way and let those who wait go."""
        self._closed = True
        self.twin.stop("the server closes", "halt_and_zero_bias")
        with self._changed:
            self._changed.notify_all()
        for thread in (self._scanning, self._pattern):
            if thread is not None:
                thread.join()

    # -- Util, Signals, Piezo -------------------------------------------------------------

    def _util_versionget(self) -> tuple[Any, ...]:
        return "Corescout digital twin", "1", 1, 1

    def _util_sessionpathget(self) -> tuple[Any, ...]:
        return (str(self._folder or ""),)

    def _piezo_rangeget(self) -> tuple[Any, ...]:
        width, height = self.twin.sample.frame.size_m
        return width, height, Z_RANGE_M

    # -- Scan -----------------------------------------------------------------------------

    def _scan_frameget(self) -> tuple[Any, ...]:
        width, height = self.frame.size_m
        return (*self.frame.center_m, width, height, math.degrees(self.frame.angle_rad))

    def _scan_frameset(self, x: float, y: float, width: float, height: float, angle: float) -> None:
        self._check_place(x, y)
        self._check_place(width, height)
        if not (abs(angle) <= _FULL_TURN_DEG and min(width, height) >= SMALLEST_FRAME_M):
            raise ValueError(
                f"expected an angle within {_FULL_TURN_DEG:g} deg and a frame larger than an atom,"
                f" found {angle:g} deg and {width:g} x {height:g} m"
            )
        rows, columns = self.frame.shape_px
        self._panel.frame_changed(self.frame.size_m[0], width)
        self.frame = replace(
            self.frame, center_m=(x, y), pitch_m=(width / columns, height / rows),
            angle_rad=math.radians(angle),
        )  # fmt: skip

    def _scan_bufferget(self) -> tuple[Any, ...]:
        rows, columns = self.frame.shape_px
        return self._acquired, columns, rows

    def _scan_bufferset(self, channels: Any, pixels: int, lines: int) -> None:
        wanted = [int(index) for index in channels]
        if not all(0 <= index < len(self.channels) for index in wanted):
            raise ValueError(f"the twin has channels 0 to {len(self.channels) - 1}: {wanted}")
        if self.scanning:
            raise ValueError("the buffer cannot be changed while a scan runs")
        columns = max(16, round(pixels / 16) * 16)
        width, height = self.frame.size_m
        rows = max(1, lines)
        if rows > _MOST_LINES or columns > _MOST_LINES:
            raise ValueError(f"at most {_MOST_LINES} pixels and lines, found {pixels} and {lines}")
        self.frame = replace(
            self.frame, shape_px=(rows, columns), pitch_m=(width / columns, height / rows)
        )
        self._acquired = wanted or self._acquired

    def _scan_action(self, action: int, direction: int) -> None:
        if direction not in (DOWN, UP):
            raise ValueError(f"expected a direction of 1 (up) or 0 (down), found {direction}")
        if action == _START:
            self.start_scan(direction)
        elif action == _STOP and self.scanning:
            self.twin.stop("Scan.Action", "halt")
        elif action == _TO_CENTER:
            x, y = self.frame.center_m
            self._send(Message("move", {"x_m": x, "y_m": y}))
        elif action != _STOP:
            raise ValueError("a scan cannot be paused or frozen here: stop it")

    def _scan_statusget(self) -> tuple[Any, ...]:
        return (int(self.scanning),)

    def _scan_waitendofscan(self, timeout_ms: int) -> tuple[Any, ...]:
        before = self._finished
        done = self._wait(lambda: self._finished > before, timeout_ms)
        return int(not done), ""

    def _scan_waitendofline(self, timeout_ms: int) -> tuple[Any, ...]:
        before = self._rows
        done = self._wait(lambda: self._rows != before, timeout_ms)
        return int(not done), max(0, self._rows - 1), 0, 0

    def _scan_framedatagrab(self, channel: int, forward: int) -> tuple[Any, ...]:
        if channel not in self._acquired:
            raise ValueError(f"channel {channel} is not acquired")
        if forward != 1:
            raise ValueError("the twin keeps no backward images: ask for the forward one (1)")
        name, scan, direction = self.channels[channel], self._scan, self._direction
        if scan is None:
            return name, np.full(self.frame.shape_px, np.nan, np.float32), direction
        image = scan.channels[name]
        return name, np.flipud(image) if direction == UP else image, direction

    # -- Follow me, pattern, marks, bias, spectra -----------------------------------------

    def _folme_xyposget(self, wait: int) -> tuple[Any, ...]:
        return self.twin.status().at_m or (0.0, 0.0)

    def _folme_xyposset(self, x: float, y: float, wait: int) -> None:
        self._check_place(x, y)
        self._send(Message("move", {"x_m": x, "y_m": y}))

    def _folme_speedget(self) -> tuple[Any, ...]:
        return self._speed

    def _folme_speedset(self, speed: float, custom: int) -> None:
        if not _LOWEST_SPEED_M_PER_S <= speed < math.inf:
            raise ValueError(f"expected a speed in m/s, found {speed:g}")
        self._speed = (speed, custom)
        self._send(Message("speed", {"speed_m_per_s": speed}))

    def _folme_stop(self) -> None:
        self.twin.stop("FolMe.Stop", "halt")

    def _pattern_cloudset(self, active: int, cloud: Any) -> None:
        for x, y in cloud:
            self._check_place(x, y)
        self._cloud = cloud

    def _pattern_cloudget(self) -> tuple[Any, ...]:
        return (self._cloud,)

    def _pattern_propsset(self, experiment: str, name: str, *rest: Any) -> None:
        self._base_name = name

    def _pattern_expopen(self) -> None:
        """Nothing to open."""

    def _pattern_expstart(self, pattern: int) -> None:
        if pattern not in (0, _CLOUD_PATTERN) or len(self._cloud) == 0:
            raise ValueError("only a cloud of points can be measured here, and one must be set")
        if not self._is_alive(self._pattern):
            self.twin.release()
            self._paused.clear()
            self._pattern = threading.Thread(target=self._visit_cloud, name="nanonis-pattern")
            self._pattern.start()

    def _pattern_exppause(self, pause: int) -> None:
        (self._paused.set if pause else self._paused.clear)()

    def _pattern_expstop(self) -> None:
        if self._is_alive(self._pattern):
            self._paused.clear()
            self.twin.stop("Pattern.ExpStop", "halt")

    def _pattern_expstatusget(self) -> tuple[Any, ...]:
        return (int(self._is_alive(self._pattern)),)

    def _marks_pointsdraw(self, marks: Any) -> None:
        self.marks += [(float(x), float(y)) for x, y in marks[0]]

    def _marks_pointserase(self, index: int) -> None:
        if index < 0:
            self.marks.clear()
        elif index < len(self.marks):
            del self.marks[index]

    def _bias_get(self) -> tuple[Any, ...]:
        return (self.twin.status().bias_v,)

    def _bias_set(self, bias_v: float) -> None:
        _check_bias(bias_v)
        if bias_v == 0:
            self.twin.zero_bias()  # also after a stop, and while something is under way
        else:
            self._send(Message("bias", {"bias_v": bias_v}))

    def _biasspectr_open(self) -> None:
        """Nothing to open."""

    def _biasspectr_stop(self) -> None:
        if self._measuring:
            self.twin.stop("BiasSpectr.Stop", "halt")

    def _biasspectr_limitsset(self, start_v: float, end_v: float) -> None:
        _check_bias(start_v, end_v)
        self.limits_v = (start_v, end_v)

    def _biasspectr_statusget(self) -> tuple[Any, ...]:
        return (int(self._measuring),)

    def _biasspectr_start(self, data: int, name: str) -> tuple[Any, ...]:
        with self._motion:
            self.twin.release()
            curve = self._spectrum()
            self._save(curve, name)
            self._active_at = time.monotonic()
        if not data:
            return [], np.zeros((0, 0), np.float32), []
        values = np.stack([curve.axis, curve.channels["response"]])
        return ["Bias calc (V)", "Response (m)"], values, [0.0]

    # -- inner ----------------------------------------------------------------------------

    def _check_place(self, x: float, y: float) -> None:
        """Refuse what is no place near the surface: the way there would take for ever."""
        reach = _REACH * max(self.twin.sample.frame.size_m)
        if not (abs(x) <= reach and abs(y) <= reach):
            raise ValueError(f"expected metres within {reach:g} m, found {x:g} and {y:g}")

    def _send(self, message: Message) -> None:
        """One motion after the other; a stop ends one and does not outlast it."""
        with self._motion:
            self.twin.release()
            self.twin.send(message)
            self._active_at = time.monotonic()

    def _spectrum(self) -> Measurement:
        values = {
            "bias_start_v": self.limits_v[0], "bias_end_v": self.limits_v[1],
            "n_points": float(self._panel.n_points), "seconds": self._panel.spectrum_s,
        }  # fmt: skip
        self._measuring = True
        try:
            came = self.twin.send(Message("spectrum", values))
        finally:
            self._measuring = False
        if not isinstance(came, Measurement):
            raise ValueError("no spectrum came")
        return came

    def _save(self, curve: Measurement, name: str) -> None:
        """Write a spectrum as the controller does, with a number that goes on."""
        if self._folder is None:
            return
        x, y = curve.xy_m or (0.0, 0.0)
        head = {
            "Experiment": "bias spectroscopy", "Saved Date": f"{datetime.now():%d.%m.%Y %H:%M:%S}",
            "X (m)": f"{x:.9E}", "Y (m)": f"{y:.9E}",
        }  # fmt: skip
        lines = [f"{key}\t{value}\t" for key, value in head.items()]
        lines += ["", "[DATA]", "Bias calc (V)\tResponse (m)"]
        pairs = zip(curve.axis, curve.channels["response"], strict=True)
        lines += [f"{bias:.6E}\t{value:.6E}" for bias, value in pairs]
        # The name comes from the other side: it must not lead out of the folder.
        base = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", name)[:100]
        path = self._folder / f"{base}{next(self._saved):05d}.dat"
        path.write_text("\n".join(lines) + "\n", encoding="latin-1")

    def _scan_all(self) -> None:
        try:
            for scan in self.twin.scans(self.frame, up=self._direction == UP):
                self._scan = scan
                self._rows = scan.shape_px[0] if scan.rows_done is None else scan.rows_done
                if scan.rows_done is None:
                    self._finished += 1
                with self._changed:
                    self._changed.notify_all()
        except CorescoutError as error:
            _log.info("scan ended: %s", error)

    def _visit_cloud(self) -> None:
        try:
            for x, y in self._cloud:
                while self._paused.is_set() and not self._closed:
                    time.sleep(_PAUSE_S)
                self.twin.send(Message("move", {"x_m": float(x), "y_m": float(y)}))
                self._save(self._spectrum(), self._base_name)
        except CorescoutError as error:
            _log.info("pattern ended: %s", error)

    def _wait(self, ready: Any, timeout_ms: int) -> bool:
        seconds = None if timeout_ms < 0 else timeout_ms / 1000
        with self._changed:
            return self._changed.wait_for(lambda: ready() or self._closed, seconds) and ready()

    @staticmethod
    def _is_alive(thread: threading.Thread | None) -> bool:
        return thread is not None and thread.is_alive()


def _check_bias(*biases_v: float) -> None:
    if not all(abs(bias_v) <= _LARGEST_BIAS_V for bias_v in biases_v):
        raise ValueError(f"expected a bias within {_LARGEST_BIAS_V:g} V, found {biases_v}")
