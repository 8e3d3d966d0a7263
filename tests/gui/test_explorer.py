"""The explorer in a real viewer: from opening a scan to closing the window."""

import threading
import time

import numpy as np
import pytest
from hands import wait_for_preview

from benchmarks.heartbeat import Heartbeat
from corescout.colors import type_color
from corescout.gui.canvas.layer_data import scan_layers
from corescout.gui.canvas.placement import GEOMETRY
from corescout.gui.model.keypoint_edits import Outline
from corescout.pipeline import explore, save
from corescout.runs import read_run
from corescout.surfaces import generate_surface

pytestmark = pytest.mark.gui


def run_to_the_end(explorer, qtbot):
    explorer.start()
    qtbot.waitUntil(lambda: not explorer.busy)


def layer_geometry(layer):
    values = {name: getattr(layer, name) for name in GEOMETRY}
    values["scale"], values["translate"] = map(tuple, (layer.scale, layer.translate))
    values["rotate"] = np.asarray(layer.rotate).tolist()
    return {name: str(value) for name, value in values.items()}


def test_an_empty_window_says_what_to_do(explorer):
    assert "Drop a scan here" in explorer.verdict.text()
    assert not explorer.run_bar.explore_button.isEnabled()


def test_from_a_real_file_to_an_exported_run(explorer, add_scan, qtbot, scan_file, tmp_path):
    viewer = explorer.viewer
    add_scan(scan_file("scan_0001.ibw"))
    amplitude = viewer.layers["Amplitude1Retrace (nm)"]
    assert [layer.name for layer in viewer.layers if layer.visible] == [amplitude.name]
    assert explorer.scan_step.channel.currentText() == amplitude.name

    wait_for_preview(explorer, qtbot)
    assert len(viewer.layers["key points"].data) > 300
    assert not explorer.running, "nothing runs before Explore is pressed"

    with Heartbeat() as heartbeat:
        run_to_the_end(explorer, qtbot)
    print(f"\nlongest gap of the event loop: {heartbeat.longest_ms:.0f} ms")  # noqa: T201
    result = explorer.result
    assert result is not None, explorer.verdict.text()
    assert explorer.verdict.text() == result.verdict.summary
    assert f"({result.winner.window_px} px)" in explorer.verdict.toolTip()

    core = viewer.layers["core points"]
    expected = [type_color(int(t)) for t in result.core_points.type]
    assert [
        f"#{''.join(f'{round(255 * c):02x}' for c in rgba[:3])}" for rgba in core.face_color
    ] == [color.lower() for color in expected]
    assert explorer.latent_panel.plot.core_colors() == [color.lower() for color in expected]
    for name in ("key points", "core points", "targets", "route"):
        assert layer_geometry(viewer.layers[name]) == layer_geometry(amplitude)
    assert explorer.targets_step.table.rowCount() == len(result.targets)

    folder = tmp_path / "exported.corescout"
    explorer.export(folder)
    qtbot.waitUntil(lambda: "Exported" in explorer.session_bar.note.text())
    assert read_run(folder).why == result.why


def test_the_window_finds_what_the_command_line_finds(explorer, add_scan, qtbot, tmp_path, surface):
    path = tmp_path / "surface.npy"
    np.save(path, surface.scan.channel())
    add_scan(path)
    wait_for_preview(explorer, qtbot)
    run_to_the_end(explorer, qtbot)
    headless = explore(path, explorer.workspace.plan())
    ours = explorer.result
    assert ours.why == headless.why
    assert ours.targets == headless.targets
    np.testing.assert_array_equal(ours.fit.latents.mean, headless.fit.latents.mean)


def test_stop_works_within_a_second_and_it_runs_again(surface_explorer, qtbot):
    explorer = surface_explorer
    explorer.start()
    qtbot.waitUntil(lambda: explorer.candidate_panel.table.rowCount() >= 1)
    pressed = time.monotonic()
    explorer.run_bar.stop_button.click()
    qtbot.waitUntil(lambda: not explorer.running)
    print(f"\nstopped after {time.monotonic() - pressed:.2f} s")  # noqa: T201
    assert "Stopped" in explorer.verdict.text()
    assert explorer.candidate_panel.table.rowCount() >= 1
    assert explorer.run_bar.explore_button.isEnabled()
    run_to_the_end(explorer, qtbot)
    assert explorer.result is not None


def test_a_candidate_is_shown_at_a_click_and_the_winner_is_not_lost(surface_explorer, qtbot):
    explorer = surface_explorer
    run_to_the_end(explorer, qtbot)
    result, table = explorer.result, explorer.candidate_panel.table
    numbers = [t.number for t in result.trials]
    other = next(t.number for t in result.trials if t.candidate != result.winner)
    table.setCurrentCell(numbers.index(other), 0)
    qtbot.waitUntil(lambda: not explorer.busy)
    np.testing.assert_allclose(
        explorer.latent_panel.plot.shown_codes(), result.latents_by_trial[other]
    )
    shown = {tuple(p) for p in explorer.viewer.layers["core points"].data}
    explorer.candidate_panel.winner_button.click()
    qtbot.waitUntil(lambda: not explorer.busy)
    np.testing.assert_allclose(explorer.latent_panel.plot.shown_codes(), result.fit.latents.mean)
    places = result.patches.center_yx_px[result.core_points.index]
    assert {tuple(p) for p in explorer.viewer.layers["core points"].data} == {
        tuple(p) for p in places
    }
    assert shown != {tuple(p) for p in places}


