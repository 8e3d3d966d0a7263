"""The run folder: written whole or not at all, readable without Corescout."""

from corescout.runs.folder import check_writable, default_folder, write_run, write_stopped
from corescout.runs.layout import FORMAT_VERSION, is_run
from corescout.runs.reading import read_run
from corescout.runs.record import Record, is_unfinished

__all__ = [
    "FORMAT_VERSION",
    "Record",
    "check_writable",
    "default_folder",
    "is_run",
    "is_unfinished",
    "read_run",
    "write_run",
    "write_stopped",
]
