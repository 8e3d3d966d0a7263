"""What a test runs in a process of its own: another binding of Qt, another scale of the screen.

python window_of_its_own.py explore|fit|clear PICTURE
"""

import sys
from pathlib import Path

from hands import cut_controls, search_quickly
from qtpy import API_NAME, QT_VERSION
from qtpy.QtWidgets import QApplication

from corescout.gui.canvas.layer_data import scan_layers
from corescout.gui.model.keypoint_edits import Outline
from corescout.surfaces import generate_surface

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a process of its own
from benchmarks.scripted_window import open_session

_LIMIT_S = 300


def explore(session):
    """Explore, edit key points and types, undo."""
    explorer = session.explorer
    session.explore(_LIMIT_S)
    session.pump(_LIMIT_S, until=lambda: not explorer.busy)
    assert explorer.result is not None, explorer.verdict.text()
    editor = explorer.workspace.key_points
    count = len(editor.keypoints)
    editor.push(editor.edits.with_outlines([Outline("along", [[30.0, 30], [30, 130]])]), "a line")
    assert len(editor.keypoints) != count
    explorer.undo_stack.undo()
    assert len(editor.keypoints) == count
    assert explorer.types_step.edits.rename(1, "walls"), explorer.types_step.note.text()
    assert explorer.result.types.name(1) == "walls"
    explorer.undo_stack.undo()
    assert explorer.result.types.name(1) != "walls"
    session.pump(_LIMIT_S, until=lambda: not explorer.busy)


def fit(session):
    """Open every step and the bar of an instrument: nothing may be cut."""
    explorer = session.explorer
    for step in explorer.steps.values():
        step.set_expanded(True)
    explorer.instrument_step.panel.stop_bar.show_connected(True)
    session.pump(1.0)
    window = explorer.window()
    assert (window.width(), window.height()) == (1280, 720)
    assert cut_controls(explorer) == []


def clear(session):
    """Delete every layer at once and open another scan: OpenGL must have what it draws with."""
    viewer = session.explorer.viewer
    viewer.canvas.overlays.scale_bar.visible = False  # else it is drawn beside the scan
    session.explorer.parentWidget().setFloating(True)  # a window of its own: the harder case
    session.pump(2.0)
    viewer.layers.clear()
    data, options, _ = scan_layers(generate_surface((120, 120), seed=5).scan)[-1]
    viewer.add_image(data, **options)
    session.pump(1.5)


def main():
    """Do one of them, and take a picture of the whole window."""
    task, picture = sys.argv[1:]
    with open_session(size=(1280, 720), windows_px=(9,)) as session:
        search_quickly(session.explorer, windows="9", seeds=1)
        {"explore": explore, "fit": fit, "clear": clear}[task](session)
        session.screenshot(picture)
        ratio = QApplication.primaryScreen().devicePixelRatio()
        print(f"done {API_NAME} {QT_VERSION} x{ratio:g}")  # noqa: T201


if __name__ == "__main__":
    main()
