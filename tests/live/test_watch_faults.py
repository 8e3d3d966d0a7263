"""What used to end a night's watch: names, pages, journals and threads that fail."""

import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corescout.exports import write_gsf
from corescout.instruments.entries import Unknown
from corescout.instruments.protocol import DOUBT, InstrumentError
from corescout.live.day.day import Day
from corescout.live.loop import runner as runner_module
from corescout.live.loop.board import Board
from corescout.live.loop.inbox import Inbox
from corescout.live.loop.receiver import Receiver
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import FolderSource, ListSource
from corescout.live.reading.analyst import Analyst
from corescout.live.settings import LiveSettings
from corescout.whole import read_journal

WAIT_S = 240.0  # on a loaded machine an exploration takes a minute and more


@pytest.fixture
def day(tmp_path):
    made = Day(tmp_path / "day", synced=False)
    yield made
    made.close()


def outcomes(day):
    entries = read_journal(day.folder / "journal.jsonl")
    return [(e["uid"], e["outcome"], e["reason"]) for e in entries if e["what"] == "scan outcome"]


def until(condition, seconds=WAIT_S):
    end_s = time.monotonic() + seconds
    while not condition() and time.monotonic() < end_s:
        time.sleep(0.02)
    assert condition()


def write_scan(folder, scan, name):
    folder.mkdir(exist_ok=True)
    (made,) = write_gsf(replace(scan, channels={"a": scan.channel()}), folder)
    made.rename(folder / name)


