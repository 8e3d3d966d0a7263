"""The window with the other binding of Qt, on a screen of twice as many pixels, and cleared."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.gui
SCRIPT = Path(__file__).with_name("window_of_its_own.py")


def run_window(task, picture, tmp_path, **environment):
    """Run the window in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), task, str(picture)],
        env=os.environ
        | {"NAPARI_ENSURE_PLUGIN_MAIN_THREAD": "1", "HOME": str(tmp_path)}
        | environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.skipif(importlib.util.find_spec("PySide6") is None, reason="PySide6 is not installed")
def test_explore_and_edit_with_pyside6(tmp_path):
    picture = tmp_path / "window.png"
    said = run_window("explore", picture, tmp_path, QT_API="pyside6")
    assert "done PySide6 6." in said
    with Image.open(picture) as taken:
        assert taken.size == (1280, 720)


def test_nothing_is_cut_on_a_screen_of_twice_the_pixels(tmp_path):
    picture = tmp_path / "window.png"
    said = run_window("fit", picture, tmp_path, QT_SCALE_FACTOR="2", QT_API="pyqt6")
    assert said.rstrip().endswith("x2")
    with Image.open(picture) as taken:
        assert taken.size == (2560, 1440)


def test_all_layers_deleted_at_once_leave_a_window_that_draws(tmp_path):
    """A crash of the renderer ends a process: it needs one of its own."""
    run_window("clear", tmp_path / "window.png", tmp_path, QT_API="pyqt6")
