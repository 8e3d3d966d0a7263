"""A digital twin: a generated surface behind the instrument protocol, with drift, creep and stop.

What the instrument does runs `speed` times as fast as at a real one. Positions are what the scanner
reports; the sample drifts beneath it, so a place on the surface moves away from where it was.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from corescout.data import Measurement, Scan, ScanFrame, StoppedError
from corescout.instruments.loops import Loop, sweep_v
from corescout.instruments.messages import Message, MessageKind, in_words
from corescout.instruments.protocol import (
    Capabilities,
    Description,
    InstrumentError,
    Status,
    StopReport,
    Told,
)
from corescout.instruments.twin_loops import Formula, LoopField
from corescout.instruments.twin_sample import Pulse, TwinSample
from corescout.surfaces import Surface, generate_surface

_SLICE_S = 0.01  # how often motion looks at the stop
_LINE_S = 0.5  # one line of a scan at the start, forward and back, at a real instrument
_LINES_A_TIME = 8  # that come together
_STUCK_LINES = 20  # without a new line for so long, a scan is stuck
_ZOOM_PX = 128
_CREEP_S = 2.0  # a tip that arrived creeps on, with this time constant
LOOPS = {
    0: Loop(40e-12, 2.5, 0.0),
    1: Loop(40e-12, 2.0, 0.3),
    2: Loop(60e-12, 3.2, -0.4),
    3: Loop(25e-12, 1.2, 0.0),
}
_numbers = itertools.count()


@dataclass
class DigitalTwin:
    """An instrument that is a program.

    Parameters
    ----------
    surface : Surface
        Sample and truth.
    speed : float
        Seconds of scanning, moving and measuring in one second; thinking takes its own time.
    drift_m_per_s : tuple of float
        Of the sample beneath the scanner, (x, y), in the instrument's seconds.
    creep : float
        Share of a step by which the tip lags behind when it arrives.
    position_error_m : float
        Standard deviation of where the tip ends up.
    noise_m : float
        Of a spectrum.
    spread : float
        Of the coercive bias from place to place, relative.
    tip_px, image_noise : float
        Blur and noise of images, see `TwinSample`.
    loops : mapping of int to Loop
        The switching of each type of the surface; 0 where there is no wall.
    seed : int
    formula : str or None
        How the loops depend on the place within a type, see `LoopField`; None: not at all.

    Attributes
    ----------
    fault : str or None
        On demand: "stuck scan", "crash flag", or any other text for a lost connection.
    setpoint : float
        Of the feedback, in the instrument's own unit; nothing that is sent changes it.
    line_s : float
        Of one line of a scan, forward and back, in the instrument's seconds.
    """

    surface: Surface = field(default_factory=lambda: generate_surface(seed=0))
    speed: float = 60.0
    drift_m_per_s: tuple[float, float] = (0.0, 0.0)
    creep: float = 0.005
    position_error_m: float = 1e-9
    noise_m: float = 1e-12
    spread: float = 0.0
    tip_px: float = 0.0
    image_noise: float = 0.02
    loops: Mapping[int, Loop] = field(default_factory=lambda: LOOPS)
    seed: int = 0
    formula: Formula | None = None

    def __post_init__(self) -> None:
        self.sample = TwinSample(self.surface, self.drift_m_per_s, self.tip_px, self.image_noise)
        self._rng = np.random.default_rng(self.seed)
        self.loop_field = (
            None
            if self.formula is None
            else LoopField(self.surface, self.loops, self.formula, seed=self.seed)
        )
        self._number = next(_numbers)
        self._stopped = threading.Event()
        self._connected = False
        self._began = time.monotonic()
        self._saved_s = 0.0  # time of the instrument beyond that of the clock on the wall
        self._at_m = self.sample.frame.center_m
        self._lag_m, self._arrived_s = (0.0, 0.0), 0.0
        self._bias_v = 0.0
        self._busy = False
        self._scans = 0
        self._speed_m_per_s = 1e-6
        self.log: list[Message] = []
        self.fault: str | None = None
        self.setpoint = 1.0
        self.line_s = _LINE_S

    @property
    def capabilities(self) -> Capabilities:
        """It can do everything, and be stopped."""
        actions: frozenset[MessageKind] = frozenset(
            {"bias", "speed", "move", "mark", "spectrum", "zoom"}
        )
        address = f"twin {os.getpid()} {self._number}"
        return Capabilities(
            "digital twin", address, actions, can_stop=True, can_read_back=True, own_stop=True
        )

    @property
    def written_xy_m(self) -> list[tuple[float, float]]:
        """Places on the sample where spectra were made."""
        return self.sample.written_xy_m

    def connect(self) -> None:
        """Connect."""
        self._connected = True

    def release(self) -> None:
        """End a stop."""
        self._check_connection()
        self._stopped.clear()

    def close(self) -> None:
        """Disconnect."""
        self._connected = False

    def status(self) -> Status:
        """Position and bias, as the scanner reports them."""
        self._check_connection()
        problem = self.fault if self.fault == "crash flag" else None
        return Status(self._at_m, self._bias_v, self._busy, problem, self.setpoint)

    def describe(self) -> Description:
        """The frame of its surface, and what it sees there."""
        self._check_connection()
        scan = self.surface.scan
        return Description(self.sample.frame, dict(scan.units), (f"{self.speed:g} x real time",))

    def scans(self, frame: ScanFrame | None = None, *, up: bool = False) -> Iterator[Scan]:
        """Scan once: partial scans as lines come, then the whole one; the surface if not said."""
        self._check_connection()
        frame = self.sample.frame if frame is None else frame
        height = frame.shape_px[0]
        self._scans += 1
        whole = self._image(frame, f"survey-{self._scans}", up=up)
        self._busy = True  # until the last line, however long the one who listens takes
        try:
            for revision, rows in enumerate(range(0, height, _LINES_A_TIME), start=1):
                count = min(_LINES_A_TIME, height - rows)
                self._scan_lines(frame, rows, count, up=up)
                self._check_connection()
                if rows + count < height:
                    yield _partial(whole, rows + count, revision, up=up)
        finally:
            self._busy = False
        yield replace(whole, revision=revision)

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """The twin is told in words."""
        return tuple(map(in_words, messages))

    def send(self, message: Message) -> Measurement | Scan | None:
        """Carry out a message.

        Raises
        ------
        StoppedError
            When stopped.
        InstrumentError
            When not connected, or a fault was asked for.
        """
        self._check_connection()
        if self._stopped.is_set():
            raise StoppedError("the twin was stopped")
        self.log.append(message)
        values = message.values
        if message.kind == "bias":
            self._bias_v = values["bias_v"]
        elif message.kind == "speed":
            self._speed_m_per_s = values["speed_m_per_s"]
        elif message.kind == "move":
            self._travel((values["x_m"], values["y_m"]))
        elif message.kind == "spectrum":
            return self._spectrum(message)
        elif message.kind == "zoom":
            return self._zoom(message)
        return None

    def finish(self) -> None:
        """Messages were carried out one by one."""

    def stop(self, reason: str, emergency: str, told: Told | None = None) -> StopReport:
        """Halt within a slice of motion; takes the bias to zero where the profile says so."""
        self._stopped.set()
        if emergency == "halt_and_zero_bias":
            self._bias_v = 0.0
        return StopReport("confirmed", detail=f"motion halted, bias {self._bias_v:g} V")

    def zero_bias(self) -> None:
        """Take the bias to zero, whatever is under way, stopped or not."""
        self._bias_v = 0.0

    def true_type(self, xy_m: tuple[float, float]) -> int:
        """Type of the surface beneath a place now, drift included."""
        return self.sample.type_at(xy_m, self.seconds())

    def seconds(self) -> float:
        """Time of the instrument since the start."""
        return time.monotonic() - self._began + self._saved_s

    # -- inner ----------------------------------------------------------------------------

    def _scan_lines(self, frame: ScanFrame, first: int, count: int, *, up: bool = False) -> None:
        """Take the time of some lines; the tip is at the end of the last one."""
        if self.fault == "stuck scan":
            self._wait(_STUCK_LINES * self.line_s)
            raise InstrumentError(f"the scan is stuck at line {first}: no new line came")
        self._wait(self.line_s * count)
        last = first + count - 1
        row = frame.shape_px[0] - 1 - last if up else last
        x, y = frame.to_m((row, frame.shape_px[1] - 1))
        self._at_m = (float(x), float(y))

    def _check_connection(self) -> None:
        if not self._connected:
            raise InstrumentError("the twin is not connected: connect first")
        if self.fault not in (None, "stuck scan", "crash flag"):
            raise InstrumentError(f"the twin does not answer: {self.fault}")

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds / self.speed
        while (left := end - time.monotonic()) > 0:
            if self._stopped.wait(min(left, _SLICE_S)):
                raise StoppedError("the twin was stopped")
        self._saved_s += seconds - seconds / self.speed

    def _travel(self, to_m: tuple[float, float]) -> None:
        start, length = self._at_m, math.dist(self._at_m, to_m)
        steps = max(1, math.ceil(length / self._speed_m_per_s / self.speed / _SLICE_S))
        for step in range(1, steps + 1):
            self._wait(length / self._speed_m_per_s / steps)
            share = step / steps
            x, y = (a + share * (b - a) for a, b in zip(start, to_m, strict=True))
            self._at_m = (x, y)
        error = self._rng.normal(scale=self.position_error_m, size=2)
        self._at_m = (to_m[0] + float(error[0]), to_m[1] + float(error[1]))
        self._lag_m = (self.creep * (to_m[0] - start[0]), self.creep * (to_m[1] - start[1]))
        self._arrived_s = self.seconds()

    def _tip_m(self) -> tuple[float, float]:
        """Where the tip really is: behind what the scanner reports, by what has yet to creep."""
        left = math.exp(-(self.seconds() - self._arrived_s) / _CREEP_S)
        return self._at_m[0] - left * self._lag_m[0], self._at_m[1] - left * self._lag_m[1]

    def _spectrum(self, message: Message) -> Measurement:
        v = message.values
        tip_m = self._tip_m()
        kind = self.true_type(tip_m)
        self._wait(v["seconds"])
        bias = sweep_v(v["bias_start_v"], v["bias_end_v"], int(v["n_points"]))
        loop = self._loop(tip_m, kind)
        noise = self._rng.normal(scale=self.noise_m, size=len(bias))
        response = noise if loop is None else loop.response_m(bias) + noise
        coercive_v = (loop or self.loops[kind]).coercive_v
        largest_v = max(abs(v["bias_start_v"]), abs(v["bias_end_v"]))
        self.sample.write(tip_m, self.seconds(), Pulse(largest_v, v["seconds"], coercive_v))
        return Measurement(
            target_uid=message.target_uid,
            axis=bias,
            axis_name="bias",
            axis_unit="V",
            channels={"response": response},
            units={"response": "m"},
            xy_m=self._at_m,
            acquired_at=datetime.now(UTC),
            source="digital twin",
            metadata={"true_type": kind},
        )

    def _loop(self, tip_m: tuple[float, float], kind: int) -> Loop | None:
        """The loop beneath the tip; None where the measurement fails."""
        if self.loop_field is not None:
            on_sample = self.sample.on_sample_m(np.asarray(tip_m), self.seconds())
            y, x = self.sample.frame.to_px(on_sample)
            return self.loop_field.loop_at((float(y), float(x)), self._rng)
        loop = self.loops[kind]
        return replace(loop, coercive_v=loop.coercive_v * (1 + self.spread * self._rng.normal()))

    def _zoom(self, message: Message) -> Scan:
        v = message.values
        shape, pitch = (_ZOOM_PX, _ZOOM_PX), v["size_m"] / _ZOOM_PX
        frame = ScanFrame(shape, (pitch, pitch), (v["x_m"], v["y_m"]), v["angle_rad"])
        image = self._image(frame, f"zoom-{len(self.log)}")
        for row in range(0, _ZOOM_PX, _LINES_A_TIME):
            self._scan_lines(frame, row, _LINES_A_TIME)
        self._at_m = frame.center_m
        return image

    def _image(self, frame: ScanFrame, uid: str, *, up: bool = False) -> Scan:
        """What a frame shows that is scanned from now on, line by line."""
        began = self.seconds()
        times = [began + self.line_s * row for row in range(frame.shape_px[0])]
        times = times[::-1] if up else times
        channels = self.sample.seen(frame, times, self._rng)
        now = datetime.now(UTC)
        return replace(self.surface.scan, uid=uid, channels=channels, frame=frame, acquired_at=now)


def _partial(scan: Scan, rows: int, revision: int, *, up: bool) -> Scan:
    """The rows that were scanned first; the rest is missing."""
    channels = {}
    for name, values in scan.channels.items():
        image = np.array(values)
        image[slice(None, len(image) - rows) if up else slice(rows, None)] = np.nan
        channels[name] = image
    return replace(scan, channels=channels, rows_done=rows, revision=revision)
