"""What happens in a run, as it happens: a closed set, so that no reader forgets one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from corescout.data import Measurement, Scan
from corescout.instruments.messages import Message
from corescout.instruments.written import WrittenArea


@dataclass(frozen=True)
class Sent:
    """A message was carried out."""

    message: Message
    what: ClassVar[str] = "sent"

    @property
    def target_uid(self) -> str | None:
        """The target that the message serves."""
        return self.message.target_uid


@dataclass(frozen=True)
class Arrived:
    """The tip came to rest; `at_m` and `off_m` are None where it cannot be read back."""

    target_uid: str | None
    at_m: tuple[float, float] | None = None
    off_m: float | None = None
    what: ClassVar[str] = "arrived"


@dataclass(frozen=True)
class Measured:
    """A measurement or a frame came back for a target."""

    target_uid: str | None
    measurement: Measurement | Scan
    what: ClassVar[str] = "measured"


@dataclass(frozen=True)
class Drifted:
    """A look at the drift: (x, y) of the sample since the plan's scan, within what is tolerated."""

    drift_m: tuple[float, float]
    what: ClassVar[str] = "drift"


@dataclass(frozen=True)
class Wrote:
    """The frames around a target were compared: what its spectrum wrote."""

    target_uid: str
    area: WrittenArea
    what: ClassVar[str] = "written"


@dataclass(frozen=True)
class HandedOver:
    """The whole plan is with the instrument; its spectra come later."""

    what: ClassVar[str] = "handed over"


@dataclass(frozen=True)
class Held:
    """The run ended early and the session holds."""

    reason: str
    what: ClassVar[str] = "held"


@dataclass(frozen=True)
class Done:
    """The run came to its end."""

    what: ClassVar[str] = "done"


Event = Sent | Arrived | Measured | Drifted | Wrote | HandedOver | Held | Done
