"""Every code block and command of README and docs runs as it stands, its output compared.

What is printed beside a block of the documentation is compared with it; what a command prints
without being quoted stands in `outputs.json` (numbers masked), which
``CORESCOUT_WRITE_OUTPUTS=1`` writes anew. The tests of a page run in its order.
"""

import ast
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from corescout.cli.examples import EXAMPLES
from documentation.blocks import (
    PAGES,
    ROOT,
    Block,
    agrees,
    blocks_of,
    commands_of,
    masked,
    run,
    texts_of,
)
from documentation.conftest import START
from documentation.staged import PRINTED, examples, fetched_before, stage, twin_that_serves

OUTPUTS = Path(__file__).parent / "outputs.json"
WRITE = bool(os.environ.get("CORESCOUT_WRITE_OUTPUTS"))
BLOCKS = [b for page in PAGES for b in blocks_of(page)]
CONTRACT = (
    "CORESCOUT_INSTRUMENT=desk CORESCOUT_PROFILES=instruments.toml python -m pytest"
    " tests/instruments/test_contract.py -k desk"
)
CLUSTER = "documentation/test_cluster_page.py::test_the_commands_of_the_page_run_as_they_stand"
# What goes on until Ctrl-C, and how long it runs here before that comes.
ENDLESS = {"corescout watch": 4.0, "corescout twin": 2.0}
# Minutes each: they run with -m slow, and their words are checked in any case.
LONG = ("corescout demo", "corescout bench all")
# What a machine of tests has not, and which test runs the command all the same; "": none can.
ELSEWHERE = {
    "python3 dev.py": ("makes a virtual environment of gigabytes", ""),
    "pip install": ("takes packages from the network", ""),
    "corescout sample pzt_film": (
        "is fetched from the network; once fetched it is taken from the cache",
        "documentation/test_blocks.py::test_a_fetched_sample_is_written_as_it_stands",
    ),
    "corescout mcp": (
        "serves a client over stdin, and guards its process for good",
        "mcp_server/test_server.py::test_the_command_of_the_documentation_serves",
    ),
    "corescout connect --nanonis 127": (
        "needs the twin of the command above it",
        "documentation/test_blocks.py::test_the_twin_answers_the_command_below_it",
    ),
    "corescout connect --nanonis 192": (
        "needs a controller at that address; another address there",
        "cli/test_connect.py::test_the_twin_of_a_profile_serves_until_ctrl_c",
    ),
    "corescout explore scan.h5 --cluster": ("needs a scheduler", CLUSTER),
    "dask ": ("goes on until Ctrl-C", CLUSTER),
    "export DASK_": ("a setting of Dask's own", CLUSTER),
    "python docs/slurm_workers.py": (
        "asks SLURM for jobs; the script that it hands over is held to the page",
        "test_slurm_script.py::test_the_documented_job_is_that_of_jobqueue",
    ),
}


def code_blocks(language: str) -> list[Block]:
    return [b for b in BLOCKS if b.language == language]


def named(block: Block) -> str:
    return f"{block.page}-{block.number}"


COMMANDS = [
    pytest.param(block, command, id=f"{named(block)}-{command[:60]}")
    for block in code_blocks("sh")
    for command in commands_of(block)
]


def test_every_block_has_a_language_that_is_run_or_read():
    known = {"sh", "python", "toml", "yaml", "json", "mermaid", "text", ""}
    assert {b.language for b in BLOCKS} <= known
    # A block without a language is a drawing: none of it is a command of ours.
    for block in code_blocks(""):
        assert "corescout " not in block.code, named(block)


def test_what_stands_as_text_is_an_output_or_is_read_by_a_test():
    """A command or a script that stands as text would be run by nothing."""
    assert {
        (page, text.splitlines()[0]) for page in PAGES for text in texts_of(page)
    } == {
        ("docs/cluster.md", "#!/usr/bin/env bash"),  # tests/test_slurm_script.py
        ("docs/add-an-instrument.md", CONTRACT),  # tests/test_third_package.py
        ("docs/tutorials/series.md", "scan,temperature_K"),  # `staged`
    }  # fmt: skip


def words_are_known(command: str) -> bool:
    """Whether the parser takes the words of a command, without running it."""
    import click
    from typer.main import get_command

    from corescout.cli.app import app

    words = shlex.split(command.partition(" > ")[0])[1:]
    at, context = get_command(app), None
    while hasattr(at, "commands"):
        name, *words = words
        at = at.commands[name]
    try:
        context = at.make_context(at.name, words, resilient_parsing=False)
    except click.exceptions.Exit:
        return True
    return context is not None


@pytest.mark.parametrize(("block", "command"), COMMANDS)
def test_a_command_runs_as_it_stands_and_prints_what_is_said(block, command, explored, tmp_path):
    if not command.startswith("corescout "):
        assert any(command.startswith(known) for known in ELSEWHERE), command
        return
    if any(command.startswith(known) for known in (*ELSEWHERE, *LONG)):
        assert "corescout bench" in command or words_are_known(command)
        return
    after = next((s for known, s in ENDLESS.items() if command.startswith(known)), None)
    for there in explored.parent.glob("*.corescout"):
        if there != explored:
            shutil.rmtree(there)
    os.environ["CORESCOUT_LIBRARY"] = str(explored.parent / f"library-{Path(block.page).stem}")
    with stage(command, explored, tmp_path):
        code, out, errors = (
            (0, PRINTED[command], "") if command in START else run(command, after)
        )  # the first ones were run by `explored`
        out = out.replace(str(tmp_path), "HERE")
    assert code in ((0,) if after is None else (0, 130)), errors
    if after is not None:
        return
    if block.output is not None and len(commands_of(block)) == 1:
        assert agrees(block.output, out), out
    else:
        _compare_kept(f"{block.page}: {command}", out)


