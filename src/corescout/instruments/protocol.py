"""What every instrument can be asked. Who cannot stop or read back says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from corescout.data import Measurement, Scan, ScanFrame
from corescout.data.errors import CorescoutError
from corescout.instruments.messages import Kind, Message

DOUBT = "doubt"  # in a scan's metadata: why what has ended is no whole scan of one place


class InstrumentError(CorescoutError):
    """The instrument does not answer, or says that something is wrong."""


@dataclass(frozen=True)
class Capabilities:
    """What an instrument can do.

    Attributes
    ----------
    name : str
    address : str
        Identity of the one instrument behind it, such as "nanonis 127.0.0.1:6501": only one session
        at a time controls it.
    actions : frozenset of str
        Kinds of message that it understands.
    can_stop : bool
        Whether `stop` reaches it while it moves. If not: stop at the instrument.
    can_read_back : bool
        Whether it says where the tip is.
    whole_plans : bool
        Whether it takes a plan as a whole (a file) when the last message was given, not one by one.
    notes : tuple of str
        What else must be known before something is approved.
    """

    name: str
    address: str
    actions: frozenset[Kind]
    can_stop: bool
    can_read_back: bool
    whole_plans: bool = False
    notes: tuple[str, ...] = ()

    def warnings(self) -> tuple[str, ...]:
        """Say what it cannot do, for everybody who is about to approve something."""
        found = list(self.notes)
        if not self.can_stop:
            found.append(f"{self.name} cannot be stopped from here: stop at the instrument")
        if not self.can_read_back:
            found.append(f"{self.name} does not say where the tip is: arrivals are not checked")
        return tuple(found)


@dataclass(frozen=True)
class Status:
    """What an instrument says of itself; a `problem` (crash, lost scan) holds the session.

    `setpoint` is that of the feedback in the instrument's own unit, None where it does not say.
    """

    at_m: tuple[float, float] | None
    bias_v: float
    busy: bool
    problem: str | None = None
    setpoint: float | None = None


@dataclass(frozen=True)
class Check:
    """What a plan would do; nothing was sent.

    Attributes
    ----------
    errors, warnings : tuple of str
        With an error the plan cannot be armed.
    messages : tuple of Message
        The very ones that would be sent.
    wire : tuple of str
        The same in the instrument's own language.
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
    wire: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """Something that happened in a run."""

    what: Literal["sent", "arrived", "measured", "drift", "handed over", "held", "done"]
    target_uid: str | None = None
    measurement: Measurement | Scan | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Description:
    """What was understood of an instrument by reading only, for a person to confirm.

    Attributes
    ----------
    frame : ScanFrame or None
        Where it scans, or has scanned last.
    channels : mapping of str to str
        Names and units.
    said : tuple of str
        What else it says of itself.
    """

    frame: ScanFrame | None
    channels: Mapping[str, str]
    said: tuple[str, ...] = ()


@runtime_checkable
class Describing(Protocol):
    """An instrument that can be asked what was understood of it."""

    def describe(self) -> Description:
        """Read frame and channels, without waiting for a scan. Connected, any thread."""


class Instrument(Protocol):
    """A controller. All calls block; `stop` and `status` may come from any thread.

    The checks of a plan and its run are the `Session`'s, the same for every instrument; a backend
    translates messages, says what it can do, and stops.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do. From any thread, connected or not; never raises."""

    def connect(self) -> None:
        """Connect, reading only; ends a stop.

        From the thread that will run plans. Raises InstrumentError, with the address and what to
        look at, if nobody answers within the backend's time-out. `status` and `scans` follow.
        """

    def close(self) -> None:
        """Disconnect; nothing is sent, no thread is left. From any thread, any number of times."""

    def status(self) -> Status:
        """Read position, bias and state. From any thread. Raises InstrumentError if it is lost."""

    def scans(self) -> Iterator[Scan]:
        """Yield scans as they come, from a thread of the caller's that may wait.

        Partial scans say their `rows_done` and are to be looked at; a whole one (`rows_done` None)
        is for a decision. Raises InstrumentError when the connection is lost or a scan is stuck.
        """

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Say messages in the instrument's own language; nothing is sent. Any thread.

        Raises InstrumentError if they cannot be said; the plan cannot be armed then.
        """

    def send(self, message: Message) -> Measurement | Scan | None:
        """Carry out one message that the gate has passed; return what it measured.

        From the thread of the run. Raises StoppedError when `stop` interrupts it, InstrumentError
        when the connection is lost or the instrument refuses; the session then holds.
        """

    def finish(self) -> None:
        """All messages of a plan were given: who takes whole plans hands this one over now.

        From the thread of the run. Raises as `send`; after a `stop` nothing is handed over.
        """

    def stop(self, reason: str, emergency: str) -> None:
        """Interrupt what is under way, on a connection of its own; latches until `connect`.

        From any thread, at any time, also before `connect`; returns within a second. Does what
        `emergency` says: "halt" ends motion, "halt_and_zero_bias" takes the DC bias to zero too.
        Without `can_stop` it keeps what is not handed over yet and says so to nobody else.
        """
