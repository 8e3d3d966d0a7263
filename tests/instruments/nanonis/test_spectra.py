"""A cloud that the controller measures by itself, and spectra from its files."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Target
from corescout.instruments import InstrumentError, Journal, Message, Session, plan_visits
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface

PLACES = [(10.0, 10.0), (40.0, 40.0), (20.0, 50.0)]


@pytest.fixture
def twin():
    return DigitalTwin(generate_surface((64, 64), seed=1), speed=300.0)


@pytest.fixture
def server(twin, tmp_path):
    with NanonisServer(twin, session_folder=tmp_path) as made:
        yield made


@pytest.fixture
def cloud(server, tmp_path):
    made = NanonisInstrument(ports=server.ports, cloud=True, data_folder=tmp_path)
    made.connect()
    yield made
    made.close()


@pytest.fixture
def session(cloud, twin, tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    made = Session(cloud, limits_of(twin), journal)
    yield made
    made.close()
    journal.close()


@pytest.fixture
def plan(twin):
    scan = twin.surface.scan
    targets = [
        Target(f"t{i}", scan.uid, p, tuple(map(float, scan.frame.to_m(p))), 1, i, "spectrum",
               {"bias_start_v": -4.0, "bias_end_v": 4.0})
        for i, p in enumerate(PLACES)
    ]  # fmt: skip
    return plan_visits(scan, targets)


def test_a_cloud_is_measured_and_its_files_find_their_targets(cloud, session, server, twin, plan):
    check = session.preview(plan)
    assert check.errors == ()
    names = [line.partition("(")[0] for line in check.wire]
    assert names.index("Pattern.CloudSet") < names.index("Pattern.CloudGet")
    assert names.index("Pattern.ExpOpen") < names.index("Pattern.ExpStart")
    session.approve(plan.digest, by="test")
    events = [e.what for e in session.run(plan)]
    assert events[-2:] == ["handed over", "done"]
    sent = [(m.values["x_m"], m.values["y_m"]) for m in twin.log if m.kind == "move"]
    assert np.allclose(sent, np.float32([t.xy_m for t in plan.targets]), rtol=0, atol=0)
    tied = cloud.spectra()
    assert [t.measurement.target_uid for t in tied.ties] == ["t0", "t1", "t2"]
    assert {t.how for t in tied.ties} == {"position"}
    assert tied.doubts == tied.missing == ()
    assert all(abs(t.measurement.axis).max() == 4.0 for t in tied.ties)
    assert all("response" in t.measurement.channels for t in tied.ties)


def test_a_stop_ends_a_cloud(cloud, session, twin, plan):
    twin.speed = 0.2  # a spectrum takes seconds
    session.preview(plan)
    session.approve(plan.digest, by="test")
    events = []
    worker = threading.Thread(target=lambda: events.extend(e.what for e in session.run(plan)))
    worker.start()
    end = time.monotonic() + 20
    while not any(m.kind == "move" for m in twin.log) and time.monotonic() < end:
        time.sleep(0.02)
    session.stop("test")
    worker.join(30)
    assert not worker.is_alive()
    assert events[-1] == "held"
    assert session.state == "HOLD"
    assert twin.status().bias_v == 0.0
    assert len([m for m in twin.log if m.kind == "move"]) < len(PLACES)


def test_a_cloud_has_one_bias_range(cloud, session, plan):
    other = replace(plan.targets[1], settings={"bias_start_v": -2.0, "bias_end_v": 2.0})
    check = session.preview(replace(plan, targets=(plan.targets[0], other)))
    assert any("one bias range" in e for e in check.errors)


def test_no_cloud_is_set_while_a_scan_runs(cloud, server, twin):
    twin.speed = 1.0
    server.start_scan()
    with pytest.raises(InstrumentError, match="scan is running"):
        cloud.set_cloud([(0.0, 0.0)])


def at_rest(twin, seconds=1.0):
    """Return how many messages a twin has got once none has come for a while."""
    count, since, end = -1, time.monotonic(), time.monotonic() + 60
    while time.monotonic() - since < seconds:
        assert time.monotonic() < end, "it goes on"
        if len(twin.log) != count:
            count, since = len(twin.log), time.monotonic()
        time.sleep(0.02)
    return count


def test_a_pattern_pauses_and_goes_on(cloud, server, twin, plan):
    cloud.set_cloud([t.xy_m for t in plan.targets])
    say = cloud._on(0).call
    say("Pattern.ExpPause", 1)
    say("Pattern.ExpStart", 3)
    say("Pattern.ExpPause", 1)
    before = at_rest(twin)  # the point that was under way has ended
    assert say("Pattern.ExpStatusGet") == [1]
    assert len([m for m in twin.log if m.kind == "spectrum"]) < len(PLACES)
    assert at_rest(twin) == before
    say("Pattern.ExpPause", 0)
    end = time.monotonic() + 20
    while say("Pattern.ExpStatusGet") == [1] and time.monotonic() < end:
        time.sleep(0.02)
    assert len([m for m in twin.log if m.kind == "spectrum"]) == len(PLACES)


@pytest.fixture
def one_by_one(server, tmp_path):
    made = NanonisInstrument(ports=server.ports, data_folder=tmp_path)
    made.connect()
    yield made
    made.close()


SPECTRUM = Message(
    "spectrum", {"bias_start_v": -3.0, "bias_end_v": 3.0, "n_points": 64.0, "seconds": 0.5}, "t"
)


def test_spectra_one_by_one_from_files(one_by_one):
    one_by_one.send(Message("move", {"x_m": 3e-8, "y_m": -2e-8}, "t"))
    curve = one_by_one.send(SPECTRUM)
    assert curve.target_uid == "t"
    assert curve.source.endswith(".dat")
    assert abs(curve.axis).max() == 3.0
    assert curve.xy_m == pytest.approx((3e-8, -2e-8), abs=1e-8)


def test_a_file_from_elsewhere_is_refused(one_by_one, server, monkeypatch):
    save = server.commands._save

    def elsewhere(curve, name):
        save(replace(curve, xy_m=(5e-7, 5e-7)), name)

    monkeypatch.setattr(server.commands, "_save", elsewhere)
    with pytest.raises(InstrumentError, match="nm from the tip"):
        one_by_one.send(SPECTRUM)


def test_a_file_that_is_still_being_written_is_waited_for(
    one_by_one, server, tmp_path, monkeypatch
):
    def slowly(curve, name):
        lines = ["X (m)\t0\t", "Y (m)\t0\t", "[DATA]", "Bias calc (V)\tResponse (m)"]
        lines += [f"{v:g}\t{v:g}" for v in curve.axis]
        path = tmp_path / f"{name}00001.dat"
        path.write_text("\n".join(lines[:20]) + "\n")

        def rest():
            time.sleep(0.1)
            path.write_text("\n".join(lines) + "\n")

        threading.Thread(target=rest).start()

    monkeypatch.setattr(server.commands, "_save", slowly)
    assert len(one_by_one.send(SPECTRUM).axis) == 64


def test_two_new_files_are_not_guessed_between(one_by_one, server, monkeypatch):
    save = server.commands._save
    monkeypatch.setattr(server.commands, "_save", lambda c, n: (save(c, n), save(c, n)))
    with pytest.raises(InstrumentError, match="expected one new spectrum"):
        one_by_one.send(SPECTRUM)


def test_no_session_folder_is_said(server, tmp_path):
    made = NanonisInstrument(ports=server.ports, data_folder=tmp_path / "none")
    with pytest.raises(InstrumentError, match="mount the session folder"):
        made.connect()
