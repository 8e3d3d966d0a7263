"""What a runner shows: one frozen snapshot, a record of each scan, and signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from psygnal import Signal

from corescout.data import Measurement, Progress, Result, Scan, Target
from corescout.data.counted import counted
from corescout.instruments.protocol import Check
from corescout.instruments.visit_plan import VisitPlan
from corescout.live.reading.drift import Drift
from corescout.live.reading.next_scan import Understood
from corescout.live.reading.tip import TipReading

Stage = Literal[
    "starting",
    "waiting",  # for a scan
    "checking",  # its quality
    "analysing",  # with the representation at hand
    "exploring",  # anew
    "learning",  # from what is new, starting from the last weights
    "suggesting",
    "awaiting approval",  # of the plan that is shown
    "awaiting the end of the scan",  # the instrument is busy
    "measuring",
    "held",  # a person must look and release
    "stopped",
]
OutcomeWord = Literal["analysed", "superseded", "set aside"]
TargetStage = Literal["suggested", "previewed", "approved", "measured", "failed", "withdrawn"]


@dataclass(frozen=True)
class TargetState:
    """A target and how far it is; its place follows the drift until it is previewed."""

    target: Target
    stage: TargetStage
    reason: str = ""


@dataclass(frozen=True)
class ScanRecord:
    """What became of one scan; a line of the journal, in the order of arrival.

    Attributes
    ----------
    number : int
        Counts the arrivals of the day from 1.
    uid : str
    revision : int
    outcome : {"analysed", "superseded", "set aside"}
    reason : str
        In words: why it was not analysed, or what was found.
    kind : str
        Same frame, zoom, new area, in words.
    explored : bool
        Whether it had an exploration of its own.
    representation : int
        Number of the one that its types are of; 0 for none.
    types : mapping of int to int
        Points of each type.
    worth : str
        What the types are by the exploration that they come from: "possible types (drift)".
    evidence : str
        What it says of the types as a further scan of them, and their grade since; "" if nothing.
    wanted : str
        The scan that would settle whether there are several types; "" for none.
    novel_share : float or None
    drift_m : tuple of float or None
        Since the scan that it was registered with.
    drift_since : str
        `uid` of that scan.
    drift_refused : str or None
    warnings : tuple of str
        Doubts about quality and tip.
    tip : tuple of float or None
        Width and amplitude of the reference edges to those of the first scan.
    targets : int
        Suggested on it.
    seconds : float
        From its arrival to its targets.
    folder : str
        Of its run, in the folder of the day.
    name : str
        Of its file, where it came as one.
    arrived_at : datetime or None
    """

    number: int
    uid: str
    revision: int
    outcome: OutcomeWord
    reason: str = ""
    kind: str = ""
    explored: bool = False
    representation: int = 0
    types: Mapping[int, int] = field(default_factory=dict)
    worth: str = ""
    novel_share: float | None = None
    drift_m: tuple[float, float] | None = None
    drift_since: str = ""
    drift_refused: str | None = None
    warnings: tuple[str, ...] = ()
    tip: tuple[float, float] | None = None
    targets: int = 0
    seconds: float = 0.0
    folder: str = ""
    arrived_at: datetime | None = None
    name: str = ""
    evidence: str = ""
    wanted: str = ""

    @property
    def called(self) -> str:
        """Return what a person calls it: the file, or its own name at the instrument."""
        return self.name or self.uid

    @property
    def evidence_lines(self) -> tuple[str, ...]:
        """What it says of the types as a further scan, and which scan would settle the rest."""
        wanted = f"to settle whether these are types: {self.wanted}" if self.wanted else ""
        return tuple(line for line in (self.evidence, wanted) if line)

    def __str__(self) -> str:
        if self.outcome != "analysed":
            return f"{self.number:4d} {self.called}: {self.outcome}: {self.reason}"
        types = ", ".join(f"type {k}: {n}" for k, n in self.types.items())
        types = f"{self.worth}: {types}" if self.worth and types else types
        how = f"new exploration: {self.reason}" if self.explored else self.reason
        parts = [self.kind, *([how] if how else []), types]
        if self.novel_share is not None:
            parts.append(f"{self.novel_share:.0%} new")
        parts += [counted(self.targets, "target"), f"{self.seconds:.1f} s"]
        parts += self.evidence_lines
        parts += [f"! {warning}" for warning in self.warnings]
        return f"{self.number:4d} {self.called}: " + "; ".join(parts)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that there is to show, at one moment.

    Attributes
    ----------
    stage : str
    message : str
        What happens, in words.
    progress : Progress or None
        Of the exploration that is under way.
    source : str
    connected : bool
    waiting : int
        Scans that wait for the analysis.
    partial : Scan or None
        The scan whose rows are arriving.
    current : Scan or None
        The scan that was taken up last, whole; its analysis may be under way.
    understood : Understood or None
        The latest scan that was analysed.
    result : Result or None
        Its types, core points and targets.
    records : tuple of ScanRecord
        Of the session, the oldest first.
    targets : tuple of TargetState
        Of the current suggestion or plan.
    plan, check : VisitPlan, Check or None
        What waits for approval, is armed or runs; to be approved by `plan.digest`.
    session : str
        State of the instrument's session, "" without one.
    measurements : mapping of str to Measurement or Scan
        By target, of the whole session.
    type_of_target : mapping of str to int
        Of those that were measured.
    at_m : tuple of float or None
        Where the tip was last.
    drift : Drift or None
        The latest registration.
    tip : tuple of TipReading
        One for each scan that shows the reference spots.
    warnings : tuple of str
        In force now: drift, tip, quality.
    policy : str
        Who signed what, and what is left of it; "" without a policy.
    refused : str
        Why the policy leaves the plan that is shown to a person.
    not_written : str
        What the disk does not take at present, and why; "" if all is written.
    """

    stage: Stage = "starting"
    message: str = ""
    progress: Progress | None = None
    source: str = ""
    connected: bool = False
    waiting: int = 0
    partial: Scan | None = None
    current: Scan | None = None
    understood: Understood | None = None
    result: Result | None = None
    records: tuple[ScanRecord, ...] = ()
    targets: tuple[TargetState, ...] = ()
    plan: VisitPlan | None = None
    check: Check | None = None
    session: str = ""
    measurements: Mapping[str, Measurement | Scan] = field(default_factory=dict)
    type_of_target: Mapping[str, int] = field(default_factory=dict)
    at_m: tuple[float, float] | None = None
    drift: Drift | None = None
    tip: tuple[TipReading, ...] = ()
    warnings: tuple[str, ...] = ()
    policy: str = ""
    refused: str = ""
    not_written: str = ""


def name_of(scan: Scan) -> str:
    """Return the name of the file that a scan came as; "" where it came from an instrument."""
    if not scan.metadata.get("file_sha256"):
        return ""
    return scan.source.replace("\\", "/").rpartition("/")[2]


class LiveSignals:
    """Emitted on the runner's threads; a window queues them for its own."""

    changed = Signal(Snapshot)  # at every change
    scan_done = Signal(ScanRecord)  # once for every scan
    said = Signal(str)  # a line for the log
