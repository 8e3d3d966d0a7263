"""The runner: each scan once in the journal, stops, losses, bad scans, approvals, a policy."""

import queue
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from corescout.edits import rename
from corescout.instruments import InstrumentError, Journal, Session, SessionError
from corescout.instruments.entries import StateChanged
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.live.day.day import Day
from corescout.live.loop import receiver as receiver_module
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import InstrumentSource, ListSource
from corescout.live.policy import Policy
from corescout.live.reading.analyst import Analyst
from corescout.live.settings import LiveSettings, Steering
from corescout.plan import TargetPlan
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

WAIT_S = 240.0  # on a loaded machine an exploration takes a minute and more


class PushSource:
    """Scans when the test says so; an exception in their place is a loss."""

    name = "pushed"

    def __init__(self):
        self.coming = queue.Queue()

    def arrivals(self):
        while (found := self.coming.get()) is not None:
            if isinstance(found, Exception):
                raise found
            yield found

    def stop(self):
        self.coming.put(None)


@pytest.fixture
def day(tmp_path):
    made = Day(tmp_path / "day", synced=False)
    yield made
    made.close()


def outcomes(day):
    entries = read_journal(day.folder / "journal.jsonl")
    return [(e["uid"], e["outcome"]) for e in entries if e["what"] == "scan outcome"]


def until(condition):
    end = time.monotonic() + WAIT_S
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_each_scan_stands_in_the_journal_once(day, typed, live_plan, look):
    noise = np.random.default_rng(0).standard_normal((192, 192)).astype(np.float32)
    bad = replace(look(seed=2), channels={"Amplitude": noise}, uid="noise")
    other = replace(look(seed=3), channels={"Height": look().channels["Topography"]}, roles={})
    scans = [look(seed=1), bad, look(seed=4), look(seed=4), other]
    coming, done = PushSource(), []
    runner = Runner(coming, day, Analyst(live_plan, typed))
    runner.signals.scan_done.connect(done.append)
    runner.start()
    for number, scan in enumerate(scans):
        coming.coming.put(scan)
        until(lambda n=number: len(done) >= min(n + 1, 3) and runner.idle)
    until(lambda: len(done) == 4)
    runner.stop()
    assert runner.wait(WAIT_S)  # the page is being written
    uids = [s.uid for s in scans]
    wanted = [(uids[0], "analysed"), ("noise", "set aside"), (uids[2], "analysed")]
    assert outcomes(day)[:3] == wanted  # the repetition of a very scan is none
    assert outcomes(day)[3][0] == other.uid
    assert "noise" in done[1].reason
    assert done[0].kind == "the first scan"
    assert done[2].kind.startswith("the same frame")
    assert done[2].drift_m is not None
    assert sum(done[0].types.values()) > 0
    assert runner.snapshot.stage == "stopped"
    page = (day.folder / "day.html").read_text()
    assert page.count('src="pictures/') == 4
    assert (day.folder / "scans" / f"{done[0].folder}.corescout" / "result.h5").exists()


def test_the_newest_comes_first_and_the_others_are_superseded(day, typed, live_plan, look):
    scans = [look(seed=n) for n in range(5)]
    analyst = Analyst(live_plan, typed)
    started, go = threading.Event(), threading.Event()
    understand = analyst.understand

    def slowly(scan, earlier):
        started.set()
        assert go.wait(WAIT_S)
        return understand(scan, earlier)

    analyst.understand = slowly
    coming = PushSource()
    runner = Runner(coming, day, analyst)
    runner.start()
    coming.coming.put(scans[0])
    assert started.wait(WAIT_S)
    for scan in scans[1:]:
        coming.coming.put(scan)
    until(lambda: runner.snapshot.waiting == 4)
    go.set()
    until(lambda: len(runner.snapshot.records) == 5)
    runner.stop()
    assert runner.wait(WAIT_S)
    found = dict(outcomes(day))
    assert len(outcomes(day)) == 5
    analysed = [uid for uid, outcome in found.items() if outcome == "analysed"]
    assert analysed == [scans[0].uid, scans[4].uid]
    assert set(found.values()) == {"analysed", "superseded"}


