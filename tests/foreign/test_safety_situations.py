"""Situations in which something unsafe was said, done or left unsaid: the session must hold."""

from __future__ import annotations

import itertools
import math
import time
from contextlib import suppress

import pytest

from corescout.data import InputError
from corescout.data.errors import CorescoutError
from corescout.instruments import DriftCheck, Journal, Session, SessionError, plan_visits
from corescout.instruments.limits import limits_of_table
from corescout.instruments.nanonis import NanonisInstrument
from foreign.conftest import IMAGE, LIMITS, MOTIONS, target

NAN, INF = float("nan"), float("inf")


def settled(bench, wait_s: float = 0.3) -> float:
    """Until a hold has stopped what was under way; the time then."""
    time.sleep(wait_s)
    return bench.controller.clock.now()


def refused(bench, *targets, **options) -> str:
    """Why a plan is not carried out: an error of the preview, or what held it."""
    plan = plan_visits(IMAGE, targets, **options)
    errors = bench.session.preview(plan).errors
    if errors:
        return "; ".join(errors)
    bench.session.approve(plan.digest, by="test")
    bench.start(plan)
    return bench.ended()


# -- what works must work ------------------------------------------------------------------------


def test_a_plan_is_carried_out_as_it_was_approved(bench):
    places = [(0.3, 0.2), (-0.4, 0.1), (0.0, -0.5)]
    assert bench.run(*[target(x, y) for x, y in places], target(0.1, 0.1, "mark")) == "done"
    moves = [entry.acted_on[:2] for entry in bench.controller.log.acted("FolMe.XYPosSet")]
    assert moves == [[pytest.approx(x * 1e-6), pytest.approx(y * 1e-6)] for x, y in places]
    spectra = bench.controller.microscope.spectroscopy.spectra
    assert [spectrum.limits_v for spectrum in spectra] == [(-4.0, 4.0)] * 3
    assert [spectrum.start_bias_v for spectrum in spectra] == [0.0] * 3
    assert len(bench.controller.microscope.marks) == 1
    assert bench.controller.microscope.bias_v() == 0.0
    assert bench.session.state == "OBSERVE"


def test_a_frame_is_scanned_where_it_was_approved(benches):
    bench = benches(lines=4, pixels=16)
    assert bench.run(target(0.3, 0.2, "zoom", size_m=0.2e-6)) == "done"
    frame = bench.controller.microscope.scanner.frames_used[-1][0]
    assert (frame.x_m, frame.y_m) == (pytest.approx(0.3e-6), pytest.approx(0.2e-6))
    assert (frame.width_m, frame.height_m) == (pytest.approx(0.2e-6), pytest.approx(0.2e-6))
    assert bench.controller.microscope.scanner.frame.width_m == pytest.approx(2e-6)  # put back


# -- what was set is read back -------------------------------------------------------------------


@pytest.mark.parametrize("action", ["spectrum", "zoom"])
def test_a_bias_that_stays_holds_before_anything_moves(benches, action):
    bench = benches(bias_v=3.0)
    bench.controller.faults.add(command="Bias.Set", ignore=True)
    sizes = {"size_m": 0.2e-6} if action == "zoom" else {}
    said = refused(bench, target(0.5, 0.5, action, **sizes))
    assert "3" in said
    assert "V" in said
    assert bench.controller.microscope.xy.corners(0.0) == []
    assert not bench.controller.microscope.spectroscopy.spectra


def test_a_bias_that_comes_back_between_two_targets_holds(bench):
    """The second 0 V is ignored, 2 V were set at the controller."""
    bench.controller.faults.add(
        command="BiasSpectr.Start", times=1, after=lambda m: m.set_bias(2.0)
    )
    bench.controller.faults.add(command="Bias.Set", ignore=True, skip=1)
    said = bench.run(target(0.2, 0.0), target(-0.5, 0.0))
    assert said != "done"
    assert len(bench.controller.log.acted("FolMe.XYPosSet")) == 1


def test_a_speed_that_stays_holds(benches):
    bench = benches(speed_m_s=100e-6)
    bench.controller.faults.add(command="FolMe.SpeedSet", ignore=True)
    said = refused(bench, target(0.5, 0.5))
    assert "100" in said
    assert not bench.controller.log.acted("FolMe.XYPosSet")


def test_a_speed_that_was_coerced_is_refused_with_both_values(bench):
    bench.controller.faults.add(command="FolMe.SpeedSet", arguments=lambda a: [a[0] * 0.9, a[1]])
    said = bench.run(target(0.2, 0.1))
    assert "1.8 µm/s" in said
    assert "2 µm/s" in said
    assert not bench.controller.log.acted("FolMe.XYPosSet")


