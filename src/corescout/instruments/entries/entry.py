"""Entries of the journal: a closed set, with the words that a person reads, and their JSON.

A line is the entry's fields beside ``what`` (which entry), ``at`` (when, UTC) and ``format``.
Version 0.1.0 wrote no ``format``; its lines are read as well: what they lack has a default here. A
line that nobody here knows is an `Unknown`, never lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from corescout.data.printable import one_line
from corescout.instruments.messages import Message, in_words

FORMAT = 2
Place = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that was said, decided or seen.

    Attributes
    ----------
    at : str
        When it was written, ISO 8601 in UTC; "" until then.
    """

    at: str = ""
    what: ClassVar[str] = ""
    told: ClassVar[bool] = False  # on the page of a day

    def words(self) -> str:
        """Say it to a person."""
        return self.what

    def to_json(self) -> dict[str, Any]:
        """Return what stands in its line, without the time."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "at"}
        return {"what": self.what, "format": FORMAT, **values}


# -- of a session --------------------------------------------------------------------------------


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


# -- of a watch ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WatchBegan(Entry):
    """A watch began.

    Attributes
    ----------
    there_before : mapping of str to (int, int), or None
        Files that it passes over, by their place in the folder: size and time of writing. None
        where the source has no such list.
    """

    source: str = ""
    there_before: Mapping[str, Sequence[int]] | None = None
    what: ClassVar[str] = "watch"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"watching {self.source}"


@dataclass(frozen=True, kw_only=True)
class WatchEnded(Entry):
    """A watch came to its end."""

    scans: int = 0
    what: ClassVar[str] = "watch ended"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"watch ended after {self.scans} scan{'' if self.scans == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class Connected(Entry):
    """The source was opened."""

    source: str = ""
    what: ClassVar[str] = "connected"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"connected to {self.source}"


@dataclass(frozen=True, kw_only=True)
class ConnectionLost(Entry):
    """The source broke off; it is opened again after a while."""

    reason: str = ""
    again_in_s: float = 0.0
    what: ClassVar[str] = "connection lost"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"connection lost: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class PartDied(Entry):
    """A part of the watch died; it is begun again, unless that came too often."""

    part: str = ""
    reason: str = ""
    gave_up: bool = False
    what: ClassVar[str] = "died"
    told: ClassVar[bool] = True

    def words(self) -> str:
        then = "the watch gave up" if self.gave_up else "it was started again"
        return f"the part {self.part!r} of the watch died, {then}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class PolicySigned(Entry):
    """A person allowed plans within bounds."""

    signed_by: str = ""
    most_plans: int = 0
    most_targets: int = 0
    actions: list[str] = field(default_factory=list)
    largest_bias_v: float = 0.0
    longest_path_m: float = 0.0
    expires_at: str = ""
    what: ClassVar[str] = "policy signed"
    told: ClassVar[bool] = True

    def words(self) -> str:
        plans = f"{self.most_plans} plan{'s' * (self.most_plans != 1)}"
        targets = f"{self.most_targets} target{'s' * (self.most_targets != 1)}"
        return f"policy signed by {self.signed_by}: {plans}, {targets}"


@dataclass(frozen=True, kw_only=True)
class PolicyTakenBack(Entry):
    """The policy was revoked."""

    what: ClassVar[str] = "policy taken back"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return "policy revoked"


@dataclass(frozen=True, kw_only=True)
class PolicyRefused(Entry):
    """The policy does not cover a plan: a person must approve."""

    digest: str = ""
    refused: str = ""
    what: ClassVar[str] = "policy"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"left to a person: {self.refused}"


@dataclass(frozen=True, kw_only=True)
class Declined(Entry):
    """A person dropped a plan."""

    digest: str = ""
    by: str = ""
    what: ClassVar[str] = "declined"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"plan {self.digest[:8]} declined by {self.by}"


@dataclass(frozen=True, kw_only=True)
class Withdrawn(Entry):
    """A plan does not hold any more."""

    digest: str = ""
    why: str = ""
    what: ClassVar[str] = "withdrawn"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"plan {self.digest[:8]} withdrawn: {self.why}"


@dataclass(frozen=True, kw_only=True)
class NotPreviewed(Entry):
    """A plan could not be checked."""

    reason: str = ""
    what: ClassVar[str] = "not previewed"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"not previewed: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class RunHeld(Entry):
    """A run ended early."""

    reason: str = ""
    what: ClassVar[str] = "run held"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return f"run held: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class TypesEdited(Entry):
    """A person edited the types that the watch goes on with."""

    names: Mapping[str, str] = field(default_factory=dict)
    what: ClassVar[str] = "types edited"

    def words(self) -> str:
        return f"types edited: {', '.join(self.names.values())}"


@dataclass(frozen=True, kw_only=True)
class ScanOutcome(Entry):
    """What became of a scan; `record` is a `ScanRecord` of `corescout.live` as JSON values.

    Attributes
    ----------
    file_sha256 : str
        Of the file that the scan was read from; "" if none was.
    file : str
        Place in the folder of a file that was not taken; "" of a scan.
    file_signature : tuple of int
        Its size and time of writing.
    """

    record: Mapping[str, Any] = field(default_factory=dict)
    file_sha256: str = ""
    file: str = ""
    file_signature: Sequence[int] = ()
    what: ClassVar[str] = "scan outcome"

    def words(self) -> str:
        reason = self.record.get("reason") or ""
        said = f"scan {self.record.get('uid', '?')}: {self.record.get('outcome', '?')}"
        return said + (f": {reason}" if reason else "")

    def to_json(self) -> dict[str, Any]:
        line = super().to_json()
        record = line.pop("record")
        return {**line, **record}


# -- of a server for agents ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ToolCalled(Entry):
    """A program called a tool; `caller` is the name that it gave of itself."""

    caller: str = ""
    tool: str = ""
    arguments: str = ""
    number: int = 0
    what: ClassVar[str] = "tool called"

    def words(self) -> str:
        return f"{self.caller} called {self.tool} {self.arguments}"


@dataclass(frozen=True, kw_only=True)
class ToolAnswered(Entry):
    """What came of the call of that number."""

    caller: str = ""
    tool: str = ""
    number: int = 0
    outcome: str = ""
    seconds: float = 0.0
    what: ClassVar[str] = "tool answered"

    def words(self) -> str:
        return f"{self.tool} of {self.caller}: {self.outcome}"


@dataclass(frozen=True, kw_only=True)
class Unknown(Entry):
    """A line of another version, or of another program."""

    kind: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def words(self) -> str:
        return f"{self.kind} " + ", ".join(f"{k} {v}" for k, v in self.values.items())

    def to_json(self) -> dict[str, Any]:
        return {"what": self.kind, **self.values}


KNOWN: dict[str, type[Entry]] = {
    kind.what: kind
    for kind in (
        StateChanged, ScanCame, Previewed, Approved, MessageSent, TipArrived, TipElsewhere,
        TargetMeasured, DriftSeen, PlanHandedOver, StopSaid, HeldWith, TipWithdrawn,
        TipNotWithdrawn, Released, WatchBegan, WatchEnded,
        Connected, ConnectionLost, PartDied, PolicySigned, PolicyTakenBack, PolicyRefused, Declined,
        Withdrawn, NotPreviewed, RunHeld, TypesEdited, ScanOutcome, ToolCalled, ToolAnswered,
    )
}  # fmt: skip
_AROUND, _TUPLES = ("what", "at", "format"), ("at_m", "wanted_m", "drift_m", "file_signature")


def said(entry: Entry) -> str:
    """Say an entry on one line, as far as it goes: a line of the journal may hold anything."""
    try:
        return one_line(entry.words())
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):
        return f"{one_line(entry.what)} (the entry in the journal is not complete)"


def entry_of(line: Mapping[str, Any]) -> Entry:
    """Return the entry of a line of the journal, of this version or of 0.1.0."""
    kind, at = KNOWN.get(str(line.get("what"))), str(line.get("at", ""))
    values = {name: value for name, value in line.items() if name not in _AROUND}
    if kind is None:
        return Unknown(at=at, kind=str(line.get("what", "")), values=values)
    if kind is ScanOutcome:
        sha, file = (str(values.pop(name, None) or "") for name in ("file_sha256", "file"))
        signature = _value("file_signature", values.pop("file_signature", ())) or ()
        return ScanOutcome(
            at=at, record=values, file_sha256=sha, file=file, file_signature=signature
        )
    known = {f.name for f in fields(kind)}
    taken = {name: _value(name, value) for name, value in values.items() if name in known}
    return kind(at=at, **taken)


def _value(name: str, value: Any) -> Any:
    """Places are pairs; JSON has lists."""
    return tuple(value) if name in _TUPLES and isinstance(value, list) else value
