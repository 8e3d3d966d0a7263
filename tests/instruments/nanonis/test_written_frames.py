"""Frames that show what was written, over a real socket to the twin's server."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Target
from corescout.instruments import Journal, Session, plan_visits
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

SURFACE = generate_surface((160, 160), seed=3)


@pytest.fixture
def twin():
    return DigitalTwin(SURFACE, speed=2000.0)


@pytest.fixture
def bridge(twin, tmp_path):
    with NanonisServer(twin, session_folder=tmp_path) as server:
        made = NanonisInstrument(ports=server.ports, timeout_s=20.0)
        made.connect()
        yield made
        made.close()


def visits_of(largest_v):
    scan = SURFACE.scan
    walls = np.argwhere(SURFACE.wall_type > 0)
    walls = walls[((walls > 30) & (walls < 130)).all(axis=1)]
    targets = [
        Target(f"t{i}", scan.uid, (float(y), float(x)), tuple(map(float, scan.frame.to_m((y, x)))),
               1, i, "spectrum", {"bias_start_v": -largest_v, "bias_end_v": largest_v})
        for i, (y, x) in enumerate(walls[:: len(walls) // 3][:3])
    ]  # fmt: skip
    return plan_visits(scan, targets, written_size_m=256e-9)


@pytest.mark.parametrize("largest_v", [5.0, 0.5])
def test_the_frames_show_what_was_written_and_nothing_where_nothing_was(
    bridge, twin, tmp_path, largest_v
):
    plan = visits_of(largest_v)
    journal = Journal(tmp_path / "journal.jsonl")
    limits = replace(limits_of(twin), largest_bias_v=6.0)
    session = Session(bridge, limits, journal)
    assert session.preview(plan).errors == ()
    session.approve(plan.digest, by="test")
    events = list(session.run(plan))
    assert events[-1].what == "done"
    assert len([e for e in events if e.what == "measured"]) == 3
    entries = [e for e in read_journal(journal.path) if e["what"] == "written"]
    session.close()
    journal.close()
    assert len(entries) == 3
    told = [(e["radius_m"], true) for e, true in zip(entries, twin.sample.written_m, strict=True)
            if e["refused"] is None]  # fmt: skip
    assert len(told) >= 2
    for radius_m, true in told:
        if largest_v < 1:
            assert radius_m == true == 0
        else:
            assert radius_m == pytest.approx(true, rel=0.5)
