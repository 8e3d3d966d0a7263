"""A package of somebody else, installed by pip, adds a reader, a reward and an instrument."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corescout.surfaces import generate_surface

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tests" / "third_package"
PAGES = {"reader": "add-a-reader.md", "reward": "add-a-reward.md",
         "instrument": "add-an-instrument.md"}  # fmt: skip
PROFILES = """
[instruments.desk]
kind = "plotter"
paper = "paper.txt"

[instruments.desk.limits]
x_m = [-1e-6, 1e-6]
y_m = [-1e-6, 1e-6]
largest_step_m = 3e-6
largest_speed_m_per_s = 5e-6
largest_bias_v = 8.0
longest_spectrum_s = 5.0
most_targets = 50
readback_tolerance_m = 50e-9
rotation_verified = false
emergency = "halt"
"""
SCRIPT = """
import json, sys
from pathlib import Path
import corescout
from corescout.instruments import Journal, Session
from corescout.instruments.profiles import open_instrument

plan = corescout.Plan.preset(
    "live", windows_px=(9,), invariances=("none",), training={"epochs": 5, "collapse_variance": 0},
    decision={"reward": "roundness", "seeds": 1, "null_surrogates": 0},
)
result = corescout.explore("surface.lines", plan, workers=1)
plotter, limits = open_instrument("desk", "instruments.toml")
plotter.connect()
session = Session(plotter, limits, Journal(Path("journal.jsonl")))
visits = result.visits("mark", targets=result.targets[:2])
check = session.preview(visits)
session.approve(visits.digest, "A. N.")
done = [event.what for event in session.run(visits)]
report = session.stop("to see it")
held, refused = session.state, ""
plotter.connect()
try:
    plotter.send(check.messages[0])
except corescout.StoppedError as error:
    refused = str(error)
session.release("A. N.")
plotter.close()
print(json.dumps({
    "stop": report.state, "held": held, "refused": refused, "released": session.state,
    "roundness": result.trials[0].rewards["roundness"].value, "pitch": result.scan.frame.pitch_m,
    "errors": check.errors, "done": done, "unit": result.scan.units["Amplitude"],
    "paper": Path("paper.txt").read_text().count("mark"), "why": result.why,
}))
"""
NAPARI = """
from npe2 import PluginManager, io_utils
PluginManager.instance().discover()
(layer,) = io_utils.read(["surface.lines"], stack=False)
print(layer[1]["name"], layer[0].shape)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process in which the package is installed."""
    place = tmp_path_factory.mktemp("site")
    source = shutil.copytree(PACKAGE, tmp_path_factory.mktemp("source") / "package")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index",
               "--no-build-isolation", "--quiet", "--target", str(place), str(source)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    old = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(place), old)))}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    image = np.array(generate_surface((96, 96), seed=1).scan.channel())
    with (folder / "surface.lines").open("w") as file:
        file.write("# lines 1, pitch_nm 8, unit m\n")
        np.savetxt(file, image)
    (folder / "instruments.toml").write_text(PROFILES)
    return folder


def run(environment, folder, *command):
    return subprocess.run([sys.executable, *command], cwd=folder, env=environment, timeout=300,
                          capture_output=True, text=True, check=False)  # fmt: skip


def test_its_reader_reward_and_instrument_work_in_one_experiment(installed, workplace):
    done = run(installed, workplace, "-c", SCRIPT)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert 0 < found["roundness"] <= 1
    assert found["pitch"] == [8e-9, 8e-9]
    assert found["unit"] == "m"
    assert "roundness" in found["why"]
    assert found["errors"] == []
    assert found["done"][-1] == "done"
    assert found["paper"] == 2
    assert (found["stop"], found["held"], found["released"]) == ("confirmed", "HOLD", "OBSERVE")
    assert found["refused"] == "the plotter was stopped"  # connecting ends no stop


def test_the_command_line_knows_them_too(installed, workplace):
    done = run(installed, workplace, "-m", "corescout", "info", "surface.lines")
    assert done.returncode == 0, done.stderr
    assert "8 x 8 nm" in done.stdout
    done = run(
        installed, workplace, "-m", "corescout", "connect", "desk", "--profiles", "instruments.toml"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("plotter (")


def test_napari_opens_its_files(installed, workplace):
    done = run(installed, workplace, "-c", NAPARI)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "Amplitude (pm) (96, 96)"


def test_its_instrument_is_held_to_the_promises_of_all(installed, workplace):
    """The command of the page; two of the promises are enough to see that it is this one."""
    page = (ROOT / "docs" / PAGES["instrument"]).read_text("utf-8")
    said = re.search(r"^CORESCOUT_INSTRUMENT=(\w+) .* python (.*) -k \1$", page, re.MULTILINE)
    named = {"CORESCOUT_INSTRUMENT": said[1],
             "CORESCOUT_PROFILES": str(workplace / "instruments.toml")}  # fmt: skip
    few = f"{said[1]} and (before_connect or in_order)"
    command = [*said[2].split(), "-n0", "-p", "no:cacheprovider", "-k", few]
    done = run({**installed, **named}, ROOT, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_without_the_package_each_is_refused_with_what_to_do(workplace, capsys):
    from corescout.cli.app import _run

    assert _run(["connect", "desk", "--profiles", str(workplace / "instruments.toml")]) == 2
    assert "install the package" in capsys.readouterr().err
    assert _run(["info", str(workplace / "surface.lines")]) == 2
    assert "formats" in capsys.readouterr().err


@pytest.mark.parametrize("what", PAGES)
def test_the_page_shows_the_very_code_that_was_installed(what):
    text = (ROOT / "docs" / PAGES[what]).read_text("utf-8")
    code = (PACKAGE / "src" / "corescout_lines" / f"{what}.py").read_text("utf-8")
    shown = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert code in shown
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert blocks
    for declared in blocks:
        assert declared.strip() in (PACKAGE / "pyproject.toml").read_text("utf-8")
    manifest = (PACKAGE / "src" / "corescout_lines" / "napari.yaml").read_text("utf-8")
    assert re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) == [manifest] * (what == "reader")
