"""Readers: one file per format behind a table by suffix and content."""

from corescout.readers.registry import SUFFIXES, can_read, read_scan
from corescout.readers.spectroscopy import read_measurement

__all__ = ["SUFFIXES", "can_read", "read_measurement", "read_scan"]