def _compare_kept(command: str, out: str) -> None:
    kept = json.loads(OUTPUTS.read_text("utf-8")) if OUTPUTS.exists() else {}
    if WRITE:
        kept[command] = masked(out)
        text = json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False)
        OUTPUTS.write_text(text + "\n", "utf-8")
    assert masked(out) == kept.get(command), f"of {command}; CORESCOUT_WRITE_OUTPUTS=1 keeps it"


@pytest.mark.parametrize("known", ELSEWHERE)
def test_what_is_run_elsewhere_is_run_by_a_test_that_is_there(known):
    _, where = ELSEWHERE[known]
    commands = [c for b in code_blocks("sh") for c in commands_of(b) if c.startswith(known)]
    assert commands, f"no page shows {known} any more"
    if not where:
        assert not known.startswith("corescout")
        return
    file, _, name = where.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    assert name in {f.name for f in tree.body if isinstance(f, ast.FunctionDef)}


def test_a_fetched_sample_is_written_as_it_stands(data_dir, tmp_path):
    with fetched_before(data_dir, tmp_path):
        code, out, errors = run("corescout sample pzt_film")
        assert (code, out) == (0, "PZT_final0001.h5\n"), errors
        assert Path("PZT_final0001.h5").stat().st_size > 100_000


def test_the_twin_answers_the_command_below_it():
    block = next(b for b in BLOCKS if "connect --nanonis 127" in b.code)
    serve, connect = commands_of(block)
    with twin_that_serves(serve):
        code, out, errors = run(connect)
    assert code == 0, errors
    _compare_kept(f"{block.page}: {connect}", out)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["corescout demo", "corescout demo --live"])
def test_a_long_command_runs_as_it_stands(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, errors = run(command)
    assert code == 0, errors
    assert "report: " in out


@pytest.fixture(scope="module")
def pages():
    """What the blocks of each page that have run left behind, and how many of them ran."""
    return {}


@pytest.mark.parametrize("block", code_blocks("python"), ids=named)
def test_a_block_of_python_runs_as_it_stands_and_prints_what_is_said(block, pages, explored):
    """After the blocks above it, each of which runs once whichever test is asked for."""
    if "import pyroved" in block.code:  # after a window it may crash: tests/conftest.py
        subprocess.run([sys.executable, "-c", block.code], check=True, timeout=300)
        return
    space, done = pages.get(block.page, ({"__name__": "__main__"}, -1))
    for earlier in code_blocks("python"):
        if earlier.page == block.page and done < earlier.number < block.number:
            with redirect_stdout(io.StringIO()):
                exec(compile(earlier.code, named(earlier), "exec"), space)
    pages[block.page] = (space, block.number)
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(block.code, named(block), "exec"), space)
    if block.output is not None:
        assert agrees(block.output, out.getvalue()), out.getvalue()
    elif out.getvalue():
        _compare_kept(named(block), out.getvalue())


@pytest.mark.parametrize("block", code_blocks("toml"), ids=named)
def test_a_block_of_toml_is_what_it_says(block, tmp_path, monkeypatch):
    values = tomllib.loads(block.code)
    if "instruments" in values:
        from corescout.instruments.profiles import KINDS, open_instrument

        file = tmp_path / "instruments.toml"
        text = block.code
        for path in ("/mnt/afm/scans", "/mnt/afm/plans"):
            (tmp_path / Path(path).name).mkdir(exist_ok=True)
            text = text.replace(path, (tmp_path / Path(path).name).as_posix())
        text = text.replace("D:/Data/today", (tmp_path / "scans").as_posix())
        file.write_text(text)
        kinds = set()
        for name, table in values["instruments"].items():
            kinds.add(table["kind"])
            try:
                instrument, _ = open_instrument(name, file)
            except ModuleNotFoundError:
                continue
            assert instrument.capabilities.name
        assert kinds == set(KINDS)
    elif all("role" in table for table in values.values()):
        from corescout.readers import read_scan
        from corescout.readers.own_names import VARIABLE

        file = tmp_path / "channels.toml"
        file.write_text(block.code)
        monkeypatch.setenv(VARIABLE, str(file))
        image = np.random.default_rng(0).random((16, 16))
        np.savez(tmp_path / "own.npz", **dict.fromkeys(values, image))
        roles = read_scan(tmp_path / "own.npz").roles
        assert roles == {name: table["role"] for name, table in values.items()}
    else:
        groups = ("corescout.", "napari.manifest")
        assert any(key.startswith(groups) for key in values["project"]["entry-points"])


@pytest.mark.parametrize("block", code_blocks("json"), ids=named)
def test_a_block_of_json_is_json(block):
    json.loads(block.code)


EXAMPLES_NOT_SHOWN = sorted(
    {command for lines in EXAMPLES.values() for command in lines}
    - {command for b in code_blocks("sh") for command in commands_of(b)}
)


@pytest.mark.parametrize("command", EXAMPLES_NOT_SHOWN)
def test_an_example_of_the_help_that_no_page_shows_runs(command, explored, tmp_path):
    """The pages' own run above."""
    if any(command.startswith(known) for known in (*ELSEWHERE, *LONG)):
        assert words_are_known(command)
        return
    examples(tmp_path, explored)
    if command.startswith("corescout explore"):
        shutil.rmtree(tmp_path / explored.name)
    after = next((s for known, s in ENDLESS.items() if command.startswith(known)), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        code, out, errors = run(command, after)
    assert code in ((0,) if after is None else (0, 130)), errors
    assert out or after is not None
