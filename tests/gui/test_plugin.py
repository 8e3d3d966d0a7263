"""The plugin as napari finds it: readers, the sample, the widget, the menu."""

import numpy as np
import pytest
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
    assert names[-4:] == ["key points", "route", "core points", "targets"]


def test_the_sample_opens(viewer):
    layers = viewer.open_sample("napari-corescout", "surface")
    assert [layer.name for layer in layers if layer.visible] == ["Amplitude (pm)"]


def test_the_widget_opens_from_its_command(viewer):
    from corescout.gui.contributions import open_explorer

    open_explorer(viewer)
    dock = next(iter(viewer.window.dock_widgets.values()))
    assert type(dock).__name__ == "Explorer"
    viewer.window.remove_dock_widget(dock)
    dock.close()


def test_what_corescout_does_not_read_is_left_to_others(tmp_path):
    from corescout.gui.contributions import get_reader

    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "fake.ibw").write_text("hello")
    assert get_reader(str(tmp_path / "notes.txt")) is None
    assert get_reader(str(tmp_path / "fake.ibw")) is None
    assert get_reader(str(tmp_path)) is None
