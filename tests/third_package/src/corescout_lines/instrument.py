"""An instrument: a plotter that notes where it was sent, one line for each message."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from corescout import Scan, StoppedError
from corescout.instruments import (
    Capabilities,
    Instrument,
    InstrumentError,
    Message,
    Status,
    StopReport,
)
from corescout.instruments.messages import in_words
from corescout.instruments.profiles import Profile
from corescout.instruments.protocol import Told


class Plotter:
    """Marks places on paper. It cannot scan; a stop lets nothing more through."""

    def __init__(self, paper: Path) -> None:
        self.paper = paper
        self.at_m, self.connected, self.stopped = (0.0, 0.0), False, False

    @property
    def capabilities(self) -> Capabilities:
        """It moves and marks, stops, and knows where it is."""
        actions = frozenset({"bias", "speed", "move", "mark"})
        return Capabilities("plotter", str(self.paper), actions, can_stop=True, can_read_back=True)

    def connect(self) -> None:
        """Connect; a stop goes on."""
        self.connected = True

    def release(self) -> None:
        """End a stop: a person has looked."""
        self.stopped = False

    def close(self) -> None:
        """Disconnect."""
        self.connected = False

    def status(self) -> Status:
        """Say where it is."""
        if not self.connected:
            raise InstrumentError(f"the plotter at {self.paper} is not connected: connect first")
        return Status(self.at_m, 0.0, busy=False)

    def scans(self) -> Iterator[Scan]:
        """It has none."""
        return iter(())

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Say messages in words; nothing is sent."""
        return tuple(in_words(m) for m in messages)

    def send(self, message: Message) -> None:
        """Carry out one message that passed the limits."""
        if self.stopped:
            raise StoppedError("the plotter was stopped")
        if message.kind == "move":
            self.at_m = (message.values["x_m"], message.values["y_m"])
        with self.paper.open("a", encoding="utf-8") as file:
            file.write(in_words(message) + "\n")

    def finish(self) -> None:
        """Messages were carried out one by one."""

    def stop(self, reason: str, emergency: str, told: Told | None = None) -> StopReport:
        """Let nothing more through. It moves within a message, so it rests between two."""
        self.stopped = True
        return StopReport("confirmed", 0.0, "nothing moves between two messages")


class PlotterProfile(Profile):
    """Its table in instruments.toml: kind = "plotter" and the file that is written to."""

    kind: Literal["plotter"]
    paper: Path

    def instrument(self, base: Path) -> Instrument:
        """Make it, not connected; relative paths start at `base`."""
        return Plotter(base / self.paper)
