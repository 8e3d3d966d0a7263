"""The client against a real Pyro5 daemon in another process, and against the real server if named.

DTM_ADDRESS (a Pyro address, data set open in DTM_DATA) or DTM_PATH (a checkout, with DTM_DATA) runs
the last test against DTMicroscope itself.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corescout.data import Target
from corescout.instruments import InstrumentError, Message, Session, plan_visits
from corescout.instruments.dtmicroscope import ADDRESS, DTMicroscopeInstrument, name_of


@pytest.fixture
def dtm(dtm_address):
    made = DTMicroscopeInstrument(dtm_address, data_path="any")
    made.connect()
    yield made
    made.close()


def move(x, y):
    return Message("move", {"x_m": x, "y_m": y}, "t")


def test_the_image_lies_where_its_axes_say(dtm):
    (scan,) = dtm.scans()
    assert scan.shape_px == (7, 21)
    assert scan.default_channel == "Amplitude"
    assert scan.units == {"Height": "m", "Amplitude": "V"}
    for pixel in ((0, 0), (6, 0), (2, 20)):
        x, y = scan.frame.to_m(pixel)
        assert scan.channels["Height"][pixel] == pytest.approx(x + 10 * y, rel=1e-5)


def test_a_clamped_move_is_an_error(dtm):
    dtm.send(move(0.5e-6, -0.2e-6))
    assert dtm.status().at_m == (0.5e-6, -0.2e-6)
    with pytest.raises(InstrumentError, match="clamped to X 1e-06 m"):
        dtm.send(move(1.5e-6, 0.0))


def test_a_clamped_move_holds_the_session(dtm, limits, journal):
    (scan,) = dtm.scans()
    target = Target("t", scan.uid, (0.0, 0.0), (0.0, 0.5e-6), 1, 1, "spectrum", {"seconds": 0.1})
    plan = plan_visits(scan, [target])
    wide = replace(limits, x_m=(-2e-6, 2e-6), y_m=(-2e-6, 2e-6), largest_step_m=1e-5)
    session = Session(dtm, wide, journal)
    session.preview(plan)
    session.approve(plan.digest, by="test")
    with pytest.raises(InstrumentError, match="clamped"):
        list(session.run(plan))
    assert session.state == "HOLD"
    session.close()


def test_spectra_are_those_at_the_tip(dtm):
    dtm.send(move(0.5e-6, 0.0))
    curve = dtm.send(Message("spectrum", {}, "t"))
    assert curve.target_uid == "t"
    assert curve.xy_m == (0.5e-6, 0.0)
    assert np.allclose(curve.channels["response"], np.tanh(curve.axis) + 0.5)


def test_names_come_from_the_signals(dtm_address):
    """As the server speaks on its own files: channels are counted, signals name them."""
    made = DTMicroscopeInstrument(dtm_address, data_path="counted")
    made.connect()
    (scan,) = made.scans()
    assert list(scan.channels) == ["HeightRetrace", "AmplitudeRetrace"]
    assert scan.default_channel == "AmplitudeRetrace"
    assert scan.roles == {"HeightRetrace": "topography", "AmplitudeRetrace": "amplitude"}
    assert set(scan.directions.values()) == {"retrace"}
    assert "spectrum" in made.capabilities.actions
    made.close()


def test_two_channels_of_one_name_are_both_kept(dtm_address):
    made = DTMicroscopeInstrument(dtm_address, data_path="images")
    made.connect()
    (scan,) = made.scans()
    assert list(scan.channels) == ["Amplitude", "Amplitude 2"]
    made.close()


@pytest.mark.parametrize(
    ("channel", "signal", "name"),
    [
        ("Channel_003", "PhaseRetracerace", "PhaseRetrace"),
        ("Channel_003", "generic", "Channel_003"),
        ("Height", "h", "Height"),
        ("image0", "Deflection", "Deflection"),
    ],
)
def test_a_channel_is_called_by_what_it_shows(channel, signal, name):
    assert name_of(channel, signal) == name


def test_without_spectra_none_are_promised(dtm_address, limits, journal):
    """The plan is refused in the preview, not held at its first target."""
    made = DTMicroscopeInstrument(dtm_address, data_path="images")
    made.connect()
    assert "spectrum" not in made.capabilities.actions
    (scan,) = made.scans()
    target = Target("t", scan.uid, (3.0, 10.0), (0.0, 0.0), 1, 1, "spectrum", {"seconds": 0.1})
    session = Session(made, replace(limits, x_m=(-1e-6, 1e-6), y_m=(-1e-6, 1e-6)), journal)
    check = session.preview(plan_visits(scan, [target]))
    assert any("spectrum" in e for e in check.errors)
    assert any("no spectra" in w for w in check.warnings)
    session.close()
    made.close()


def test_a_data_set_without_an_image_is_said_in_words(dtm_address):
    made = DTMicroscopeInstrument(dtm_address, data_path="beps")
    made.connect()
    assert made.describe().frame is None
    assert "no image" in " ".join(made.describe().said)
    with pytest.raises(InstrumentError, match="has no image, only Piezoresponse"):
        next(iter(made.scans()))
    made.send(move(0.5e-6, 0.0))
    assert made.send(Message("spectrum", {}, "t")).channels["response"].shape == (32,)
    assert any("exchange X and Y" in note for note in made.capabilities.notes)
    made.close()


def test_a_server_that_hangs_keeps_nobody_waiting():
    """Stopped by a signal in the middle of a call: close returns, and who waits gets an error."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "dtm_server.py")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        made = DTMicroscopeInstrument(process.stdout.readline().strip(), data_path="any")
        made.connect()
        process.send_signal(signal.SIGSTOP)
        errors = []

        def ask():
            try:
                made.status()
            except InstrumentError as error:
                errors.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        made.stop("hangs", "halt")
        made.close()
        assert time.monotonic() - began < 40  # of a time-out of 60 s
        thread.join(60)
        assert not thread.is_alive()
        assert errors
        with pytest.raises(InstrumentError, match="connect first"):
            made.status()
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        process.stdout.close()


