"""What every instrument must do, according to what it declares. One suite for all of them.

One of another package is held to it too: ``CORESCOUT_INSTRUMENT=NAME CORESCOUT_PROFILES=FILE``
names its profile, whose limits are in force.
"""

import os
import shutil
import threading
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from corescout.data import ScanFrame, StoppedError, Target
from corescout.instruments import InstrumentError, Session, SessionError, plan_visits
from corescout.instruments.asylum import AsylumInstrument
from corescout.instruments.dtmicroscope import DTMicroscopeInstrument
from corescout.instruments.folder import FolderInstrument
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.profiles import KINDS, open_instrument
from corescout.instruments.recorded import RecordedInstrument
from corescout.instruments.twin import DigitalTwin
from corescout.readers import read_scan, read_spectrum_grid


def spectra_plan(scan, places):
    """Spectra at pixels of a scan."""
    targets = [
        Target(f"c{i}", scan.uid, place, tuple(map(float, scan.frame.to_m(place))), 1, i,
               "spectrum", {"seconds": 0.3})
        for i, place in enumerate(places)
    ]  # fmt: skip
    return plan_visits(scan, targets)


def own_plan(scan, actions, limits):
    """Spectra, or marks where it knows none, at three places of its travel box."""
    (x0, x1), (y0, y1) = limits.x_m, limits.y_m
    pitch_m = ((x1 - x0) / 2 / scan.shape_px[1], (y1 - y0) / 2 / scan.shape_px[0])
    centre_m = ((x0 + x1) / 2, (y0 + y1) / 2)
    placed = replace(scan, frame=ScanFrame(scan.shape_px, pitch_m, centre_m))
    plan = spectra_plan(placed, [(20.0, 20.0), (40.0, 60.0), (60.0, 30.0)])
    if "spectrum" in actions:
        return plan
    return plan_visits(placed, [replace(t, action="mark", settings={}) for t in plan.targets])


def noted(made):
    """The same with a `log` of the messages that it has carried out, where it keeps none."""
    if not hasattr(made, "log"):
        made.log, carry_out = [], made.send

        def send(message):
            measured = carry_out(message)
            made.log.append(message)
            return measured

        made.send = send
    return made


def plotter(folder):
    """The instrument of the page for contributors, with no package installed."""
    monkey = pytest.MonkeyPatch()
    monkey.syspath_prepend(Path(__file__).parent.parent / "third_package" / "src")
    try:
        return import_module("corescout_lines.instrument").Plotter(folder / "paper.txt")
    finally:
        monkey.undo()


OURS = ["twin", "recorded", "nanonis", "nanonis cloud", "folder", "asylum", "dtmicroscope"]


@pytest.fixture(params=[*OURS, "plotter", *filter(None, [os.environ.get("CORESCOUT_INSTRUMENT")])])
def backend(request, wall_surface, scan_file, tmp_path):
    """An instrument and a plan for it."""
    server = None
    walls = np.argwhere(wall_surface.wall_type > 0)[::500][:3]
    on_walls = spectra_plan(wall_surface.scan, [tuple(map(float, w)) for w in walls])
    if request.param == "twin":
        plan = on_walls
        made = DigitalTwin(wall_surface, speed=50.0)
    elif request.param.startswith("nanonis"):
        twin = DigitalTwin(wall_surface, speed=50.0)
        server = NanonisServer(twin)
        server.start()
        plan = on_walls
        made = NanonisInstrument(ports=server.ports, cloud=request.param.endswith("cloud"))
        made.log = twin.log
    elif request.param == "folder":
        plan = on_walls
        (tmp_path / "plans").mkdir()
        made = FolderInstrument(tmp_path, tmp_path / "plans")
    elif request.param == "dtmicroscope":
        made = DTMicroscopeInstrument(request.getfixturevalue("dtm_address"), data_path="any")
        made.connect()
        (scan,) = made.scans()
        made.close()
        plan = spectra_plan(scan, [(1.0, 3.0), (5.0, 10.0), (2.0, 18.0)])
    elif request.param == "asylum":
        shutil.copy(scan_file("scan_0001.ibw"), tmp_path)
        scan = read_scan(scan_file("scan_0001.ibw"))
        plan = spectra_plan(scan, [(20.0, 30.0), (100.0, 120.0), (200.0, 40.0)])
        made = AsylumInstrument(tmp_path, tmp_path / "ToIgor.arcmd")
    elif request.param == "plotter":
        made = noted(plotter(tmp_path))
        plan = own_plan(
            wall_surface.scan, made.capabilities.actions, request.getfixturevalue("limits")
        )
    elif request.param not in OURS:
        made, limits = open_instrument(request.param, os.environ.get("CORESCOUT_PROFILES"))
        plan = own_plan(wall_surface.scan, made.capabilities.actions, limits)
        noted(made)
    else:
        grid = read_spectrum_grid(scan_file("BEPS_PTO_50x50.h5"))
        survey = read_scan(scan_file("PTO_Funakubo0004.h5"))
        zoom = read_scan(scan_file("PTO_Funakubo0005.h5"))
        on_grid = replace(survey, frame=replace(survey.frame, center_m=grid.frame.center_m))
        plan = spectra_plan(on_grid, [(100.0, 100.0), (128.0, 90.0), (140.0, 150.0)])
        made = RecordedInstrument([survey, zoom], grid)
    yield made, plan
    made.close()
    if server is not None:
        server.close()


