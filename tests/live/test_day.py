"""The folder of a day: taken up again, one writer, a full disk, scans that come by the hundred."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from corescout.data import InputError, Measurement, Target
from corescout.instruments import read_entries
from corescout.instruments.entries import Unknown, WatchBegan
from corescout.instruments.folder import SetAside
from corescout.live.day.day import Day
from corescout.live.day.measured_table import read_curves
from corescout.live.day.records import records_of
from corescout.live.loop.inbox import MOST_WAITING, Inbox
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import ListSource
from corescout.live.reading.analyst import Analyst
from corescout.live.states import ScanRecord

WAIT_S = 240.0  # on a loaded machine an exploration takes a minute and more


@pytest.fixture
def day(tmp_path):
    made = Day(tmp_path / "day", synced=False)
    yield made
    made.close()


def entries(day):
    return read_entries(day.folder / "journal.jsonl")


def test_records_come_back_from_the_journal(day):
    at = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    record = ScanRecord(
        7, "scan", 1, "analysed", "why", "the same frame", types={1: 30, 2: 5}, novel_share=0.06,
        drift_m=(1e-9, -2e-9), drift_since="other", warnings=("tip: blunt",), tip=(1.2, 0.9),
        targets=4, seconds=1.5, folder="0007-scan", arrived_at=at,
    )  # fmt: skip
    day.write_outcome(record, "abc")
    day.write_outcome(replace(record, number=8, seconds=float("nan"), tip=None), "")
    found = records_of(entries(day))
    assert found[0] == record
    assert (found[1].number, found[1].seconds, found[1].tip) == (8, 0.0, None)
    assert day.known_files() == {"abc"}
    assert day.last_number() == 8


def test_a_folder_has_one_writer(day):
    with pytest.raises(InputError, match="nobody else writes"):
        Day(day.folder)
    day.close()
    Day(day.folder).close()


def test_a_day_is_taken_up_again(day, typed, live_plan, look):
    for scans in ([look(seed=1), look(seed=2)], [look(seed=3)]):
        runner = Runner(ListSource(scans), day, Analyst(live_plan, typed))
        runner.start()
        assert runner.wait(WAIT_S)
    assert [r.number for r in records_of(entries(day))] == [1, 2, 3]
    assert (day.folder / "day.html").read_text().count('src="pictures/') == 3
    assert day.left_undecided("a folder") is None
    day.write(WatchBegan(source="a folder", there_before={"old.npy": [7, 8]}))
    entry = SetAside(Path("x/bad.gsf"), "junk", (3, 4, 5), "bad.gsf")
    day.write_outcome(ScanRecord(4, "bad.gsf", 0, "set aside", "junk"), "", entry)
    # and the computer went down: what is in the folder beside these has no outcome
    assert day.left_undecided("a folder") == {"old.npy": (7, 8), "bad.gsf": (3, 4)}
    assert day.left_undecided("another folder") is None


def test_what_a_full_disk_does_not_take_is_written_later(day, typed, live_plan, look, full_disk):
    said = []
    runner = Runner(ListSource([look(seed=1), look(seed=2)]), day, Analyst(live_plan, typed))
    runner.signals.said.connect(said.append)
    runner.signals.changed.connect(lambda now: seen.add(now.not_written))
    seen = set()
    size = (day.folder / "journal.jsonl").stat().st_size
    with full_disk(size + 100):
        runner.start()
        assert runner.wait(WAIT_S)
        assert records_of(entries(day)) == []
    assert len(runner.snapshot.records) == 2
    assert any("not written" in w for w in runner.snapshot.records[0].warnings)
    assert any("entries wait" in text for text in seen)
    assert any(line.startswith("NOT WRITTEN") for line in said)
    day.write(Unknown(kind="room again"))
    assert [r.number for r in records_of(entries(day))] == [1, 2]
    whats = [e.to_json()["what"] for e in entries(day)]
    assert whats == [
        "watch",
        "connected",
        "scan outcome",
        "scan outcome",
        "watch ended",
        "room again",
    ]
    assert day.problem == ""


def test_curves_come_back_from_the_table_also_after_a_full_disk(day, full_disk):
    axis = np.linspace(-5, 5, 32)
    curve = Measurement("t", axis, "bias", "V", {"response": axis * 1e-12}, {"response": "m"})
    target = Target("t", "scan", (1.0, 2.0), (1e-9, 2e-9), 2, 1, "spectrum")
    with full_disk(150):
        day.add_measurement(target, curve)
        assert day.problem
    day.add_measurement(replace(target, uid="u", type=1), replace(curve, target_uid="u"))
    assert day.problem == ""
    found = read_curves(day.folder / "measurements.csv")
    assert {kind: len(curves) for kind, curves in found.items()} == {2: 1, 1: 1}
    back = found[2][0]
    assert (back.axis_name, back.axis_unit, back.units) == ("bias", "V", {"response": "m"})
    np.testing.assert_allclose(back.channels["response"], curve.channels["response"], rtol=1e-5)


def test_few_scans_wait_in_memory(look):
    inbox, first = Inbox(3), look()
    for number in range(MOST_WAITING + 3):
        inbox.put(replace(first, uid=f"scan {number}"), 0.0)
    surplus = inbox.take_surplus()
    assert [w.number for w in surplus] == [4, 5, 6]
    newest, older = inbox.take()
    assert newest.number == MOST_WAITING + 6
    assert len(older) == MOST_WAITING - 1