def test_any_thread_may_ask(dtm):
    found = []
    threads = [threading.Thread(target=lambda: found.append(dtm.status().at_m)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4


def test_nothing_is_unpickled(dtm):
    import Pyro5.serializers

    assert dtm._link.proxy._pyroSerializer == "serpent"
    assert "pickle" not in Pyro5.serializers.serializers


WRONG = {
    "PYRO:microscope.server@127.0.0.1:1": "refused|cannot connect",
    "no address": "no Pyro address",
}


@pytest.mark.parametrize("address", WRONG)
def test_what_cannot_be_reached_is_said(address):
    with pytest.raises(InstrumentError, match=WRONG[address]):
        DTMicroscopeInstrument(address, timeout_s=5.0).connect()


def test_what_the_server_cannot_open_is_said(dtm_address):
    with pytest.raises(InstrumentError, match="no data at missing"):
        DTMicroscopeInstrument(dtm_address, data_path="missing").connect()
    with pytest.raises(InstrumentError, match="x at"):
        DTMicroscopeInstrument(dtm_address).connect()  # nothing is open for this connection


def test_the_real_server():
    address, checkout = os.environ.get("DTM_ADDRESS"), os.environ.get("DTM_PATH")
    if not address and not checkout:
        pytest.skip("set DTM_ADDRESS or DTM_PATH, and DTM_DATA, to run against DTMicroscope itself")
    process = None
    if not address:
        address = ADDRESS
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "DTMicroscope.server.server_afm"],
            env={**os.environ, "PYTHONPATH": checkout}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        while "uri" not in process.stdout.readline():
            assert process.poll() is None
    made = DTMicroscopeInstrument(address, os.environ["DTM_DATA"])
    try:
        made.connect()
        (scan,) = made.scans()
        x, y = scan.frame.center_m
        made.send(move(x, y))
        with pytest.raises(InstrumentError, match="clamped"):
            made.send(move(x + 2 * scan.frame.size_m[0], y))
    finally:
        made.close()
        if process is not None:
            process.kill()
            process.wait()