def test_limits_of_a_spectrum_that_stay_hold(benches):
    bench = benches(limits_v=(-10.0, 10.0))
    bench.controller.faults.add(command="BiasSpectr.LimitsSet", ignore=True)
    said = refused(bench, target(0.1, 0.0))
    assert "10" in said
    assert not bench.controller.microscope.spectroscopy.spectra


def test_a_frame_that_was_coerced_is_not_scanned(bench):
    bench.controller.faults.add(
        command="Scan.FrameSet", times=1, arguments=lambda a: [*a[:2], 3.5e-6, 3.5e-6, a[4]]
    )
    said = refused(bench, target(0.3, 0.2, "zoom", size_m=0.4e-6))
    assert said != "done"
    assert not bench.controller.microscope.scanner.frames_used


def test_a_frame_that_changes_with_the_start_of_the_scan_stops_it(benches):
    """The operator drags the frame in the moment between the last look and the start."""
    bench = benches(lines=64)
    clock, began = bench.controller.clock, []

    def drag(microscope):
        microscope.scanner.frame.x_m += 1.5e-6
        began.append(clock.now())

    bench.controller.faults.add(command="Scan.Action", times=1, before=drag)
    said = refused(bench, target(0.3, 0.2, "zoom", size_m=0.4e-6))
    assert said != "done"
    assert not bench.controller.microscope.scanner.running
    assert clock.now() - began[0] < 13  # the frame takes 26 s


def test_a_frame_is_scanned_to_its_end_where_the_status_says_that_no_scan_runs(benches):
    """Some controllers answer 0 for as long as they scan: a tip that moves has not ended."""
    bench = benches(lines=16, pixels=16)
    bench.controller.faults.add(command="Scan.StatusGet", result=lambda _: [0])
    assert bench.run(target(0.3, 0.2, "zoom", size_m=0.2e-6)) == "done"
    assert bench.controller.microscope.scanner.passes_done == 1
    assert not bench.controller.microscope.scanner.running


def test_a_frame_is_not_scanned_faster_than_the_tip_may_travel(benches):
    """The controller scans at 49 um/s; it is slowed down, or nothing is scanned."""
    bench = benches(scan_speed_m_s=49e-6, lines=4, pixels=16)
    refused(bench, target(0.3, 0.2, "zoom", size_m=0.2e-6))
    assert _fastest(bench) <= LIMITS.largest_speed_m_per_s * 1.01


def test_a_scan_speed_that_stays_holds(benches):
    bench = benches(scan_speed_m_s=49e-6, lines=4, pixels=16)
    bench.controller.faults.add(command="Scan.SpeedSet", ignore=True)
    said = refused(bench, target(0.3, 0.2, "zoom", size_m=0.2e-6))
    assert said != "done"
    assert not bench.controller.microscope.scanner.frames_used


def test_the_frame_of_a_drift_check_has_the_speed_of_the_limits(benches):
    bench = benches(scan_speed_m_s=49e-6, lines=4, pixels=16)
    check = DriftCheck(1, (0.2e-6, 0.1e-6), 0.3e-6)
    plan = plan_visits(IMAGE, [target(0.2, 0.1)], drift_check=check)
    if not bench.session.preview(plan).errors:
        bench.session.approve(plan.digest, by="test")
        with suppress(CorescoutError):
            list(bench.session.run(plan, IMAGE))
    assert _fastest(bench) <= LIMITS.largest_speed_m_per_s * 1.01


def _fastest(bench) -> float:
    corners = bench.controller.microscope.xy.corners(0.0)
    ways = [
        math.dist(a, b) / (t1 - t0) for (t0, a), (t1, b) in itertools.pairwise(corners) if t1 > t0
    ]
    return max(ways, default=0.0)


def test_a_frame_farther_than_a_step_is_refused(benches):
    bench = benches(start_xy_m=(-1.9e-6, -1.9e-6))
    said = refused(bench, target(1.5, 1.5, "zoom", size_m=0.4e-6))
    assert "step" in said
    assert not bench.controller.microscope.scanner.frames_used


def test_a_spectrum_that_takes_too_long_at_the_controller_is_refused(benches):
    bench = benches(integration_s=0.2)  # 6.5 s, at a limit of 2
    said = refused(bench, target(0.1, 0.0))
    assert said != "done"
    assert not bench.controller.microscope.spectroscopy.spectra


def test_a_drive_that_exceeds_the_limit_together_with_the_bias_is_refused(benches):
    bench = benches(ac_v=2.0)  # 4 V and 2 V, at a limit of 5
    said = refused(bench, target(0.1, 0.0))
    assert said != "done"
    assert not bench.controller.microscope.spectroscopy.spectra


@pytest.mark.parametrize("points", [1e12, 0.0, -4.0, 1.0])
def test_the_number_of_points_is_bounded(bench, points):
    assert refused(bench, target(0.1, 0.0, n_points=points)) != "done"
    assert not bench.controller.microscope.spectroscopy.spectra