def test_a_newer_scan_that_is_noise_supersedes_nothing(day, typed, live_plan, look):
    noise = np.random.default_rng(0).standard_normal((192, 192)).astype(np.float32)
    bad = replace(look(seed=2), channels={"Amplitude": noise}, uid="noise")
    runner = Runner(ListSource([look(seed=1), look(seed=3), bad]), day, Analyst(live_plan, typed))
    for number, scan in enumerate([look(seed=1), look(seed=3), bad]):
        runner._inbox.put(scan, float(number))
    with runner._busy:
        assert runner._turn()
    assert outcomes(day) == [
        ("noise", "set aside"), (look(seed=1).uid, "superseded"), (look(seed=3).uid, "analysed")
    ]  # fmt: skip


def test_a_lost_connection_is_opened_again_and_a_raising_analysis_is_survived(
    day, typed, live_plan, look, monkeypatch
):
    monkeypatch.setattr(receiver_module, "FIRST_WAIT_S", 0.01)
    analyst = Analyst(live_plan, typed)
    understand = analyst.understand

    def broken(scan, earlier):
        if scan.uid == "breaks":
            raise ZeroDivisionError("of its own")
        return understand(scan, earlier)

    analyst.understand = broken
    coming = PushSource()
    runner = Runner(coming, day, analyst)
    runner.signals.changed.connect(_raise)  # a listener that fails is its own affair
    runner.start()
    coming.coming.put(look(seed=1))
    coming.coming.put(InstrumentError("no answer"))
    coming.coming.put(RuntimeError("a bug of the bridge"))
    until(lambda: len(runner.snapshot.records) == 1)
    coming.coming.put(replace(look(seed=2), uid="breaks"))
    until(lambda: len(runner.snapshot.records) == 2)
    coming.coming.put(look(seed=3))
    until(lambda: len(runner.snapshot.records) == 3)
    assert runner.snapshot.connected
    runner.stop()
    assert runner.wait(WAIT_S)
    assert [o for _, o in outcomes(day)] == ["analysed", "set aside", "analysed"]
    assert "ZeroDivisionError" in runner.snapshot.records[1].reason
    told = [e for e in read_journal(day.folder / "journal.jsonl") if "connect" in e["what"]]
    assert [e["what"] for e in told] == [
        "connected", "connection lost", "connection lost", "connected",
    ]  # fmt: skip
    assert "no answer" in told[1]["reason"]


def _raise(_):
    raise ValueError("a listener")


def test_an_edit_waits_for_the_scan_under_way_which_is_then_shown_with_it(
    day, typed, live_plan, look
):
    coming = PushSource()
    runner = Runner(coming, day, Analyst(live_plan, typed))
    runner.start()
    coming.coming.put(look(seed=1))
    until(lambda: runner.snapshot.understood is not None and runner.idle)
    edited = rename(runner.snapshot.understood.result, 1, "flux closure")
    coming.coming.put(look(seed=4))
    until(lambda: not runner.idle)
    runner.adopt(edited)  # made on the first scan, while the second is read
    shown = runner.snapshot.understood
    assert shown.scan.uid == look(seed=4).uid
    assert shown.result.types.name(1) == "flux closure"
    assert runner.snapshot.result is shown.result
    coming.coming.put(look(seed=9))
    until(lambda: runner.snapshot.understood.scan.uid == look(seed=9).uid and runner.idle)
    assert runner.snapshot.understood.result.types.name(1) == "flux closure"
    runner.stop()
    assert runner.wait(WAIT_S)


def test_it_stops_in_an_exploration_of_an_hour(day, live_plan, look):
    long = live_plan.model_copy(
        update={
            "training": live_plan.training.model_copy(update={"epochs": 100_000, "max_steps": None})
        }
    )
    coming = PushSource()
    runner = Runner(coming, day, Analyst(long))
    runner.start()
    coming.coming.put(look())
    until(lambda: runner.snapshot.stage == "exploring" and "training" in runner.snapshot.message)
    coming.coming.put(look(seed=1))
    until(lambda: runner.snapshot.waiting == 1)
    runner.stop()
    assert runner.wait(WAIT_S)
    assert [o for _, o in outcomes(day)] == ["set aside", "set aside"]
    assert all("stopped" in r.reason for r in runner.snapshot.records)


