"""What every command shares: --set, plan files, --json, units, completion, examples."""

import json
import os
import re
import subprocess
import sys

import pytest

from corescout.cli import options
from corescout.cli.app import _run, app
from corescout.cli.examples import EXAMPLES
from corescout.data import InputError
from corescout.exports import write_nsid
from corescout.plan import Plan
from corescout.presets import PRESETS
from corescout.runs import write_run
from corescout.surfaces import generate_surface


@pytest.fixture(scope="module")
def run(typed_result, tmp_path_factory):
    return write_run(typed_result, tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def scan_of_surface(tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "scan.h5"
    return write_nsid(generate_surface((96, 96), seed=1).scan, path)


def plan_of(*arguments, capsys):
    assert _run(["plan", *arguments]) == 0
    return Plan.model_validate_json(capsys.readouterr().out)


SET = {
    "training.epochs=80": ("training.epochs", 80),
    "windows_px=9,13": ("windows_px", (9, 13)),
    "windows_px=9": ("windows_px", (9,)),
    "windows_px=[9, 13]": ("windows_px", (9, 13)),
    "invariances=none": ("invariances", ("none",)),
    "invariances=none,rt": ("invariances", ("none", "rt")),
    "keypoints.detector=none": ("keypoints.detector", "none"),
    "keypoints.margin_px=none": ("keypoints.margin_px", None),
    "training.max_steps=null": ("training.max_steps", None),
    "cleaning.plane=true": ("cleaning.plane", True),
    "cleaning.phase_offset=False": ("cleaning.phase_offset", False),
    "decision.weights={'gain': 1}".replace("'", '"'): ("decision.weights", {"gain": 1.0}),
    "decision.objectives=gain,bic": ("decision.objectives", ("gain", "bic")),
    "decision.reward=bic": ("decision.reward", "bic"),
    "targets.spacing_m=200nm": ("targets.spacing_m", 200e-9),
    "budget_s=2min": ("budget_s", 120.0),
    "channels=A": ("channels", ("A",)),
}


@pytest.mark.parametrize("text", SET)
def test_any_setting_is_set_by_its_name(text, capsys):
    path, value = SET[text]
    made = plan_of("standard", "--set", text, capsys=capsys)
    others = made.changed(path, value)
    assert others == Plan.preset("standard").changed(path, value)
    at = made
    for part in path.split("."):
        at = getattr(at, part)
    assert at == pytest.approx(value) if isinstance(value, float) else at == value


def test_a_plan_is_written_changed_and_given_back(tmp_path, capsys):
    assert _run(["plan", "paper"]) == 0
    file = tmp_path / "plan.json"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):  # as shells write it
        file.write_text(capsys.readouterr().out or Plan.preset("paper").model_dump_json(), encoding)
        made = plan_of("--plan", str(file), "--set", "seed=3", capsys=capsys)
        assert made == Plan.preset("paper").changed("seed", 3)


def test_a_plan_file_may_say_what_it_changes_alone(tmp_path, capsys):
    file = tmp_path / "plan.json"
    file.write_text('{"preset_name": "paper", "decision": {"seeds": 2}}')
    assert plan_of("--plan", str(file), capsys=capsys) == Plan.preset(
        "paper", decision={"seeds": 2}
    )


REFUSED = {
    "preset and plan": (["plan", "paper", "--plan", "p.json"], "--preset or --plan"),
    "of explore": (["explore", "a.npy", "--preset", "live", "--plan", "p.json"], "both"),
    "a setting that is none": (["plan", "--set", "training.epoch=3"], "did you mean 'epochs'?"),
    "no value": (["plan", "--set", "seed"], "training.epochs=80"),
    "no name": (["plan", "--set", "=3"], "training.epochs=80"),
    "twice": (["plan", "--set", "seed=1", "--set", "seed=2"], "twice"),
    "an option and --set": (["explore", "a", "--seed", "1", "--set", "seed=2"], "--seed and"),
    "a reward and --set": (
        ["explore", "a", "--reward", "bic", "--set", "decision.reward=gain"], "--reward and",
    ),
    "a value that is none": (["plan", "--set", "training.epochs=many"], "training.epochs"),
    "a length without its unit": (["explore", "a", "--pixel-size", "10"], "10nm"),
    "a time without its unit": (["explore", "a", "--budget", "60"], "60s"),
    "a length with a unit of time": (["plan", "--set", "targets.spacing_m=2min"], "10nm"),
    "a channel twice": (["explore", "a", "--channel", "A", "--channel", "A"], "twice"),
    "a weight twice": (["explore", "a", "--weights", "gain=1,gain=2"], "gain=1"),
    "a weight of 0": (["explore", "a", "--weights", "gain=0,bic=1"], "gain=1"),
    "an objective twice": (["explore", "a", "--objectives", "gain,gain"], "twice"),
    "a misspelt reward": (["explore", "a", "--reward", "gian"], "did you mean 'gain'?"),
    "a misspelt sample": (["sample", "pzt-film"], "did you mean 'pzt_film'?"),
    "a misspelt type": (["types", "add", "{run}", "tipe 1"], "did you mean 'type 1'?"),
    "no pair of channels": (["apply", "{run}", "a", "--channel-map", "Amplitude"], "OURS=THEIRS"),
    "json and arcmd": (["targets", "{run}", "--format", "arcmd", "--json"], "both"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_says_two_things_or_none_is_refused(case, run, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.json").write_text("{}")
    arguments, word = REFUSED[case]
    assert _run([a.format(run=run) for a in arguments]) == 2
    said = capsys.readouterr().err
    assert word in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ('{"seed": 1, "seed": 2}', "'seed' is given twice"),
        ('{"decision": {"weights": {"gain": 1, "gain": 2}}}', "'gain' is given twice"),
        ("{", "plan file"),
        ('{"sede": 1}', "did you mean 'seed'?"),
        ("[]", "plan"),
    ],
)
def test_a_plan_file_that_is_none_or_says_a_thing_twice_is_refused(tmp_path, content, word):
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(InputError, match=re.escape(word)):
        options.make_plan(None, file)


def test_a_dry_run_says_what_would_be_tried_and_writes_nothing(scan_of_surface, capsys):
    before = sorted(scan_of_surface.parent.iterdir())
    command = ["explore", str(scan_of_surface), "--windows", "9,13", "--invariances", "none,rt",
               "--dry-run"]  # fmt: skip
    assert _run(command) == 0
    said = capsys.readouterr().out
    for label in ("9 px, none", "9 px, rt", "13 px, none", "13 px, rt", "5 candidates"):
        assert label in said
    assert _run([*command, "--json", "--workers", "1"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert len(table["candidates"]) == 5  # with scattering
    assert 0 < sum(c["share"] for c in table["candidates"]) < 1
    assert table["seconds"] > 0
    assert sorted(scan_of_surface.parent.iterdir()) == before


JSON = {
    "info": ["info", "{scan}"],
    "targets": ["targets", "{run}"],
    "types of a run": ["types", "list", "{run}"],
    "types of the library": ["types", "list", "--library", "{tmp}/library"],
    "add": ["types", "add", "{run}", "1", "--name", "needles", "--library", "{tmp}/library"],
    "find": ["types", "find", "{scan}", "--run", "{run}", "--keypoint", "3"],
    "compare": ["types", "compare", "{run}", "{run}"],
    "export": ["export", "{run}", "--out", "{tmp}/maps"],
    "script": ["export", "{run}", "--script", "{tmp}/again.py"],
    "report": ["report", "{run}", "--out", "{tmp}/report"],
    "connect": ["connect", "--profiles", "{tmp}/none.toml"],
    "sample": ["sample", "--size", "64", "--out", "{tmp}/s.h5"],
    "samples": ["sample", "list"],
    "apply": ["apply", "{run}", "{scan}", "--out", "{tmp}/applied"],
}


@pytest.mark.parametrize("case", JSON)
def test_what_a_command_reports_is_one_json_value(case, run, scan_of_surface, tmp_path, capsys):
    command = [a.format(run=run, scan=scan_of_surface, tmp=tmp_path) for a in JSON[case]]
    assert _run([*command, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict | list)
    for path in value.get("written", []) if isinstance(value, dict) else []:
        assert os.path.exists(path)  # noqa: PTH110


def test_every_command_that_reports_has_json():
    from typer.main import get_command

    commands = get_command(app).commands
    # `plan` is JSON itself, `twin` and `mcp` serve until they are ended, `bench` takes a file.
    groups = {"types", "runs"}
    for name in set(commands) - {"plan", "twin", "mcp", "bench", *groups}:
        assert any("--json" in p.opts for p in commands[name].params), name
    for group in groups:
        for name, command in commands[group].commands.items():
            assert any("--json" in p.opts for p in command.params), (group, name)


def test_every_command_that_takes_a_plan_has_set():
    from typer.main import get_command

    for name, command in get_command(app).commands.items():
        named = {option for p in command.params for option in p.opts}
        if "--preset" in named or "--plan" in named:
            assert {"--set", "--plan"} <= named, name


def test_every_command_has_examples_in_its_help(capsys):
    from typer.main import get_command

    for name in get_command(app).commands:
        assert _run([name, "--help"]) == 0
        said = capsys.readouterr().out
        for line in EXAMPLES[name]:
            assert f"  {line}\n" in said, (name, said)


def test_names_that_the_command_line_offers_are_those_of_the_plan(capsys):
    from typing import get_args

    from corescout import plan, vocabulary

    assert set(get_args(vocabulary.Preset)) == set(PRESETS) == set(vocabulary.PRESET_WORDS)
    assert set(get_args(vocabulary.Detector)) == set(vocabulary.DETECTOR_WORDS)
    assert _run(["explore", "--help"]) == 0
    said = "".join(capsys.readouterr().out.split())
    for model, field in (
        (plan.Plan, "preset_name"),
        (plan.DecisionPlan, "merging"),
        (plan.TrainingPlan, "device"),
    ):
        assert f"<{'|'.join(get_args(model.model_fields[field].annotation))}>" in said
    detectors = get_args(plan.KeypointPlan.model_fields["detector"].annotation)
    assert f"<{'|'.join(d for d in detectors if d != 'none')}>" in said
    assert _run(["explore", "x.npy", "--detector", "none"]) == 2


def test_every_option_of_the_window_says_what_it_means():
    from corescout.gui.model.plan_options import options as options_of_the_window

    unsaid = [o.name for o in options_of_the_window() if not o.help]
    assert unsaid == []


def test_a_shell_completes_commands_and_options():
    environment = {
        **os.environ,
        "_CORESCOUT_COMPLETE": "complete_bash",
        "COMP_WORDS": "corescout exp",
        "COMP_CWORD": "1",
    }
    done = subprocess.run([sys.executable, "-m", "corescout"], env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stdout.split() == ["explore", "export"], done.stderr


def test_the_time_left_knows_the_budget(surface, quick_plan):
    from corescout.pipeline import explore

    seen = []
    plan = quick_plan.changed("budget_s", 3.0).changed("training.epochs", 400)
    explore(surface.scan, plan, workers=1, on_progress=lambda p: seen.append(p.seconds_left))
    said = [s for s in seen if s is not None]
    assert said
    assert max(said) <= 3.0


def test_a_derived_channel_is_explored_described_and_listed(scan_of_surface, tmp_path, capsys):
    assert _run(["info", str(scan_of_surface), "--channel", "ACosPhase"]) == 0
    assert "ACosPhase" in capsys.readouterr().out
    common = ["--windows", "9", "--invariances", "none", "--detector", "grid",
              "--set", "training.epochs=5",
              "--set", "training.collapse_variance=0", "--set", "decision.seeds=1",
              "--set", "decision.null_surrogates=0"]  # fmt: skip
    out = tmp_path / "run"
    capsys.readouterr()
    assert _run(["explore", str(scan_of_surface), "--channel", "ACosPhase", *common,
                 "--out", str(out), "--json"]) == 0  # fmt: skip
    said = json.loads(capsys.readouterr().out)
    assert (said["run"], said["channels"]) == (str(out), ["ACosPhase"])
    assert _run(["apply", str(out), str(scan_of_surface), "--out", str(tmp_path / "a")]) == 0
    capsys.readouterr()
    wrong = ["explore", str(scan_of_surface), "--channel", "acosphase", *common]
    assert _run([*wrong, "--out", str(tmp_path / "b")]) == 2
    assert "did you mean 'ACosPhase'?" in capsys.readouterr().err


# In a process of its own: with a window's OpenGL in memory what pyroved imports may crash.
ENCODES = """
import json, sys
import numpy as np, pyroved, torch
file = sys.argv[1]
about = json.load(open(file.replace(".pt", ".json"), encoding="utf-8"))
model = pyroved.models.iVAE(**about["ivae"])
model.load_weights(file)
window = about["ivae"]["data_dim"][0]
z, _ = model.encode(torch.zeros((2, window, window)))
assert np.isfinite(np.asarray(z)).all()
"""


def test_a_default_run_goes_to_pyroved(run, tmp_path, capsys):
    model = tmp_path / "model.pt"
    assert _run(["export", str(run), "--pyroved", str(model)]) == 0
    assert "ARI" in capsys.readouterr().err
    assert json.loads((tmp_path / "model.json").read_text())["trained_instead_of"]
    subprocess.run([sys.executable, "-c", ENCODES, str(model)], check=True, timeout=300)
