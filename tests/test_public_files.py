"""What the public sees beside the code: pinned workflows, a citation, pages that are listed."""

import re
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_has_few_rights_and_actions_that_cannot_change(path):
    text = path.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+(\.\d+)*", comment), (action, comment)
    for job in workflow["jobs"].values():
        assert job.get("permissions", {}) in ({}, {"id-token": "write"})
        assert job["runs-on"]
        assert all("uses" in step or "run" in step for step in job["steps"])


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["cff-version"] == "1.2.0"
    assert len(citation["preferred-citation"]["authors"]) == 7


def test_the_page_on_installing_lists_the_extras_and_the_libraries_of_the_system():
    page = (ROOT / "docs" / "installation.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    table = page[page.index("| extra |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(project["optional-dependencies"])
    told = re.search(r"`apt install\s([^`]+)`", page)[1].split()
    script = (ROOT / "dev.py").read_text("utf-8")
    needed = re.search(r"DEBIAN_PACKAGES = \((.*?)\)", script, re.DOTALL)[1]
    assert {*told, "xvfb", "xauth"} == set(re.findall(r'"([^"]+)"', needed))


def test_the_navigation_names_pages_that_are_there():
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = set(re.findall(r": ([\w-]+\.md)$", text, re.MULTILINE))
    assert len(listed) > 15
    assert listed <= {p.name for p in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize("name", ["bug.yml", "format.yml"])
def test_a_form_asks_for_what_is_needed(name):
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / name).read_text("utf-8"))
    assert form["name"]
    assert form["description"]
    for part in form["body"]:
        assert part["type"] in {"textarea", "input", "checkboxes", "markdown", "dropdown"}
        assert part["attributes"]["label"]
    assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_the_recipe_asks_for_what_the_package_asks_for():
    recipe = (ROOT / "recipe" / "meta.yaml").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {"torch": "pytorch", "lazy-loader": "lazy_loader"}
    for dependency in project["dependencies"]:
        name, _, floor = dependency.partition(">=")
        assert f"- {named.get(name, name).lower()} >={floor}\n" in recipe, dependency
    assert f'version = "{project["version"]}"' in recipe


def test_what_the_owner_fills_in_makes_links_of_the_readme_absolute():
    """The lines to fill in are TOML as they stand; with them PyPI and the hub show the picture."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    lines = text.partition("TO BE FILLED IN")[2].partition("[project.optional")[0].splitlines()
    filled = tomllib.loads("\n".join(n[4:] for n in lines if n.startswith("#   ")) or text)
    assert set(filled["project"]["urls"]) == {"Documentation", "Source", "Issues", "Changelog"}
    hooks = filled["tool"]["hatch"]["metadata"]["hooks"]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "](docs/" in readme
    for change in hooks["fancy-pypi-readme"]["substitutions"]:
        readme = re.sub(change["pattern"], change["replacement"], readme)
    targets = re.findall(r"\]\(([^)]*)\)", readme)
    assert [t for t in targets if not t.startswith("https://")] == []
    pictures = [t for t in targets if t.endswith(".png")]
    assert pictures
    assert all(p.startswith("https://raw.githubusercontent.com/") for p in pictures)


def test_addresses_are_filled_in_at_one_place():
    """Until the owner does, no file of the package or beside it names one."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert "TO BE FILLED IN BY THE OWNER" in text or "\n[project.urls]\n" in text
    own = re.compile(r"https?://[^\s\"')]*corescout", re.IGNORECASE)
    for path in (ROOT / "src").rglob("*.py"):
        assert not own.search(path.read_text("utf-8")), path
    for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CITATION.cff", "mkdocs.yml"):
        assert not own.search((ROOT / name).read_text("utf-8")), name
