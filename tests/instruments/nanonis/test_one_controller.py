"""One instrument, one session: by whatever name or port it is reached, and by whoever."""

import subprocess
import sys

import pytest

from corescout.data import Target
from corescout.instruments import Journal, Session, SessionError, plan_visits
from corescout.instruments.control import Control
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface


@pytest.fixture
def twin():
    return DigitalTwin(generate_surface((64, 64), seed=1), speed=300.0)


@pytest.fixture
def server(twin, tmp_path):
    with NanonisServer(twin, session_folder=tmp_path) as made:
        yield made


@pytest.fixture
def session_by(server, twin, tmp_path):
    """Open a session by a host's name and the order of the ports; and a plan for it."""
    made = []

    def open_session(host, ports):
        instrument = NanonisInstrument(host, ports=ports)
        instrument.connect()
        journal = Journal(tmp_path / f"{len(made)}.jsonl")
        session = Session(instrument, limits_of(twin), journal)
        made.append((session, instrument, journal))
        scan = twin.surface.scan
        place = tuple(map(float, scan.frame.to_m((10.0, 10.0))))
        plan = plan_visits(scan, [Target("t", scan.uid, (10.0, 10.0), place, 1, 1, "spectrum")])
        assert session.preview(plan).errors == ()
        return session, plan

    yield open_session
    for session, instrument, journal in made:
        session.close()
        instrument.close()
        journal.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
@pytest.mark.parametrize("shift", [0, 1])
def test_a_controller_has_one_session_by_whatever_name_and_port(session_by, server, host, shift):
    ports = server.ports
    first, plan = session_by("127.0.0.1", ports)
    first.approve(plan.digest, by="one")
    second, again = session_by(host, (*ports[shift:], *ports[:shift]))
    with pytest.raises(SessionError, match="another session controls nanonis"):
        second.approve(again.digest, by="two")
    first.close()
    second.approve(again.digest, by="two")


def test_what_it_says_of_its_session_tells_too_where_no_port_is_shared(server):
    instrument = NanonisInstrument(ports=server.ports)
    instrument.connect()
    try:
        assert any("Corescout digital twin" in known for known in instrument.identities())
        assert len(instrument.identities()) == 5
    finally:
        instrument.close()


def test_all_locks_or_none(tmp_path):
    one, other = Control(tmp_path), Control(tmp_path)
    assert one.take(["b"]) is None
    assert "another session controls b" in other.take(["a", "b"])
    assert one.take(["a", "b"]) is None
    one.release()
    assert other.take(["a", "b"]) is None
    other.release()


def test_other_users_of_the_computer_see_the_lock_and_a_process_that_dies_gives_it_back(tmp_path):
    code = (
        "import sys; from pathlib import Path; from corescout.instruments.control import Control;"
        "c = Control(Path(sys.argv[1])); print(c.take(['afm']), flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert child.stdout.readline().strip() == "None"
        assert "another session" in Control(tmp_path).take(["afm"])
        (lock,) = tmp_path.glob("*.lock")
        assert lock.stat().st_mode & 0o666 == 0o666
        assert tmp_path.stat().st_mode & 0o777 == 0o777
    finally:
        child.kill()
        child.communicate()
    mine = Control(tmp_path)
    assert mine.take(["afm"]) is None
    mine.release()
