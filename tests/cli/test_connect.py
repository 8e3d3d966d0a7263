"""The twin as a process of its own, and a check of the connection to it."""

import math
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

from corescout.cli.app import app
from corescout.cli.connect import understood
from corescout.data import InputError, ScanFrame
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.protocol import Status
from corescout.instruments.recorded import RecordedInstrument
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface


def said(*arguments):
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    return done.output


@pytest.fixture
def free_port():
    """A port with three free ones after it."""
    for port in range(18501, 19500, 7):
        try:
            for p in range(port, port + 4):
                socket.create_server(("127.0.0.1", p)).close()
        except OSError:
            continue
        return port
    pytest.fail("no four free ports in a row")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_the_twin_of_a_profile_serves_until_ctrl_c(free_port, tmp_path):
    where = f"127.0.0.1:{free_port}"
    profiles = tmp_path / "instruments.toml"
    profiles.write_text('[instruments.toy]\nkind = "twin"\nspeed = 200\n')
    twin = ["twin", "--nanonis", where, "--scan", "--instrument", "toy", "--profiles", profiles]
    process = subprocess.Popen(
        [sys.executable, "-m", "corescout", *map(str, twin)],
        stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        assert "only programs on this machine" in lines[1]
        text = said("connect", "--nanonis", where)
        assert "Corescout digital twin" in text
        process.send_signal(signal.SIGINT)
        assert "ends" in process.communicate(timeout=60)[0]
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def test_what_was_understood_is_said_and_nothing_is_sent():
    twin = DigitalTwin(generate_surface((64, 96), seed=1))
    before = threading.active_count()
    with NanonisServer(twin) as server:
        turned = ScanFrame((64, 96), (1e-9, 2e-9), (100e-9, -50e-9), math.radians(30))
        server.commands.frame = turned
        instrument = NanonisInstrument(ports=server.ports)
        instrument.connect()
        text = "\n".join(understood(instrument, None))
        instrument.close()
    assert "96 x 64 px, 96 x 128 nm around X 100.00 nm, Y -50.00 nm" in text
    assert "turned by 30 deg" in text
    corner = re.search(r"top left pixel: X (\S+) nm, Y (\S+) nm", text)
    x, y = turned.to_m((0, 0))
    assert float(corner[1]) == pytest.approx(x * 1e9, abs=0.01)
    assert float(corner[2]) == pytest.approx(y * 1e9, abs=0.01)
    assert "Amplitude (m)" in text
    assert "limits: none" in text
    assert twin.log == []
    assert threading.active_count() == before


def test_a_folder_by_its_profile(tmp_path, scan_file):
    (tmp_path / "plans").mkdir()
    shutil.copy(scan_file("scan_0001.ibw"), tmp_path)
    profiles = tmp_path / "instruments.toml"
    profiles.write_text(
        '[instruments.lab]\nkind = "folder"\nscans = "."\noutbox = "plans"\n'
        "[instruments.lab.limits]\nx_m = [-1e-6, 1e-6]\ny_m = [-1e-6, 1e-6]\n"
        "largest_step_m = 1e-6\nlargest_speed_m_per_s = 1e-6\nlargest_bias_v = 5.0\n"
        "longest_spectrum_s = 1.0\nmost_targets = 5\nreadback_tolerance_m = 1e-8\n"
        'rotation_verified = false\nemergency = "halt"\n'
    )
    assert said("connect", "--profiles", profiles) == "lab\n"
    text = said("connect", "lab", "--profiles", profiles)
    assert "newest scan scan_0001.ibw" in text
    assert "partly OUTSIDE" in text
    assert "stop at the instrument" in text
    assert "marker check of the rotation not done" in text


def test_only_a_twin_is_served(tmp_path):
    profiles = tmp_path / "instruments.toml"
    profiles.write_text('[instruments.afm]\nkind = "nanonis"\n')
    with pytest.raises(InputError, match="'afm' is Nanonis"):
        said("twin", "--instrument", "afm", "--profiles", profiles)


@pytest.mark.parametrize("where", ["nowhere:x", ":", "host:70000", "127.0.0.1:1"])
def test_what_cannot_be_reached_is_said(where):
    with pytest.raises(InputError):
        said("connect", "--nanonis", where)


class Foreign(RecordedInstrument):
    """Of another module than ours; says what is no number, or raises what it likes."""

    answer = ("nan", "nan")

    def connect(self):
        super().connect()
        self.at_m = tuple(float(v) for v in self.answer)

    def status(self):
        return Status(self.at_m, 0.0, busy=False)


@pytest.fixture
def foreign(monkeypatch):
    made = Foreign([])
    monkeypatch.setattr("corescout.instruments.profiles.open_instrument", lambda *_: (made, None))
    return made


def test_a_place_that_is_no_number_is_a_doubt(foreign):
    text = said("connect", "desk")
    assert "X nan nm" in text
    assert "this is no number: no plan can be armed" in text
    assert "limits: none" in text


def test_what_an_instrument_of_another_package_raises_is_told_with_its_line(foreign):
    foreign.answer = ("hello",)
    with pytest.raises(
        InputError, match=r"that answers; found ValueError: .*test_connect.py, line"
    ):
        said("connect", "desk")


def test_a_setting_that_a_profile_does_not_have_is_named(tmp_path):
    profiles = tmp_path / "instruments.toml"
    profiles.write_text('[instruments.afm]\nkind = "nanonis"\nprot = 6501\n')
    with pytest.raises(InputError, match="'prot', which it does not have"):
        said("connect", "afm", "--profiles", profiles)
