"""The demonstration, started beside what a killed one left."""

import pytest

from corescout.data import InputError
from corescout.instruments import Journal
from corescout.instruments.entries import StateChanged
from corescout.instruments.twin_demo import demo_twin
from corescout.live.day.day import Day, remove_day
from corescout.live.loop.once import watch_once
from corescout.live.policy import Policy
from corescout.plan import Plan


@pytest.fixture
def left(tmp_path):
    """The day of one that was killed in a run."""
    folder = tmp_path / "demo"
    Day(folder, synced=False).close()
    journal = Journal(folder / "journal.jsonl")
    journal.write(StateChanged(before="ARMED", state="RUNNING"))
    journal.close()
    return folder


def test_a_journal_that_ends_in_a_run_is_said_before_any_work(left):
    twin, limits = demo_twin(0)
    day = Day(left, synced=False)
    try:
        with pytest.raises(InputError, match="RUNNING"):
            watch_once(
                twin, limits, day, Plan.preset("live"), Policy("test", 1, 10), say=pytest.fail
            )
    finally:
        day.close()
        twin.close()


def test_a_day_is_replaced_whole(left):
    remove_day(left)
    assert not left.exists()
    remove_day(left)  # none is there: nothing to do


def test_only_a_day_that_nobody_writes_to_is_removed(left):
    day = Day(left, synced=False)
    with pytest.raises(InputError, match="nobody else"):
        remove_day(left)
    day.close()
    (left / "letters.txt").write_text("mine")
    with pytest.raises(InputError, match="other contents"):
        remove_day(left)
    assert (left / "journal.jsonl").exists()
