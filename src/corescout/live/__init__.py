"""Live: from a new scan to a measurement.

`Runner` is the loop; `Analyst` what it understands scans with; `Day` where it writes.
"""

from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner
from corescout.live.policy import Policy
from corescout.live.reading.analyst import Analyst
from corescout.live.reading.next_scan import KnownRepresentation, Understood, trained, understand
from corescout.live.settings import LiveSettings
from corescout.live.states import ScanRecord, Snapshot, TargetState

__all__ = [
    "Analyst",
    "Day",
    "KnownRepresentation",
    "LiveSettings",
    "Policy",
    "Runner",
    "ScanRecord",
    "Snapshot",
    "TargetState",
    "Understood",
    "trained",
    "understand",
]
