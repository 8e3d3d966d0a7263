"""Nanonis behind the instrument protocol: motion, scans and stop on their own connections."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from corescout.data import Measurement, Scan, ScanFrame, StoppedError
from corescout.instruments.messages import Kind, Message
from corescout.instruments.nanonis.client import TIMEOUT_S, Connection
from corescout.instruments.protocol import Capabilities, Description, InstrumentError, Status

FORWARD = 1
LONGEST_MOVE_S, LONGEST_SPECTRUM_S, LONGEST_SCAN_S = 120.0, 300.0, 7200.0
_POLL_MS = 500
_RED = 0xFF0000
_ROLES = (("amplitude", "amp"), ("phase", "phase"), ("topography", "topo|^z\\b|height"))


class NanonisInstrument:
    """A Nanonis controller, or our server in front of the twin.

    Parameters
    ----------
    host : str
    port : int
        Of motion and spectra; the next two are for the stop and for scans.
    timeout_s : float
        For answers to commands that do not wait.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 6501, timeout_s: float = TIMEOUT_S,
        ports: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        self._host, self._timeout_s = host, timeout_s
        self._ports = tuple(ports or (port, port + 1, port + 2))[:3]
        self._connections: list[Connection] = []
        self._stopped = threading.Event()
        self._marks: list[tuple[float, float]] = []
        self._names: list[str] = []

    @property
    def capabilities(self) -> Capabilities:
        """All actions, a stop on a connection of its own, and the position read back."""
        actions: frozenset[Kind] = frozenset({"bias", "speed", "move", "mark", "spectrum", "zoom"})
        address = f"nanonis {self._host}:{self._ports[0]}"
        return Capabilities("Nanonis", address, actions, can_stop=True, can_read_back=True)

    def connect(self) -> None:
        """Connect three times and read the names of the signals; ends a stop."""
        self.close()
        try:
            for port in self._ports:
                self._connections.append(Connection(self._host, port, self._timeout_s))
            (self._names,) = self._connections[0].call("Signals.NamesGet")
        except InstrumentError:
            self.close()
            raise
        self._stopped.clear()

    def close(self) -> None:
        """Close the connections; a call that waits ends."""
        connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()

    def status(self) -> Status:
        """Position and bias, over the connection of the stop: it is never kept waiting."""
        x, y = self._on(1).call("FolMe.XYPosGet", 1)
        (bias_v,) = self._on(1).call("Bias.Get")
        (running,) = self._on(1).call("Scan.StatusGet")
        return Status((float(x), float(y)), float(bias_v), busy=bool(running))

    def describe(self) -> Description:
        """Frame, channels of the buffer, software, range and speed; nothing is changed."""
        watch = self._on(2)
        product, version, *_ = watch.call("Util.VersionGet")
        x_range, y_range, _ = watch.call("Piezo.RangeGet")
        speed, _ = watch.call("FolMe.SpeedGet")
        indexes, pixels, lines = watch.call("Scan.BufferGet")
        said = (
            f"{product} {version}",
            f"scanner range {x_range * 1e6:.4g} x {y_range * 1e6:.4g} um",
            f"speed of a move {speed * 1e6:.4g} um/s",
        )
        channels = dict(_name_and_unit(self._label(int(i))) for i in indexes)
        return Description(self._frame(watch, (int(lines), int(pixels))), channels, said)

    def scans(self) -> Iterator[Scan]:
        """Yield partial scans as lines come and whole ones at the end of each scan."""
        watch, rows, last, revision = self._on(2), 0, b"", 0
        while True:
            late, _ = watch.call("Scan.WaitEndOfScan", _POLL_MS)
            (running,) = watch.call("Scan.StatusGet")
            scan = self._grab(watch, revision)
            done = int(np.isfinite(next(iter(scan.channels.values()))).all(axis=1).sum())
            whole = done == scan.shape_px[0]
            content = scan.content_sha256.encode()
            if whole and (not late or not running) and content != last:
                yield scan
                last, rows, revision = content, 0, 0
            elif running and not whole and done > rows:
                yield _partial(scan, done)
                rows, revision = done, revision + 1

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Say the commands with their arguments."""
        lines = []
        for message in messages:
            for name, *arguments in self._commands(message):
                lines.append(f"{name}({', '.join(map(_argument, arguments))})")
        return tuple(lines)

    def send(self, message: Message) -> Measurement | Scan | None:
        """Carry out a message on the connection of motion."""
        if self._stopped.is_set():
            raise StoppedError("Nanonis was stopped")
        try:
            return self._send(message)
        except InstrumentError:
            if self._stopped.is_set():
                raise StoppedError("Nanonis was stopped") from None
            raise

    def finish(self) -> None:
        """Messages were carried out one by one."""

    def stop(self, reason: str, emergency: str) -> None:
        """End motion, spectrum, pattern and scan on the second connection; latches."""
        self._stopped.set()
        if len(self._connections) < 2:
            return
        said: list[tuple[Any, ...]] = [
            ("FolMe.Stop",), ("BiasSpectr.Stop",), ("Pattern.ExpStop",), ("Scan.Action", 1, 0)
        ]  # fmt: skip
        if emergency == "halt_and_zero_bias":
            said.append(("Bias.Set", 0.0))
        failed: InstrumentError | None = None
        for name, *arguments in said:
            try:
                self._on(1).call(name, *arguments)
            except InstrumentError as error:
                failed = error
        if failed is not None:
            raise InstrumentError(f"the stop may not have arrived: {failed}") from failed

    def set_cloud(self, places_m: Any) -> np.ndarray[Any, Any]:
        """Write targets as a cloud and return what reads back (n, 2), equal at float32.

        Raises
        ------
        InstrumentError
            If the controller holds other places than were sent.
        """
        wanted = np.asarray(places_m, np.float32).reshape(-1, 2)
        self._on(0).call("Pattern.CloudSet", 1, wanted)
        (found,) = self._on(0).call("Pattern.CloudGet")
        if not np.array_equal(found, wanted):
            raise InstrumentError(f"the cloud of {len(wanted)} points does not read back as sent")
        return np.asarray(found)

    # -- inner ----------------------------------------------------------------------------

    def _on(self, number: int) -> Connection:
        if len(self._connections) <= number:
            raise InstrumentError("Nanonis is not connected: connect first")
        return self._connections[number]

    def _commands(self, message: Message) -> list[tuple[Any, ...]]:
        """The commands of a message, in order."""
        v = message.values
        if message.kind == "bias":
            return [("Bias.Set", v["bias_v"])]
        if message.kind == "speed":
            return [("FolMe.SpeedSet", v["speed_m_per_s"], 1)]
        if message.kind == "move":
            return [("FolMe.XYPosSet", v["x_m"], v["y_m"], 1)]
        if message.kind == "mark":
            text = [message.target_uid or ""]
            return [("Marks.PointsDraw", ([(v["x_m"], v["y_m"])], text, [_RED]))]
        if message.kind == "spectrum":
            limits = ("BiasSpectr.LimitsSet", v["bias_start_v"], v["bias_end_v"])
            return [("BiasSpectr.Open",), limits, ("BiasSpectr.Start", 1, "corescout")]
        frame = (v["x_m"], v["y_m"], v["size_m"], v["size_m"], math.degrees(v["angle_rad"]))
        return [
            ("Scan.FrameSet", *frame),
            ("Scan.Action", 0, 0),
            ("Scan.WaitEndOfScan", _POLL_MS),
        ]

    def _send(self, message: Message) -> Measurement | Scan | None:
        connection, answers = self._on(0), []
        before = connection.call("Scan.FrameGet") if message.kind == "zoom" else None
        for name, *arguments in self._commands(message):
            if name == "Scan.WaitEndOfScan":
                self._wait_for_scan(connection)
                continue
            limit = {"FolMe.XYPosSet": LONGEST_MOVE_S, "BiasSpectr.Start": LONGEST_SPECTRUM_S}
            answers = connection.call(name, *arguments, timeout_s=limit.get(name))
            if self._stopped.is_set():
                raise StoppedError("Nanonis was stopped")
        if message.kind == "spectrum":
            return self._measurement(message, answers)
        if before is not None:
            image = self._grab(connection, 0)
            connection.call("Scan.FrameSet", *before)
            return image
        return None

    def _wait_for_scan(self, connection: Connection) -> None:
        """Wait in short turns: a scan that is stopped never tells its end."""
        deadline = time.monotonic() + LONGEST_SCAN_S
        while time.monotonic() < deadline:
            late, _ = connection.call("Scan.WaitEndOfScan", _POLL_MS)
            if self._stopped.is_set():
                raise StoppedError("Nanonis was stopped")
            (running,) = connection.call("Scan.StatusGet")
            if not late or not running:
                return
        raise InstrumentError(f"the scan did not end within {LONGEST_SCAN_S:.0f} s")

    def _measurement(self, message: Message, answers: list[Any]) -> Measurement:
        names, values, _ = answers
        if len(names) < 2 or len(values) != len(names):
            raise InstrumentError("BiasSpectr.Start returned no curves: is saving of data on?")
        axis_name, axis_unit = _name_and_unit(names[0])
        channels, units = {}, {}
        for label, curve in zip(names[1:], values[1:], strict=True):
            name, unit = _name_and_unit(label)
            channels[name], units[name] = curve.astype(np.float64), unit
        if len(channels) == 1:
            channels, units = {"response": channels.popitem()[1]}, {"response": units.popitem()[1]}
        return Measurement(
            target_uid=message.target_uid,
            axis=values[0].astype(np.float64),
            axis_name=axis_name,
            axis_unit=axis_unit,
            channels=channels,
            units=units,
            xy_m=self.status().at_m,
            acquired_at=datetime.now(UTC),
            source=self.capabilities.address,
        )

    def _grab(self, connection: Connection, revision: int) -> Scan:
        """Read the frame and every channel of the buffer."""
        indexes, _, _ = connection.call("Scan.BufferGet")
        channels, units, roles = {}, {}, {}
        for index in indexes:
            _, image, up = connection.call("Scan.FrameDataGrab", int(index), FORWARD)
            name, unit = _name_and_unit(self._label(int(index)))
            channels[name], units[name] = upright(image, up=bool(up)), unit
            role = next((r for r, p in _ROLES if re.search(p, name, re.IGNORECASE)), None)
            if role is not None:
                roles[name] = role
        shape = next(iter(channels.values())).shape
        return Scan(
            uid=f"nanonis-{datetime.now(UTC):%Y%m%dT%H%M%S}",
            channels=channels, units=units, roles=roles, frame=self._frame(connection, shape),
            revision=revision,
            acquired_at=datetime.now(UTC), source=self.capabilities.address,
        )  # fmt: skip

    def _label(self, index: int) -> str:
        return self._names[index] if index < len(self._names) else f"channel {index}"

    def _frame(self, connection: Connection, shape_px: tuple[int, ...]) -> ScanFrame:
        x, y, width, height, angle = connection.call("Scan.FrameGet")
        rows, columns = shape_px
        return ScanFrame(
            (rows, columns),
            (float(width) / columns, float(height) / rows),
            (float(x), float(y)),
            math.radians(float(angle)),
            assumed=("the pitch is size / pixels", "the rows of an up-scan come bottom first"),
        )


def upright(rows: np.ndarray[Any, Any], *, up: bool) -> np.ndarray[Any, Any]:
    """Rows of `FrameDataGrab` as an image whose row 0 is the +Y edge.

    The document does not say the order of an up-scan. Taken here, as in the maker's `.sxm` files:
    rows come in the order of their scanning, so an up-scan comes bottom row first.
    """
    return np.flipud(rows) if up else rows


def _partial(scan: Scan, rows: int) -> Scan:
    return replace(scan, rows_done=rows)


def _name_and_unit(label: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?)\s*\(([^()]*)\)", label)
    return (match[1], match[2]) if match else (label, "")


def _argument(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
