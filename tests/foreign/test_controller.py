"""The controller does in real time what it says, and goes wrong as its script says."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest
from nanonis_spm import Nanonis

from foreign.proxy import Proxy
from foreign.server import Controller
from foreign.settings import Frame
from foreign.signals import AMPLITUDE, PHASE, Z


class Client:
    """nanonis-spm on a port of its own."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.spm = Nanonis(self.socket)

    def __enter__(self) -> Nanonis:
        return self.spm

    def __exit__(self, *error: object) -> None:
        self.socket.close()


def test_a_move_takes_its_time_and_a_stop_ends_it():
    with (
        Controller(noise_m=0.0, speed_m_s=2e-6) as c,
        Client(c.ports[0]) as motion,
        Client(c.ports[1]) as stop,
    ):
        motion.FolMe_XYPosSet(40e-6, 0.0, 0)
        assert not c.microscope.at_rest()
        time.sleep(0.2)
        stop.FolMe_Stop()
        x = c.microscope.position_m()[0]
        assert 0.35e-6 < x < 35e-6
        assert c.microscope.at_rest()
        time.sleep(0.1)
        assert c.microscope.position_m()[0] == x
        moving = [entry.state["moving"] for entry in c.log.entries("FolMe.Stop")]
        assert moving == [True]


def test_the_clock_may_run_faster():
    with Controller(scale=100.0, noise_m=0.0, speed_m_s=1e-6) as c, Client(c.ports[0]) as motion:
        begun = time.monotonic()
        motion.FolMe_XYPosSet(20e-6, 0.0, 1)  # 20 s of the microscope
        assert 0.15 < time.monotonic() - begun < 15
        assert motion.FolMe_XYPosGet(1)[2] == pytest.approx([20e-6, 0.0])


def test_a_spectrum_biases_the_tip_and_its_end_may_bring_the_start_back():
    settings = {"bias_v": 1.5, "integration_s": 0.03, "restores_start_bias": True}
    with Controller(**settings) as c, Client(c.ports[0]) as motion, Client(c.ports[1]) as stop:
        motion.BiasSpectr_Start(0, "")
        time.sleep(0.2)
        assert c.microscope.bias_v() != 1.5
        stop.BiasSpectr_Stop()
        stop.Bias_Set(0.0)
        assert stop.Bias_Get()[2][0] == 0.0
        time.sleep(0.1)
        assert stop.Bias_Get()[2][0] == 1.5


@pytest.mark.parametrize("direction", [0, 1])
def test_the_frame_changed_in_a_scan_shows_in_the_rest_of_it(direction):
    with Controller(pixels=16, lines=16, scan_speed_m_s=60e-6, noise_m=0.0) as c:
        scanner = c.microscope.scanner
        with c.microscope.lock:
            scanner.start(direction)
        while scanner.lines_done < 4:
            time.sleep(0.005)
            c.microscope.settle()
        with c.microscope.lock:
            c.microscope.settle()
            scanner.set_frame(Frame(x_m=1e-6, y_m=0.5e-6))
        while scanner.running:
            time.sleep(0.01)
            c.microscope.settle()
        centres = [frame.x_m for frame in scanner.frames_used[0]]
        assert len(centres) == 16
        assert centres[0] == 0.0
        assert centres[-1] == 1e-6
        assert centres == sorted(centres)


def test_continuous_and_bouncing_scans_go_on():
    with Controller(pixels=16, lines=4, scan_speed_m_s=400e-6, continuous=True, bouncy=True) as c:
        with c.microscope.lock:
            c.microscope.scanner.start(0)
        with Client(c.ports[0]) as client:
            client.Scan_WaitEndOfScan(3000)
            client.Scan_WaitEndOfScan(3000)
            assert client.Scan_StatusGet()[2][0] == 1
            client.Scan_Action(1, 0)
            assert client.Scan_StatusGet()[2][0] == 0
        assert c.microscope.scanner.passes_done >= 2
        assert c.microscope.at_rest()


