"""Readers: one file per format behind a table by suffix and content."""

from corescout.readers.registry import SUFFIXES, read_scan

__all__ = ["SUFFIXES", "read_scan"]
