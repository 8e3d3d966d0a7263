"""Nanonis behind the instrument protocol: motion, status, scans and stop each on a connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from corescout.data import Measurement, Scan, StoppedError
from corescout.instruments.folder.arrivals import Signature
from corescout.instruments.folder.tying import Expected, Tied, tie_spectra
from corescout.instruments.messages import Message, MessageKind
from corescout.instruments.nanonis.client import TIMEOUT_S, Answer, Connection, RefusedError
from corescout.instruments.nanonis.cloud import cloud_places
from corescout.instruments.nanonis.images import Signals, grab, new_uid
from corescout.instruments.nanonis.lines import MOTION, SCANS, STATUS, STOP, Lines
from corescout.instruments.nanonis.orders import Orders, in_text
from corescout.instruments.nanonis.readback import (
    Wiring,
    check_curve,
    measure_noise,
    read_contact,
    read_spectrum,
)
from corescout.instruments.nanonis.scan_watch import POLL_MS, ScanWatch
from corescout.instruments.nanonis.spectra import DatFolder, from_reply
from corescout.instruments.nanonis.stopping import REST_M, REST_S, Stopping
from corescout.instruments.nanonis.telling import read_description, read_identities
from corescout.instruments.protocol import (
    Capabilities,
    Contact,
    Description,
    InstrumentError,
    SpectrumSettings,
    Status,
    StopReport,
    Told,
)

STOP_S = 0.4  # that `stop` waits for a confirmation
_LATCH_S = 0.05  # a stop waits so long for a command that is being written
_LAST_WORDS_S = 1.0  # that `close` leaves to a stop under way
_LONGEST_REST_S = 2.0
_WITHDRAW_MS = 30_000
TOLERANCE_M = 50e-9  # between a target and the place that a file names
BiasAt = Literal["tip", "sample"]
_Result = TypeVar("_Result")
_NOTES = ("number of points and time of a spectrum are those set at the controller",)
_MOTIONS = ("FolMe.XYPosSet", "Scan.Action", "BiasSpectr.Start", "Pattern.ExpStart")
_ONE_BY_ONE: frozenset[MessageKind] = frozenset(
    {"bias", "speed", "move", "mark", "spectrum", "zoom"}
)


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
        Standard deviation of a position that is read while the tip rests; what is measured at
        arming counts where it is larger.
    bias_gain : float
        Of an amplifier between controller and tip.
    bias_at : {"tip", "sample"}
        What the controller's bias is applied to; plans, limits and curves have the tip's.
    error_signal : int, optional
        Index (0 to 127) of the feedback's error signal.
    ac_modulator : int
        Number of the lock-in's modulator that drives the tip; 0 where it is another device.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 6501, timeout_s: float = TIMEOUT_S,
        ports: Sequence[int] | None = None, *, cloud: bool = False,
        data_folder: str | Path | None = None, stop_port: int | None = None,
        readback_noise_m: float = 0.0, bias_gain: float = 1.0, bias_at: BiasAt = "tip",
        error_signal: int | None = None, ac_modulator: int = 1,
    ) -> None:  # fmt: skip
        self._host, self._cloud = host, cloud
        self._stated_noise_m = self._noise_m = readback_noise_m
        named = tuple(ports or range(port, port + 4))
        stop = (stop_port,) if stop_port is not None else named[3:4]
        self._lines = Lines(host, (*named[:3], *stop), timeout_s)
        self._files = None if data_folder is None else DatFolder(Path(data_folder))
        self._stopped = threading.Event()
        self._latch = threading.Lock()  # held while a command is written: no stop comes between
        self._stopping: Stopping | None = None
        self._began_last: str | None = None  # the command of the last motion
        self._wiring = Wiring(bias_gain, bias_at)
        self._error_signal, self._modulator = error_signal, ac_modulator
        self._orders = Orders(
            self._say, self._wiring, with_reply=self._files is None, rest_m=self._way_at_rest_m
        )
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
            whole_plans=self._cloud, notes=(*_NOTES, str(self._wiring)),
            own_stop=len(self._lines.ports) > STOP,
        )  # fmt: skip

    def connect(self) -> None:
        """Open the connections that are not open and read the names of the signals."""
        if self._files is not None:
            self._files.check()
        if self._lines.connect() or not self._signals.labels:
            names: Sequence[str] = ()
            with suppress(RefusedError):  # channels have the names of their own answers
                (names,) = self._on(SCANS).call("Signals.NamesGet")
            self._signals = Signals(names, self.capabilities.address)

    def release(self) -> None:
        """End a stop: what was never answered is forgotten with its connection.

        An open connection is no answer: without one the stop goes on (InstrumentError).
        """
        self._lines.need_an_answer()
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

    def identities(self) -> tuple[str, ...]:
        """Each of its ports at its address, and the session that it says it runs there."""
        return read_identities(self._on(STATUS).call, self._lines.peers())

    def stop_problem(self) -> str | None:
        """Say why a stop would not arrive on its own connection; None if that answers."""
        return self._lines.stop_problem(self._stopped.is_set)

    def readback_noise(self) -> float:
        """Measure how far a position scatters that is read at rest; a stop is confirmed by it.

        While a scan runs the tip does not rest: then what the profile states holds.
        """
        call = self._on(STATUS).call
        if not call("Scan.StatusGet")[0]:
            measured_m = measure_noise(lambda: call("FolMe.XYPosGet", 1))
            self._noise_m = max(self._stated_noise_m, measured_m)
        return self._noise_m

    def try_stop(self) -> str | None:
        """Send the stop of a move while nothing moves; say why it is not taken, None if it is."""
        scans = self._on(STATUS).call("Scan.StatusGet")[0]
        return None if scans else self._lines.try_stop(self._stopped.is_set)

    def status(self) -> Status:
        """Position and bias, over a connection that only reads."""
        line = self._on(STATUS)
        x, y = line.call("FolMe.XYPosGet", 1)
        (bias_v,) = line.call("Bias.Get")
        (running,) = line.call("Scan.StatusGet")
        return Status((float(x), float(y)), self._wiring.tip_v(bias_v), busy=bool(running))

    def contact(self) -> Contact:
        """Read feedback, Z, error signal, set-point and AC drive."""
        call = self._on(STATUS).call
        return read_contact(call, self._wiring, self._error_signal, self._modulator)

    def spectrum_settings(self) -> SpectrumSettings:
        """Read how spectra are set at the controller."""
        return read_spectrum(self._on(STATUS).call)

    def describe(self) -> Description:
        """Frame, channels of the buffer, software, range and speed; nothing is changed."""
        return read_description(self._on(SCANS), self._signals)

    def scans(self) -> Iterator[Scan]:
        """Yield partial scans as lines come and whole ones at the end of each scan."""
        return self._scans.scans(self._on(SCANS), self._signals)

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Say the commands with their arguments."""
        said = (
            self._orders.cloud(messages)
            if self._cloud
            else [command for message in messages for command in self._orders.commands(message)]
        )
        return tuple(map(in_text, said))

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
            began_last=self._began_last,
            zero_bias=emergency == "halt_and_zero_bias",
            rest_m=max(REST_M, 3 * self._noise_m),
            rest_s=self._rest_s(),
            told=told,
        )
        if before is not None:
            before.give_way()
        return self._stopping.wait(STOP_S)

    def withdraw(self) -> None:
        """Lift the tip off the sample and wait until it is."""
        self._on(STATUS).call("ZCtrl.Withdraw", 1, _WITHDRAW_MS, timeout_s=_WITHDRAW_MS / 1000 + 5)

    def set_cloud(self, places_m: Any) -> np.ndarray[Any, Any]:
        """Write targets as a cloud and return what reads back (n, 2), equal at float32.

        Not while a scan runs: the document does not say what the controller does with it then.

        Raises
        ------
        InstrumentError
            If a scan runs, or the controller holds other places than were sent.
        """
        self._orders.need_no_scan("a cloud")
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
            if name in _MOTIONS:
                self._began_last = name
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
        if not self._orders.speed_m_per_s:
            return REST_S
        way_m = self._way_at_rest_m()
        return min(max(REST_S, way_m / self._orders.speed_m_per_s), _LONGEST_REST_S)

    def _way_at_rest_m(self) -> float:
        """How far two readings of a tip that rests may be apart."""
        return 2 * max(REST_M, 3 * self._noise_m)

    def _unless_stopped(self, do: Callable[[], _Result]) -> _Result:
        """A call that a stop has ended tells of the stop, not of what it broke."""
        try:
            return do()
        except InstrumentError:
            if self._stopped.is_set():
                raise StoppedError("Nanonis was stopped") from None
            raise

    def _send(self, message: Message) -> Measurement | Scan | None:
        if message.kind == "zoom":
            return self._zoom(message)
        files = {} if self._files is None else self._files.seen()
        answers = self._orders.carry_out(message)
        if message.kind == "spectrum":
            return self._measurement(message, answers, files)
        return None

    def _zoom(self, message: Message) -> Scan:
        """Scan a frame and go back to the one before; `scans` does not tell of it."""
        image: Scan | None = None

        def take() -> Scan:
            nonlocal image
            image, _ = grab(self._on(MOTION), self._signals, new_uid())
            return image

        self._scans.own_begins()
        try:
            return self._orders.frame(message, take)
        finally:
            self._scans.own_ended(image)

    def _measurement(
        self, message: Message, answers: list[Any], files: dict[Path, Signature]
    ) -> Measurement:
        at_m = self.status().at_m
        if self._files is None:
            curve = replace(from_reply(answers, None, self._signals.source), xy_m=at_m)
        else:
            curve = self._files.next_one(files, at_m, self._stopped.is_set)
        curve = self._wiring.measured(curve)
        check_curve(curve, message.values["bias_start_v"], message.values["bias_end_v"])
        return replace(curve, target_uid=message.target_uid, xy_m=curve.xy_m or at_m)

    def _measure_cloud(self, messages: Sequence[Message]) -> None:
        files = {} if self._files is None else self._files.seen()
        self._visited = (cloud_places(messages), datetime.now(), files)
        for command in self._orders.cloud(messages):
            name, *arguments = command
            if name == "Pattern.CloudSet":
                self.set_cloud(arguments[1])
            elif name == "Pattern.ExpStatusGet":
                self._wait_for_pattern()
            elif name != "Pattern.CloudGet":  # `set_cloud` has read it back
                if name == "Pattern.ExpStart":
                    self._orders.look_at_bias()
                self._orders.say_and_check(*command)

    def _wait_for_pattern(self) -> None:
        while self._say("Pattern.ExpStatusGet")[0]:
            if self._stopped.wait(POLL_MS / 1000):
                raise StoppedError("Nanonis was stopped")