# -- where the tip is ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [NAN, INF])
def test_a_position_that_is_no_number_is_unknown(bench, value):
    bench.controller.faults.add(command="FolMe.XYPosGet", result=lambda _: [value, value])
    with suppress(CorescoutError):
        assert refused(bench, target(0.5, 0.5)) != "done"
    assert not bench.controller.log.acted("FolMe.XYPosSet")


@pytest.mark.parametrize("skip", [1, 5, *range(9, 15)])  # eight are read as it is armed
def test_a_position_that_is_lost_on_the_way_holds(bench, skip):
    bench.controller.faults.add(command="FolMe.XYPosGet", skip=skip, result=lambda _: [NAN, NAN])
    with suppress(CorescoutError):
        assert refused(bench, target(0.2, 0.0), target(-0.3, 0.1)) != "done"
    steps = bench.controller.log.acted("FolMe.XYPosSet")
    assert len(steps) < 2 or bench.session.state == "HOLD"


def test_a_tip_that_arrives_elsewhere_holds(bench):
    bench.controller.faults.add(
        command="FolMe.XYPosSet", arguments=lambda a: [a[0] + 80e-9, *a[1:]]
    )
    assert "nm" in bench.run(target(0.2, 0.0))
    assert not bench.controller.microscope.spectroscopy.spectra
    assert bench.session.state == "HOLD"


@pytest.mark.parametrize("command", ["BiasSpectr.LimitsSet", "BiasSpectr.Start"])
def test_a_tip_moved_away_between_arrival_and_spectrum_is_not_tied_to_the_target(bench, command):
    bench.controller.faults.add(
        command=command, times=1, before=lambda m: m.teleport(-1.2e-6, 0.9e-6)
    )
    assert bench.run(target(0.2, 0.0)) != "done"
    assert bench.session.state == "HOLD"
    assert not [event for event in bench.events if event.what == "measured"]
    swept = bench.controller.microscope.spectroscopy.spectra
    assert len(swept) == (command == "BiasSpectr.Start")  # moved earlier: nothing is swept there


def test_a_scan_begun_by_the_operator_holds(bench):
    def begin(microscope):
        with microscope.lock:
            microscope.scanner.start(0)

    bench.controller.faults.add(command="BiasSpectr.Start", times=1, after=begin)
    assert bench.run(target(0.2, 0.0), target(-0.3, 0.1)) != "done"
    assert bench.session.state == "HOLD"
    assert len(bench.controller.log.acted("FolMe.XYPosSet")) == 1


# -- contact -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda m: setattr(m, "feedback", False), id="feedback off"),
        pytest.param(lambda m: m.withdraw(), id="withdrawn"),
    ],
)
def test_without_contact_nothing_is_measured(bench, change):
    """Looked at before every target, not at the start alone."""
    bench.controller.faults.add(command="BiasSpectr.Start", times=1, after=change)
    said = bench.run(target(0.2, 0.0), target(-0.3, 0.1))
    assert said != "done"
    assert len(bench.controller.microscope.spectroscopy.spectra) == 1


def test_without_contact_nothing_begins(benches):
    bench = benches(feedback=False)
    assert refused(bench, target(0.2, 0.0)) != "done"
    assert not bench.controller.microscope.spectroscopy.spectra


# -- answers that do not come, are refused or are none ---------------------------------------------

ON_THE_WAY = (
    "Bias.Set", "FolMe.SpeedSet", "FolMe.XYPosSet", "FolMe.XYPosGet", "Scan.StatusGet",
    "BiasSpectr.Open", "BiasSpectr.LimitsSet", "BiasSpectr.Start", "Bias.Get",
)  # fmt: skip


@pytest.mark.parametrize("command", ON_THE_WAY)
@pytest.mark.parametrize(
    "fault",
    [{"error": "Zugriff verweigert: Größe \\ 5"}, {"close": True}, {"lose_answer": True}],
    ids=["refused", "closed", "lost"],
)
def test_whatever_is_refused_or_lost_in_a_run_holds(benches, command, fault):
    if "lose_answer" in fault and command in ("FolMe.XYPosSet", "BiasSpectr.Start"):
        pytest.skip("its answer is waited for as long as it may take")
    bench = benches(bridge={"timeout_s": 2.0})
    plan = bench.arm(target(0.2, 0.0), target(-0.3, 0.1))
    bench.controller.faults.add(command=command, times=1, **fault)
    error = None
    try:
        for event in bench.session.run(plan):
            bench.events.append(event)
    except CorescoutError as found:
        error = found
    if error is None and bench.events[-1].what == "done":
        pytest.skip(f"{command} is not needed for it")
    assert bench.session.state == "HOLD"
    if "error" in fault and error is not None:
        assert "Größe" in str(error) or "Größe" in bench.session.hold_reason
    since = settled(bench)
    assert not bench.controller.log.acted(*MOTIONS, since_t=since)


