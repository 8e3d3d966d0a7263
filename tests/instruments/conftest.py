"""A twin, limits that fit it, and plans of targets on its walls."""

import gc
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corescout.data import Target
from corescout.instruments import Journal, Limits, Session, plan_visits
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface


@pytest.fixture(scope="session")
def wall_surface():
    return generate_surface((160, 160), seed=3)


@pytest.fixture
def twin(wall_surface):
    made = DigitalTwin(wall_surface, speed=200.0)
    made.connect()
    yield made
    made.close()


@pytest.fixture
def limits(wall_surface):
    half = 0.5 * max(wall_surface.scan.frame.size_m)
    return Limits(
        x_m=(-half, half), y_m=(-half, half), largest_step_m=4 * half,
        largest_speed_m_per_s=2e-6, largest_bias_v=8.0, longest_spectrum_s=2.0, most_targets=20,
        readback_tolerance_m=20e-9, rotation_verified=True, emergency="halt_and_zero_bias",
    )  # fmt: skip


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "journal.jsonl")
    yield made
    made.close()


@pytest.fixture
def session(twin, limits, journal):
    return Session(twin, limits, journal)


@pytest.fixture
def plan(wall_surface):
    """Three spectra on walls of the surface."""
    scan = wall_surface.scan
    walls = np.argwhere(wall_surface.wall_type > 0)[::400][:3]
    targets = [
        Target(f"t{i}", scan.uid, (float(y), float(x)), tuple(map(float, scan.frame.to_m((y, x)))),
               int(wall_surface.wall_type[y, x]), i + 1, "spectrum")
        for i, (y, x) in enumerate(walls)
    ]  # fmt: skip
    return plan_visits(scan, targets)


@pytest.fixture
def shifted(plan):
    """The same plan, one target moved by a picometre."""
    x, y = plan.targets[0].xy_m
    moved = replace(plan.targets[0], xy_m=(x + 1e-12, y))
    return replace(plan, targets=(moved, *plan.targets[1:]))


@pytest.fixture(scope="module")
def dtm_address():
    """A Pyro5 daemon with DTMicroscope's interface in a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "dtm_server.py")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(autouse=True)
def only_its_own_garbage():
    """A stop is timed here: collections pass over what other tests have left in the process."""
    gc.freeze()
    yield
    gc.unfreeze()
