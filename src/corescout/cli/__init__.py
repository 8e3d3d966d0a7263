"""The command line: one file per command."""

from corescout.cli.app import main

__all__ = ["main"]
