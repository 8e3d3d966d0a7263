"""Nothing is lost: sessions kept on disk, offered after a crash, exported in every form."""

import json
import os
import runpy
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hands import WAIT_S, wait_for_preview
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QFileDialog, QMessageBox

from corescout import folders
from corescout.exports.script import write_script
from corescout.gui.canvas.layer_data import scan_layers
from corescout.gui.kept.autosave import (
    SESSION,
    Autosave,
    kept_sessions,
    read_results,
    run_name,
)
from corescout.gui.kept.window_session import Offer
from corescout.gui.model.held_result import HeldResult
from corescout.gui.model.keypoint_edits import Outline
from corescout.gui.model.workflow import StepState
from corescout.runs import read_run

WALL = Outline("along", np.array([[30.0, 30], [30, 130]]))


def test_a_session_is_whole_or_not_there_and_hidden_while_its_window_is_open(
    tmp_path, quick_result
):
    store = Autosave(tmp_path)
    store.save({"title": "a.ibw", "holds": ["2 types"]}, {1: HeldResult(quick_result)})
    assert kept_sessions(tmp_path) == []
    store.close(keep=True)
    (kept,) = kept_sessions(tmp_path)
    assert kept.words.startswith("a.ibw, ")
    assert kept.words.endswith("2 types")
    assert {k: r.why for k, r in read_results(kept).items()} == {1: quick_result.why}

    (kept.folder / run_name(1) / "result.h5").write_bytes(b"half")
    assert read_results(kept) == {}
    (kept.folder / SESSION).write_text('{"title": ')
    assert kept_sessions(tmp_path) == []
    assert not kept.folder.exists()


