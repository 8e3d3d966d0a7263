"""The dock as a whole: menus, preferences, room, what is left when it closes, what it may touch."""

import gc
import threading

import numpy as np
import psutil
import pytest
from hands import WAIT_S, cut_controls, wait_for_preview
from npe2 import PluginManifest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel, QStyle, QStyleOptionComboBox

from corescout.gui import contributions
from corescout.gui.explorer import Explorer
from corescout.gui.kept.preferences import Preferences, preferences
from corescout.gui.steps.scan.samples import sample_surface

pytestmark = pytest.mark.gui


@pytest.fixture
def plugin_viewer(make_napari_viewer_proxy, npe2pm):
    """Return a viewer that knows the plugin, wide and high as a small laptop."""
    manifest = PluginManifest.from_distribution("napari-corescout")
    with npe2pm.tmp_plugin(manifest=manifest):
        viewer = make_napari_viewer_proxy(show=True)
        viewer.window.resize(1280, 720)
        yield viewer
        for widget in list(viewer.window.dock_widgets.values()):
            if isinstance(widget, Explorer):
                widget.disconnect_viewer()
                widget.wait_for_jobs(WAIT_S)


def add_surface(viewer):
    for data, options, kind in sample_surface():
        getattr(viewer, f"add_{kind}")(data, **options)


def explorer_of(viewer):
    return next(w for w in viewer.window.dock_widgets.values() if isinstance(w, Explorer))


def test_menus_and_palette_do_what_the_dock_does(plugin_viewer, qtbot):
    viewer = plugin_viewer
    add_surface(viewer)
    contributions.draw_wall(viewer)
    explorer = explorer_of(viewer)
    wait_for_preview(explorer, qtbot)
    contributions.draw_wall(viewer)
    assert viewer.layers.selection.active.name == "paths and regions"
    assert viewer.layers.selection.active.mode == "add_polyline"
    viewer.window.remove_dock_widget(explorer.bottom)
    contributions.show_plots(viewer)
    assert explorer.bottom.isVisible()
    contributions.show_windows(viewer)
    assert viewer.layers["patch outline"].visible
    contributions.copy_diagnostic(viewer)
    assert "Corescout diagnostic" in QApplication.clipboard().text()
    contributions.explore(viewer)
    assert explorer.running
    explorer.stop()
    qtbot.waitUntil(lambda: not explorer.busy)


def test_preferences_are_what_a_new_window_starts_with(plugin_viewer):
    from napari.settings import get_plugin_settings

    search = get_plugin_settings("napari-corescout").search
    before = (search.spacing_px, search.preset)
    try:
        search.spacing_px, search.preset = 11.0, "standard"
        assert preferences() == Preferences(preset="standard", spacing_px=11.0)
        explorer = Explorer(plugin_viewer)
        assert explorer.workspace.plan().keypoints.spacing_px == 11.0
        assert explorer.workspace.plan().preset_name == "standard"
        assert not explorer.undo_stack.canUndo()
        explorer.disconnect_viewer()
    finally:
        search.spacing_px, search.preset = before


def test_an_image_opened_later_does_not_hide_what_is_ours(explorer, qtbot):
    viewer = explorer.viewer
    assert explorer.column.sample_button.isVisible()
    qtbot.mouseClick(explorer.column.sample_button, Qt.MouseButton.LeftButton)
    wait_for_preview(explorer, qtbot)
    assert not explorer.column.sample_button.isVisible()
    viewer.layers.remove("Amplitude (pm)")
    add_surface(viewer)
    names = [layer.name for layer in viewer.layers]
    assert names.index("Amplitude (pm)") > names.index("key points"), (
        "the newest is on top at first"
    )

    def ours_is_above():
        names = [layer.name for layer in viewer.layers]
        return names.index("Amplitude (pm)") < names.index("key points")

    qtbot.waitUntil(ours_is_above)
    qtbot.waitUntil(lambda: not explorer.busy)
    viewer.layers.clear()
    assert explorer.column.sample_button.isVisible()
    assert not explorer.key_points_step.tools["line"].isEnabled()


def test_no_control_is_cut_at_1280_by_720_and_each_can_be_reached(explorer, qtbot):
    explorer.window().resize(1280, 720)
    for step in explorer.steps.values():
        step.set_expanded(True)
    qtbot.wait(200)
    assert cut_controls(explorer) == []


