"""The plugin as napari finds it: readers, the sample, the widget, the menu."""

import shutil

import numpy as np
import pytest
from hands import WAIT_S
from npe2 import PluginManifest

from corescout.pipeline import save

pytestmark = pytest.mark.gui


@pytest.fixture
def viewer(make_napari_viewer_proxy, npe2pm):
    manifest = PluginManifest.from_distribution("napari-corescout")
    with npe2pm.tmp_plugin(manifest=manifest):
        yield make_napari_viewer_proxy()


def test_a_scan_opens_at_its_place_in_micrometres(viewer, scan_file):
    layers = viewer.open(scan_file("scan_0001.ibw"), plugin="napari-corescout")
    assert [layer.name for layer in layers if layer.visible] == ["Amplitude1Retrace (nm)"]
    layer = layers[-1]
    np.testing.assert_allclose(layer.scale, 0.019608, atol=1e-6)
    assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]
    assert layer.axis_labels == ("y", "x")
    # The upper left pixel is at X = -5.0933, Y = -3.57 um; napari's y points down.
    np.testing.assert_allclose(layer.data_to_world((0, 0)), (3.57, -5.0933), atol=1e-6)


def test_a_turned_non_square_scan_lies_where_the_instrument_has_it(viewer, scan_file):
    layer = viewer.open(scan_file("PZT_thick0009.h5"), plugin="napari-corescout")[-1]
    frame = layer.metadata["corescout_scan"].frame
    for place in [(0, 0), (0, 255), (127, 0), (60, 200)]:
        x, y = frame.to_m(place) * 1e6
        np.testing.assert_allclose(layer.data_to_world(place), (-y, x), atol=1e-6)


def test_a_run_folder_opens(viewer, quick_result, tmp_path):
    folder = save(quick_result, tmp_path / "a run.corescout")
    names = [layer.name for layer in viewer.open(folder, plugin="napari-corescout")]
    assert names[-5:] == ["key points", "types", "route", "core points", "targets"]


def test_the_sample_opens(viewer):
    layers = viewer.open_sample("napari-corescout", "surface")
    assert [layer.name for layer in layers if layer.visible] == ["Amplitude (pm)"]


def test_the_widget_opens_from_its_command(viewer):
    from corescout.gui.contributions import open_explorer

    open_explorer(viewer)
    docks = {type(dock).__name__: dock for dock in viewer.window.dock_widgets.values()}
    assert set(docks) == {"Explorer", "Bottom"}
    viewer.window.remove_dock_widget(docks["Explorer"])
    docks["Explorer"].close()
    assert not viewer.window.dock_widgets


def test_what_corescout_does_not_read_is_left_to_others(tmp_path):
    from corescout.gui.contributions import get_reader

    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "fake.ibw").write_text("hello")
    assert get_reader(str(tmp_path / "notes.txt")) is None
    assert get_reader(str(tmp_path / "fake.ibw")) is None
    assert get_reader(str(tmp_path)) is None


def test_a_folder_of_scans_and_a_name_with_spaces_and_letters(viewer, scan_file, tmp_path):
    folder = tmp_path / "Meßtag 3 – ΔT"
    folder.mkdir()
    shutil.copy(scan_file("chip.gsf"), folder / "größe 1.gsf")
    shutil.copy(scan_file("di-3.di"), folder / "scan 2.di")
    names = [layer.name for layer in viewer.open(folder, plugin="napari-corescout")]
    assert names[0] == "Topography (µm)"
    assert "Phase Retrace (deg)" in names


def test_a_zoom_lies_on_its_survey(viewer, scan_file):
    survey, zoom = (
        viewer.open(scan_file(f"PTO_Funakubo000{i}.h5"), plugin="napari-corescout")[-1]
        for i in (4, 5)
    )
    corners = [survey.world_to_data(zoom.data_to_world(p)) for p in ((0, 0), (255, 255))]
    assert np.min(corners) > 0
    assert np.max(corners) < 255