def test_the_first_scan_is_explored_and_the_next_read(day, live_plan, look):
    runner = Runner(ListSource([look()]), day, Analyst(live_plan))
    runner.start()
    assert runner.wait(WAIT_S)
    record = runner.snapshot.records[0]
    assert record.outcome == "analysed"
    assert record.explored
    assert record.representation == 1
    assert runner.snapshot.result.core_points.type_names


@pytest.fixture
def twin(typed_surface):
    made = DigitalTwin(typed_surface, speed=2000.0, creep=0.0)
    made.connect()
    yield made
    made.close()


def measuring(day, twin, typed, plan, source, policy=None, **settings):
    targets = TargetPlan(per_type=1, spacing_px=20)
    plan = plan.model_copy(update={"targets": targets})
    result = replace(typed.result, plan=plan.model_dump(mode="json"))
    session = Session(twin, limits_of(twin), day.journal)
    analyst = Analyst(plan, replace(typed, result=result))
    chosen = LiveSettings(drift_check=False, **settings)
    return Runner(source, day, analyst, session, twin, policy, chosen)


def test_a_person_approves_and_results_are_tied_to_targets(day, twin, typed, live_plan):
    coming = PushSource()
    runner = measuring(day, twin, typed, live_plan, coming)
    runner.start()
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: runner.snapshot.stage == "awaiting approval")
    plan = runner.snapshot.plan
    assert runner.snapshot.check.errors == ()
    assert twin.log == []
    with pytest.raises(SessionError):
        runner.approve("another", "me")
    runner.approve(plan.digest, "me")
    until(lambda: len(runner.snapshot.measurements) == len(plan.targets))
    until(lambda: runner.snapshot.stage == "waiting")
    assert {t.stage for t in runner.snapshot.targets} == {"measured"}
    assert set(runner.snapshot.measurements) == {t.uid for t in plan.targets}
    assert set(runner.snapshot.type_of_target.values()) == {t.type for t in plan.targets}
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: runner.snapshot.stage == "awaiting approval")
    again = runner.snapshot.plan
    places = np.array([t.xy_m for t in plan.targets])
    for target in again.targets:  # measured places are left alone
        assert np.linalg.norm(places - target.xy_m, axis=1).min() > 50e-9
    runner.decline("me")
    assert runner.snapshot.stage == "waiting"
    assert runner.snapshot.session == "OBSERVE"
    runner.stop()
    assert runner.wait(WAIT_S)
    assert len((day.folder / "measurements.csv").read_text().splitlines()) == 1 + len(plan.targets)


def test_a_plan_in_force_is_kept_within_its_tolerance_and_withdrawn_beyond(
    day, twin, typed, live_plan
):
    coming = PushSource()
    runner = measuring(day, twin, typed, live_plan, coming)
    runner.start()
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: runner.snapshot.stage == "awaiting approval")
    first = runner.snapshot.plan
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: len(runner.snapshot.records) == 2)
    assert runner.snapshot.plan is first  # the sample stayed where it was
    twin.sample.drift_m_per_s = (80e-9 / twin.seconds(), 0.0)
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: len(runner.snapshot.records) == 3 and runner.idle)
    assert runner.snapshot.plan.digest != first.digest
    with pytest.raises(SessionError):
        runner.approve(first.digest, "me")
    runner.stop()
    assert runner.wait(WAIT_S)
    entries = read_journal(day.folder / "journal.jsonl")
    why = [e["why"] for e in entries if e["what"] == "withdrawn"]
    assert len(why) == 1
    assert "the plan tolerates 50 nm" in why[0]


