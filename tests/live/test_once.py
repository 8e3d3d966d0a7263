"""One plan at the twin: every target has its loop, and loops by type are the planted ones."""

import numpy as np
import pytest

from corescout.data import InputError
from corescout.instruments.loops import fit_loop
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.live import Day, Policy
from corescout.live.loop.once import watch_once
from corescout.whole import read_journal


@pytest.fixture(scope="module")
def watched(surface, quick_plan, tmp_path_factory):
    twin = DigitalTwin(surface, speed=600.0)
    day = Day(tmp_path_factory.mktemp("once") / "day")
    said = []
    policy = Policy("the test", most_plans=1, most_targets=100)
    shown = watch_once(twin, limits_of(twin), day, quick_plan, policy, say=said.append)
    day.close()
    return shown, twin, day.folder, said


def test_every_target_has_its_loop(watched):
    shown, twin, folder, said = watched
    entries = read_journal(folder / "journal.jsonl")
    began = {e["target_uid"] for e in entries if e["what"] == "measured"}
    assert set(shown.measurements) == began
    assert len(twin.written_xy_m) == len(began) > 3
    for measured in shown.measurements.values():
        planted = twin.loops[twin.true_type(measured.xy_m)]
        assert fit_loop(measured).coercive_v == pytest.approx(planted.coercive_v, abs=0.2)
    assert [e["by"] for e in entries if e["what"] == "approved"] == ["policy signed by the test"]
    outcomes = [e["outcome"] for e in entries if e["what"] == "scan outcome"]
    assert outcomes == ["analysed", "analysed"]  # one to explore, one for the drift; none in vain
    assert any("analysed" in line or "twin" in line for line in said)


def test_the_tip_went_where_the_targets_are(watched):
    shown, _, folder, _ = watched
    entries = read_journal(folder / "journal.jsonl")
    moves = [e["values"] for e in entries if e["what"] == "message" and e["kind"] == "move"]
    there = np.array([(m["x_m"], m["y_m"]) for m in moves])
    for measured in shown.measurements.values():
        assert np.hypot(*(there - measured.xy_m).T).min() < 10e-9


def test_the_day_has_its_page(watched):
    page = (watched[2] / "day.html").read_text(encoding="utf-8")
    assert "Loops by type" in page
    assert "approved by policy signed by the test" in page


def test_a_policy_that_refuses_ends_the_watch_with_its_reason(surface, quick_plan, tmp_path):
    twin = DigitalTwin(surface, speed=600.0)
    day = Day(tmp_path / "day")
    policy = Policy("the test", most_plans=1, most_targets=1)
    with pytest.raises(InputError, match="the policy allows no more than 1 target, 0 are done"):
        watch_once(twin, limits_of(twin), day, quick_plan, policy)
    day.close()
    assert not twin.written_xy_m
