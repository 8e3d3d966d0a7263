"""Readers: one file per format behind a table by suffix and content."""

from corescout.readers.registry import SUFFIXES, can_read, read_scan

__all__ = ["SUFFIXES", "can_read", "read_scan"]
