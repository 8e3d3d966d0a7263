"""`corescout watch`: a folder into which scans are saved."""

import shutil
import threading
import time

import pytest

from corescout.cli.app import _run
from corescout.exports.nsid import write_nsid
from corescout.instruments import read_journal
from corescout.surfaces import generate_surface

WINDOWS = ("--windows", "9", "--invariances", "r")


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
    assert "the first scan; explored anew" in said
    assert "the same frame as" in said
    assert (out / "day.html").exists()
    assert len(_uids(out)) == 2


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