def test_the_reward_that_decides_is_read_whole_at_1280(found, qtbot):
    found.viewer.window.resize(1280, 720)
    box = found.candidate_panel.reward
    qtbot.waitUntil(lambda: found.candidate_panel.isVisible() and box.count() > 3)
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    style, kind = box.style(), QStyle.ComplexControl.CC_ComboBox
    shown = style.subControlRect(kind, option, QStyle.SubControl.SC_ComboBoxEditField, box)
    assert box.currentText().startswith("★ ")
    assert box.fontMetrics().horizontalAdvance(box.currentText()) <= shown.width()
    words = [box.itemData(i, Qt.ItemDataRole.ToolTipRole) for i in range(box.count())]
    assert all(words), "longer ones are whole under the mouse"


def test_a_held_instrument_and_an_offer_fit_in_720_pixels_and_stop_is_seen(explorer, qtbot):
    window, bar = explorer.window(), explorer.instrument_step.panel.stop_bar
    offer = QLabel("Unsaved from last time: " + 8 * "a scan with a long name and many edits, ")
    offer.setWordWrap(True)
    explorer.show_offer(offer)
    bar.show_connected(True)
    bar.show_hold("the current rose " + 12 * "and rose ", "The tip was taken back. " * 6)
    explorer.run_bar.show_running(True)
    explorer.session_bar.say("Exported to " + 6 * "/a/long/folder")
    for step in explorer.steps.values():
        step.set_expanded(True)
    window.resize(1280, 720)
    qtbot.wait(300)
    assert (window.width(), window.height()) == (1280, 720)
    assert bar.stop_button.isVisible()
    assert cut_controls(explorer) == []
    assert "The tip was taken back." in bar.said.toolTip()


def test_opening_and_closing_twenty_times_leaves_nothing(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy(show=True)
    add_surface(viewer)
    callbacks = len(viewer.mouse_move_callbacks)
    process, sizes, counts = psutil.Process(), [], []
    gc.collect()
    before = sum(type(o) is Explorer for o in gc.get_objects())  # of other tests
    for turn in range(20):
        explorer = Explorer(viewer)
        viewer.window.add_dock_widget(explorer, name="Corescout", area="right")
        QApplication.processEvents()
        # As the cross of napari's dock does it: nobody calls close.
        viewer.window.remove_dock_widget(explorer)
        qtbot.waitUntil(lambda e=explorer: e.closed)
        explorer.wait_for_jobs(WAIT_S)
        explorer.deleteLater()
        del explorer
        QApplication.processEvents()
        if turn in (9, 19):
            gc.collect()
            sizes.append(process.memory_info().rss / 2**20)
            counts.append(sum(type(o) is Explorer for o in gc.get_objects()))
    assert len(viewer.mouse_move_callbacks) == callbacks
    assert not viewer.window.dock_widgets
    assert [t.name for t in threading.enumerate() if t.name.startswith("corescout")] == []
    assert counts[1] <= counts[0] <= before + 3, (before, counts)
    assert sizes[1] - sizes[0] < 15, sizes


def test_what_is_the_users_is_never_touched(explorer, qtbot):
    viewer = explorer.viewer
    add_surface(viewer)
    mine = viewer.add_points(
        [[1.0, 2.0], [3.0, 4.0]], name="key points", features={"mine": [1, 2]}, face_color="red"
    )
    outline = viewer.add_shapes([[[0, 0], [5, 5]]], shape_type="line", name="paths and regions")
    qtbot.waitUntil(lambda: explorer.workspace.key_points.keypoints is not None)
    qtbot.waitUntil(lambda: not explorer.busy)
    explorer.key_points_step.use("line")
    explorer.start()
    qtbot.waitUntil(lambda: not explorer.busy)
    assert explorer.result is not None, explorer.verdict.text()
    np.testing.assert_array_equal(mine.data, [[1, 2], [3, 4]])
    assert list(mine.features.columns) == ["mine"]
    np.testing.assert_allclose(mine.face_color, [[1, 0, 0, 1]] * 2)
    assert len(outline.data) == 1
    image = explorer.canvas.image_layer()
    ours = [layer for layer in viewer.layers if "corescout_layer" in layer.metadata]
    assert len(ours) >= 5
    for layer in ours:
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels
        np.testing.assert_allclose(layer.scale, image.scale)
        np.testing.assert_allclose(layer.translate, image.translate)