def test_odd_channels():
    odd = {
        "constant": frozenset({Z}),
        "holes": frozenset({AMPLITUDE}),
        "repeated_line": frozenset({PHASE}),
    }
    with (
        Controller(pixels=16, lines=6, scan_speed_m_s=1e-3, **odd) as c,
        Client(c.ports[0]) as client,
    ):
        client.Scan_Action(0, 0)
        client.Scan_WaitEndOfScan(3000)
        z, amplitude, phase = (client.Scan_FrameDataGrab(i, 1)[2][4] for i in (Z, AMPLITUDE, PHASE))
        assert np.ptp(z) == 0
        assert np.isnan(amplitude).sum() == 1
        assert (phase[-1] == phase[-2]).all()


def test_slots_and_the_code_page():
    from foreign.signals import default_names

    names = default_names()
    names[Z] = "Höhe (µm)"
    with Controller(by_slot=True, channels=(4, 5), names=names) as c:
        with socket.create_connection(("127.0.0.1", c.ports[0])) as wire:
            wire.sendall(
                b"Scan.FrameDataGrab".ljust(32, b"\0")
                + bytes.fromhex("00000008 00010000 00000004 00000001")
            )
            assert "Höhe (µm)".encode("cp1252") in wire.recv(10000)
        with Client(c.ports[1]) as client:
            assert client.Scan_BufferGet()[2][1] == [(4,), (5,)]
            assert "not acquired" in client.Scan_FrameDataGrab(Z, 1)[0]


def test_faults_by_script():
    with Controller(noise_m=0.0) as c, Client(c.ports[0]) as client:
        c.faults.add(command="Bias.Set", ignore=True, times=1)
        client.Bias_Set(3.0)
        assert c.microscope.bias_v() == 0.0
        client.Bias_Set(3.0)
        assert c.microscope.bias_v() == 3.0
        c.faults.add(command="Scan.FrameSet", arguments=lambda a: [a[0] * 2, *a[1:]])
        client.Scan_FrameSet(1e-6, 0.0, 1e-6, 1e-6, 0.0)
        assert c.microscope.scanner.frame.x_m == pytest.approx(2e-6)
        c.faults.add(command="FolMe.XYPosGet", result=lambda _: [float("nan")] * 2, skip=1, times=1)
        assert np.isfinite(client.FolMe_XYPosGet(1)[2]).all()
        assert np.isnan(client.FolMe_XYPosGet(1)[2]).all()
        c.faults.add(command="FolMe.SpeedSet", error="Zugriff verweigert: Größe")
        assert c.microscope.speed_m_s == 1e-6
        c.faults.add(command="Piezo.RangeGet", delay_s=0.3)
        begun = time.monotonic()
        client.Piezo_RangeGet()
        assert time.monotonic() - begun >= 0.3
        outcomes = [e.outcome for e in c.log.entries("Bias.Set")]
        assert outcomes == ["ignored", "done"]


@pytest.mark.parametrize("kind", ["deaf", "lost", "late"])
def test_a_dead_port_does_not_answer(kind):
    with Controller() as c, Client(c.ports[0]) as client:
        client.Bias_Set(1.0)
        c.kill_port(0, kind, late_s=5.0)
        client.connection.settimeout(0.25)
        with pytest.raises(TimeoutError):
            client.Bias_Set(2.0)
        if kind == "deaf":
            assert c.microscope.bias_v() == 1.0
            return
        while c.microscope.bias_v() != 2.0:  # it acts, whoever waits
            time.sleep(0.01)


def test_the_proxy_delays_swallows_and_cuts():
    with Controller() as c, Proxy(c.ports[0]) as proxy, Client(proxy.port) as client:
        proxy.delay_s = 0.1
        begun = time.monotonic()
        client.Bias_Set(1.0)
        assert time.monotonic() - begun >= 0.2
        assert c.microscope.bias_v() == 1.0
        proxy.delay_s, proxy.swallow = 0.0, True
        client.connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.Bias_Set(2.0)
        assert c.microscope.bias_v() == 1.0
        proxy.cut()
        client.connection.settimeout(2.0)
        assert client.connection.recv(1) == b""
