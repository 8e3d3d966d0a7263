"""What Igor would be told, and what it is not told."""

import math
import shutil
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Target
from corescout.instruments import InstrumentError, Message, Session, plan_visits
from corescout.instruments.asylum import AsylumInstrument
from corescout.readers import read_scan
from reading_arcmd import arcmd_places_m


@pytest.fixture
def igor(tmp_path, scan_file):
    """The data folder and the command file of an instrument that showed one scan."""
    shutil.copy(scan_file("scan_0001.ibw"), tmp_path / "scan_0001.ibw")
    made = AsylumInstrument(tmp_path, tmp_path / "ToIgor.arcmd")
    made.connect()
    yield made
    made.close()


@pytest.fixture
def scan(scan_file):
    return read_scan(scan_file("scan_0001.ibw"))


@pytest.fixture
def wide(limits):
    return replace(limits, x_m=(-50e-6, 50e-6), y_m=(-50e-6, 50e-6), largest_step_m=200e-6)


def plan_at(scan, *places, action="mark"):
    targets = [
        Target(f"t{i}", scan.uid, p, tuple(map(float, scan.frame.to_m(p))), 1, i, action)
        for i, p in enumerate(places)
    ]
    return plan_visits(scan, targets)


def hand_over(igor, wide, journal, plan):
    session = Session(igor, wide, journal)
    check = session.preview(plan)
    assert check.errors == ()
    session.approve(plan.digest, by="test")
    events = list(session.run(plan))
    session.close()
    return check, events


def test_the_file_is_the_preview_and_parses_back(igor, scan, wide, journal, tmp_path):
    plan = plan_at(scan, (10.0, 20.0), (200.0, 30.5))
    check, events = hand_over(igor, wide, journal, plan)
    text = (tmp_path / "ToIgor.arcmd").read_text()
    assert tuple(text.splitlines()) == check.wire
    assert np.allclose(
        arcmd_places_m(text, scan.frame), [t.xy_m for t in plan.targets], rtol=0, atol=1e-14
    )
    assert np.allclose(
        arcmd_places_m(text)[0],
        (20 * scan.frame.pitch_m[0], (255 - 10) * scan.frame.pitch_m[1]), atol=1e-14,
    )  # fmt: skip
    assert "GoToSpot" not in text
    assert "handed over" in [e.what for e in events]


def test_points_are_visited_in_order(igor, scan, wide, journal, tmp_path):
    plan = plan_at(scan, (10.0, 20.0), (200.0, 30.0), action="spectrum")
    hand_over(igor, wide, journal, plan)
    lines = (tmp_path / "ToIgor.arcmd").read_text().splitlines()
    assert lines[0] == 'DrawSpot("Clear")'
    assert [line for line in lines if "PV" in line] == [
        'PV("ForceSpotNumber",1)', 'PV("ForceSpotNumber",2)'
    ]  # fmt: skip


def test_it_declares_what_it_cannot_do(igor, scan, wide, journal):
    check = Session(igor, wide, journal).preview(plan_at(scan, (10.0, 20.0)))
    said = " ".join(check.warnings)
    for words in ("cannot be stopped", "arrivals are not checked", "set in Igor", "withdraw"):
        assert words in said
    zoom = plan_visits(scan, [replace(plan_at(scan, (100.0, 100.0)).targets[0], action="zoom",
                                      settings={"size_m": 1e-6})])  # fmt: skip
    assert any("zoom" in e for e in Session(igor, wide, journal).preview(zoom).errors)


def test_a_rotated_image_is_refused_until_a_marker_check(igor, scan, wide, journal, monkeypatch):
    plan = plan_at(scan, (10.0, 20.0))
    turned = replace(scan.frame, angle_rad=math.radians(90))
    monkeypatch.setattr(igor, "_newest_frame", lambda: turned)
    session = Session(igor, wide, journal)
    assert any("marker check" in e for e in session.preview(plan).errors)
    turned_plan = replace(plan, frame=turned)
    unchecked = Session(igor, replace(wide, rotation_verified=False), journal)
    assert any("no marker check" in e for e in unchecked.preview(turned_plan).errors)
    monkeypatch.setattr(igor, "_rotation_verified", True)
    assert session.preview(turned_plan).errors == ()


def test_another_image_since_the_preview_holds(igor, scan, wide, journal, tmp_path, monkeypatch):
    session = Session(igor, wide, journal)
    plan = plan_at(scan, (100.0, 100.0))
    session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(run)
    moved = replace(scan.frame, center_m=(scan.frame.center_m[0] + 1e-7, scan.frame.center_m[1]))
    monkeypatch.setattr(igor, "_newest_frame", lambda: moved)
    with pytest.raises(InstrumentError, match="another image"):
        list(run)
    assert session.state == "HOLD"
    assert not (tmp_path / "ToIgor.arcmd").exists()


def test_the_newest_image_counts_and_force_curves_do_not(igor, scan, tmp_path, scan_file):
    import os

    path = tmp_path / "image_ibw.ibw"
    shutil.copy(scan_file("image_ibw.ibw"), path)
    os.utime(path, (2e9, 2e9))
    other = read_scan(path).frame
    assert igor._newest_frame() == other
    mark = Message("mark", {"x_m": other.center_m[0], "y_m": other.center_m[1]}, "t")
    (place,) = arcmd_places_m("\n".join(igor.preview([mark])), other)
    assert np.allclose(place, other.center_m, atol=1e-14)


def test_without_an_image_nothing_can_be_told(tmp_path, scan, wide, journal):
    made = AsylumInstrument(tmp_path, tmp_path / "ToIgor.arcmd")
    made.connect()
    check = Session(made, wide, journal).preview(plan_at(scan, (10.0, 20.0)))
    assert any("scan once" in e for e in check.errors)
    made.close()
