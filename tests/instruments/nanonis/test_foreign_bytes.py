"""The twin's server among strangers: whatever they send, it answers and stays in its folder."""

import random
import socket
import struct
import threading

import pytest

from corescout.instruments.nanonis import NanonisServer, codec
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface

NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("outside") / "session"


@pytest.fixture(scope="module")
def server(folder):
    folder.mkdir()
    twin = DigitalTwin(generate_surface((32, 32), seed=0), speed=1e4)
    with NanonisServer(twin, session_folder=folder) as server:
        yield server


@pytest.fixture
def line(server):
    with socket.create_connection(("127.0.0.1", server.ports[0]), 20) as line:
        yield line


@pytest.fixture(autouse=True)
def no_thread_fails(monkeypatch):
    failed = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    monkeypatch.setattr("socketserver.BaseServer.handle_error", lambda *a: failed.append(a))
    yield
    assert failed == []


def asked(line, name: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    """Send a request; return the body of its answer, nothing where the other side closed."""
    size = len(body) if size is None else size
    line.sendall(name.ljust(32, b"\0") + struct.pack(">iHxx", size, 1) + body)
    head = received(line, 40)
    return received(line, struct.unpack(">i", head[32:36])[0]) if head else b""


def received(line, count: int) -> bytes:
    data = b""
    while len(data) < count and (part := line.recv(count - len(data))):
        data += part
    return data


def is_alive(server) -> bool:
    with socket.create_connection(("127.0.0.1", server.ports[0]), 20) as line:
        return b"twin" in asked(line, b"Util.VersionGet")


@pytest.mark.parametrize("name", [b"No.Such", b"\xff\xfe\xb5", b"_check_place", b"__init__"])
def test_an_unknown_command_is_answered_with_an_error(server, line, name):
    assert b"not known" in asked(line, name)
    assert b"twin" in asked(line, b"Util.VersionGet")  # on the same connection


@pytest.mark.parametrize("size", [-1, 2**31 - 1, codec.LARGEST_BODY + 1])
def test_a_size_that_cannot_be_ends_the_connection(server, line, size):
    assert asked(line, b"Util.VersionGet", size=size) == b""
    assert is_alive(server)


@pytest.mark.parametrize("cut", [0, 1, 39, 40, 41])
def test_one_who_goes_in_the_middle_of_a_message(server, line, cut):
    line.sendall((b"Scan.Action".ljust(32, b"\0") + struct.pack(">iHxxHI", 6, 1, 1, 1))[:cut])
    line.shutdown(socket.SHUT_WR)
    assert line.recv(1) == b""
    assert is_alive(server)


def test_byte_by_byte_and_all_at_once(line):
    message = b"Util.VersionGet".ljust(32, b"\0") + struct.pack(">iHxx", 0, 1)
    for byte in message:
        line.sendall(bytes([byte]))
    line.sendall(3 * message)
    for _ in range(4):
        size = struct.unpack(">i", received(line, 40)[32:36])[0]
        assert b"twin" in received(line, size)


def test_random_arguments_of_every_command(server, line):
    rng = random.Random(0)
    for name in codec.COMMANDS:
        waits = name.startswith("Scan.WaitEnd")
        for length in (0, 4, 8, 20, 60):
            body = rng.randbytes(length)
            answer = asked(line, name.encode(), struct.pack(">i", 5) if waits else body)
            assert len(answer) >= 8
    assert is_alive(server)


NO_PLACES = {
    "FolMe.XYPosSet": [struct.pack(">ddI", x, 0, 1) for x in (NAN, INF, 1e300, 1.0)],
    "FolMe.SpeedSet": [struct.pack(">fI", v, 1) for v in (NAN, INF, 0, -1)],
    "Scan.FrameSet": [struct.pack(">5f", 0, 0, w, 1e-6, 0) for w in (NAN, 0, -1e-6, 1e30)],
    "Scan.BufferSet": [struct.pack(">iii", 0, 2**30, 2**30)],
    "Bias.Set": [struct.pack(">f", v) for v in (NAN, INF, 1e9)],
    "BiasSpectr.LimitsSet": [struct.pack(">ff", v, 1) for v in (NAN, -INF)],
    "Pattern.CloudSet": [struct.pack(">Iiff", 1, 1, NAN, 0), struct.pack(">Ii", 1, 2**31 - 1)],
}


@pytest.mark.parametrize("name", NO_PLACES)
def test_what_no_scanner_can_do_is_an_error_and_changes_nothing(server, line, name):
    before = asked(line, b"FolMe.XYPosGet", struct.pack(">I", 1))
    for body in NO_PLACES[name]:
        assert asked(line, name.encode(), body)[:4] == struct.pack(">I", 1)
    assert asked(line, b"FolMe.XYPosGet", struct.pack(">I", 1)) == before


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "..\\evil", "a:b?", "x" * 3000])
def test_the_name_of_a_spectrum_leads_nowhere_else(server, line, folder, name):
    before = len(list(folder.iterdir()))
    body = struct.pack(">Ii", 1, len(name)) + name.encode()
    assert asked(line, b"BiasSpectr.Start", body)[-8:] == bytes(8)
    assert len(list(folder.iterdir())) == before + 1
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]