# -- clouds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda r: [r[0], r[1][::-1], r[2][::-1]], id="swapped"),
        pytest.param(lambda r: [r[0], [r[1][0] + 1e-9, *r[1][1:]], r[2]], id="1 nm off"),
        pytest.param(lambda r: [1, r[1][:1], r[2][:1]], id="one only"),
    ],
)
def test_a_cloud_that_does_not_read_back_is_not_started(benches, change):
    bench = benches(bridge={"cloud": True})
    bench.controller.faults.add(command="Pattern.CloudGet", result=change)
    assert "read back" in bench.run(target(0.1, 0.0), target(0.5, 0.5))
    assert not bench.controller.log.acted("Pattern.ExpStart")


def test_a_cloud_at_a_bias_is_not_started(benches):
    bench = benches(bridge={"cloud": True}, bias_v=3.0)
    bench.controller.faults.add(command="Bias.Set", ignore=True)
    with suppress(CorescoutError):
        assert refused(bench, target(0.1, 0.0), target(0.5, 0.5)) != "done"
    assert not bench.controller.log.acted("Pattern.ExpStart")


# -- one instrument, one session -----------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
def test_one_controller_has_one_session(benches, tmp_path, host):
    """Whatever it is called, and whichever of its ports is named first."""
    bench = benches(one_client=False)
    bench.arm(target(0.2, 0.0))
    a, b, c, d = bench.controller.ports
    other = NanonisInstrument(host, ports=(b, c, d, a))
    journal = Journal(tmp_path / "other.jsonl", synced=False)
    try:
        other.connect()
        session = Session(other, LIMITS, journal)
        plan = plan_visits(IMAGE, [target(0.3, 0.0)])
        session.preview(plan)
        with pytest.raises(SessionError, match="another session"):
            session.approve(plan.digest, by="x")
    finally:
        other.close()
        journal.close()


# -- limits --------------------------------------------------------------------------------------

TABLE = {
    "x_m": [-2e-6, 2e-6], "y_m": [-2e-6, 2e-6], "largest_step_m": 3e-6,
    "largest_speed_m_per_s": 2e-6, "largest_bias_v": 5.0, "longest_spectrum_s": 2.0,
    "most_targets": 20, "readback_tolerance_m": 50e-9, "rotation_verified": False,
    "emergency": "halt_and_zero_bias",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"rotation_verified": "false"}, {"rotation_verified": "no"}, {"rotation_verified": NAN},
        {"rotation_verified": []}, {"rotation_verified": 0}, {"largest_bias_v": True},
        {"most_targets": 0.5}, {"most_targets": True}, {"x_m": [2e-6, -2e-6]},
        {"x_m": [0.0, 0.0]}, {"x_m": [-INF, INF]}, {"x_m": [NAN, 1e-6]}, {"emergency": "stop"},
        {"largest_speed_m_per_s": 10**400}, {"x_m": "2 um"}, {"largest_bias_v": None},
        {"x_m": [-20.0, 20.0]}, {"largest_speed_m_per_s": 5.0}, {"largest_bias_v": 8000.0},
        {"readback_tolerance_m": 50.0}, {"largest_step_m": 2.0},
    ],
    ids=str,
)  # fmt: skip
def test_limits_that_cannot_be_meant_are_refused(change):
    assert limits_of_table(TABLE, "here").most_targets == 20
    with pytest.raises(InputError):
        limits_of_table({**TABLE, **change}, "here")


def test_a_turned_scan_needs_the_marker_check(bench):
    from dataclasses import replace

    turned = replace(IMAGE, frame=replace(IMAGE.frame, angle_rad=math.radians(37)))
    plan = plan_visits(turned, [target(0.2, 0.0)])
    assert any("rotated" in error for error in bench.session.preview(plan).errors)


@pytest.mark.parametrize(
    "value", [NAN, INF, 10**400, "1e-7", None, True, 1j, [1e-7]], ids=lambda v: str(v)[:8]
)
@pytest.mark.parametrize("where", ["place", "bias", "seconds"])
def test_what_is_no_number_is_an_error_in_words(bench, where, value):
    """An error of the plan or of its check; never anything else, and never armed."""
    one = target(0.2, 0.0, **({"bias_end_v": value} if where == "bias" else {}))
    if where == "seconds":
        one = target(0.2, 0.0, seconds=value)
    if where == "place":
        from dataclasses import replace

        one = replace(one, xy_m=(value, 0.0))
    try:
        plan = plan_visits(IMAGE, [one])
        check = bench.session.preview(plan)
    except CorescoutError:
        return
    if check.errors:
        with pytest.raises(SessionError):
            bench.session.approve(plan.digest, by="x")
        return
    pytest.fail(f"{where} = {value!r} is taken")
