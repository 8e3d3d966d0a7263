"""A PFM operator's client is served by our twin as by the foreign controller."""

from __future__ import annotations

import numpy as np
import pytest

from corescout.instruments.nanonis import NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface
from foreign.pfm_client import CHECKS, Client, ask_everything
from foreign.server import Controller


def test_the_foreign_controller_serves_it():
    with Controller(noise_m=0.0) as controller:
        assert ask_everything(controller.ports[0]) == {}


@pytest.fixture
def twin():
    server = NanonisServer(DigitalTwin(generate_surface((48, 64), seed=1), speed=500.0))
    with server:
        yield server


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_our_twin_serves_it(twin, check):
    with Client(twin.ports[0]) as client:
        assert check(client) == ""


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [
        ("Scan_FrameSet", (0.0, 0.0, 1e-6, 1e-6, 1e30), "angle"),
        ("Scan_FrameSet", (0.0, 0.0, 1e-45, 1e-6, 0.0), "atom"),
        ("Scan_FrameSet", (0.0, 0.0, -1e-6, 1e-6, 0.0), "atom"),
        ("Scan_BufferSet", ([0, 7], 64, 64), "channels"),
        ("Scan_FrameDataGrab", (0, 0), "backward"),
        ("Scan_Action", (2, 0), "paused"),
        ("Scan_Action", (0, 9), "direction"),
        ("Scan_SpeedSet", (0.0, 0.0, 0.0, 0.0, 2, 1.0), "time"),
        ("Scan_SpeedSet", (1e-6, 1e-6, 0.0, 0.0, 1, 4.0), "ratio"),
        ("Scan_PropsSet", (1, 0, 0, "", "", [], 0), "one frame at a time"),
        ("BiasSpectr_PropsSet", (0, 3, 0, 0, 0.0, 0, 0), "sweeps once"),
        ("BiasSpectr_PropsSet", (0, 0, 0, 1, 0.0, 0, 0), "points"),
        ("BiasSpectr_TimingSet", (0.0, 1e-8, 0.0, 0.0, 0.0, 0.01, 0.0, 0.0), "times alone"),
        ("BiasSpectr_AdvPropsSet", (2, 0, 0, 0), "resets the bias"),
        ("LockIn_ModAmpSet", (2, 0.1), "one modulator"),
        ("LockIn_ModAmpSet", (1, -1.0), "amplitude"),
        ("Signals_ValGet", (99, 0), "not connected"),
        ("Signals_ValGet", (128, 0), "expected a signal"),
    ],
)
def test_what_the_twin_cannot_do_is_refused_in_words(twin, method, arguments, said):
    with Client(twin.ports[0]) as client:
        frame, buffer = client("Scan_FrameGet"), client("Scan_BufferGet")
        assert said in client.refusal(method, *arguments)
        assert (client("Scan_FrameGet"), client("Scan_BufferGet")) == (frame, buffer)


def test_an_up_scan_goes_up(twin):
    """As scanned: the first row is the bottom one; turned over it is the scan that goes down."""
    with Client(twin.ports[0]) as client:
        images = []
        for direction in (0, 1):
            client("Scan_Action", 0, direction)
            assert client("Scan_WaitEndOfScan", 20000)[0] == 0
            answer = client("Scan_FrameDataGrab", 0, 1)
            assert answer[-1] == direction
            images.append(answer[4])
        down, up = images
        assert np.corrcoef(down.ravel(), np.flipud(up).ravel())[0, 1] > 0.99
        assert np.corrcoef(down.ravel(), up.ravel())[0, 1] < 0.9


def test_a_chosen_channel_alone_is_acquired(twin):
    with Client(twin.ports[0]) as client:
        client("Scan_BufferSet", [1], 64, 48)
        assert client.refusal("Scan_FrameDataGrab", 0, 1) or True
        assert (
            client("Scan_FrameDataGrab", 1, 1)[1] == client("Signals_NamesGet")[2][1].split(" (")[0]
        )


def test_withdrawing_is_seen(twin):
    with Client(twin.ports[0]) as client:
        client("ZCtrl_Withdraw", 1, 1000)
        high, _ = client("ZCtrl_LimitsGet")
        assert client("ZCtrl_OnOffGet")[0] == 0
        assert client("ZCtrl_ZPosGet")[0] == high


def test_the_points_of_a_spectrum_are_those_that_were_set(twin):
    with Client(twin.ports[0]) as client:
        client("BiasSpectr_PropsSet", 0, 0, 0, 20, 0.0, 0, 0)
        client("BiasSpectr_LimitsSet", -1.0, 2.0)
        names, data = (client("BiasSpectr_Start", 1, "x")[i] for i in (2, 5))
        assert names[0] == "Bias calc (V)"
        assert data.shape == (2, 40)
        assert (data[0].min(), data[0].max()) == (-1.0, 2.0)
