"""Two independent clients, unchanged and in processes of their own, talk to our server.

Left out is `Util_VersionGet` of nanonis-spm 1.0.9: it raises on any answer ('+*c' is no struct
format). Every other command of the table that they have is called.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from corescout.instruments.nanonis import NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface

SPM = """
import json, socket, sys
from nanonis_spm import Nanonis
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
n = Nanonis(s)
said = {}
def note(name, *a):
    said[name] = repr(getattr(n, name)(*a)[2])
for name in ("Util_SessionPathGet", "Signals_NamesGet", "Piezo_RangeGet",
             "Scan_FrameGet", "Scan_BufferGet", "Scan_StatusGet", "FolMe_SpeedGet", "Bias_Get",
             "Pattern_ExpOpen", "Pattern_ExpStatusGet", "BiasSpectr_Open", "BiasSpectr_StatusGet"):
    note(name)
note("Scan_FrameSet", 1e-8, -2e-8, 4e-7, 4e-7, 30.0)
said["frame"] = [float(v) for v in n.Scan_FrameGet()[2]]
note("Scan_BufferSet", [0, 1], 48, 32)
note("Scan_FrameSet", 0.0, 0.0, 4e-7, 4e-7, 0.0)
note("Scan_Action", 0, 0)
said["timed_out"] = int(n.Scan_WaitEndOfScan(20000)[2][0])
grabbed = n.Scan_FrameDataGrab(1, 1)[2]
said["grab"] = [str(grabbed[1]), int(grabbed[2]), int(grabbed[3])]
said["image"] = [[float(v) for v in row] for row in grabbed[4]]
note("FolMe_SpeedSet", 1e-5, 1)
note("FolMe_XYPosSet", 1e-8, 2e-8, 1)
said["at"] = [float(v) for v in n.FolMe_XYPosGet(1)[2]]
note("FolMe_Stop")
note("Bias_Set", 1.5)
said["bias"] = float(n.Bias_Get()[2][0])
note("Bias_Set", 0.0)
note("Pattern_PropsSet", "Bias Spectroscopy", "x", "", 0.0, 0)
note("Pattern_CloudSet", 1, 2, [1e-8, 2e-8], [3e-8, 4e-8])
cloud = n.Pattern_CloudGet()[2]
said["cloud"] = [[float(v[0]) for v in c] for c in cloud[1:3]]
note("Pattern_ExpStart", 3)
note("Pattern_ExpPause", 1)
note("Pattern_ExpStop")
note("Marks_PointsDraw", 1, [1e-8], [2e-8], ["here"], [255])
note("Marks_PointsErase", -1)
note("BiasSpectr_LimitsSet", -4.0, 4.0)
curve = n.BiasSpectr_Start(1, "x")[2]
said["curve"] = [[str(v) for v in curve[2]], [[float(v) for v in row] for row in curve[5]]]
note("BiasSpectr_Stop")
note("ZCtrl_Withdraw", 1, 1000)
print(json.dumps(said))
"""
TCP = """
import json, sys
from nanonisTCP import nanonisTCP
from nanonisTCP.Scan import Scan
from nanonisTCP.FolMe import FolMe
from nanonisTCP.Pattern import Pattern
from nanonisTCP.Marks import Marks
from nanonisTCP.Bias import Bias
from nanonisTCP.BiasSpectr import BiasSpectr
from nanonisTCP.Piezo import Piezo
from nanonisTCP.Signals import Signals
from nanonisTCP.Util import Util
from nanonisTCP.ZController import ZController
t = nanonisTCP("127.0.0.1", int(sys.argv[1]))
scan, folme, pattern, bias, spectra = Scan(t), FolMe(t), Pattern(t), Bias(t), BiasSpectr(t)
said = {"names": Signals(t).NamesGet()[:3], "range": Piezo(t).RangeGet()}
said["path"] = Util(t).SessionPathGet()
scan.FrameSet(1e-8, -2e-8, 4e-7, 4e-7, 30.0)
said["frame"] = scan.FrameGet()
scan.BufferSet([0, 1], 48, 32)
said["buffer"] = scan.BufferGet()
scan.FrameSet(0.0, 0.0, 4e-7, 4e-7, 0.0)
said["running"] = scan.StatusGet()
scan.Action("start", "down")
said["line"] = scan.WaitEndOfLine(20000)
said["timed_out"] = scan.WaitEndOfScan(20000)[0]
name, image, up = scan.FrameDataGrab(1, 1)[:3]
said["grab"] = [name, image.tolist()]
folme.SpeedSet(1e-5, 1)
said["speed"] = folme.SpeedGet()
folme.XYPosSet(1e-8, 2e-8, True)
said["at"] = folme.XYPosGet(True)
folme.Stop()
bias.Set(1.5)
said["bias"] = bias.Get()
bias.Set(0)
pattern.ExpOpen()
pattern.PropsSet("Bias Spectroscopy ASCII", "x", 0.0)
pattern.CloudSet([1e-8, 2e-8], [3e-8, 4e-8])
said["cloud"] = pattern.CloudGet()
pattern.ExpStart(3)
said["pattern"] = pattern.ExpStatusGet()
pattern.ExpPause(1)
pattern.ExpPause(0)
pattern.ExpStop()
Marks(t).PointsErase(-1)
spectra.Open()
spectra.LimitsSet(-4.0, 4.0)
said["curve"] = {k: v.tolist() for k, v in spectra.Start(1, "x")["data_dict"].items()}
said["measuring"] = spectra.StatusGet()
spectra.Stop()
ZController(t).Withdraw(True, 1000)
t.close_connection()
print(json.dumps(said, default=float))
"""


@pytest.fixture
def server():
    twin = DigitalTwin(generate_surface((64, 64), seed=1), speed=500.0)
    with NanonisServer(twin) as made:
        yield made


def run(script, server):
    done = subprocess.run(
        [sys.executable, "-c", script, str(server.ports[0])],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_nanonis_spm(server):
    said = run(SPM, server)
    assert said["frame"] == pytest.approx([1e-8, -2e-8, 4e-7, 4e-7, 30.0], rel=1e-6)
    assert said["timed_out"] == 0
    assert said["grab"] == ["Amplitude", 32, 48]
    seen = server.commands._scan.channels["Amplitude"]
    assert np.array_equal(np.float32(said["image"]), seen)
    assert said["at"] == pytest.approx([1e-8, 2e-8], abs=10e-9)
    assert said["bias"] == 1.5
    assert np.array_equal(np.float32(said["cloud"]), np.float32([[1e-8, 2e-8], [3e-8, 4e-8]]))
    names, curves = said["curve"]
    assert names[0] == "Bias calc (V)"
    assert np.shape(curves) == (2, 64)
    assert max(curves[0]) == 4.0
    assert server.commands.marks == []


def test_nanonistcp(server):
    said = run(TCP, server)
    assert said["names"][1] == "Amplitude (m)"
    assert said["frame"] == pytest.approx([1e-8, -2e-8, 4e-7, 4e-7, 30.0], rel=1e-6)
    assert said["buffer"] == [2, [0, 1], 48, 32]
    assert not said["timed_out"]
    assert said["grab"][0] == "Amplitude"
    assert np.array_equal(np.float32(said["grab"][1]), server.commands._scan.channels["Amplitude"])
    assert said["at"] == pytest.approx([1e-8, 2e-8], abs=10e-9)
    assert said["bias"] == 1.5
    assert said["cloud"][0] == 2
    assert np.float32(said["cloud"][2]) == pytest.approx(np.float32([3e-8, 4e-8]))
    assert max(said["curve"]["Bias calc (V)"]) == 4.0
