"""`corescout watch`: a folder into which scans are saved."""

import json
import shutil
import threading
import time

import pytest

from corescout.cli.app import _run
from corescout.exports.nsid import write_nsid
from corescout.instruments import twin_demo
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner, enough
from corescout.live.states import ScanRecord
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

WINDOWS = (
    "--windows", "9", "--invariances", "r", "--set", "training.epochs=20",
    "--set", "decision.null_surrogates=2", "--set", "decision.seeds=2",
)  # fmt: skip


def test_files_of_a_folder_are_explored_and_read(tmp_path, capsys):
    folder, out = tmp_path / "scans", tmp_path / "day"
    folder.mkdir()
    scan = generate_surface((128, 128), seed=3).scan
    first = write_nsid(scan, tmp_path / "first.h5")
    (folder / "broken.ibw").write_bytes(b"no scan" * 100)
    shutil.copy(first, folder / "a.h5")

    def later():
        until = time.monotonic() + 120
        while "a" not in _uids(out) and time.monotonic() < until:
            time.sleep(0.1)
        again = generate_surface((128, 128), seed=3, noise=0.035).scan
        write_nsid(again, tmp_path / "second.h5")
        shutil.copy(tmp_path / "second.h5", folder / "b.h5")

    saving = threading.Thread(target=later)
    saving.start()
    command = ["watch", str(folder), "--existing", "--most-scans", "2", "--out", str(out)]
    assert _run([*command, *WINDOWS]) == 0
    saving.join()
    said = capsys.readouterr().out
    assert "the first scan; new exploration" in said
    assert "the same frame as" in said
    assert (out / "day.html").exists()
    outcomes = [
        (e["uid"], e["outcome"])
        for e in read_journal(out / "journal.jsonl")
        if e["what"] == "scan outcome"
    ]
    assert [outcome for _, outcome in outcomes].count("analysed") == 2
    # What is no scan has its outcome too, at the latest when the watch ends.
    assert [uid for uid, outcome in outcomes if outcome != "analysed"] == ["broken.ibw"]


def one_scan(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    write_nsid(generate_surface((96, 96), seed=3).scan, folder / "a.h5")
    out = tmp_path / "day"
    return ["watch", str(folder), "--existing", "--out", str(out), *WINDOWS], out


def test_with_json_stdout_is_what_comes_into_the_journal(tmp_path, capsys):
    """Also beside the journal of an earlier watch: its entries are not told again."""
    command, out = one_scan(tmp_path)
    Day(out).close()
    (out / "journal.jsonl").write_text('{"what": "released", "by": "a person"}\n')
    assert _run([*command, "--most-scans", "1", "--json"]) == 0
    said = capsys.readouterr()
    lines = (out / "journal.jsonl").read_text("utf-8").splitlines(keepends=True)
    assert said.out == "".join(lines[1:])
    told = [json.loads(line)["what"] for line in said.out.splitlines()]
    assert told[0] == "watch"
    assert told[-1] == "watch ended"
    assert "scan outcome" in told
    assert "day.html" in said.err


def test_a_watch_that_gave_up_exits_with_1(tmp_path, capsys, monkeypatch):
    command, out = one_scan(tmp_path)
    monkeypatch.setattr(Runner, "_turn", lambda self: 1 / 0)
    assert _run(command) == 1
    said = capsys.readouterr().err
    assert "the watch ended by itself: work died 3 times in a minute (ZeroDivisionError" in said
    assert "no outcome" not in said  # what came has an entry that says what became of it
    died = [e["gave_up"] for e in read_journal(out / "journal.jsonl") if e["what"] == "died"]
    assert died == [False, False, True]
    assert "the watch gave up: ZeroDivisionError" in (out / "day.html").read_text("utf-8")


def test_a_scan_that_stays_undecided_exits_with_1(tmp_path, capsys, monkeypatch):
    command, out = one_scan(tmp_path)

    def fail(self, record, *rest):
        raise RuntimeError("no word for it")

    monkeypatch.setattr(Day, "write_outcome", fail)
    assert _run(command) == 1
    assert "1 scan has no outcome" in capsys.readouterr().err
    assert _uids(out) == []


def test_a_day_that_the_disk_did_not_take_exits_with_1(tmp_path, capsys, full_disk):
    command, out = one_scan(tmp_path)
    with full_disk(0):
        assert _run([*command, "--most-scans", "1"]) == 1
    assert "NOT WRITTEN" in capsys.readouterr().err
    assert _uids(out) == []


def test_a_watch_of_one_scan_measures_the_plan_that_it_began(
    surface, quick_plan, tmp_path, monkeypatch
):
    """The plan is approved by the policy, and carried out to its last target before it ends."""
    twin = DigitalTwin(surface, speed=600.0)
    monkeypatch.setattr(twin_demo, "demo_twin", lambda seed: (twin, limits_of(twin)))
    (tmp_path / "plan.json").write_text(quick_plan.model_dump_json(), encoding="utf-8")
    out = tmp_path / "day"
    command = ["watch", "twin", "--most-scans", "1", "--signed-by", "Ada", "--out", str(out),
               "--look-at-written"]  # fmt: skip
    options = ["--plan", str(tmp_path / "plan.json"), "--set", "decision.null_surrogates=0"]
    assert _run([*command, *options, *WINDOWS[:4]]) == 0
    entries = read_journal(out / "journal.jsonl")
    (approved,) = [e for e in entries if e["what"] == "approved"]
    wanted = {target["uid"] for target in approved["plan"]["targets"]}
    assert wanted
    assert {e["target_uid"] for e in entries if e["what"] == "measured"} == wanted
    seen = [e for e in entries if e["what"] == "written"]
    assert {e["target_uid"] for e in seen} == wanted
    assert any(e["radius_m"] for e in seen)
    page = (out / "day.html").read_text("utf-8")
    assert "nm² were written at" in page
    assert not [e for e in entries if e["what"] in ("run held", "stop")]
    states = [e["state"] for e in entries if e["what"] == "state"]
    assert "RUNNING" in states
    assert states[-1] not in ("RUNNING", "HOLD")
    assert entries[-1]["what"] == "watch ended"


@pytest.mark.parametrize(
    ("outcomes", "is_enough"),
    [("s", False), ("sa", True), ("a", True), ("as", True), ("", False), ("x", True)],
)
def test_a_superseded_scan_is_not_the_last_one(outcomes, is_enough):
    """A newer one is being analysed in its place: to end there would leave both without a word."""
    words = {"s": "superseded", "a": "analysed", "x": "set aside"}
    records = [ScanRecord(n, "scan", 0, words[o]) for n, o in enumerate(outcomes)]
    assert enough(records, 1) is is_enough


def _uids(out):
    journal = out / "journal.jsonl"
    if not journal.exists():
        return []
    entries = [e for e in read_journal(journal) if e["what"] == "scan outcome"]
    return [e["uid"][:1] for e in entries]


@pytest.mark.parametrize(
    "arguments", [["watch"], ["watch", "nowhere"], ["watch", ".", "--instrument", "x"]]
)
def test_what_cannot_be_watched_is_said(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert _run(arguments) == 2
    assert "expected" in capsys.readouterr().err