def test_a_folder_and_a_file_whose_names_are_no_text(tmp_path, day, typed, live_plan, look):
    """Nobody can write such names into a page as they are: it is written all the same."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/stra\xdfe \x1b]0;x\x07"))
    folder.mkdir()
    source = FolderSource(folder, timeout_s=0.5)
    runner = Runner(source, day, Analyst(live_plan, typed), settings=LiveSettings(report_every=1))
    said = []
    runner.signals.said.connect(said.append)
    runner.start()
    until(lambda: any("watch" in e["what"] for e in read_journal(day.folder / "journal.jsonl")))
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xfc\nanalysed: all is well.gsf")).write_bytes(
        b"x"
    )
    write_scan(folder, look(seed=1), "good.gsf")
    until(lambda: len(runner.snapshot.records) == 2)
    runner.stop()
    assert runner.wait(WAIT_S)
    assert {o for _, o, _ in outcomes(day)} == {"analysed", "set aside"}
    page = (day.folder / "day.html").read_text(encoding="utf-8")
    assert "good" in page
    assert not any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for line in said for c in line)
    assert not runner.gave_up


def test_an_entry_that_is_not_complete_spoils_no_page(day, typed, live_plan, look):
    broken = [
        {"what": "measured"},
        {"what": "scan outcome", "number": 3},
        {"what": "approved"},
        {"what": "scan outcome", "number": 4, "uid": "x", "types": {"a": "b"}},
    ]
    for line in broken:
        with (day.folder / "journal.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
    (day.folder / "measurements.csv").write_text("target,type,axis\nx,none,\n")
    runner = Runner(ListSource([look(seed=1)]), day, Analyst(live_plan, typed))
    runner.start()
    assert runner.wait(WAIT_S)
    assert "analysed" in (day.folder / "day.html").read_text()
    assert not runner.gave_up


def test_a_page_that_fails_ends_nothing(day, typed, live_plan, look, monkeypatch):
    def fail(source):
        raise KeyError("anything")

    monkeypatch.setattr(day, "write_page", fail)
    runner = Runner(
        ListSource([look(seed=1)]), day, Analyst(live_plan, typed),
        settings=LiveSettings(report_every=1),
    )  # fmt: skip
    runner.start()
    assert runner.wait(WAIT_S)
    assert [o for _, o, _ in outcomes(day)] == ["analysed"]


def test_a_worker_that_dies_is_said_and_begun_again(day, typed, live_plan, look, monkeypatch):
    """The scan that it died on has its outcome; the ones after it are analysed."""
    pushed = threading.Event()

    class Two(ListSource):
        def arrivals(self):
            yield look(seed=1)
            pushed.wait(WAIT_S)
            yield look(seed=2)

    runner = Runner(Two([]), day, Analyst(live_plan, typed))
    handle, died = runner._scan_work.handle, []

    def die_once(waiting):
        if not died:
            died.append(time.monotonic())
            raise SystemExit("a library ends the program")
        handle(waiting)

    monkeypatch.setattr(runner._scan_work, "handle", die_once)
    said = []
    runner.signals.said.connect(lambda text: said.append((time.monotonic(), text)))
    runner.start()
    until(lambda: any("died" in text for _, text in said))
    at_s = next(s for s, text in said if "died" in text)
    assert at_s - died[0] < 1.0
    pushed.set()
    assert runner.wait(WAIT_S)
    assert [o for _, o, _ in outcomes(day)] == ["set aside", "analysed"]
    assert "died on it" in outcomes(day)[0][2]
    assert not runner.gave_up
    assert runner.undecided == 0
    assert any(e["what"] == "died" for e in read_journal(day.folder / "journal.jsonl"))


def test_it_gives_up_when_a_worker_dies_three_times_in_a_minute(
    day, typed, live_plan, look, monkeypatch
):
    runner = Runner(ListSource([look(seed=1)]), day, Analyst(live_plan, typed))
    monkeypatch.setattr(runner, "_turn", lambda: 1 / 0)
    runner.start()
    assert runner.wait(WAIT_S)
    assert "work died 3 times" in runner.gave_up
    assert runner.snapshot.stage == "stopped"
    entries = read_journal(day.folder / "journal.jsonl")
    assert [e["gave_up"] for e in entries if e["what"] == "died"] == [False, False, True]
    assert runner_module.MOST_DEATHS == 3
    assert runner.undecided == 0  # what waited has an entry that says so


def test_files_that_are_not_decided_when_it_ends_have_an_entry(tmp_path, day, typed, live_plan):
    (tmp_path / "scans").mkdir()
    runner = Runner(FolderSource(tmp_path / "scans"), day, Analyst(live_plan, typed))
    runner.start()
    until(lambda: any(e["what"] == "watch" for e in read_journal(day.folder / "journal.jsonl")))
    (tmp_path / "scans" / "half.npy").write_bytes(b"\x93NUMPY\x01\x00")
    until(lambda: runner._undecided_files())
    runner.stop()
    assert runner.wait(WAIT_S)
    assert [(u, o) for u, o, _ in outcomes(day)] == [("half.npy", "set aside")]


def test_a_scan_in_doubt_is_set_aside_with_its_picture(day, typed, live_plan, look):
    scan = replace(look(seed=1), frame=None, rows_done=0, metadata={DOUBT: "two scans in one"})
    runner = Runner(ListSource([scan]), day, Analyst(live_plan, typed))
    runner.start()
    assert runner.wait(WAIT_S)
    assert [o[1:] for o in outcomes(day)] == [("set aside", "two scans in one")]
    assert len(list((day.folder / "pictures").iterdir())) == 1


def test_what_can_never_be_written_keeps_nothing_from_the_disk(day):
    day.write(Unknown(kind="one", values={"value": np.nan}))  # JSON has no word for it
    day.write(Unknown(kind="two"))
    assert [e["what"] for e in read_journal(day.folder / "journal.jsonl")] == ["two"]
    assert day.problem == ""


def test_a_lost_source_is_not_opened_again_while_a_plan_is_carried_out(day):
    """Nothing comes between a plan and its instrument; a scan can wait."""

    class Losing(ListSource):
        opened = 0

        def arrivals(self):
            self.opened += 1
            if self.opened == 1:
                raise InstrumentError("cut")
            yield from ()

    class UnderWay:
        held, at_work, under_way = False, False, False

    source, plan, stopping = Losing([]), UnderWay(), threading.Event()
    board = Board(day, "losing", 100)
    receiver = Receiver(source, Inbox(), board, day, plan, stopping)
    board.signals.said.connect(lambda text: setattr(plan, "under_way", True))  # at the loss
    thread = threading.Thread(target=receiver.follow)
    thread.start()
    until(lambda: plan.under_way)
    time.sleep(1.5)  # longer than the first wait
    assert source.opened == 1
    plan.under_way = False
    thread.join(10)
    assert not thread.is_alive()
    assert source.opened == 2
