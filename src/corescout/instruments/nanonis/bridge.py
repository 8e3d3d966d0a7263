"""Nanonis behind the instrument protocol: motion, status, scans and stop each on a connection."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from corescout.data import Measurement, Scan, StoppedError
from corescout.instruments.folder.arrivals import Signature
from corescout.instruments.folder.tying import Expected, Tied, tie_spectra
from corescout.instruments.messages import Kind, Message
from corescout.instruments.nanonis.client import TIMEOUT_S, Answer, Connection
from corescout.instruments.nanonis.cloud import cloud_commands, cloud_places
from corescout.instruments.nanonis.images import Signals, acquired, frame_of, grab, new_uid
from corescout.instruments.nanonis.lines import MOTION, SCANS, STATUS, STOP, Lines
from corescout.instruments.nanonis.scan_watch import POLL_MS, ScanWatch
from corescout.instruments.nanonis.spectra import BASE_NAME, DatFolder, from_reply
from corescout.instruments.nanonis.stopping import REST_M, REST_S, Stopping
from corescout.instruments.protocol import (
    Capabilities,
    Description,
    InstrumentError,
    Status,
    StopReport,
    Told,
)

LONGEST_MOVE_S, LONGEST_SPECTRUM_S, LONGEST_SCAN_S = 120.0, 300.0, 7200.0
STOP_S = 0.4  # that `stop` waits for a confirmation
_LATCH_S = 0.05  # a stop waits so long for a command that is being written
_LAST_WORDS_S = 1.0  # that `close` leaves to a stop under way
_LONGEST_REST_S = 2.0
TOLERANCE_M = 50e-9  # between a target and the place that a file names
_RED = 0xFF0000
_Result = TypeVar("_Result")
_NOTES = ("number of points and time of a spectrum are those set at the controller",)
_NOT_WHILE_SCANNING = ("move", "spectrum", "zoom")
_MOTIONS = ("FolMe.XYPosSet", "Scan.Action", "BiasSpectr.Start", "Pattern.ExpStart")
_ONE_BY_ONE: frozenset[Kind] = frozenset({"bias", "speed", "move", "mark", "spectrum", "zoom"})


class NanonisInstrument:
    """A Nanonis controller, or our server in front of the twin.

    Parameters
    ----------
    host : str
    port : int
        Of motion and spectra; the next ones are for status, for scans and for the stop.
    timeout_s : float
        For answers to commands that do not wait.
    ports : sequence of int, optional
        Where they are not in a row: motion, status, scans and, fourth, the stop.
    stop_port : int, optional
        Of the stop, where it is another one. Without a port for it nothing can be armed.
    cloud : bool
        Hand a plan over as a cloud of points that the controller visits by itself, instead of
        moving and measuring one by one.
    data_folder : str or Path, optional
        The session folder as this machine sees it: spectra are read from its `.dat` files. Without
        it they come with the reply; those of a cloud are not read then.
    readback_noise_m : float
        Standard deviation of a position that is read while the tip rests.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 6501, timeout_s: float = TIMEOUT_S,
        ports: Sequence[int] | None = None, *, cloud: bool = False,
        data_folder: str | Path | None = None, stop_port: int | None = None,
        readback_noise_m: float = 0.0,
    ) -> None:  # fmt: skip
        self._host, self._cloud, self._noise_m = host, cloud, readback_noise_m
        named = tuple(ports or range(port, port + 4))
        stop = (stop_port,) if stop_port is not None else named[3:4]
        self._lines = Lines(host, (*named[:3], *stop), timeout_s)
        self._files = None if data_folder is None else DatFolder(Path(data_folder))
        self._stopped = threading.Event()
        self._latch = threading.Lock()  # held while a command is written: no stop comes between
        self._stopping: Stopping | None = None
        self._speed_m_per_s: float | None = None  # that was set last
        self._signals = Signals((), "")
        self._scans = ScanWatch()
        self._held_back: list[Message] = []
        self._visited: tuple[tuple[Expected, ...], datetime, dict[Path, Signature]] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """A stop on a connection of its own, and the position read back; a cloud is whole."""
        actions = _ONE_BY_ONE - {"zoom"} if self._cloud else _ONE_BY_ONE
        address = f"nanonis {self._host}:{self._lines.ports[0]}"
        return Capabilities(
            "Nanonis", address, actions, can_stop=True, can_read_back=True,
            whole_plans=self._cloud, notes=_NOTES, own_stop=len(self._lines.ports) > STOP,
        )  # fmt: skip

    def connect(self) -> None:
        """Open the connections that are not open and read the names of the signals."""
        if self._files is not None:
            self._files.check()
        if self._lines.connect() or not self._signals.labels:
            (names,) = self._on(SCANS).call("Signals.NamesGet")
            self._signals = Signals(names, self.capabilities.address)

    def release(self) -> None:
        """End a stop: what was never answered is forgotten with its connection."""
        if self._stopping is not None:
            self._stopping.end()
        self._lines.renew()
        self._held_back = []
        self._stopped.clear()

    def close(self) -> None:
        """Close the connections; a call that waits ends."""
        if self._stopping is not None:
            self._stopping.end(_LAST_WORDS_S)
        self._lines.close()

    def stop_problem(self) -> str | None:
        """Say why a stop would not arrive on its own connection; None if that answers."""
        return self._lines.stop_problem()

    def status(self) -> Status:
        """Position and bias, over a connection that only reads."""
        line = self._on(STATUS)
        x, y = line.call("FolMe.XYPosGet", 1)
        (bias_v,) = line.call("Bias.Get")
        (running,) = line.call("Scan.StatusGet")
        return Status((float(x), float(y)), float(bias_v), busy=bool(running))

    def describe(self) -> Description:
        """Frame, channels of the buffer, software, range and speed; nothing is changed."""
        watch = self._on(SCANS)
        product, version, *_ = watch.call("Util.VersionGet")
        x_range, y_range, _ = watch.call("Piezo.RangeGet")
        speed, _ = watch.call("FolMe.SpeedGet")
        (folder,) = watch.call("Util.SessionPathGet")
        _, pixels, lines = watch.call("Scan.BufferGet")
        said = (
            f"{product} {version}",
            f"scanner range {x_range * 1e6:.4g} x {y_range * 1e6:.4g} um",
            f"speed of a move {speed * 1e6:.4g} um/s",
            f"session folder {folder or 'none'}",
        )
        channels = acquired(watch, self._signals)
        return Description(frame_of(watch, (int(lines), int(pixels))), channels, said)

    def scans(self) -> Iterator[Scan]:
        """Yield partial scans as lines come and whole ones at the end of each scan."""
        return self._scans.scans(self._on(SCANS), self._signals)

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Say the commands with their arguments."""
        said = (
            cloud_commands(messages)
            if self._cloud
            else [command for message in messages for command in self._commands(message)]
        )
        return tuple(f"{name}({', '.join(map(_argument, rest))})" for name, *rest in said)

    def send(self, message: Message) -> Measurement | Scan | None:
        """Carry out a message on the connection of motion; keep it for a cloud."""
        if self._stopped.is_set():
            raise StoppedError("Nanonis was stopped")
        if self._cloud:
            self._on(MOTION)
            self._held_back.append(message)
            return None
        return self._unless_stopped(lambda: self._send(message))

    def finish(self) -> None:
        """Hand the cloud over and wait until it is measured."""
        if self._stopped.is_set():
            raise StoppedError("Nanonis was stopped")
        messages, self._held_back = self._held_back, []
        if messages:
            self._unless_stopped(lambda: self._measure_cloud(messages))

    def stop(self, reason: str, emergency: str, told: Told | None = None) -> StopReport:
        """End pattern, motion, scan and spectrum over every way that there is; latches.

        Feedback, set-point and the height of the tip are not touched.
        """
        held = self._latch.acquire(timeout=_LATCH_S)
        try:
            self._stopped.set()
        finally:
            if held:
                self._latch.release()
        self._held_back = []
        before, lines = self._stopping, self._lines
        self._stopping = Stopping(
            lines.now(STOP),
            [c for n in (STATUS, SCANS, MOTION) if (c := lines.now(n)) is not None],
            [partial(lines.another, port) for port in reversed(lines.ports)],
            on_their_way=self._on_their_way(),
            zero_bias=emergency == "halt_and_zero_bias",
            rest_m=max(REST_M, 3 * self._noise_m),
            rest_s=self._rest_s(),
            told=told,
        )
        if before is not None:
            before.give_way()
        return self._stopping.wait(STOP_S)

    def set_cloud(self, places_m: Any) -> np.ndarray[Any, Any]:
        """Write targets as a cloud and return what reads back (n, 2), equal at float32.

        Not while a scan runs: the document does not say what the controller does with it then.

        Raises
        ------
        InstrumentError
            If a scan runs, or the controller holds other places than were sent.
        """
        self._need_no_scan("a cloud")
        wanted = np.asarray(places_m, np.float32).reshape(-1, 2)
        self._say("Pattern.CloudSet", 1, wanted)
        (found,) = self._say("Pattern.CloudGet")
        if not np.array_equal(found, wanted):
            raise InstrumentError(f"the cloud of {len(wanted)} points does not read back as sent")
        return np.asarray(found)

    def spectra(self, by_hand: Mapping[Path, str] | None = None) -> Tied:
        """Return the spectra of the last cloud by target, from the session folder, and doubts."""
        if self._visited is None or self._files is None:
            return Tied()
        targets, since, before = self._visited
        arrived = list(self._files.new_since(before))
        return tie_spectra(targets, arrived, TOLERANCE_M, since=since, by_hand=by_hand)

    # -- inner ----------------------------------------------------------------------------

    def _on(self, number: int) -> Connection:
        return self._lines.on(number)

    def _say(self, name: str, *arguments: Any, timeout_s: float | None = None) -> list[Any]:
        """Send a command of a plan and wait for its answer.

        The look at the latch and the sending are one step: after a stop nothing is sent, and what
        was sent before is known to it.
        """
        connection = self._on(MOTION)
        with self._latch:
            if self._stopped.is_set():
                raise StoppedError("Nanonis was stopped")
            answer = connection.send(name, *arguments)
        found = connection.finish(answer, timeout_s)
        if self._stopped.is_set():
            raise StoppedError("Nanonis was stopped")
        return found

    def _on_their_way(self) -> list[Answer]:
        """Motions that were sent and not answered: they may still begin."""
        motion = self._lines.now(MOTION)
        waiting = () if motion is None else motion.waiting
        return [answer for answer in waiting if answer.name in _MOTIONS]

    def _rest_s(self) -> float:
        """Time in which a tip that travels would leave its place, however slow it is."""
        if not self._speed_m_per_s:
            return REST_S
        way_m = 2 * max(REST_M, 3 * self._noise_m)
        return min(max(REST_S, way_m / self._speed_m_per_s), _LONGEST_REST_S)

    def _unless_stopped(self, do: Callable[[], _Result]) -> _Result:
        """A call that a stop has ended tells of the stop, not of what it broke."""
        try:
            return do()
        except InstrumentError:
            if self._stopped.is_set():
                raise StoppedError("Nanonis was stopped") from None
            raise

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
            reply = int(self._files is None)
            return [("BiasSpectr.Open",), limits, ("BiasSpectr.Start", reply, BASE_NAME)]
        frame = (v["x_m"], v["y_m"], v["size_m"], v["size_m"], math.degrees(v["angle_rad"]))
        return [
            ("Scan.FrameSet", *frame),
            ("Scan.Action", 0, 0),
            ("Scan.WaitEndOfScan", POLL_MS),
        ]

    def _send(self, message: Message) -> Measurement | Scan | None:
        if message.kind in _NOT_WHILE_SCANNING:
            self._need_no_scan(f"a {message.kind}")
        if message.kind == "zoom":
            return self._zoom(message)
        answers: list[Any] = []
        files = {} if self._files is None else self._files.seen()
        for name, *arguments in self._commands(message):
            limit = {"FolMe.XYPosSet": LONGEST_MOVE_S, "BiasSpectr.Start": LONGEST_SPECTRUM_S}
            answers = self._say(name, *arguments, timeout_s=limit.get(name))
        if message.kind == "speed":
            self._speed_m_per_s = message.values["speed_m_per_s"]
        if message.kind == "spectrum":
            return self._measurement(message, answers, files)
        return None

    def _need_no_scan(self, what: str) -> None:
        """Two motions at once are none that was approved."""
        (running,) = self._say("Scan.StatusGet")
        if running:
            raise InstrumentError(f"a scan is running: {what} must wait until it has ended")

    def _zoom(self, message: Message) -> Scan:
        """Scan a frame and go back to the one before; `scans` does not tell of it."""
        image = None
        before = self._say("Scan.FrameGet")
        self._scans.own_begins()
        try:
            for name, *arguments in self._commands(message):
                if name == "Scan.WaitEndOfScan":
                    self._wait_for_scan()
                else:
                    self._say(name, *arguments)
            image, _ = grab(self._on(MOTION), self._signals, new_uid())
            self._say("Scan.FrameSet", *before)
        finally:
            self._scans.own_ended(image)
        return image

    def _wait_for_scan(self) -> None:
        """Wait in short turns: a scan that is stopped never tells its end."""
        deadline = time.monotonic() + LONGEST_SCAN_S
        while time.monotonic() < deadline:
            late, _ = self._say("Scan.WaitEndOfScan", POLL_MS)
            (running,) = self._say("Scan.StatusGet")
            if not late or not running:
                return
        raise InstrumentError(f"the scan did not end within {LONGEST_SCAN_S:.0f} s")

    def _measurement(
        self, message: Message, answers: list[Any], files: dict[Path, Signature]
    ) -> Measurement:
        at_m = self.status().at_m
        if self._files is None:
            curve = from_reply(answers, message.target_uid, self._signals.source)
            return replace(curve, xy_m=at_m)
        curve = self._files.next_one(files, at_m, self._stopped.is_set)
        return replace(curve, target_uid=message.target_uid, xy_m=curve.xy_m or at_m)

    def _measure_cloud(self, messages: Sequence[Message]) -> None:
        files = {} if self._files is None else self._files.seen()
        self._visited = (cloud_places(messages), datetime.now(), files)
        for name, *arguments in cloud_commands(messages):
            if name == "Pattern.CloudSet":
                self.set_cloud(arguments[1])
            elif name == "Pattern.ExpStatusGet":
                self._wait_for_pattern()
            elif name != "Pattern.CloudGet":  # `set_cloud` has read it back
                self._say(name, *arguments)

    def _wait_for_pattern(self) -> None:
        while self._say("Pattern.ExpStatusGet")[0]:
            if self._stopped.wait(POLL_MS / 1000):
                raise StoppedError("Nanonis was stopped")


def _argument(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "; ".join(f"{x:.9g}, {y:.9g}" for x, y in value.reshape(-1, 2))
    return f"{value:.9g}" if isinstance(value, float) else str(value)
