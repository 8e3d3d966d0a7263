"""The bridge against our server, and against one that misbehaves in every way."""

import math
import socket
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from corescout.instruments import InstrumentError, Journal, Message, Session, plan_visits
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer, codec
from corescout.instruments.nanonis.client import Connection
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface


@pytest.fixture
def twin():
    return DigitalTwin(generate_surface((64, 64), seed=1), speed=300.0)


@pytest.fixture
def server(twin):
    with NanonisServer(twin) as made:
        yield made


@pytest.fixture
def bridge(server):
    made = NanonisInstrument(ports=server.ports, timeout_s=5.0)
    made.connect()
    yield made
    made.close()


def test_a_cloud_reads_back_at_float32(bridge):
    places = np.random.default_rng(0).uniform(-1e-6, 1e-6, (200, 2))
    assert np.array_equal(bridge.set_cloud(places), places.astype(np.float32))


def test_scans_come_partial_and_whole_in_a_rotated_frame(bridge, server, twin):
    turned = replace(twin.sample.frame, angle_rad=math.radians(30))
    server.commands.frame = turned
    twin.speed = 20.0
    starter = Connection("127.0.0.1", server.ports[3])
    scans = bridge.scans()
    found = []

    def take_until_whole():
        for scan in scans:
            found.append(scan)
            if scan.rows_done is None:
                return

    worker = threading.Thread(target=take_until_whole)
    worker.start()
    time.sleep(0.2)
    starter.call("Scan.Action", 0, 0)
    worker.join(20)
    starter.close()
    assert not worker.is_alive()
    assert len(found) > 2
    assert [s.rows_done for s in found[:-1]] == sorted(s.rows_done for s in found[:-1])
    assert all(s.rows_done < 64 for s in found[:-1])
    whole = found[-1]
    assert whole.rows_done is None
    assert len({s.uid for s in found}) == 1
    assert all(np.isnan(s.channel()[s.rows_done :]).all() for s in found[:-1])
    assert np.array_equal(whole.channels["Amplitude"], server.commands._scan.channels["Amplitude"])
    assert whole.roles == {
        "Topography": "topography", "Amplitude": "amplitude", "Phase": "phase"
    }  # fmt: skip
    corners = np.array([[0, 0], [0, 63], [63, 0]])
    assert np.allclose(whole.frame.to_m(corners), turned.to_m(corners), atol=1e-13)


def test_marks_are_drawn_without_motion(bridge, twin, server):
    at = twin.status().at_m
    bridge.send(Message("mark", {"x_m": 1e-7, "y_m": 2e-7}, "t"))
    assert server.commands.marks == [pytest.approx((1e-7, 2e-7), rel=1e-6)]
    assert twin.status().at_m == at
    assert twin.log == []


def test_a_stop_reaches_a_wait_on_another_connection(bridge, twin):
    twin.speed = 1.0  # a zoom would take a minute
    ended = []

    def zoom():
        frame = {"x_m": 0.0, "y_m": 0.0, "size_m": 3e-7, "angle_rad": 0.0}
        try:
            bridge.send(Message("zoom", frame))
        except Exception as error:  # noqa: BLE001 - looked at below
            ended.append(type(error).__name__)

    worker = threading.Thread(target=zoom)
    worker.start()
    time.sleep(0.5)
    bridge.stop("test", "halt_and_zero_bias")
    worker.join(30)
    assert ended == ["StoppedError"]


def answered_by(misbehave):
    """A server that answers one request as told; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection, listener:
            connection.recv(4096)
            misbehave(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    return listener.getsockname()[1], thread


GOOD = codec.response("FolMe.XYPosGet", 5e-9, -5e-9)


def in_bytes(connection):
    for i in range(len(GOOD)):
        connection.sendall(GOOD[i : i + 1])
        time.sleep(0.001)


def test_an_answer_byte_by_byte_is_read():
    port, thread = answered_by(in_bytes)
    connection = Connection("127.0.0.1", port, 5.0)
    assert connection.call("FolMe.XYPosGet", 1) == [5e-9, -5e-9]
    connection.close()
    thread.join()


def drip(connection):
    """An answer of which a byte comes soon enough, and the last one much too late."""
    for _ in range(600):
        connection.sendall(GOOD[:1])
        time.sleep(0.1)


BAD = {
    "dropped": (lambda c: None, "closed by the other side"),
    "cut in the header": (lambda c: c.sendall(GOOD[:20]), "closed by the other side"),
    "cut in the body": (lambda c: c.sendall(GOOD[:50]), "closed by the other side"),
    "oversized": (lambda c: c.sendall(GOOD[:32] + b"\x7f\xff\xff\xff" + GOOD[36:]), "at most"),
    "negative size": (lambda c: c.sendall(GOOD[:32] + b"\xff" * 4 + GOOD[36:]), "at most"),
    "another name": (lambda c: c.sendall(codec.response("Bias.Get", 1.0)), "Bias.Get"),
    "short body": (lambda c: c.sendall(codec.raw_response("FolMe.XYPosGet", b"1234")), "expected"),
    "an error": (
        lambda c: c.sendall(codec.response("FolMe.XYPosGet", error="no tip")), "no tip"
    ),
    "silence": (lambda c: c.recv(1), "no answer in time"),
    "slow": (drip, "no answer in time"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_is_an_error_in_time(case):
    misbehave, words = BAD[case]
    threads = threading.active_count()

    def bear(connection):
        try:
            misbehave(connection)
        except OSError:
            return

    port, thread = answered_by(bear)
    connection = Connection("127.0.0.1", port, 0.5)
    with pytest.raises(InstrumentError, match=words):
        connection.call("FolMe.XYPosGet", 1)
    connection.close()
    thread.join(30)
    assert threading.active_count() == threads


def test_nobody_there_is_said():
    with pytest.raises(InstrumentError, match="nobody answers"):
        NanonisInstrument(ports=(1, 1, 1), timeout_s=1.0).connect()


def test_a_lost_connection_holds_the_session(bridge, server, twin, tmp_path):
    from corescout.data import Target

    scan = twin.surface.scan
    places = [(10.0, 10.0), (40.0, 40.0), (20.0, 50.0)]
    targets = [
        Target(f"t{i}", scan.uid, p, tuple(map(float, scan.frame.to_m(p))), 1, i, "spectrum")
        for i, p in enumerate(places)
    ]
    journal = Journal(tmp_path / "journal.jsonl")
    session = Session(bridge, limits_of(twin), journal)
    plan = plan_visits(scan, targets)
    session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(e for e in run if e.what == "measured")
    server.drop_connections()
    with pytest.raises(InstrumentError):
        list(run)
    assert session.state == "HOLD"
    session.release(by="test")  # connects anew
    assert session.state == "OBSERVE"
    session.close()
    journal.close()


def test_no_thread_is_left(twin):
    before = threading.active_count()
    with NanonisServer(twin) as server:
        made = NanonisInstrument(ports=server.ports)
        made.connect()
        made.close()
    assert threading.active_count() == before
