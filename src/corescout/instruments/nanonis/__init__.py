"""Nanonis over TCP: codec, client, a server in front of the twin, and the bridge."""

from corescout.instruments.nanonis.bridge import NanonisInstrument
from corescout.instruments.nanonis.server import NanonisServer

__all__ = ["NanonisInstrument", "NanonisServer"]
