"""Entries of a watch: its source, its policy, what became of plans and of scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from corescout.data.counted import counted
from corescout.instruments.entries.entry import Entry


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
        return f"watch ended after {counted(self.scans, 'scan')}"


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
class Steered(Entry):
    """Targets were chosen by what the loops showed, or the goals are met."""

    lines: tuple[str, ...] = ()
    met: bool = False
    what: ClassVar[str] = "steered"
    told: ClassVar[bool] = True

    def words(self) -> str:
        return "; ".join(self.lines) or "targets by what was measured"


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