def test_a_policy_approves_within_its_limits(day, twin, typed, live_plan):
    policy = Policy("me", most_plans=1, most_targets=20)
    coming = PushSource()
    runner = measuring(day, twin, typed, live_plan, coming, policy)
    runner.start()
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: len(runner.snapshot.measurements) > 0 and runner.snapshot.stage == "waiting")
    count = len(runner.snapshot.measurements)
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: runner.snapshot.stage == "awaiting approval")
    assert len(runner.snapshot.measurements) == count
    runner.stop()
    assert runner.wait(WAIT_S)
    entries = read_journal(day.folder / "journal.jsonl")
    assert [e["by"] for e in entries if e["what"] == "approved"] == ["policy signed by me"]
    assert any("no more" in e["refused"] for e in entries if e["what"] == "policy")


def test_a_plan_begins_with_a_frame_and_measures_nothing_on_another_sample(
    day, twin, typed, live_plan
):
    policy = Policy("me", most_plans=5, most_targets=50)
    coming = PushSource()
    runner = measuring(day, twin, typed, live_plan, coming, policy)
    runner.start()
    scan = list(twin.scans())[-1]
    twin.sample = DigitalTwin(generate_surface((192, 192), seed=33)).sample  # exchanged meanwhile
    coming.coming.put(scan)
    until(lambda: runner.snapshot.stage == "held" and runner.idle)
    kinds = [m.kind for m in twin.log]
    assert "zoom" in kinds
    assert not {"move", "spectrum"} & set(kinds)
    until(lambda: "4 of 5 plans and 50 of 50 targets left" in runner.snapshot.policy)
    runner.stop()
    assert runner.wait(WAIT_S)
    entries = read_journal(day.folder / "journal.jsonl")
    assert any("drift" in e.get("reason", "") for e in entries if e["what"] == "run held")


class Failing(DigitalTwin):
    """A twin that fails as a plan begins: before its first message, or as it is carried out."""

    fails = ""

    def status(self):
        if self.fails == "before":
            raise InstrumentError("no answer")
        return super().status()

    def send(self, message):
        if self.fails == "during":
            raise InstrumentError("no answer")
        return super().send(message)


@pytest.mark.parametrize(("fails", "left"), [("before", 5), ("during", 4)])
def test_a_plan_uses_a_policy_up_from_its_first_message_on(
    day, typed_surface, typed, live_plan, fails, left
):
    twin = Failing(typed_surface, speed=2000.0, creep=0.0)
    twin.connect()
    coming = PushSource()
    policy = Policy("me", most_plans=5, most_targets=50)
    runner = measuring(day, twin, typed, live_plan, coming, policy)

    def begin(now):
        if now.stage == "measuring":
            twin.fails = fails

    runner.signals.changed.connect(begin)
    runner.start()
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: runner.snapshot.stage == "held" and runner.idle)
    assert f"{left} of 5 plans and 50 of 50 targets left" in runner.snapshot.policy
    assert twin.log == []
    runner.stop()
    assert runner.wait(WAIT_S)
    twin.fails = ""
    twin.close()


def test_two_scans_that_agree_spare_the_frame_and_the_check_says_why(day, twin, typed, live_plan):
    coming = PushSource()
    runner = measuring(day, twin, typed, live_plan, coming)
    runner.start()
    first, second = (list(twin.scans())[-1] for _ in range(2))
    now = datetime.now(UTC)
    coming.coming.put(replace(first, acquired_at=now - timedelta(minutes=40)))
    until(lambda: runner.snapshot.stage == "awaiting approval")
    assert "First a frame of" in runner.snapshot.check.warnings[0]
    runner.decline("me")
    coming.coming.put(replace(second, acquired_at=now))
    until(lambda: runner.snapshot.stage == "awaiting approval")
    assert "No frame before the first target" in runner.snapshot.check.warnings[0]
    assert not [m for m in runner.snapshot.check.messages if m.kind == "zoom"]
    runner.stop()
    assert runner.wait(WAIT_S)


