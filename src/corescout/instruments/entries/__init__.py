"""Entries of the journal: a closed set, with the words that a person reads, and their JSON.

A line is the entry's fields beside ``what`` (which entry), ``at`` (when, UTC) and ``format``.
Version 0.1.0 wrote no ``format``; its lines are read as well: what they lack has a default here. A
line that nobody here knows is an `Unknown`, never lost.
"""

from corescout.instruments.entries.entry import FORMAT, Entry
from corescout.instruments.entries.lines import KNOWN, Unknown, entry_of, said
from corescout.instruments.entries.session import (
    Approved,
    DriftSeen,
    HeldWith,
    MessageSent,
    PlanHandedOver,
    Previewed,
    Released,
    ScanCame,
    StateChanged,
    StopSaid,
    TargetMeasured,
    TipArrived,
    TipElsewhere,
    TipNotWithdrawn,
    TipWithdrawn,
    WrittenSeen,
)
from corescout.instruments.entries.tools import ToolAnswered, ToolCalled
from corescout.instruments.entries.watch import (
    Connected,
    ConnectionLost,
    Declined,
    NotPreviewed,
    PartDied,
    PolicyRefused,
    PolicySigned,
    PolicyTakenBack,
    RunHeld,
    ScanOutcome,
    Steered,
    TypesEdited,
    WatchBegan,
    WatchEnded,
    Withdrawn,
)

__all__ = [
    "FORMAT",
    "KNOWN",
    "Approved",
    "Connected",
    "ConnectionLost",
    "Declined",
    "DriftSeen",
    "Entry",
    "HeldWith",
    "MessageSent",
    "NotPreviewed",
    "PartDied",
    "PlanHandedOver",
    "PolicyRefused",
    "PolicySigned",
    "PolicyTakenBack",
    "Previewed",
    "Released",
    "RunHeld",
    "ScanCame",
    "ScanOutcome",
    "StateChanged",
    "Steered",
    "StopSaid",
    "TargetMeasured",
    "TipArrived",
    "TipElsewhere",
    "TipNotWithdrawn",
    "TipWithdrawn",
    "ToolAnswered",
    "ToolCalled",
    "TypesEdited",
    "Unknown",
    "WatchBegan",
    "WatchEnded",
    "Withdrawn",
    "WrittenSeen",
    "entry_of",
    "said",
]
