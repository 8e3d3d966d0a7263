"""Against the maker's own simulator (a Windows program): NANONIS_SIM=host:port. Reads only."""

import os

import pytest

from corescout.cli.connect import host_and_port, understood
from corescout.instruments.nanonis import NanonisInstrument


def test_the_makers_simulator():
    where = os.environ.get("NANONIS_SIM")
    if not where:
        pytest.skip("not run: set NANONIS_SIM=host:port to check against the maker's simulator")
    made = NanonisInstrument(*host_and_port(where))
    made.connect()
    try:
        text = "\n".join(understood(made, None))
        assert "frame:" in text
        assert made.describe().channels
        at_m = made.status().at_m
        assert made.status().at_m == pytest.approx(at_m, abs=1e-9)
    finally:
        made.close()
