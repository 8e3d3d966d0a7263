"""The two independent clients on PyPI find in this controller what the protocol says."""

from __future__ import annotations

import socket
import struct
import time

import numpy as np
import pytest
from nanonis_spm import Nanonis
from nanonisTCP import nanonisTCP
from nanonisTCP.Bias import Bias
from nanonisTCP.BiasSpectr import BiasSpectr
from nanonisTCP.FolMe import FolMe
from nanonisTCP.Scan import Scan
from nanonisTCP.Signals import Signals

from foreign.server import Controller
from foreign.signals import AMPLITUDE, PHASE, Z, sample


@pytest.fixture
def controller():
    with Controller(
        noise_m=0.0, image_noise=0.0, pixels=16, lines=12, scan_speed_m_s=1e-3
    ) as running:
        yield running


@pytest.fixture
def spm(controller):
    with socket.create_connection(("127.0.0.1", controller.ports[0])) as connection:
        yield Nanonis(connection)


def _scanned(spm) -> None:
    spm.Scan_Action(0, 1)
    while spm.Scan_StatusGet()[2][0]:
        time.sleep(0.02)


def test_the_golden_vectors_of_the_protocol(controller):
    with socket.create_connection(("127.0.0.1", controller.ports[1])) as wire:
        head = b"FolMe.XYPosSet".ljust(32, b"\0") + bytes.fromhex("00000014 0001 0000")
        wire.sendall(head + bytes.fromhex("3E45798EE2308C3A 3E501B2B29A4692B 00000001"))
        assert wire.recv(100)[32:] == bytes.fromhex("00000008 00000000 00000000 00000000")
        controller.microscope.teleport(-5e-9, -20e-9)
        controller.microscope.xy.jump(controller.clock.now(), (5e-9, -5e-9))
        wire.sendall(
            b"FolMe.XYPosGet".ljust(32, b"\0") + bytes.fromhex("00000004 0001 0000 00000001")
        )
        answer = wire.recv(100)
    assert answer[32:40] == bytes.fromhex("00000018 00000000")
    assert answer[40:] == bytes.fromhex("3E35798EE2308C3A BE35798EE2308C3A 00000000 00000000")


def test_nanonis_spm_moves_scans_and_reads(spm, controller):
    spm.FolMe_SpeedSet(20e-6, 1)
    spm.FolMe_XYPosSet(1e-6, -0.5e-6, 1)
    assert spm.FolMe_XYPosGet(1)[2] == pytest.approx([1e-6, -0.5e-6])
    spm.Scan_FrameSet(0.2e-6, -0.1e-6, 1e-6, 0.6e-6, 30.0)
    assert spm.Scan_FrameGet()[2] == pytest.approx([0.2e-6, -0.1e-6, 1e-6, 0.6e-6, 30.0])
    _scanned(spm)
    name, image, direction = (spm.Scan_FrameDataGrab(PHASE, 1)[2][i] for i in (1, 4, 5))
    assert (name, image.shape, direction) == ("Phase (deg)", (12, 16), 1)
    a, u, v = np.radians(30.0), -0.5e-6 + 0.5 * 1e-6 / 16, -0.3e-6 + 0.5 * 0.6e-6 / 12
    x = 0.2e-6 + u * np.cos(a) + v * np.sin(a)
    y = -0.1e-6 - u * np.sin(a) + v * np.cos(a)
    assert image[0, 0] == pytest.approx(
        float(sample(PHASE, x, y)), rel=1e-5
    )  # an up-scan: bottom row first


def test_nanonis_spm_measures_a_spectrum(spm, controller):
    spm.BiasSpectr_LimitsSet(-2.0, 2.0)
    names, rows, columns, data = (spm.BiasSpectr_Start(1, "s")[2][i] for i in (2, 3, 4, 5))
    assert names[0] == "Bias calc (V)"
    assert (rows, columns) == data.shape == (6, 16)
    assert (data[0, 0], data[0, -1]) == (-2.0, 2.0)
    volts = [value for _, (value,) in controller.microscope.bias.corners()]
    assert (min(volts), max(volts)) == (-2.0, 2.0)
    assert spm.Bias_Get()[2][0] == 0.0


def test_nanonis_tcp_reads_the_same(controller):
    client = nanonisTCP("127.0.0.1", controller.ports[2])
    try:
        names, indexes = Signals(client).InSlotsGet()
        assert names[indexes.index(AMPLITUDE)] == "Amplitude (m)"
        assert len(names) == 24
        assert Signals(client).ValGet(Z) == pytest.approx(controller.microscope.value(Z))
        folme, scan = FolMe(client), Scan(client)
        folme.SpeedSet(50e-6, True)
        folme.XYPosSet(3e-7, 2e-7, True)
        assert folme.XYPosGet(True) == pytest.approx([3e-7, 2e-7])
        scan.Action("start", "down")
        assert scan.WaitEndOfLine(2000)[0] is False
        scan.WaitEndOfScan(5000)
        name, image, direction = scan.FrameDataGrab(Z, 1)
        assert (name, image.shape, direction) == ("Z (m)", (12, 16), "down")
        assert scan.SpeedGet()[0] == pytest.approx(1e-3)
        assert BiasSpectr(client).StatusGet() == 0
    finally:
        client.close_connection()


def test_both_read_an_error(spm, controller):
    assert "out of range" in spm.Bias_Set(400.0)[0]
    assert "not a command" in spm.Util_Lock()[0]
    client = nanonisTCP("127.0.0.1", controller.ports[3])
    try:
        with pytest.raises(Exception, match="out of range"):
            Bias(client).Set(400.0)
    finally:
        client.close_connection()


def test_a_second_client_is_closed_and_a_second_request_dropped(controller):
    head = b"FolMe.XYPosGet".ljust(32, b"\0") + struct.pack(">iHHI", 4, 1, 0, 1)
    with socket.create_connection(("127.0.0.1", controller.ports[0])) as first:
        first.sendall(head)
        assert len(first.recv(100)) == 64
        with socket.create_connection(("127.0.0.1", controller.ports[0])) as second:
            assert second.recv(1) == b""
        controller.faults.add(command="FolMe.XYPosGet", times=1, delay_s=2.0)
        first.sendall(head)
        time.sleep(0.1)
        first.sendall(head)
        assert len(first.recv(1000)) == 64
        first.settimeout(0.6)
        with pytest.raises(TimeoutError):
            first.recv(1000)
    assert [entry.outcome for entry in controller.log.entries()] == ["done", "done", "dropped"]