def test_key_points_edited_by_hand_are_used(surface_explorer, qtbot):
    explorer = surface_explorer
    layer = explorer.viewer.layers["key points"]
    layer.data = layer.data[: len(layer.data) // 2]
    run_to_the_end(explorer, qtbot)
    assert explorer.result.keypoints.source == "drawn"
    assert len(explorer.result.keypoints) == len(layer.data)


def test_a_scan_that_cannot_be_used_says_why(explorer, qtbot):
    explorer.viewer.add_image(np.ones((64, 64)), name="flat")
    qtbot.waitUntil(lambda: explorer.key_points_step.count.text() != "")
    assert "contrast" in explorer.key_points_step.count.text()
    explorer.start()
    qtbot.waitUntil(lambda: not explorer.running)
    assert "contrast" in explorer.verdict.text()


def test_a_run_folder_opens_and_shows_the_same(explorer, add_scan, qtbot, quick_result, tmp_path):
    folder = save(quick_result, tmp_path / "dropped.corescout")
    add_scan(folder)
    qtbot.waitUntil(lambda: explorer.result is not None)
    assert explorer.result.why == quick_result.why
    assert explorer.candidate_panel.table.rowCount() == len(quick_result.trials)
    np.testing.assert_allclose(
        explorer.latent_panel.plot.shown_codes(), quick_result.fit.latents.mean
    )
    core = quick_result.patches.center_yx_px[quick_result.core_points.index]
    np.testing.assert_allclose(explorer.viewer.layers["core points"].data, core)


def test_the_readout_is_in_the_instruments_coordinates(explorer, add_scan, scan_file):
    add_scan(scan_file("scan_0001.ibw"))
    layer = explorer.viewer.layers["Amplitude1Retrace (nm)"]
    explorer.scan_step.show_place(tuple(layer.data_to_world((0, 0))))
    # centre (-2.5933, -6.07) um, the corner 2.5 um to the left and up
    assert "X -5.0933 µm, Y -3.5700 µm" in explorer.scan_step.place.text()


def test_closing_in_the_middle_of_a_run_leaves_nothing(surface_explorer, qtbot):
    explorer, viewer = surface_explorer, surface_explorer.viewer
    explorer.start()
    qtbot.waitUntil(lambda: explorer.candidate_panel.table.rowCount() >= 1)
    callbacks = len(viewer.mouse_move_callbacks)
    viewer.window.remove_dock_widget(explorer)
    explorer.close()
    qtbot.waitUntil(lambda: not _work_threads())
    assert len(viewer.mouse_move_callbacks) == callbacks - 1
    viewer.layers.clear()  # an event that must not reach the closed window
    viewer.add_image(np.zeros((20, 20)))


def _work_threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("corescout")]


def test_a_scan_not_worth_a_decision_is_named_before_anything_runs(
    explorer, add_scan, qtbot, scan_file
):
    add_scan(scan_file("image_ibw.ibw"))
    wait_for_preview(explorer, qtbot)
    assert "mostly noise" in explorer.scan_step.doubts.text()
    add_scan(scan_file("PZT_final0001.h5"))
    wait_for_preview(explorer, qtbot)
    qtbot.waitUntil(lambda: not explorer.scan_step.doubts.text())


def test_edits_of_one_scan_are_not_used_on_another(surface_explorer):
    key_points = surface_explorer.workspace.key_points
    line = Outline("along", np.array([[9.0, 9], [9, 90]]))
    key_points.push(key_points.edits.with_outlines([line]), "a line")
    scan = surface_explorer.workspace.chosen.scan
    assert key_points.edited_of(scan) is key_points.keypoints
    assert key_points.edited_of(generate_surface((120, 120), seed=5).scan) is None


def test_edits_are_there_again_when_their_scan_is(surface_explorer, qtbot):
    window, other = surface_explorer, generate_surface((120, 120), seed=5).scan
    step, first = window.workspace.key_points, window.scan_step.channel.currentText()
    line = Outline("along", np.array([[9.0, 9], [9, 90]]))
    step.push(step.edits.with_outlines([line]), "a line")
    edited = np.array(step.keypoints.yx_px)

    data, options, _ = scan_layers(other)[-1]
    name = window.viewer.add_image(data, **(options | {"name": "the other"})).name
    window.scan_step.channel.setCurrentText(name)
    qtbot.waitUntil(lambda: step.scan_uid == other.uid)
    assert not step.edits
    count = len(step.keypoints)
    window.undo_stack.undo()  # of the first scan: nothing changes on this one
    assert not step.edits
    assert len(step.keypoints) == count
    window.undo_stack.redo()

    window.scan_step.channel.setCurrentText(first)
    qtbot.waitUntil(lambda: step.scan_uid != other.uid)
    np.testing.assert_array_equal(step.keypoints.yx_px, edited)
    assert len(window.viewer.layers["paths and regions"].data) == 1
