"""An exploration that is killed with kill -9 goes on to the same bytes; runs are held to it."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from corescout.surfaces import generate_surface
from corescout.whole import read_journal

QUICK = [
    "--windows", "9", "--invariances", "none,rt", "--set", "training.epochs=8", "--set",
    "training.retries=0", "--set", "decision.null_surrogates=2", "--pixel-size", "10nm",
]  # fmt: skip


def corescout(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "corescout", *map(str, arguments)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


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


def contents(run):
    decision = json.loads((run / "decision.json").read_text())
    decision.pop("seconds")
    names = ("core_points.csv", "targets.csv")
    return decision, [(run / name).read_bytes() for name in names]


def test_a_killed_exploration_goes_on_to_the_same_bytes(scan, killed):
    row = json.loads(corescout("runs", "list", killed.parent, "--json").stdout)[0]
    assert (row["state"], row["scan"]) == ("unfinished", scan.name)
    assert row["trials"] >= 1
    assert "--resume" in corescout("explore", scan, *QUICK, "--out", killed).stderr
    assert "--seed" in corescout("explore", "--resume", killed, "--seed", "3").stderr
    gone_on = corescout("explore", "--resume", killed)
    assert gone_on.returncode == 0, gone_on.stderr
    assert "finished trials are taken" in gone_on.stderr
    # The same again from the files of its trials, into another folder: nothing is trained.
    again = killed.with_name("again.corescout")
    done = corescout("explore", "--from", killed, "--out", again)
    assert done.returncode == 0, done.stderr
    whole = killed.with_name("whole.corescout")
    assert corescout("explore", scan, *QUICK, "--out", whole, "--processes").returncode == 0
    assert contents(killed) == contents(whole) == contents(again)
    keys = [
        e["key"] for e in read_journal(killed / "record/journal.jsonl") if e["what"] == "finished"
    ]
    assert len(keys) == len(set(keys))
    assert {p.name for p in killed.parent.iterdir()} == {
        scan.name, killed.name, again.name, whole.name,
    }  # fmt: skip
    assert not list(killed.rglob(".*"))
    held = corescout("runs", "verify", killed.parent)
    assert held.returncode == 0, held.stdout
    assert held.stdout.count("whole\n") == 3
    (killed / "targets.csv").write_text("edited")
    held = corescout("runs", "verify", killed)
    assert held.returncode == 1
    assert "targets.csv: changed" in held.stdout
    compared = json.loads(corescout("runs", "compare", whole, again, "--json").stdout)
    assert compared["ami_of_types"] == 1.0
    assert compared["plan"] == {}
    assert "MB freed in 2 runs" in corescout("runs", "prune", killed.parent, "--keep", whole).stdout
    assert list((whole / "record" / "trials").iterdir())
    assert not list((again / "record" / "trials").iterdir())
    assert (
        "keeps the files of its trials"
        in corescout("explore", "--from", again, "--out", killed.with_name("third")).stderr
    )
