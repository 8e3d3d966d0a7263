"""Instruments: what may be sent, what was approved, and a stop that interrupts.

A plan of visits becomes messages; every message passes one gate that holds the limits and the stop.
"""

from corescout.instruments.events import Event
from corescout.instruments.gate import Gate, LimitError
from corescout.instruments.journal import (
    Journal,
    JournalState,
    last_state,
    read_entries,
)
from corescout.instruments.limits import Limits, load_limits
from corescout.instruments.messages import Message, messages_of
from corescout.instruments.protocol import (
    Capabilities,
    Check,
    Instrument,
    InstrumentError,
    Status,
    StopReport,
)
from corescout.instruments.session import Session
from corescout.instruments.states import SessionError
from corescout.instruments.visit_file import read_visits, write_visits
from corescout.instruments.visit_plan import DriftCheck, VisitPlan, plan_visits

__all__ = [
    "Capabilities",
    "Check",
    "DriftCheck",
    "Event",
    "Gate",
    "Instrument",
    "InstrumentError",
    "Journal",
    "JournalState",
    "LimitError",
    "Limits",
    "Message",
    "Session",
    "SessionError",
    "Status",
    "StopReport",
    "VisitPlan",
    "last_state",
    "load_limits",
    "messages_of",
    "plan_visits",
    "read_entries",
    "read_visits",
    "write_visits",
]
