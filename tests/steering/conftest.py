"""Loops measured on the surface of the shared result."""

import pytest
from measured_loops import measure_loops

from corescout.instruments.twin import LOOPS
from corescout.instruments.twin_loops import LoopField


@pytest.fixture(scope="session")
def loop_field(surface):
    return LoopField(surface, LOOPS, "junction", outliers=0.0, failures=0.1, seed=1)


@pytest.fixture(scope="session")
def table(typed_result, loop_field, tmp_path_factory):
    """`measurements.csv` of 40 loops, as a day writes it."""
    path = tmp_path_factory.mktemp("day") / "measurements.csv"
    return measure_loops(path, typed_result, loop_field, 40)
