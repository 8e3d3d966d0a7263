"""What holds the project together: light imports, the manifest, names in the documentation."""

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import grimp
import pytest

import corescout

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "pyro", "sklearn", "skimage", "optuna", "matplotlib", "scipy", "h5py", "napari",
         "qtpy", "distributed", "pandas")  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "import corescout; corescout.Scan, corescout.InputError, corescout.__version__",
        "import corescout.cli",
    ],
)
def test_importing_stays_light(statement):
    code = f"import sys; {statement}; print(*sorted(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_public_name_is_there():
    for name in corescout.__all__:
        assert getattr(corescout, name) is not None


def test_the_manifest_is_valid_and_the_one_at_the_top():
    from npe2 import PluginManifest

    top = ROOT / "napari.yaml"
    shipped = Path(corescout.__file__).parent / "napari.yaml"
    assert shipped.read_bytes() == top.read_bytes()
    assert PluginManifest.from_file(top).name == "napari-corescout"


def test_import_contracts_hold():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_model_of_the_window_needs_no_widget_and_no_display():
    code = (
        "import importlib, pkgutil, sys; import corescout.gui.model as m;"
        "names = [x.name for x in pkgutil.walk_packages(m.__path__, m.__name__ + '.')];"
        "[importlib.import_module(n) for n in names];"
        "m.workspace.Workspace();"
        "bad = ('napari', 'vispy', 'pyqtgraph', 'torch');"
        "print(len(names), *[k for k in sys.modules if k in bad or k.endswith('QtWidgets')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={k: v for k, v in os.environ.items() if k != "DISPLAY"},
    )  # fmt: skip
    count, *loaded = done.stdout.split()
    assert int(count) > 10
    assert loaded == []


def test_two_files_of_the_window_import_its_dock():
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "src/corescout/gui").rglob("*.py")
        if re.search(r"gui(\.explorer| import .*\bexplorer\b)", path.read_text("utf-8"))
    ]
    assert len(found) <= 2, found


def test_the_window_has_no_circle_of_imports_also_none_for_typing():
    graph = grimp.build_graph("corescout", cache_dir=None)
    arrows = [
        (name, imported)
        for name in graph.find_descendants("corescout.gui")
        for imported in graph.find_modules_directly_imported_by(name)
    ]
    assert len(arrows) > 500
    assert not [a for a in arrows if graph.chain_exists(importer=a[1], imported=a[0])]


def test_few_files_of_the_window_import_for_typing_alone():
    found = [p for p in (ROOT / "src/corescout/gui").rglob("*.py")
             if "TYPE_CHECKING" in p.read_text("utf-8")]  # fmt: skip
    assert len(found) < 5, found


@pytest.mark.parametrize(("of", "most"), [("**/*", 400), ("corescout/gui/explorer", 220)])
def test_no_file_is_too_long(of, most):
    files = [*(ROOT / "src").glob(f"{of}.py"), *(ROOT / "benchmarks").glob(f"{of}.py")]
    lines = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in files}
    assert lines
    assert not {name: count for name, count in lines.items() if count > most}


def test_one_class_has_one_name():
    places = defaultdict(list)
    for folder in ("src", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(path.relative_to(ROOT)))
    assert len(places) > 300
    assert not {name: files for name, files in places.items() if len(files) > 1}
