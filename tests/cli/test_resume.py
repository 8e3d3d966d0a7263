"""An exploration that is killed with kill -9 goes on to the same bytes; runs are held to it."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from corescout.cli.app import _run
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

QUICK = [
    "--windows", "9", "--invariances", "none,rt", "--set", "training.epochs=8", "--set",
    "training.retries=0", "--set", "decision.null_surrogates=2", "--pixel-size", "10nm",
]  # fmt: skip

_DISK = 16 * 2**20


@pytest.fixture
def corescout(capsys):
    """Run a command in this process; only what is killed needs one of its own."""

    def run(*arguments, code=0):
        assert _run([*map(str, arguments)]) == code
        return capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    path = tmp_path_factory.mktemp("scans") / "probe ü.npy"
    np.save(path, generate_surface((128, 128), seed=1).scan.channel())
    return path


@pytest.fixture(scope="module")
def killed(scan):
    """A run that was killed after its first trial."""
    run = scan.with_name("killed.corescout")
    process = subprocess.Popen(
        [sys.executable, "-m", "corescout", "explore", str(scan), *QUICK, "--workers", "1",
         "--out", str(run)],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    journal, end = run / "record" / "journal.jsonl", time.monotonic() + 200
    while not (journal.is_file() and b'"finished"' in journal.read_bytes()):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return run


@pytest.fixture(scope="module")
def whole(scan, tmp_path_factory):
    """A run that nothing happened to."""
    run = tmp_path_factory.mktemp("whole") / "run.corescout"
    subprocess.run(
        [sys.executable, "-m", "corescout", "explore", str(scan), *QUICK, "--out", str(run)],
        check=True, capture_output=True,
    )  # fmt: skip
    return run


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 16 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("this system mounts no disk in memory")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(place)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"a disk in memory is not allowed here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize(
    ("room_kib", "finished"), [(40, 0), (400, 1), (1200, 3), (2400, 6)],
    ids=["at the first trial", "at the second", "at the fourth", "at the report"],
)  # fmt: skip
def test_a_disk_that_fills_up_is_one_line_and_after_it_the_same_bytes(
    scan, whole, small_disk, corescout, room_kib, finished
):
    run, filler = small_disk / "run.corescout", small_disk / "filler"
    filler.write_bytes(bytes(_DISK - 1024 * room_kib))
    said = corescout("explore", scan, *QUICK, "--workers", "1", "--out", run, code=2).err
    lines = [line for line in said.splitlines() if line.startswith("corescout: ")]
    assert len(lines) == 1
    assert "No space left on device; free some space" in lines[0]
    assert "Traceback" not in said
    entries = read_journal(run / "record/journal.jsonl") if finished else []
    kept = [e for e in entries if e["what"] == "finished"]
    assert len(kept) == finished
    for entry in kept:
        content = (run / "record" / "trials" / f"{entry['key']}.h5").read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    filler.unlink()
    if finished:
        assert f"{finished} finished trial" in corescout("explore", "--resume", run).err
    else:
        assert not run.exists()
        assert "--resume" not in lines[0]
        corescout("explore", scan, *QUICK, "--out", run)
    assert contents(run) == contents(whole)
    assert not list(run.rglob(".*"))


def contents(run):
    decision = json.loads((run / "decision.json").read_text())
    decision.pop("seconds")
    names = ("core_points.csv", "targets.csv")
    return decision, [(run / name).read_bytes() for name in names]


def test_a_killed_exploration_goes_on_to_the_same_bytes(scan, killed, corescout):
    row = json.loads(corescout("runs", "list", killed.parent, "--json").out)[0]
    assert (row["state"], row["scan"]) == ("unfinished", scan.name)
    assert row["trials"] >= 1
    assert "--resume" in corescout("explore", scan, *QUICK, "--out", killed, code=2).err
    assert "--seed" in corescout("explore", "--resume", killed, "--seed", "3", code=2).err
    assert "finished trials are taken" in corescout("explore", "--resume", killed).err
    # The same again from the files of its trials, into another folder: nothing is trained.
    again = killed.with_name("again.corescout")
    corescout("explore", "--from", killed, "--out", again)
    whole = killed.with_name("whole.corescout")
    corescout("explore", scan, *QUICK, "--out", whole, "--processes")
    assert contents(killed) == contents(whole) == contents(again)
    keys = [
        e["key"] for e in read_journal(killed / "record/journal.jsonl") if e["what"] == "finished"
    ]
    assert len(keys) == len(set(keys))
    assert {p.name for p in killed.parent.iterdir()} == {
        scan.name, killed.name, again.name, whole.name,
    }  # fmt: skip
    assert not list(killed.rglob(".*"))
    assert corescout("runs", "verify", killed.parent).out.count("whole\n") == 3
    (killed / "targets.csv").write_text("edited")
    assert "targets.csv: changed" in corescout("runs", "verify", killed, code=1).out
    compared = json.loads(corescout("runs", "compare", whole, again, "--json").out)
    assert compared["ami_of_types"] == 1.0
    assert compared["plan"] == {}
    listed = json.loads(corescout("runs", "list", whole.parent, "--json").out)
    grades = {row["evidence"] for row in listed if row["run"] in compared["runs"]}
    assert set(compared["evidence"]) == grades
    grade = json.loads((whole / "decision.json").read_text())["evidence"]["grade"]
    assert grades == {grade or "none"}
    lines = corescout("runs", "compare", whole, again).out.splitlines()
    assert max(map(len, lines)) < 100  # what the grade rests on stands in --json
    assert "MB freed in 2 runs" in corescout("runs", "prune", killed.parent, "--keep", whole).out
    assert list((whole / "record" / "trials").iterdir())
    assert not list((again / "record" / "trials").iterdir())
    third = ("--out", killed.with_name("third"))
    said = corescout("explore", "--from", again, *third, code=2).err
    assert "keeps the files of its trials" in said
