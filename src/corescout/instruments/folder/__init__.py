"""A folder as an instrument: files that come in, a plan that goes out as a file."""

from corescout.instruments.folder.instrument import FolderInstrument
from corescout.instruments.folder.outbox import Outbox, Receipt, read_plan
from corescout.instruments.folder.tying import Doubt, Tie, Tied, tie_spectra
from corescout.instruments.folder.watching import FolderScans, SetAside

__all__ = [
    "Doubt",
    "FolderInstrument",
    "FolderScans",
    "Outbox",
    "Receipt",
    "SetAside",
    "Tie",
    "Tied",
    "read_plan",
    "tie_spectra",
]
