"""One folder with a sample scan and one explored run, which all pages share."""

import os
from pathlib import Path

import pytest

from documentation.blocks import run

PROFILES = """
[instruments.lab]
kind = "twin"

[instruments.afm]
kind = "twin"

[instruments.toy]
kind = "twin"
"""


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A folder in which the commands of the documentation run, with a user's files of its own."""
    folder = tmp_path_factory.mktemp("docs")
    kept = {n: os.environ.get(n) for n in ("CORESCOUT_LIBRARY", "XDG_CONFIG_HOME")}
    os.environ["CORESCOUT_LIBRARY"] = str(folder / "library")
    os.environ["XDG_CONFIG_HOME"] = str(folder / "config")
    before = Path.cwd()
    os.chdir(folder)
    try:
        (folder / "scans").mkdir()
        (folder / "config" / "corescout").mkdir(parents=True)
        (folder / "config" / "corescout" / "instruments.toml").write_text(PROFILES)
        yield folder
    finally:
        os.chdir(before)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@pytest.fixture(scope="session")
def explored(workplace):
    """The run that README begins with: made once by its own commands."""
    for command in START:
        code, _, errors = run(command)
        assert code == 0, (command, errors)
    return workplace / "scan.h5.corescout"


START = (
    "corescout sample",
    "corescout sample --seed 1 --out next.h5",
    "corescout explore scan.h5 --windows 9,13 --invariances none,r",
)
