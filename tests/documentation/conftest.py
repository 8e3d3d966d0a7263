"""One folder with a sample scan and one explored run, which all pages share."""

from contextlib import contextmanager

import pytest

from documentation.blocks import run
from documentation.staged import PRINTED, write_loops

PROFILES = """
[instruments.lab]
kind = "twin"

[instruments.afm]
kind = "twin"

[instruments.toy]
kind = "twin"
"""


@pytest.fixture(scope="session")
def folder_of_all(tmp_path_factory):
    """Where the commands of the documentation run, with a user's files of its own."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "scans").mkdir()
    (folder / "config" / "corescout").mkdir(parents=True)
    (folder / "config" / "corescout" / "instruments.toml").write_text(PROFILES)
    return folder


@pytest.fixture(scope="session")
def made_run(folder_of_all):
    """The run that README begins with, made once by its own commands, and loops measured on it."""
    with inside(folder_of_all):
        for command in START:
            code, PRINTED[command], errors = run(command)
            assert code == 0, (command, errors)
    run_folder = folder_of_all / "scan.h5.corescout"
    write_loops(run_folder)
    return run_folder


@pytest.fixture
def workplace(folder_of_all):
    """The folder of all pages, as the current one while a test runs."""
    with inside(folder_of_all):
        yield folder_of_all


@pytest.fixture
def explored(workplace, made_run):
    """The run that README begins with, in the current folder."""
    return made_run


@contextmanager
def inside(folder):
    """Work in a folder and leave it; tests elsewhere count on the current folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORESCOUT_LIBRARY", str(folder / "library"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.chdir(folder)
        yield


START = (
    "corescout sample",
    "corescout sample --seed 1 --out next.h5",
    "corescout explore scan.h5 --windows 9,13 --invariances none,r",
)