def test_nothing_is_measured_on_a_first_answer_whatever_the_policy_says(day, twin, live_plan):
    plan = live_plan.model_copy(update={"targets": TargetPlan(per_type=1, spacing_px=20)})
    session, coming = Session(twin, limits_of(twin), day.journal), PushSource()
    policy = Policy("me", most_plans=5, most_targets=50)
    runner = Runner(coming, day, Analyst(plan), session, twin, policy)
    said, sent = [], []

    def look(now):
        if now.progress is not None and now.progress.provisional is not None:
            sent.append((len(twin.log), now.plan))

    runner.signals.changed.connect(look)
    runner.signals.said.connect(said.append)
    runner.start()
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: len(runner.snapshot.measurements) > 0)
    runner.stop()
    assert runner.wait(WAIT_S)
    assert sent
    assert set(sent) == {(0, None)}
    first = next(n for n, text in enumerate(said) if "provisional type" in text)
    record = runner.snapshot.records[0]
    assert record.worth == runner.snapshot.understood.result.worth
    final = next(n for n, text in enumerate(said) if str(record).strip() in text)
    assert first < final


def test_zooms_are_targets_and_come_back_as_scans(day, twin, typed, live_plan):
    policy = Policy("me", most_plans=1, most_targets=20, actions=frozenset({"zoom"}))
    coming = PushSource()
    runner = measuring(day, twin, typed, live_plan, coming, policy, action="zoom")
    runner.start()
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: len(runner.snapshot.measurements) > 0 and runner.idle)
    until(lambda: len(runner.snapshot.records) > len(runner.snapshot.measurements))
    runner.stop()
    assert runner.wait(WAIT_S)
    assert set(runner.snapshot.type_of_target.values()) == set(range(1, typed.result.n_types + 1))
    survey, *zooms = runner.snapshot.records
    assert survey.outcome == "analysed"
    assert len(zooms) == len(runner.snapshot.measurements)
    seen = [r for r in zooms if r.outcome == "analysed"]
    assert seen
    assert all(r.kind.startswith("a zoom of") for r in seen)


def test_halt_holds_until_a_person_releases(day, twin, typed, live_plan):
    twin.speed = 20.0
    coming = PushSource()
    policy = Policy("me", most_plans=5, most_targets=50)
    runner = measuring(day, twin, typed, live_plan, coming, policy)
    runner.start()
    twin.speed, scan = 20.0, list(_fast(twin))[-1]
    coming.coming.put(scan)
    until(lambda: runner.snapshot.stage == "measuring")
    runner.halt("STOP was pressed")
    until(lambda: runner.snapshot.stage == "held" and runner.idle)
    assert twin.status().bias_v == 0.0
    sent = len(twin.log)
    coming.coming.put(list(_fast(twin, connect=True))[-1])
    until(lambda: len(runner.snapshot.records) == 2)
    assert runner.snapshot.stage == "held"  # it is watched, and nothing is measured
    assert len(twin.log) == sent
    runner.release("me")
    assert runner.snapshot.session == "OBSERVE"
    runner.stop()
    assert runner.wait(WAIT_S)


def _fast(twin, connect=False):
    """A scan that takes no time, whatever the twin's speed; the stop that latches aside."""
    speed, twin.speed = twin.speed, 5000.0
    stopped = twin._stopped.is_set()
    if connect:
        twin._stopped.clear()
    yield from twin.scans()
    if stopped:
        twin._stopped.set()
    twin.speed = speed


def test_after_a_stop_the_source_is_not_opened_again_before_a_release(day, twin, typed, live_plan):
    opened = []

    class Counted(InstrumentSource):
        def arrivals(self):
            opened.append(time.monotonic())
            return super().arrivals()

    runner = measuring(day, twin, typed, live_plan, Counted(twin))
    runner.start()
    until(lambda: runner.snapshot.connected)
    runner.halt("STOP was pressed")
    until(lambda: runner.snapshot.message == "look at the instrument, then release")
    time.sleep(1.0)
    assert twin._stopped.is_set()
    assert len(opened) == 1
    runner.release("me")
    until(lambda: len(opened) == 2)
    runner.stop()
    assert runner.wait(WAIT_S)
    journal = read_journal(day.folder / "journal.jsonl")
    assert not [entry for entry in journal if entry["what"] == "connection lost"]


