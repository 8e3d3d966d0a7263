"""Messages as commands of a Nanonis controller, each carried out and read back, in one order.

Before anything moves or sweeps: no scan runs, the bias and the speed are those that were set. After
it was set, a sweep and a frame are read back before they start.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np

from corescout.data import Scan
from corescout.instruments.messages import Message
from corescout.instruments.nanonis import readback
from corescout.instruments.nanonis.cloud import cloud_commands
from corescout.instruments.nanonis.readback import Say, Wiring
from corescout.instruments.nanonis.scan_watch import POLL_MS
from corescout.instruments.nanonis.spectra import BASE_NAME, ELSEWHERE_M
from corescout.instruments.protocol import InstrumentError

LONGEST_MOVE_S, LONGEST_SPECTRUM_S, LONGEST_SCAN_S = 120.0, 300.0, 7200.0
_RED = 0xFF0000
_START, _STOP = 0, 1  # of Scan.Action
_LOOKS_S = (0.03, 0.07, 0.17)  # between readings of a place
_LIMIT_S = {"FolMe.XYPosSet": LONGEST_MOVE_S, "BiasSpectr.Start": LONGEST_SPECTRUM_S}
Commands = list[tuple[Any, ...]]


class Orders:
    """Carries out messages over one connection.

    Parameters
    ----------
    say : callable
        Sends a command unless a stop has come, and returns its results.
    wiring : Wiring
    with_reply : bool
        Whether spectra come with the reply.
    rest_m : callable
        How far the readings of a tip that rests may be apart.
    """

    def __init__(
        self, say: Say, wiring: Wiring, *, with_reply: bool, rest_m: Callable[[], float]
    ) -> None:
        self._say, self._wiring, self._with_reply = say, wiring, with_reply
        self._rest_m = rest_m
        self.speed_m_per_s: float | None = None  # that was set last
        self._bias_v: float | None = None  # of the controller, that was set last

    def commands(self, message: Message) -> Commands:
        """Return the commands that a message changes something with, in order."""
        v, controller_v = message.values, self._wiring.controller_v
        if message.kind == "bias":
            return [("Bias.Set", controller_v(v["bias_v"]))]
        if message.kind == "speed":
            return [("FolMe.SpeedSet", v["speed_m_per_s"], 1)]
        if message.kind == "move":
            return [("FolMe.XYPosSet", v["x_m"], v["y_m"], 1)]
        if message.kind == "mark":
            text = [message.target_uid or ""]
            return [("Marks.PointsDraw", ([(v["x_m"], v["y_m"])], text, [_RED]))]
        if message.kind == "spectrum":
            sweep = [controller_v(v[name]) for name in ("bias_start_v", "bias_end_v")]
            start = ("BiasSpectr.Start", int(self._with_reply), BASE_NAME)
            return [("BiasSpectr.Open",), ("BiasSpectr.LimitsSet", *sweep), start]
        frame = (v["x_m"], v["y_m"], v["size_m"], v["size_m"], math.degrees(v["angle_rad"]))
        said: Commands = [("Scan.FrameSet", *frame)]
        if "speed_m_per_s" in v:  # sent only where the controller scans faster
            line_s = v["size_m"] / v["speed_m_per_s"]
            speeds = (v["speed_m_per_s"], v["speed_m_per_s"], line_s, line_s)
            said.append(("Scan.SpeedSet", *speeds, readback.KEEP_SPEED, 1.0))
        return [*said, ("Scan.Action", _START, 0), ("Scan.WaitEndOfScan", POLL_MS)]

    def cloud(self, messages: Sequence[Message]) -> Commands:
        """Return the commands of a whole plan that the controller visits by itself."""
        return [self._converted(command) for command in cloud_commands(messages)]

    def carry_out(self, message: Message) -> list[Any]:
        """Say a message that is no frame; return what the last command of it answered.

        Raises
        ------
        InstrumentError
            If a scan runs, or what reads back is not what was set.
        """
        if message.kind in ("move", "spectrum"):
            self._look_before(f"a {message.kind}")
        at_m = self._place() if message.kind == "spectrum" else None
        answers: list[Any] = []
        for command in self.commands(message):
            if at_m is not None and command[0] == "BiasSpectr.Start":
                self._need_place(at_m)
            answers = self.say_and_check(*command)
        return answers

    def say_and_check(self, name: str, *arguments: Any) -> list[Any]:
        """Send one command, and read back what it set (InstrumentError)."""
        answers = self._say(name, *arguments, timeout_s=_LIMIT_S.get(name))
        if name == "Bias.Set":
            self._bias_v = float(arguments[0])
            readback.check_bias(self._say, self._bias_v)
        elif name == "FolMe.SpeedSet":
            self.speed_m_per_s = float(arguments[0])
            readback.check_speed(self._say, self.speed_m_per_s)
        elif name == "BiasSpectr.LimitsSet":
            readback.check_sweep(self._say, *arguments)
        elif name == "Scan.FrameSet":
            readback.check_frame(self._say("Scan.FrameGet"), arguments)
        return answers

    def frame(self, message: Message, take: Callable[[], Scan]) -> Scan:
        """Scan a frame, take its image, and give frame and speed back as they were.

        Raises
        ------
        InstrumentError
            As `carry_out`; also if the frame is another one from its start until the image is
            taken: the scan is stopped then.
        """
        self._look_before("a frame")
        wanted, *_ = self.commands(message)
        with ExitStack() as restored:  # after a stop none of it is sent
            restored.callback(self._say, "Scan.FrameSet", *self._say("Scan.FrameGet"))
            self.say_and_check(*wanted)
            if "speed_m_per_s" in message.values:
                before = readback.hold_scan_speed(
                    self._say, message.values["speed_m_per_s"], message.values["size_m"]
                )
                restored.callback(readback.restore_scan_speed, self._say, before)
            self.look_at_bias()
            self._say("Scan.Action", _START, 0)
            try:
                self._wait_for_scan(wanted[1:])
            except InstrumentError:
                with suppress(InstrumentError):  # before its frame is given back
                    self._say("Scan.Action", _STOP, 0)
                raise
            image = take()
            readback.check_frame(self._say("Scan.FrameGet"), wanted[1:])
        return image

    def look_at_bias(self) -> None:
        """Hold the bias against the one that was set last; before that against nothing."""
        if self._bias_v is not None:
            readback.check_bias(self._say, self._bias_v)

    def need_no_scan(self, what: str) -> None:
        """Two motions at once are none that was approved (InstrumentError)."""
        (running,) = self._say("Scan.StatusGet")
        if running:
            raise InstrumentError(f"a scan is running: {what} must wait until it has ended")

    # -- inner ----------------------------------------------------------------------------

    def _look_before(self, what: str) -> None:
        self.need_no_scan(what)
        self.look_at_bias()
        if self.speed_m_per_s is not None:
            readback.check_speed(self._say, self.speed_m_per_s)

    def _place(self) -> tuple[float, float]:
        x, y = self._say("FolMe.XYPosGet", 1)
        return float(x), float(y)

    def _need_place(self, wanted_m: tuple[float, float]) -> None:
        """A hand at the controller may have moved the tip while the spectrum was set."""
        off_m = math.dist(self._place(), wanted_m)
        if not off_m <= ELSEWHERE_M:  # nor where it is not known
            raise InstrumentError(
                f"the tip was moved by {off_m * 1e9:.0f} nm before its spectrum began"
            )

    def _wait_for_scan(self, frame: Sequence[float]) -> None:
        """Wait in short turns: a scan that is stopped never tells its end, or its new frame."""
        deadline = time.monotonic() + LONGEST_SCAN_S
        while time.monotonic() < deadline:
            readback.check_frame(self._say("Scan.FrameGet"), frame)
            late, _ = self._say("Scan.WaitEndOfScan", POLL_MS)
            (running,) = self._say("Scan.StatusGet")
            if not late or (not running and self._rests()):
                return  # a tip that moves scans, whatever the status says
        raise InstrumentError(f"the scan did not end within {LONGEST_SCAN_S:.0f} s")

    def _rests(self) -> bool:
        """Say whether the tip keeps its place over some readings, at uneven times: lines repeat."""
        first = self._place()
        for pause_s in _LOOKS_S:
            time.sleep(pause_s)
            if not math.dist(first, self._place()) <= self._rest_m():
                return False
        return True

    def _converted(self, command: tuple[Any, ...]) -> tuple[Any, ...]:
        name, *arguments = command
        if name in ("Bias.Set", "BiasSpectr.LimitsSet"):
            return name, *(self._wiring.controller_v(float(v)) for v in arguments)
        return command


def in_text(command: tuple[Any, ...]) -> str:
    """Say a command with its arguments."""
    name, *arguments = command
    return f"{name}({', '.join(map(_argument, arguments))})"


def _argument(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "; ".join(f"{x:.9g}, {y:.9g}" for x, y in value.reshape(-1, 2))
    return f"{value:.9g}" if isinstance(value, float) else str(value)
