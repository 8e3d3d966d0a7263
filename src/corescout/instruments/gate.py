"""The one door to an instrument: every message is held against the limits and the stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from corescout.data import StoppedError
from corescout.data.errors import CorescoutError
from corescout.instruments.limits import Limits
from corescout.instruments.messages import Message


class LimitError(CorescoutError):
    """A message was refused; nothing was sent."""


class Gate:
    """Sends messages that the limits allow, until it is stopped; then nothing, ever.

    Parameters
    ----------
    limits : Limits
    send : callable
        Puts one message on the wire, one at a time. What it puts there after a `stop` the
        instrument itself refuses: its latch and its sending are one step.

    Attributes
    ----------
    given : list of Message
        That were put on the wire, whether they were carried out or failed there.
    """

    def __init__(self, limits: Limits, send: Callable[[Message], None]) -> None:
        self._limits, self._send = limits, send
        self.given: list[Message] = []
        self._lock = threading.Lock()
        self._stopped: str | None = None
        self._at_m: tuple[float, float] | None = None
        self._bias_v = 0.0
        self.ac_peak_v = 0.0  # of the drive at the tip, as it was read last

    @property
    def stopped(self) -> str | None:
        """Why it was stopped, None while it is open."""
        return self._stopped

    @property
    def bias_v(self) -> float:
        """That was set last."""
        return self._bias_v

    def set_position(self, at_m: tuple[float, float] | None) -> None:
        """Say where the tip is, as the instrument reads it back."""
        with self._lock:
            self._at_m = at_m

    def __call__(self, message: Message) -> None:
        """Send a message, or raise and send nothing.

        Raises
        ------
        LimitError
            If the limits do not allow it.
        StoppedError
            After `stop`.
        """
        with self._lock:
            if self._stopped is not None:
                raise StoppedError(f"stopped: {self._stopped}")
            wrong = self._limits.violations(message, self._at_m, self._bias_v, self.ac_peak_v)
            if wrong:
                raise LimitError("; ".join(wrong))
            self.given.append(message)
            self._send(message)
            if message.kind == "bias":
                self._bias_v = float(message.values["bias_v"])
            if message.kind in ("move", "zoom"):
                self._at_m = (message.values["x_m"], message.values["y_m"])

    def finish(self, hand_over: Callable[[], None]) -> None:
        """Hand a whole plan over, unless it was stopped (StoppedError)."""
        with self._lock:
            if self._stopped is not None:
                raise StoppedError(f"stopped: {self._stopped}")
            hand_over()

    def stop(self, reason: str) -> None:
        """Close for good, at once: also while a message is under way."""
        self._stopped = self._stopped or reason
