"""Which scans are told of, and which are not."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Scan
from corescout.instruments import InstrumentError, Message
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.nanonis.client import Connection
from corescout.instruments.nanonis.images import masked, upright
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface


@pytest.fixture
def twin():
    return DigitalTwin(generate_surface((64, 64), seed=1), speed=100.0)


@pytest.fixture
def server(twin):
    with NanonisServer(twin) as made:
        yield made


class Watched:
    """Scans of a bridge, from a thread of its own."""

    def __init__(self, ports):
        self.bridge, self.found = NanonisInstrument(ports=ports), []
        self.bridge.connect()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            for scan in self.bridge.scans():
                self.found.append(scan)
        except Exception as error:  # noqa: BLE001 - the close of the test
            self.error = error

    def whole(self, count=1, seconds=30.0):
        end = time.monotonic() + seconds
        while len(self._whole()) < count and time.monotonic() < end:
            time.sleep(0.02)
        return self._whole()

    def _whole(self):
        return [s for s in self.found if s.rows_done is None]

    def close(self):
        self.bridge.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def watched(server):
    made = Watched(server.ports)
    yield made
    made.close()


def test_scan_after_scan_is_told_of_once(watched, server):
    for number in range(3):
        server.start_scan()
        assert len(watched.whole(number + 1)) == number + 1
    time.sleep(1.2)  # two turns in which nothing happens
    whole = watched.whole(3)
    assert len(whole) == 3
    assert len({s.uid for s in whole}) == 3
    for scan in watched.found:
        assert (scan.uid in {s.uid for s in whole}) or scan.rows_done is not None


def test_a_scan_that_was_stopped_is_never_whole(watched, server, twin):
    server.start_scan()
    watched.whole(1)
    twin.speed = 10.0
    server.start_scan()
    time.sleep(1.0)
    operator = Connection("127.0.0.1", server.ports[3])
    operator.call("Scan.Action", 1, 0)
    operator.close()
    time.sleep(1.5)
    assert len(watched.whole(1)) == 1
    assert any(s.rows_done for s in watched.found)


def test_up_scans_come_bottom_first_and_are_masked_there():
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert np.array_equal(upright(rows, up=True)[0], rows[-1])
    assert np.array_equal(upright(rows, up=False), rows)
    scan = Scan("s", {"a": upright(rows, up=True)})
    first = masked(scan, 1, up=True)
    assert first.rows_done == 1
    assert np.array_equal(first.channel()[-1], rows[0])
    assert np.isnan(first.channel()[:-1]).all()
    assert np.isnan(masked(scan, 3, up=False).channel()[3:]).all()


def test_a_frame_of_a_plan_comes_back_and_is_not_told_of(watched, server, twin):
    server.start_scan()
    watched.whole(1)
    before = server.commands.frame
    frame = {"x_m": 3e-8, "y_m": -2e-8, "size_m": 2e-7, "angle_rad": 0.0}
    zoom = watched.bridge.send(Message("zoom", frame))
    assert zoom.frame.center_m == pytest.approx((3e-8, -2e-8), rel=1e-6)
    assert zoom.frame.size_m == pytest.approx((2e-7, 2e-7), rel=1e-6)
    assert np.allclose(server.commands.frame.center_m, before.center_m, atol=1e-14)
    time.sleep(1.5)
    assert len(watched.whole(1)) == 1
    server.start_scan()
    assert len(watched.whole(2)) == 2
    assert np.allclose(watched.whole(2)[1].frame.size_m, before.size_m, rtol=1e-6)
    assert zoom.content_sha256 not in {s.content_sha256 for s in watched.found}


def test_a_scan_keeps_the_frame_that_it_was_scanned_in(watched, server, twin):
    twin.speed = 20.0
    server.start_scan()
    time.sleep(1.0)
    scanned = server.commands.frame
    while server.scanning:
        time.sleep(0.01)
    server.commands.frame = replace(scanned, center_m=(5e-7, 5e-7))  # the operator goes on
    (whole,) = watched.whole(1)
    assert np.allclose(whole.frame.center_m, scanned.center_m, atol=1e-13)
    assert not any("not seen" in w for w in whole.warnings)


def test_a_scan_that_ended_while_the_connection_was_lost_is_told_of_after(server, twin):
    twin.speed = 30.0
    watched = Watched(server.ports)
    server.start_scan()
    time.sleep(0.3)
    server.drop_connections()
    watched.close()
    assert watched.whole(1, seconds=0.1) == []
    end = time.monotonic() + 20
    while server.scanning and time.monotonic() < end:
        time.sleep(0.02)
    watched.bridge.connect()
    again = next(watched.bridge.scans())
    watched.bridge.close()
    assert again.rows_done is None
    assert np.array_equal(again.channel(), server.commands._scan.channels["Amplitude"])


@pytest.mark.parametrize("kind", ["move", "spectrum", "zoom"])
def test_nothing_moves_while_somebody_scans(kind, server, twin):
    twin.speed = 5.0
    bridge = NanonisInstrument(ports=server.ports)
    bridge.connect()
    server.start_scan()
    values = {
        "move": {"x_m": 0.0, "y_m": 0.0},
        "spectrum": {"bias_start_v": -1.0, "bias_end_v": 1.0, "n_points": 8.0, "seconds": 0.1},
        "zoom": {"x_m": 0.0, "y_m": 0.0, "size_m": 1e-7, "angle_rad": 0.0},
    }[kind]
    with pytest.raises(InstrumentError, match="a scan is running"):
        bridge.send(Message(kind, values))
    assert twin.log == []
    assert server.scanning
    bridge.close()
