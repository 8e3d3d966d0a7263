"""What holds the project together: light imports, the manifest, names in the documentation."""

import os
import re
import subprocess
import sys
from pathlib import Path

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
