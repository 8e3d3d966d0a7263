"""A digital twin: a generated surface behind the instrument protocol, with drift and stop.

What the instrument does runs `speed` times as fast as at a real one. Positions are what the scanner
reports; the sample drifts beneath it, so a place on the surface moves away from where it was.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from corescout.data import Measurement, Scan, ScanFrame, StoppedError
from corescout.instruments.loops import Loop, sweep_v
from corescout.instruments.messages import Kind, Message
from corescout.instruments.protocol import Capabilities, InstrumentError, Status
from corescout.surfaces import Surface, generate_surface

_SLICE_S = 0.01  # how often motion looks at the stop
_LINE_S = 0.5  # one line of a scan, at a real instrument
LOOPS = {
    0: Loop(40e-12, 2.5, 0.0),
    1: Loop(40e-12, 2.0, 0.3),
    2: Loop(60e-12, 3.2, -0.4),
    3: Loop(25e-12, 1.2, 0.0),
}


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
    position_error_m : float
        Standard deviation of where the tip ends up.
    noise_m : float
        Of a spectrum.
    loops : mapping of int to Loop
        The switching of each type of the surface; 0 where there is no wall.
    seed : int
    """

    surface: Surface = field(default_factory=lambda: generate_surface(seed=0))
    speed: float = 60.0
    drift_m_per_s: tuple[float, float] = (0.0, 0.0)
    position_error_m: float = 1e-9
    noise_m: float = 1e-12
    loops: Mapping[int, Loop] = field(default_factory=lambda: LOOPS)
    seed: int = 0

    def __post_init__(self) -> None:
        self._frame = self._surface_frame()
        self._rng = np.random.default_rng(self.seed)
        self._stopped = threading.Event()
        self._connected = False
        self._began = time.monotonic()
        self._saved_s = 0.0  # time of the instrument beyond that of the clock on the wall
        self._at_m = self._frame.center_m
        self._bias_v = 0.0
        self._speed_m_per_s = 1e-6
        self.log: list[Message] = []
        self.written_xy_m: list[tuple[float, float]] = []
        self.fault: str | None = None

    @property
    def capabilities(self) -> Capabilities:
        """It can do everything, and be stopped."""
        actions: frozenset[Kind] = frozenset({"bias", "speed", "move", "mark", "spectrum", "zoom"})
        return Capabilities("digital twin", actions, can_stop=True, can_read_back=True)

    def connect(self) -> None:
        """Connect; ends a stop."""
        self._stopped.clear()
        self._connected = True

    def close(self) -> None:
        """Disconnect."""
        self._connected = False

    def status(self) -> Status:
        """Position and bias, as the scanner reports them."""
        self._check_connection()
        return Status(self._at_m, self._bias_v, busy=False)

    def scans(self) -> Iterator[Scan]:
        """Scan the whole surface once: partial scans as its lines come, then the whole one."""
        height = self._frame.shape_px[0]
        whole = self._image(self._frame, f"survey-{len(self.log)}")
        for revision, rows in enumerate((height // 4, height // 2, 3 * height // 4)):
            self._wait(_LINE_S * height / 4)
            yield _partial(whole, rows, revision)
        self._wait(_LINE_S * height / 4)
        yield replace(whole, revision=3)

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

    def stop(self, reason: str, emergency: str) -> None:
        """Halt within a slice of motion; takes the bias to zero where the profile says so."""
        self._stopped.set()
        if emergency == "halt_and_zero_bias":
            self._bias_v = 0.0

    def true_type(self, xy_m: tuple[float, float]) -> int:
        """Type of the surface beneath a place, drift included."""
        place = self._frame.to_px(np.asarray(xy_m) - self._drift_m())
        return int(self.surface.type_at(place[None])[0])

    # -- inner ----------------------------------------------------------------------------

    def _surface_frame(self) -> ScanFrame:
        frame = self.surface.scan.frame
        if frame is None:
            raise ValueError("DigitalTwin.surface: expected a surface with a scale")
        return frame

    def _drift_m(self) -> NDArray[np.float64]:
        passed = time.monotonic() - self._began + self._saved_s
        return np.asarray(self.drift_m_per_s) * passed

    def _check_connection(self) -> None:
        if not self._connected:
            raise InstrumentError("the twin is not connected: connect first")
        if self.fault is not None:
            raise InstrumentError(f"the twin does not answer: {self.fault}")

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds / self.speed
        self._saved_s += seconds - seconds / self.speed
        while (left := end - time.monotonic()) > 0:
            if self._stopped.wait(min(left, _SLICE_S)):
                raise StoppedError("the twin was stopped")

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

    def _spectrum(self, message: Message) -> Measurement:
        v = message.values
        self._wait(v["seconds"])
        bias = sweep_v(v["bias_start_v"], v["bias_end_v"], int(v["n_points"]))
        response = self.loops[self.true_type(self._at_m)].response_m(bias)
        self.written_xy_m.append(self._at_m)
        return Measurement(
            target_uid=message.target_uid,
            axis=bias,
            axis_name="bias",
            axis_unit="V",
            channels={"response": response + self._rng.normal(scale=self.noise_m, size=len(bias))},
            units={"response": "m"},
            xy_m=self._at_m,
            acquired_at=datetime.now(UTC),
            source="digital twin",
        )

    def _zoom(self, message: Message) -> Scan:
        v = message.values
        shape = (128, 128)
        frame = ScanFrame(shape, (v["size_m"] / 128,) * 2, (v["x_m"], v["y_m"]), v["angle_rad"])
        self._wait(_LINE_S * shape[0])
        return self._image(frame, f"zoom-{len(self.log)}")

    def _image(self, frame: ScanFrame, uid: str) -> Scan:
        """What a frame shows now."""
        from scipy.ndimage import map_coordinates

        places = frame.to_m(np.moveaxis(np.indices(frame.shape_px), 0, -1)) - self._drift_m()
        yx = np.moveaxis(self._frame.to_px(places), -1, 0)
        source = self.surface.scan
        channels = {
            name: map_coordinates(values, yx, order=1, mode="nearest").astype(np.float32)
            for name, values in source.channels.items()
        }
        return replace(
            source, uid=uid, channels=channels, frame=frame, acquired_at=datetime.now(UTC)
        )


def _partial(scan: Scan, rows: int, revision: int) -> Scan:
    """The first rows of a scan; the rest is missing."""
    channels = {}
    for name, values in scan.channels.items():
        image = np.array(values)
        image[rows:] = np.nan
        channels[name] = image
    return replace(scan, channels=channels, rows_done=rows, revision=revision)
