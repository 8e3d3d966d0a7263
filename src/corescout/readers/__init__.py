"""Readers: one file per format behind a table by suffix and content."""

from corescout.readers.registry import SUFFIXES, can_read, read_scan, read_scans
from corescout.readers.spectroscopy import read_measurement
from corescout.readers.spectrum_grid import read_spectrum_grid

__all__ = [
    "SUFFIXES",
    "can_read",
    "read_measurement",
    "read_scan",
    "read_scans",
    "read_spectrum_grid",
]
