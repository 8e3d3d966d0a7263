"""A plan file is data: code that it names runs only after a person has said so."""

import json
import os
import subprocess
import sys

import pytest

from corescout.cli.app import BAD_INPUT
from corescout.plan import Plan

EVIL = """
from pathlib import Path
Path({mark!r}).touch()

def f(fit):
    raise ValueError("never called")
"""


@pytest.fixture
def folder(tmp_path, scan_file):
    """A run folder of somebody else's: a plan, and a module beside it."""
    (tmp_path / "evil_mod.py").write_text(EVIL.format(mark=str(tmp_path / "ran")))
    return tmp_path


def corescout(*arguments, cwd, module=False):
    start = ["-m", "corescout"] if module else ["-c", "from corescout.cli import main; main()"]
    return subprocess.run(
        [sys.executable, *([] if module else ["-P"]), *start, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, env=os.environ, check=False,
    )  # fmt: skip


def plan_file(folder, where):
    values = json.loads(Plan.preset("live").model_dump_json())
    if where == "extra":
        values["extra_rewards"] = ["evil_mod:f"]
    elif where == "weights":
        values["decision"]["weights"] = {"gain": 1.0, "evil_mod:f": 0.5}
    elif where == "objectives":
        values["decision"]["objectives"] = ["gain", "evil_mod:f"]
    else:
        values["decision"]["reward"] = "evil_mod:f"
    path = folder / "plan.json"
    path.write_text(json.dumps(values))
    return path


@pytest.mark.parametrize("where", ["reward", "extra", "weights", "objectives"])
@pytest.mark.parametrize("module", [False, True])
def test_a_plan_file_runs_no_code(folder, where, module):
    found = corescout(
        "explore", "scan.npy", "--plan", plan_file(folder, where), cwd=folder, module=module
    )
    assert found.returncode == BAD_INPUT
    assert "evil_mod:f" in found.stderr
    assert "--allow-code" in found.stderr
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("kind", ["pipe", "device", "depth", "digits"])
def test_a_plan_file_without_end_is_one_line(folder, kind):
    """Opening a pipe that nobody writes to would wait for ever."""
    path = folder / "plan.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.write_text("[" * 100_000 if kind == "depth" else f'{{"seed": {"9" * 5000}}}')
    found = corescout("explore", "scan.npy", "--plan", path, cwd=folder)
    assert found.returncode == BAD_INPUT
    assert found.stderr.startswith("corescout: expected")
    assert found.stderr.count("\n") == 1


def test_a_watch_takes_no_code_either(folder):
    (folder / "scans").mkdir()
    found = corescout("watch", "scans", "--plan", plan_file(folder, "extra"), cwd=folder)
    assert found.returncode == BAD_INPUT
    assert not (folder / "ran").exists()


def test_what_is_allowed_or_typed_runs(folder):
    path = plan_file(folder, "reward")
    for words in (["--plan", path, "--allow-code"], ["--reward", "evil_mod:f"]):
        found = corescout("explore", "no-scan.npy", *words, cwd=folder)
        assert "no file no-scan.npy" in found.stderr, found.stderr
        assert (folder / "ran").exists()
        (folder / "ran").unlink()


def test_a_typed_reward_replaces_that_of_the_file(folder):
    path = plan_file(folder, "reward")
    found = corescout("explore", "no-scan.npy", "--plan", path, "--reward", "gain", cwd=folder)
    assert "no file no-scan.npy" in found.stderr
    assert not (folder / "ran").exists()


def test_nothing_is_imported_from_the_folder_that_it_stands_in(folder):
    (folder / "h5py.py").write_text(EVIL.format(mark=str(folder / "ran")))
    (folder / "scan.npy").write_bytes(b"none")
    corescout("info", "scan.npy", cwd=folder, module=True)
    corescout("report", ".", cwd=folder, module=True)
    assert not (folder / "ran").exists()
