"""What every instrument can be asked. Who cannot stop or read back says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from corescout.data import Measurement, Scan
from corescout.data.errors import CorescoutError
from corescout.instruments.messages import Kind, Message


class InstrumentError(CorescoutError):
    """The instrument does not answer, or says that something is wrong."""


@dataclass(frozen=True)
class Capabilities:
    """What an instrument can do.

    Attributes
    ----------
    name : str
    actions : frozenset of str
        Kinds of message that it understands.
    can_stop : bool
        Whether `stop` reaches it while it moves. If not: stop at the instrument.
    can_read_back : bool
        Whether it says where the tip is.
    """

    name: str
    actions: frozenset[Kind]
    can_stop: bool
    can_read_back: bool


@dataclass(frozen=True)
class Status:
    """What an instrument says of itself."""

    at_m: tuple[float, float] | None
    bias_v: float
    busy: bool
    problem: str | None = None


@dataclass(frozen=True)
class Check:
    """What a plan would do; nothing was sent.

    Attributes
    ----------
    errors, warnings : tuple of str
        With an error the plan cannot be armed.
    messages : tuple of Message
        The very ones that would be sent.
    path_m : float
        Length of the way.
    seconds : float
        Estimated.
    """

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    messages: tuple[Message, ...]
    path_m: float
    seconds: float


@dataclass(frozen=True)
class Event:
    """Something that happened in a run."""

    what: Literal["sent", "arrived", "measured", "held", "done"]
    target_uid: str | None = None
    measurement: Measurement | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class Instrument(Protocol):
    """A controller. All calls block; `stop` and `status` may come from any thread."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def connect(self) -> None:
        """Connect, reading only. Raises InstrumentError if nobody answers."""

    def close(self) -> None:
        """Disconnect; nothing is sent."""

    def status(self) -> Status:
        """Read position, bias and state."""

    def scans(self) -> Iterator[Scan]:
        """Yield scans as they come; partial ones say their `rows_done`."""

    def send(self, message: Message) -> Measurement | Scan | None:
        """Carry out one message that the gate has passed; return what it measured.

        Raises StoppedError when `stop` interrupts it, InstrumentError when the connection is lost.
        """

    def stop(self, reason: str, emergency: str) -> None:
        """Interrupt what is under way, on a way of its own; latches until `connect`."""