def test_every_kind_of_profile_is_held_to_it():
    assert set(KINDS) <= {name.partition(" ")[0] for name in OURS}


@pytest.fixture
def wide(limits, request):
    own = os.environ.get("CORESCOUT_INSTRUMENT")
    if own is not None and own == request.node.callspec.params["backend"]:
        return open_instrument(own, os.environ.get("CORESCOUT_PROFILES"))[1]
    return replace(limits, x_m=(-20e-6, 20e-6), y_m=(-20e-6, 20e-6), largest_step_m=1e-4)


@pytest.fixture
def session_of(backend, wide, journal):
    instrument, _ = backend
    instrument.connect()
    made = Session(instrument, wide, journal)
    yield made
    made.close()


def test_before_connect_it_says_so(backend):
    instrument, _ = backend
    with pytest.raises(InstrumentError, match="connect"):
        instrument.status()


def test_a_preview_sends_nothing_and_says_the_messages(backend, session_of):
    instrument, plan = backend
    check = session_of.preview(plan)
    assert check.errors == ()
    assert check.wire
    assert instrument.log == []
    for warning in instrument.capabilities.warnings():
        assert warning in check.warnings


def test_all_targets_are_visited_in_order(backend, session_of):
    instrument, plan = backend
    session_of.preview(plan)
    session_of.approve(plan.digest, by="test")
    events = list(session_of.run(plan))
    going = ("move", "mark")
    sent = [e.target_uid for e in events if e.what == "sent" and e.message.kind in going]
    assert sent == [t.uid for t in plan.targets]
    assert events[-1].what == "done"
    if instrument.capabilities.whole_plans:
        assert [e.what for e in events].count("handed over") == 1
        moves = [m.values for m in instrument.log if m.kind == "move"]
        places = [(v["x_m"], v["y_m"]) for v in moves]
        assert np.allclose(places, [t.xy_m for t in plan.targets], rtol=1e-6, atol=0)
        return  # what was measured comes later, as files
    if instrument.capabilities.can_read_back:
        assert all(e.off_m < 20e-9 for e in events if e.what == "arrived")
    if plan.targets[0].action == "mark":
        return
    measured = [e for e in events if e.what == "measured"]
    assert [e.target_uid for e in measured] == sent
    assert all(np.isfinite(e.measurement.channels["response"]).all() for e in measured)


def test_what_was_not_handed_over_yet_is_kept_by_a_stop(backend, session_of):
    instrument, plan = backend
    if not instrument.capabilities.whole_plans:
        pytest.skip("takes messages one by one")
    for message in session_of.preview(plan).messages:
        instrument.send(message)
    instrument.stop("test", "halt")
    with pytest.raises(StoppedError):
        instrument.finish()
    assert instrument.log == []
    instrument.connect()
    instrument.release()
    instrument.finish()
    assert instrument.log == []


def test_a_stop_latches_until_it_is_released_and_connecting_does_not_end_it(backend, session_of):
    instrument, plan = backend
    if not instrument.capabilities.can_stop:
        pytest.skip("declares that it cannot stop")
    session_of.preview(plan)
    messages = session_of.preview(plan).messages
    instrument.stop("test", "halt")
    instrument.connect()
    with pytest.raises(StoppedError):
        instrument.send(messages[0])
    instrument.release()
    instrument.send(messages[0])


def test_a_stop_from_another_thread_ends_a_run(backend, session_of):
    instrument, plan = backend
    session_of.preview(plan)
    session_of.approve(plan.digest, by="test")
    run = session_of.run(plan)
    next(run)
    stopper = threading.Thread(target=session_of.stop, args=("test",))
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()
    sent = len(instrument.log)
    assert [e.what for e in run] == ["held"]
    time.sleep(0.1)
    assert len(instrument.log) == sent
    assert session_of.state == "HOLD"


def test_an_action_that_it_does_not_know_is_refused(backend, wide, journal):
    instrument, plan = backend
    instrument.connect()
    capabilities = replace(instrument.capabilities, actions=frozenset({"bias", "speed", "move"}))

    class Poorer:
        def __getattr__(self, name):
            return capabilities if name == "capabilities" else getattr(instrument, name)

    check = Session(Poorer(), wide, journal).preview(plan)
    action = plan.targets[0].action
    assert any(f"does not know '{action}'" in e for e in check.errors)


def test_only_one_session_controls_it(backend, wide, tmp_path, journal):
    from corescout.instruments import Journal

    instrument, plan = backend
    instrument.connect()
    first = Session(instrument, wide, journal)
    second_journal = Journal(tmp_path / "second.jsonl")
    second = Session(instrument, wide, second_journal)
    first.preview(plan)
    second.preview(plan)
    first.approve(plan.digest, by="one")
    with pytest.raises(SessionError, match="another session controls"):
        second.approve(plan.digest, by="two")
    first.close()
    second.approve(plan.digest, by="two")
    second.close()
    second_journal.close()


def test_closing_twice_is_nothing_special(backend):
    instrument, _ = backend
    instrument.close()
    instrument.close()


def test_recorded_scans_come_in_order(scan_file):
    survey = read_scan(scan_file("PTO_Funakubo0004.h5"))
    zoom = read_scan(scan_file("PTO_Funakubo0005.h5"))
    made = RecordedInstrument([survey, zoom])
    made.connect()
    assert [s.uid for s in made.scans()] == [survey.uid, zoom.uid]
    assert "spectrum" not in made.capabilities.actions