def test_layers_are_saved_and_opened_again_without_loss(viewer, quick_result, tmp_path):
    run = save(quick_result, tmp_path / "a.corescout")
    before = viewer.open(run, plugin="napari-corescout")
    before[0].visible, before[-1].opacity, before[0].colormap = False, 0.3, "viridis"
    viewer.add_shapes([[[0, 0], [5, 5]], [[1, 1], [2, 2]]], shape_type="line", name="drawn")
    expected = list(viewer.layers)
    (path,) = viewer.layers.save(str(tmp_path / "layers.h5"), plugin="napari-corescout")
    viewer.layers.clear()
    after = viewer.open(path, plugin="napari-corescout")
    assert [layer.name for layer in after] == [layer.name for layer in expected]
    for one, other in zip(after, expected, strict=True):
        assert type(one) is type(other)
        np.testing.assert_array_equal(np.asarray(one.data), np.asarray(other.data))
        for looks in ("visible", "opacity", "axis_labels", "units"):
            assert getattr(one, looks) == getattr(other, looks), (one.name, looks)
        np.testing.assert_allclose(one.scale, other.scale)
        np.testing.assert_allclose(one.translate, other.translate)
    core, old = after[-3], expected[-3]
    assert core.name == "core points"
    np.testing.assert_allclose(core.face_color, old.face_color)
    assert core.features.equals(old.features)
    assert after[0].colormap.name == "viridis"


def test_a_filtered_copy_of_a_channel_is_saved_as_it_is(viewer, scan_file, tmp_path):
    viewer.open(scan_file("chip.gsf"), plugin="napari-corescout")
    layer = viewer.layers[0]
    changed = np.sqrt(np.asarray(layer.data))
    layer.data = changed
    (path,) = viewer.layers.save(str(tmp_path / "layers.h5"), plugin="napari-corescout")
    viewer.layers.clear()
    (again,) = viewer.open(path, plugin="napari-corescout")
    np.testing.assert_array_equal(again.data, changed)


def test_a_cos_phase_is_added_and_explored_like_any_channel(viewer, scan_file):
    from corescout.gui.contributions import add_response

    viewer.open(scan_file("scan_0001.ibw"), plugin="napari-corescout")
    viewer.layers.selection.active = viewer.layers[-1]
    add_response(viewer)
    names = [layer.name for layer in viewer.layers]
    assert "ACosPhase1Retrace (nm)" in names
    added = viewer.layers["ACosPhase1Retrace (nm)"]
    assert added.metadata["corescout_channel"] == "ACosPhase1Retrace"
    np.testing.assert_allclose(added.translate, viewer.layers[0].translate)


def test_scan_information_shows_place_doubts_and_metadata(viewer, scan_file, qtbot):
    viewer.open(scan_file("image_ibw.ibw"), plugin="napari-corescout")
    dock, widget = viewer.window.add_plugin_dock_widget("napari-corescout", "Scan information")
    viewer.layers.selection.active = viewer.layers[-1]
    texts = _tree_texts(widget.tree)
    assert "no contrast" in texts
    assert "pixel pitch" in texts
    widget.filter.setText("ScanRate")
    visible = _tree_texts(widget.tree, visible=True)
    assert "ScanRate" in visible
    assert "pixel pitch" not in visible
    viewer.window.remove_dock_widget(dock)
    widget.close()


def _tree_texts(tree, visible=False):
    parents = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]
    items = [p.child(k) for p in parents for k in range(p.childCount())]
    return [item.text(0) for item in items if not (visible and item.isHidden())]


def test_samples_come_from_the_cache_and_without_a_network_say_what_to_do(
    viewer, scan_file, tmp_path, monkeypatch
):
    from corescout import samples
    from corescout.data import InputError

    # No server answers here: the machine that runs the tests needs no network.
    monkeypatch.setattr(samples, "BASE_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path)
    with pytest.raises(InputError, match="network"):
        samples.fetch("data/AFM/PZT_final0001.h5")
    for file in samples.FILES:
        name = file.rpartition("/")[2]
        shutil.copy(scan_file(name), tmp_path / name)
        (tmp_path / name).chmod(0o644)
    for key in ("pzt_film", "pto_film", "pzt_thick", "dart_scan"):
        assert viewer.open_sample("napari-corescout", key)


def test_acquire_opens_the_step_of_the_instrument(viewer):
    from corescout.gui.contributions import acquire

    acquire(viewer)
    acquire(viewer)  # the same explorer
    _, explorer = viewer.window.add_plugin_dock_widget("napari-corescout", "Corescout")
    assert explorer.instrument_step.expanded
    explorer.disconnect_viewer()
    explorer.wait_for_jobs(WAIT_S)
