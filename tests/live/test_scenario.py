"""The story of a day, short: everything happens, nothing is lost or outside the limits."""

from collections import Counter

import pytest

from benchmarks.reliability.day import figures, outside
from benchmarks.reliability.scenario import scenario, story
from corescout.instruments.messages import Message
from corescout.instruments.twin_demo import limits_of
from corescout.whole import read_journal


def test_every_thing_happens_in_a_story():
    for scans in (8, 10, 100):
        steps = story(scans)
        assert len(steps) == scans
        count = Counter(step.what for step in steps)
        assert set(count) == {"same", "moved", "zoom", "bad", "lost", "rush", "worn"}
        assert count["bad"] == count["lost"] == 1
        assert max(step.tip_px for step in steps) == pytest.approx(2.5)
        assert steps[0].what == "same"


@pytest.fixture(scope="module")
def day(tmp_path_factory, live_plan):
    made = scenario(
        tmp_path_factory.mktemp("day") / "day", 8, speed=240.0, plan=live_plan, seed=0,
        surface_px=256, frame_px=160, drift_m_per_s=(0.002e-9, 0.001e-9),
    )  # fmt: skip
    made.start()
    assert made.runner.wait(200.0)
    made.day.close()
    return made


def test_nothing_is_lost_and_nothing_lies_outside_the_limits(day):
    found = figures(day)
    assert found["scans"] == 7  # one was lost with the connection
    assert found["lost"] == found["twice"] == found["outside_limits"] == 0
    assert found["connections_lost"] == 1
    assert found["set_aside"] >= 1
    assert found["measured"] >= 1
    entries = read_journal(day.day.folder / "journal.jsonl")
    bad = [e for e in entries if e["what"] == "scan outcome" and e["uid"].endswith("bad")]
    assert [e["outcome"] for e in bad] == ["set aside"]
    zooms = [r.kind for r in day.runner.snapshot.records if r.uid.endswith("zoom")]
    assert all(k.startswith("a zoom") for k in zooms if k)


def test_a_message_outside_the_limits_would_be_counted(day):
    limits = limits_of(day.twin)
    far = Message("move", {"x_m": 1.0, "y_m": 0.0})
    assert outside([*day.twin.log, far], limits) == 1


def test_the_page_tells_the_day(day):
    page = (day.day.folder / "day.html").read_text()
    for wanted in ("Report of the day", "Timeline", "connection lost: the cable was pulled",
                   "signed by the operator of the story", "set aside", "Measured"):  # fmt: skip
        assert wanted in page
    pictures = list((day.day.folder / "pictures").glob("*.png"))
    assert len(pictures) == len(day.runner.snapshot.records)
