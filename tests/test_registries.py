"""Names that stand in several places are the same ones: registries, manifest, documentation."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from corescout import plan
from corescout.instruments.profiles import KINDS, PROFILES
from corescout.presets import PRESETS
from corescout.rewards import load_reward
from corescout.rewards.table import ASKED, BAYESIAN, HELD_OUT, MEASURED, QUICK, REWARDS
from corescout.samples import FILES, SAMPLES

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def manifest():
    import yaml

    return yaml.safe_load((ROOT / "napari.yaml").read_text("utf-8"))["contributions"]


def page(name):
    return (ROOT / "docs" / name).read_text("utf-8")


def test_the_manifest_offers_the_samples(manifest):
    offered = {entry["key"] for entry in manifest["sample_data"]}
    assert offered == set(SAMPLES)
    assert {s.file for s in SAMPLES.values() if s.file is not None} == set(FILES)


def test_the_manifest_offers_the_presets(manifest):
    (search,) = [c for c in manifest["configurations"].values() if "preset" in c["properties"]]
    assert tuple(search["properties"]["preset"]["enum"]) == tuple(PRESETS)
    assert set(PRESETS) == set(get_args(plan.Preset))


def test_every_command_of_the_manifest_is_there(manifest):
    from importlib import import_module

    for command in manifest["commands"]:
        module, _, name = command["python_name"].partition(":")
        assert callable(getattr(import_module(module), name)), command["id"]


def test_every_reward_is_documented_and_loads():
    rows = re.findall(r"^\| (`[^|]+`) \|", page("method.md"), re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert set(REWARDS) <= named
    assert {*QUICK, *HELD_OUT, *BAYESIAN, *MEASURED, *ASKED} == set(REWARDS)
    for name, function in REWARDS.items():
        assert load_reward(name) is function


def test_every_kind_of_instrument_is_documented_and_a_profile():
    table = re.findall(r"^\| `(\w+)` \|", page("instruments.md"), re.MULTILINE)
    assert set(KINDS) == set(table)
    schema = PROFILES.json_schema()
    assert set(schema["discriminator"]["mapping"]) == set(KINDS)


def test_the_server_for_agents_may_import_no_instrument():
    """The modules that profiles make an instrument from stand in the contract of the server."""
    profiles = (ROOT / "src/corescout/instruments/profiles.py").read_text("utf-8")
    made_from = set(
        re.findall(r"^ +from (corescout\.instruments\.\w+) import", profiles, re.MULTILINE)
    )
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (server,) = [c for c in contracts["contracts"] if "nothing that moves" in c["name"]]
    assert len(made_from) == len(KINDS)
    assert made_from <= set(server["forbidden_modules"])


def test_every_setting_that_the_window_explains_is_one_of_the_plan():
    from corescout.gui.model.plan_options import options
    from corescout.plan_changes import paths_of

    assert {o.name for o in options()} <= set(paths_of(plan.Plan))


def test_the_public_names_are_documented():
    import corescout

    text = page("api.md") + page("instruments.md") + page("formats.md") + page("add-a-reader.md")
    for name in corescout.__all__:
        assert name in text or name == "__version__", name
