"""Entries of a session: its states, plans and messages, what came back, stops and releases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from corescout.instruments.entries.entry import Entry, Place
from corescout.instruments.messages import Message, in_words


@dataclass(frozen=True, kw_only=True)
class StateChanged(Entry):
    """The session went from one state to another."""

    before: str = ""
    state: str = "OBSERVE"
    why: str = ""
    what: ClassVar[str] = "state"

    def words(self) -> str:
        return f"{self.before} -> {self.state}" + (f": {self.why[:90]}" if self.why else "")


@dataclass(frozen=True, kw_only=True)
class ScanCame(Entry):
    """A whole scan came from the instrument."""

    uid: str = ""
    revision: int = 0
    sha256: str = ""
    what: ClassVar[str] = "scan"

    def words(self) -> str:
        return f"scan {self.uid}"


@dataclass(frozen=True, kw_only=True)
class Previewed(Entry):
    """A dry run of a plan."""

    digest: str = ""
    errors: list[str] = field(default_factory=list)
    what: ClassVar[str] = "preview"

    def words(self) -> str:
        errors = f": {len(self.errors)} error{'s' * (len(self.errors) > 1)}" if self.errors else ""
        return f"dry run of plan {self.digest[:8]}{errors}"


@dataclass(frozen=True, kw_only=True)
class Approved(Entry):
    """A person or a policy approved a plan; the plan and the limits stand beside it."""

    digest: str = ""
    by: str = ""
    plan: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] | None = None
    readback_noise_m: float | None = None  # of a position at rest, measured at this moment
    what: ClassVar[str] = "approved"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"plan {self.digest[:8]} approved by {self.by}"


@dataclass(frozen=True, kw_only=True)
class MessageSent(Entry):
    """A message, noted before it is sent."""

    kind: Any = ""
    values: Mapping[str, float] = field(default_factory=dict)
    target_uid: str | None = None
    what: ClassVar[str] = "message"

    def words(self) -> str:
        return f"sent: {in_words(Message(self.kind, self.values, self.target_uid))}"


@dataclass(frozen=True, kw_only=True)
class TipArrived(Entry):
    """The tip was read back where it was sent."""

    target_uid: str | None = None
    off_m: float = math.nan
    what: ClassVar[str] = "arrived"

    def words(self) -> str:
        return f"arrived, {self.off_m * 1e9:.1f} nm off"


@dataclass(frozen=True, kw_only=True)
class TipElsewhere(Entry):
    """The tip was read back somewhere else; the session holds."""

    target_uid: str | None = None
    off_m: float | None = None
    wanted_m: Place | None = None
    when: str = ""
    what: ClassVar[str] = "elsewhere"

    def words(self) -> str:
        if self.off_m is None:
            return f"the tip is not where it was sent {self.when}".rstrip()
        off_nm = self.off_m * 1e9
        return f"the tip is {off_nm:.0f} nm from where it was sent {self.when}".rstrip()


@dataclass(frozen=True, kw_only=True)
class TargetMeasured(Entry):
    """A measurement came back; `how` it was tied to the target where it came as a file."""

    target_uid: str | None = None
    source: str = ""
    how: str = ""
    what: ClassVar[str] = "measured"

    def words(self) -> str:
        return f"measured {self.target_uid}" + (f" (tied by {self.how})" if self.how else "")


@dataclass(frozen=True, kw_only=True)
class DriftSeen(Entry):
    """A look at the drift in a run."""

    drift_m: Place | None = None
    refused: str | None = None
    what: ClassVar[str] = "drift"

    def words(self) -> str:
        if self.refused is not None or self.drift_m is None:
            return f"drift could not be measured: {self.refused}"
        return f"drift {math.hypot(*self.drift_m) * 1e9:.1f} nm"


@dataclass(frozen=True, kw_only=True)
class WrittenSeen(Entry):
    """What a spectrum wrote, by the frames before and after it."""

    target_uid: str | None = None
    area_m2: float | None = None
    radius_m: float | None = None
    touched: list[str] = field(default_factory=list)
    refused: str | None = None
    what: ClassVar[str] = "written"
    told: ClassVar[bool] = True

    def words(self) -> str:
        if self.refused is not None or self.area_m2 is None or self.radius_m is None:
            return f"what was written at {self.target_uid} is not known: {self.refused}"
        if self.area_m2 == 0:
            return f"nothing was written at {self.target_uid}"
        beside = f", {', '.join(self.touched)} touched" if self.touched else ""
        return (
            f"{self.area_m2 * 1e18:.0f} nm² were written at {self.target_uid}"
            f" (radius {self.radius_m * 1e9:.1f} nm){beside}"
        )


@dataclass(frozen=True, kw_only=True)
class PlanHandedOver(Entry):
    """A plan went to the instrument as a whole."""

    digest: str = ""
    what: ClassVar[str] = "handed over"

    def words(self) -> str:
        return f"plan {self.digest[:8]} handed over to the instrument"


@dataclass(frozen=True, kw_only=True)
class StopSaid(Entry):
    """What is known of a stop at one moment."""

    state: str = ""
    seconds: float = 0.0
    said: str = ""
    what: ClassVar[str] = "stop"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return self.said or "STOP"


@dataclass(frozen=True, kw_only=True)
class Released(Entry):
    """A person looked and released the session."""

    by: str = ""
    what: ClassVar[str] = "released"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"released by {self.by}"


@dataclass(frozen=True, kw_only=True)
class TipWithdrawn(Entry):
    """The tip was withdrawn from the sample, at a confirmed standstill and 0 V."""

    by: str = ""
    what: ClassVar[str] = "tip withdrawn"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"tip withdrawn by {self.by}"


@dataclass(frozen=True, kw_only=True)
class TipNotWithdrawn(Entry):
    """A hold was to withdraw the tip by itself, and did not."""

    reason: str = ""
    what: ClassVar[str] = "tip not withdrawn"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"TIP NOT WITHDRAWN: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class HeldWith(Entry):
    """How a hold leaves the tip: contact, AC drive, bias."""

    said: str = ""
    what: ClassVar[str] = "held with"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return self.said or "the tip is held"
