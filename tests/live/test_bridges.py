"""The whole loop over a bridge: a scan comes, a plan goes, spectra come back to their targets."""

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from corescout.exports import write_gsf
from corescout.instruments import Session
from corescout.instruments.folder import FolderInstrument, read_plan
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import InstrumentSource
from corescout.live.policy import Policy
from corescout.live.reading.analyst import Analyst
from corescout.plan import TargetPlan

WAIT_S = 90.0


@pytest.fixture
def twin(typed_surface):
    made = DigitalTwin(typed_surface, speed=2000.0, creep=0.0)
    made.connect()
    yield made
    made.close()


@pytest.fixture
def day(tmp_path):
    made = Day(tmp_path / "day", runs=False, synced=False)
    yield made
    made.close()


def runner_on(instrument, twin, day, typed, live_plan):
    """A runner whose policy approves all, with the default settings."""
    plan = live_plan.model_copy(update={"targets": TargetPlan(per_type=1, spacing_px=20)})
    known = replace(typed, result=replace(typed.result, plan=plan.model_dump(mode="json")))
    session = Session(instrument, limits_of(twin), day.journal)
    policy = Policy("me", most_plans=1, most_targets=20)
    return Runner(
        InstrumentSource(instrument), day, Analyst(plan, known), session, instrument, policy
    )


def until(condition, runner):
    end = time.monotonic() + WAIT_S
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition(), (runner.snapshot.stage, runner.snapshot.message, runner.snapshot.records)


class Lab:
    """The other side of a folder: carries plans out on the twin, writes spectra and receipts."""

    def __init__(self, twin, scans, plans):
        self._twin, self._scans, self._plans = twin, scans, plans
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def scan(self, number):
        whole = list(self._twin.scans())[-1]
        amplitude = replace(whole, channels={"Amplitude": whole.channels["Amplitude"]})
        write_gsf(amplitude, self._scans, f"scan{number}")

    def _run(self):
        done = set()
        while not self._ended.wait(0.05):
            for path in self._plans.glob("plan-*.json"):
                if path not in done and not path.name.endswith(".receipt.json"):
                    done.add(path)
                    self._carry_out(path)

    def _carry_out(self, path):
        for message in read_plan(path):
            curve = self._twin.send(message)
            if message.kind == "spectrum":
                x, y = curve.xy_m
                rows = zip(curve.axis, curve.channels["response"], strict=True)
                lines = [f"X (m)\t{x:.9e}", f"Y (m)\t{y:.9e}", "[DATA]", "Bias (V)\tResponse (m)"]
                lines += [f"{a:.6e}\t{b:.6e}" for a, b in rows]
                name = f"loop{len(list(self._scans.glob('*.dat')))}.dat"
                (self._scans / name).write_text("\n".join(lines) + "\n")
        receipt = {"sha256": json.loads(path.read_text())["sha256"], "state": "done"}
        path.with_suffix(".receipt.json").write_text(json.dumps(receipt))

    def close(self):
        self._ended.set()
        self._thread.join(10)


def test_over_a_folder(twin, day, typed, live_plan, tmp_path):
    for name in ("scans", "plans"):
        (tmp_path / name).mkdir()
    instrument = FolderInstrument(tmp_path / "scans", tmp_path / "plans", poll_s=0.05)
    runner = runner_on(instrument, twin, day, typed, live_plan)
    lab = Lab(twin, tmp_path / "scans", tmp_path / "plans")
    runner.start()
    try:
        time.sleep(0.3)
        lab.scan(1)
        until(lambda: len(runner.snapshot.measurements) > 0, runner)
        count = len([m for m in twin.log if m.kind == "spectrum"])
        until(lambda: len(runner.snapshot.measurements) >= count, runner)
    finally:
        runner.stop()
        lab.close()
    assert runner.wait(WAIT_S)
    compare(runner, twin)


def test_over_nanonis(twin, day, typed, live_plan):
    with NanonisServer(twin) as server:
        instrument = NanonisInstrument(ports=server.ports)
        runner = runner_on(instrument, twin, day, typed, live_plan)
        runner.start()
        try:
            time.sleep(1.0)  # it reads first what was there before
            server.start_scan()
            until(lambda: len(runner.snapshot.measurements) > 0, runner)
            until(lambda: runner.snapshot.stage == "waiting", runner)
        finally:
            runner.stop()
        assert runner.wait(WAIT_S)
    compare(runner, twin)


def compare(runner, twin):
    """Every target has the spectrum that was taken at its place."""
    measured = runner.snapshot.measurements
    places = [(m.values["x_m"], m.values["y_m"]) for m in twin.log if m.kind == "move"]
    assert len(measured) == len(places) > 1
    for state in runner.snapshot.targets:
        assert state.stage == "measured"
        assert np.hypot(*np.subtract(measured[state.target.uid].xy_m, state.target.xy_m)) < 50e-9
