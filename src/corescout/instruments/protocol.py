"""What every instrument can be asked. Those that cannot stop or read back declare it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from corescout.data import Measurement, Scan, ScanFrame
from corescout.data.errors import CorescoutError
from corescout.data.sentences import ended
from corescout.instruments.messages import Message, MessageKind

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
    own_stop : bool
        Whether the stop has a way of its own that nothing else uses. If not, it may have to wait
        for what is under way.
    """

    name: str
    address: str
    actions: frozenset[MessageKind]
    can_stop: bool
    can_read_back: bool
    whole_plans: bool = False
    notes: tuple[str, ...] = ()
    own_stop: bool = False

    def warnings(self) -> tuple[str, ...]:
        """Say what it cannot do, for everybody who is about to approve something."""
        found = list(self.notes)
        if not self.can_stop:
            found.append(f"{self.name} cannot be stopped from here: stop at the instrument")
        elif not self.own_stop:
            found.append(
                f"{self.name} has no connection for STOP alone: STOP may wait for a call under way"
            )
        if not self.can_read_back:
            found.append(f"{self.name} does not say where the tip is: arrivals are not checked")
        return tuple(found)


UNCONFIRMED = "NOT CONFIRMED: stop it at the controller"


@dataclass(frozen=True)
class StopReport:
    """What is known of a stop at one moment.

    Attributes
    ----------
    state : {"sent", "confirmed", "not confirmed"}
        "sent" says nothing of the tip yet: another report follows. A stop that is "not confirmed"
        may still be confirmed later, by another report.
    seconds : float
        Since the stop was asked for.
    detail : str
        What was seen, or what is missing.
    reached : bool
        Whether anything of it was answered.
    """

    state: Literal["sent", "confirmed", "not confirmed"]
    seconds: float = 0.0
    detail: str = ""
    reached: bool = True

    @property
    def confirmed(self) -> bool:
        """Whether the tip is known to rest."""
        return self.state == "confirmed"

    def __str__(self) -> str:
        because = f" ({self.detail})" if self.detail else ""
        if self.state == "confirmed":
            return ended(f"Stopped and confirmed after {self.seconds:.2f} s{because}")
        if self.state == "sent":
            return ended(f"STOP was sent; not confirmed yet{because}")
        return ended(f"{UNCONFIRMED}{because}")


Told = Callable[[StopReport], None]


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
class Contact:
    """What holds the tip on the sample, and what drives it; None is what is not told.

    Attributes
    ----------
    feedback_on : bool or None
    z_m, z_low_m, z_high_m : float
        Where Z is, None where it is not told, and its range.
    error : float or None
        The feedback's error signal, in the instrument's own unit.
    setpoint : float or None
        Of the feedback, in the instrument's own unit.
    ac_peak_v : float or None
        Of the drive at the tip; 0 where it is off.
    """

    feedback_on: bool | None = None
    z_m: float | None = None
    z_low_m: float = float("nan")
    z_high_m: float = float("nan")
    error: float | None = None
    setpoint: float | None = None
    ac_peak_v: float | None = None

    def __str__(self) -> str:
        tip = {True: "tip in contact (feedback on)", False: "feedback off", None: "tip maybe in"
               " contact"}[self.feedback_on]  # fmt: skip
        if self.ac_peak_v is None:
            return f"{tip}, AC drive not known"
        return f"{tip}, AC drive {f'on ({self.ac_peak_v:g} V peak)' if self.ac_peak_v else 'off'}"


@runtime_checkable
class TellsContact(Protocol):
    """An instrument that says how the tip is held."""

    def contact(self) -> Contact:
        """Read it. From any thread; raises InstrumentError if there is no answer."""


@dataclass(frozen=True)
class SpectrumSettings:
    """What a spectrum will be as the instrument is set; plans do not change it.

    Attributes
    ----------
    seconds : float or None
        Of one target, all sweeps; None where it is not told.
    n_points : int or None
    said : tuple of str
        What else a person should know before approving.
    """

    seconds: float | None = None
    n_points: int | None = None
    said: tuple[str, ...] = ()


@runtime_checkable
class TellsSpectrum(Protocol):
    """An instrument whose spectra are set at the instrument."""

    def spectrum_settings(self) -> SpectrumSettings:
        """Read them. From any thread; raises InstrumentError if there is no answer."""


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


@runtime_checkable
class Withdraws(Protocol):
    """An instrument that can lift the tip off the sample; a stop never does."""

    def withdraw(self) -> None:
        """Withdraw the tip, stopped or not, and wait for it (InstrumentError)."""


@runtime_checkable
class Identified(Protocol):
    """An instrument that is known by what answers, whatever name it was reached by."""

    def identities(self) -> tuple[str, ...]:
        """Say what it is known by; two that share one are one instrument.

        Connected, from any thread. Raises InstrumentError if there is no answer.
        """


@runtime_checkable
class ChecksStop(Protocol):
    """An instrument whose way of stopping can be looked at before anything moves."""

    def stop_problem(self) -> str | None:
        """Say why a stop would not arrive; None if its connection is open and answers.

        From any thread; may wait for a second.
        """


@runtime_checkable
class TriesStop(Protocol):
    """An instrument that can be sent a stop while nothing moves, to see whether it is taken."""

    def try_stop(self) -> str | None:
        """Say why a stop is not taken; None if it is, or something runs and it was not sent.

        Connected, from any thread. Raises InstrumentError if there is no answer.
        """


@runtime_checkable
class TellsNoise(Protocol):
    """An instrument that measures how far its read-back position scatters at rest."""

    def readback_noise(self) -> float:
        """Standard deviation of one coordinate in metres; from now on stops are confirmed by it.

        Connected, from any thread. Raises InstrumentError if the position cannot be read, or the
        tip moves.
        """


class Instrument(Protocol):
    """A controller. All calls block; `stop` and `status` may come from any thread.

    The checks of a plan and its run are the `Session`'s, the same for every instrument; a backend
    translates messages, says what it can do, and stops.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do. From any thread, connected or not; never raises."""

    def connect(self) -> None:
        """Connect what is not connected, reading only; a stop goes on.

        From any thread; what is open is not touched. Raises InstrumentError, with the address and
        what to look at, if nobody answers within the backend's time-out. `status` and `scans`
        follow.
        """

    def release(self) -> None:
        """End a stop: a person has looked. Connected. Raises InstrumentError; it goes on then."""

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

        Raises InstrumentError if they cannot become messages; the plan cannot be armed then.
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

    def stop(self, reason: str, emergency: str, told: Told | None = None) -> StopReport:
        """Interrupt what is under way, on a connection of its own; latches until `release`.

        From any thread, at any time, also before `connect`. Returns within 0.5 s, always, with what
        is known by then; never raises. What is confirmed later, or is not, is told to `told`, from
        a thread of the instrument's.

        Does what `emergency` says: "halt" ends motion, "halt_and_zero_bias" takes the DC bias to
        zero too. Without `can_stop` it keeps what is not handed over yet, and is not confirmed.
        """