def test_a_killed_process_leaves_its_session_behind(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from corescout.gui.kept.autosave import Autosave\n"
        "a = Autosave(Path(sys.argv[1])); a.save({'title': 'a.ibw'}, {}); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == 9
    (kept,) = kept_sessions(tmp_path)
    assert kept.values["title"] == "a.ibw"


def test_nothing_is_left_of_a_session_that_is_dropped(tmp_path):
    store = Autosave(tmp_path)
    store.save({}, {})
    store.close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_the_script_repeats_the_run(tmp_path, quick_result, capsys):
    path = write_script(quick_result, tmp_path / "again.py")
    again = runpy.run_path(str(path))["main"]()
    assert again.why == quick_result.why
    found = [[(t.yx_px, t.type, t.number) for t in r.targets] for r in (again, quick_result)]
    assert found[0] == found[1]
    np.testing.assert_array_equal(again.fit.latents.mean, quick_result.fit.latents.mean)
    assert quick_result.why in capsys.readouterr().out


@pytest.mark.gui
def test_edits_and_result_come_back_after_a_crash(
    explorer, qtbot, sessions, quick_result, make_napari_viewer_proxy, tmp_path, monkeypatch
):
    from corescout.gui.explorer import Explorer

    for data, options, _ in scan_layers(quick_result.scan):
        explorer.viewer.add_image(data, **options)
    wait_for_preview(explorer, qtbot)
    explorer.explore_step.seed.setValue(7)
    explorer.targets_step.per_type.setValue(3)
    explorer.targets_step.margin.setValue(40)
    explorer.targets_step.choice.setValue(2)
    form = explorer.instrument_step.panel.form_of_action
    form.bias.setValue(2.5)
    form.again.setChecked(True)
    editor = explorer.workspace.key_points
    editor.push(editor.edits.with_outlines([WALL]), "a line")
    explorer.workspace.set_result(quick_result)
    assert explorer.session.unsaved
    qtbot.waitUntil(lambda: len(list(sessions.glob(f"*/{run_name(1)}"))) == 1)
    qtbot.waitUntil(lambda: not explorer.busy)
    # A crash: what is on the disk is all there is, and nobody holds its lock.
    (saved,) = sessions.iterdir()
    shutil.copytree(saved, tmp_path / "left behind" / saved.name)
    monkeypatch.setattr(folders, "sessions_folder", lambda: tmp_path / "left behind")
    viewer = make_napari_viewer_proxy()
    other = Explorer(viewer)
    offer = other.findChild(Offer)
    assert quick_result.types_in_words in offer.text.text()
    assert "7 edits" in offer.text.text()
    offer.restore_button.click()
    wait_for_preview(other, qtbot)
    assert other.result.why == quick_result.why
    assert other.explore_step.seed.value() == 7
    assert other.workspace.parameters.values() == explorer.workspace.parameters.values()
    assert other.workspace.settings == explorer.workspace.settings
    assert other.targets_step.margin.value() == 40
    form = other.instrument_step.panel.form_of_action
    assert (form.bias.value(), form.again.isChecked()) == (2.5, True)
    assert len(viewer.layers["paths and regions"].data) == 1
    np.testing.assert_array_equal(
        other.workspace.key_points.edits.outlines[0].vertices_px, WALL.vertices_px
    )
    assert other.workspace.workflow.state("explore") is StepState.DONE
    other.disconnect_viewer()
    other.wait_for_jobs(WAIT_S)


@pytest.mark.gui
def test_exports_diagnostic_and_the_question_at_the_end(
    surface_explorer, qtbot, sessions, quick_result, tmp_path
):
    explorer, bar = surface_explorer, surface_explorer.session_bar
    explorer.workspace.set_result(quick_result)
    targets = {"figures": "figures", "tables": "tables", "script": "a.py", "run": "a.corescout"}
    for kind, target in targets.items():
        explorer.exporter.export(kind, tmp_path / target)
        qtbot.waitUntil(lambda t=target: bar.note.text().endswith(t))
    assert (tmp_path / "figures" / "F1.pdf").stat().st_size > 1000
    assert (tmp_path / "tables" / "targets.csv").read_text().startswith("y_px")
    assert read_run(tmp_path / "a.corescout").why == quick_result.why
    assert not explorer.session.unsaved

    bar.diagnostic.trigger()
    text = QApplication.clipboard().text()
    assert "napari 0." in text
    assert "Qt 6" in text
    assert json.dumps(explorer.workspace.plan().preset_name) in text
    assert "3 Explore: done" in text
    assert os.environ.get("HOME", "/nowhere") + "/.ssh" not in text

    editor = explorer.workspace.key_points
    editor.push(editor.edits.with_outlines([WALL]), "a line")
    assert explorer.session.unsaved
    window, asked = explorer.window(), []

    def answer(text):
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        next(b for b in box.buttons() if b.text() == text).click()

    QTimer.singleShot(300, lambda: answer("Cancel"))
    window.close()
    assert len(asked) == 1
    assert window.isVisible()
    assert not explorer.closed
    QTimer.singleShot(300, lambda: answer("Keep for next time"))
    assert explorer.session.ask(), "the window itself is closed by the fixture"
    assert len(asked) == 2
    assert not explorer.closed, "an answer alone closes nothing"
    explorer.disconnect_viewer()
    (kept,) = kept_sessions(sessions)
    assert len(kept.values["edits"]["outlines"]) == 1


def test_the_report_is_exported_by_a_click(explorer, quick_result, qtbot, tmp_path, monkeypatch):
    target, bar = tmp_path / "found.html", explorer.session_bar
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    explorer.workspace.set_result(quick_result)
    qtbot.waitUntil(bar.export_button.isVisible)

    def choose_report():
        report = next(a for a in bar.menu.actions() if a.text().startswith("Report"))
        at = bar.menu.actionGeometry(report).center()
        qtbot.mouseClick(bar.menu, Qt.MouseButton.LeftButton, pos=at)

    QTimer.singleShot(300, choose_report)  # a menu holds whoever opened it
    qtbot.mouseClick(bar.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.note.text() == f"Exported to {target}")
    assert quick_result.winner.label in target.read_text()
