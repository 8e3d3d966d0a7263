"""What a killed program leaves beside its run is found by the next start."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corescout.runs.folder import check_writable
from corescout.runs.unfinished import building_prefix, remove_unfinished

_BUILDS = """
import sys, tempfile, time
from pathlib import Path
from corescout.runs.unfinished import building_prefix
target = Path(sys.argv[1])
made = Path(tempfile.mkdtemp(prefix=building_prefix(target), dir=target.parent))
(made / "plan.json").write_text("{}")
print(made, flush=True)
time.sleep(60)
"""


@pytest.fixture
def killed(tmp_path):
    """A folder that a process was building beside `run.corescout` when it was killed."""
    target = tmp_path / "run.corescout"
    process = subprocess.Popen(
        [sys.executable, "-c", _BUILDS, str(target)], stdout=subprocess.PIPE, text=True
    )
    made = tmp_path / Path(process.stdout.readline().strip()).name
    yield target, made, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_program_left_is_removed_by_the_next_start(killed):
    target, made, process = killed
    remove_unfinished(target)
    assert made.is_dir()  # it is alive: nobody takes it away from under it
    process.kill()
    process.wait()
    check_writable(target)
    assert list(target.parent.iterdir()) == []


def test_a_run_that_was_moved_away_comes_back(killed):
    """Killed between two renames of an --overwrite."""
    target, made, process = killed
    process.kill()
    process.wait()
    old = made.with_name(made.name + ".old")
    old.mkdir()
    (old / "plan.json").write_text("the run before")
    remove_unfinished(target)
    assert [p.name for p in target.parent.iterdir()] == ["run.corescout"]
    assert (target / "plan.json").read_text() == "the run before"


def test_nothing_else_is_touched(tmp_path):
    target = tmp_path / "run.corescout"
    kept = [
        ".run.corescout",
        ".run.corescout.notes",
        ".run.corescoutX.abcdefgh",
        "run.corescout.old",
        ".other.corescout.abcdefgh",
        ".run.corescout.abcdefgh",
    ]
    for name in kept:
        (tmp_path / name).mkdir()
    remove_unfinished(target)
    assert {p.name for p in tmp_path.iterdir()} == set(kept)  # the last one is younger than a day
    day_ago = time.time() - 2 * 24 * 3600
    for name in kept:
        os.utime(tmp_path / name, (day_ago, day_ago))
    remove_unfinished(target)
    assert {p.name for p in tmp_path.iterdir()} == {*kept} - {".run.corescout.abcdefgh"}
    assert building_prefix(target).startswith(".run.corescout.")