def test_a_journal_of_a_crash_begins_held(day, twin, typed, live_plan):
    with_crash = Journal(day.folder / "journal.jsonl", synced=False)
    with_crash.write(StateChanged(before="ARMED", state="RUNNING"))
    with_crash.close()
    runner = measuring(day, twin, typed, live_plan, ListSource([]))
    runner.start()
    runner.wait(1.0)
    assert runner.snapshot.session in ("", "HOLD")
    runner.stop()
    assert runner.wait(WAIT_S)
    assert runner._measuring.held


@pytest.mark.parametrize("error", [1e-6, 5.0])
def test_what_the_loops_showed_decides_the_next_plan(day, twin, typed, live_plan, error):
    steering = Steering("coercive_bias_v", {"map": 1.0, "types": 0.5}, batch=8, error=error)
    policy = Policy("me", most_plans=5, most_targets=100)
    coming = PushSource()
    runner = measuring(day, twin, typed, live_plan, coming, policy, steering=steering)
    runner.start()
    plans = []
    for count in range(1, 4):
        coming.coming.put(list(twin.scans())[-1])
        until(lambda n=count: len(runner.snapshot.records) == n and runner.idle)
        plans.append(runner.snapshot.targets)
    runner.stop()
    assert runner.wait(WAIT_S)
    by_type, spread_out, last = plans
    assert not any(state.target.reason.startswith("map") for state in by_type)
    assert len(spread_out) == 8
    assert all("too few loops to steer by" in state.target.reason for state in spread_out)
    steered = [e for e in read_journal(day.folder / "journal.jsonl") if e["what"] == "steered"]
    assert len(steered) == 2
    assert any("expected error over all key points" in line for line in steered[1]["lines"])
    if error > 1:  # met: nothing more is proposed, and it is said
        assert steered[1]["met"]
        assert last == ()
        assert "the goal is met (the map and the means of the types)" in steered[1]["lines"][-1]
        assert len(runner.snapshot.measurements) == len(by_type) + len(spread_out)
    else:
        assert len(last) == 8
        assert {s.target.reason.partition(":")[0] for s in last} <= {"map", "types"}
        assert any("halve it" in line for line in steered[1]["lines"])
        places = np.array([m.xy_m for m in runner.snapshot.measurements.values()])
        apart = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(len(places))
        assert apart.min() > 20e-9  # no place twice


@pytest.mark.parametrize("largest_v", [5.0, 0.5])
def test_the_distance_between_targets_is_of_what_was_written(
    day, twin, typed, live_plan, largest_v
):
    """1.5 times the radius that the frames show; the plan's own where nothing was written."""
    steering = Steering("coercive_bias_v", {"map": 1.0}, batch=6, error=1e-6)
    policy = Policy("me", most_plans=5, most_targets=100)
    coming = PushSource()
    runner = measuring(
        day, twin, typed, live_plan, coming, policy, steering=steering, look_at_written=True,
        action_settings={"bias_start_v": -largest_v, "bias_end_v": largest_v},
    )  # fmt: skip
    runner.start()
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: len(runner.snapshot.records) == 1 and runner.idle)
    measured = runner._measuring.measured
    if largest_v < 1:
        assert measured.written_radius_m is None
    else:
        truth = max(twin.sample.written_m)
        assert measured.written_radius_m == pytest.approx(truth, rel=0.5)
    coming.coming.put(list(twin.scans())[-1])
    until(lambda: len(runner.snapshot.records) == 2 and runner.idle)
    runner.stop()
    assert runner.wait(WAIT_S)
    asked = runner.snapshot.targets
    places = np.array([state.target.xy_m for state in asked])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(len(places))
    least_m = 20 * twin.surface.scan.frame.pitch_m[0]  # of the plan
    if largest_v < 1:
        assert apart.min() >= 0.99 * least_m
    else:
        assert apart.min() >= 1.5 * measured.written_radius_m
        free_m = 1.5 * measured.written_radius_m
        assert free_m < 0.5 * least_m
    seen = [e for e in read_journal(day.folder / "journal.jsonl") if e["what"] == "written"]
    assert len(seen) == len(runner.snapshot.measurements)
