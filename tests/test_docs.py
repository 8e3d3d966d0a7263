"""What the documentation names is there: linked pages, pictures, commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http", "#", "mailto:")):
            assert (page.parent / target.partition("#")[0]).exists(), f"{target} in {page.name}"


def test_commands_in_the_examples_exist():
    from typer.main import get_command

    from corescout.cli.app import app

    known = set(get_command(app).commands)
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                for name in re.findall(r"^corescout ([a-z]+)", line):
                    assert name in known, f"corescout {name} in {page.name}"


def test_every_command_is_documented():
    from typer.main import get_command

    from corescout.cli.app import app

    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [n for n in get_command(app).commands if f"corescout {n}" not in text] == []


def test_what_the_newcomer_is_told_of_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where is ...?")[2].partition("## The map")[0]
    places = re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", table)
    assert len(places) >= 15
    for place in places:
        assert (ROOT / "src" / "corescout" / place).exists(), place


def test_functions_that_the_newcomer_is_told_of_are_in_those_files():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where is ...?")[2].partition("## The map")[0]
    found = re.findall(r"`((?:\w+/)*\w+\.py)`: `(\w+)`", table)
    found += [(f, name) for name, f in re.findall(r"`\w+\.(\w+)` in `((?:\w+/)*\w+\.py)`", table)]
    assert len(found) >= 3
    for place, name in found:
        source = (ROOT / "src" / "corescout" / place).read_text("utf-8")
        assert re.search(rf"def {name}\b", source), f"{name} in {place}"


def test_the_map_names_every_file_and_folder_of_the_package():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = text.partition("## The map")[2].partition("```\n")[2].partition("```")[0]
    package = ROOT / "src" / "corescout"
    rooms = {p.parent.name for p in package.glob("*/__init__.py")}
    rooms |= {p.stem for p in package.glob("*.py") if not p.stem.startswith("__")}
    assert rooms - set(re.findall(r"[a-z_]+", drawn)) == set()
