"""A session over a line that spoils one answer in every way: it holds, in time."""

import contextlib
import socket
import threading
import time

import pytest
from wires import message

from corescout.data import Target
from corescout.data.errors import CorescoutError
from corescout.instruments import Journal, Session, plan_visits
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer, codec
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface

TIMEOUT_S = 2.0
SPOILED = "FolMe.XYPosGet"  # read back after every move


class Line:
    """Passes requests and answers on; spoils the answers to one command once it is told to."""

    def __init__(self, port, spoil):
        self._port, self._spoil = port, spoil
        self.spoils = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            self._open += [client, server]
            self._threads.append(threading.Thread(target=self._pass, args=(client, server)))
            self._threads[-1].start()

    def _pass(self, client, server):
        try:
            while True:
                server.sendall(message(client))
                answer = message(server)
                name, _ = codec.header(answer[:40])
                if self.spoils and name == SPOILED:
                    self._spoil(client, answer)
                else:
                    client.sendall(answer)
        except OSError:
            return
        finally:
            client.close()
            server.close()

    def close(self):
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)


def drop(client, answer):
    raise OSError("dropped")


def truncated(client, answer):
    client.sendall(answer[:47])
    raise OSError("dropped")


def slowly(client, answer):
    for i in range(len(answer)):
        client.sendall(answer[i : i + 1])
        time.sleep(0.1)


def never(client, answer):
    client.recv(1)  # until it is closed


FAULTS = {
    "dropped": (drop, "closed by the other side"),
    "truncated": (truncated, "closed by the other side"),
    "slow": (slowly, "no answer in time"),
    "never": (never, "no answer in time"),
    "oversized": (
        lambda c, a: c.sendall(a[:32] + b"\x7f\xff\xff\xff" + a[36:]), "at most"
    ),
    "another name": (lambda c, a: c.sendall(codec.response("Bias.Get", 1.0)), "expected an answer"),
    "an error": (lambda c, a: c.sendall(codec.response(SPOILED, error="no tip")), "no tip"),
    "half a body": (lambda c, a: c.sendall(codec.raw_response(SPOILED, b"1234")), "expected"),
}  # fmt: skip


@pytest.fixture
def twin():
    return DigitalTwin(generate_surface((64, 64), seed=1), speed=300.0)


def run_over(line, server, twin, path):
    """Start a run, spoil the line after the first measurement, and see it end."""
    instrument = NanonisInstrument(
        ports=(server.ports[0], line.port, *server.ports[2:]), timeout_s=TIMEOUT_S
    )
    instrument.connect()
    scan = twin.surface.scan
    targets = [
        Target(f"t{i}", scan.uid, p, tuple(map(float, scan.frame.to_m(p))), 1, i, "spectrum")
        for i, p in enumerate([(10.0, 10.0), (40.0, 40.0), (20.0, 50.0)])
    ]
    journal = Journal(path)
    session = Session(instrument, limits_of(twin), journal)
    plan = plan_visits(scan, targets)
    session.preview(plan)
    session.approve(plan.digest, by="test")
    run = session.run(plan)
    next(e for e in run if e.what == "measured")
    line.spoils = True
    try:
        list(run)
        error = None
    except CorescoutError as found:
        error = found
    state = session.state
    instrument.close()
    session.close()
    journal.close()
    return error, state


@pytest.mark.parametrize("case", FAULTS)
def test_a_spoiled_answer_holds_the_session(case, twin, tmp_path):
    spoil, words = FAULTS[case]
    before = threading.active_count()
    with NanonisServer(twin) as server:
        line = Line(server.ports[1], spoil)
        error, state = run_over(line, server, twin, tmp_path / "journal.jsonl")
        line.close()
    assert words in str(error)
    assert state == "HOLD"
    assert threading.active_count() == before
    assert len([m for m in twin.log if m.kind == "spectrum"]) == 1


def test_an_answer_in_single_bytes_changes_nothing(twin, tmp_path):
    def split(client, answer):
        for i in range(len(answer)):
            client.sendall(answer[i : i + 1])

    with NanonisServer(twin) as server:
        line = Line(server.ports[1], split)
        error, state = run_over(line, server, twin, tmp_path / "journal.jsonl")
        line.close()
    assert error is None
    assert state == "OBSERVE"
    assert len([m for m in twin.log if m.kind == "spectrum"]) == 3
