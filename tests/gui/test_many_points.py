"""Tens of thousands of points on a scan: drawn plainly, coloured once, ordered in one move."""

import gc

import numpy as np
import pytest

from corescout.data import Keypoints
from corescout.gui.canvas.layer_data import (
    STACK,
    empty_layers,
    is_crowd,
    keypoint_layer,
    type_layer,
)
from corescout.gui.canvas.layer_queue import put_in_order
from corescout.gui.canvas.layer_updates import raise_ours, recolor, update_layer
from corescout.gui.look import rgba
from corescout.surfaces import generate_surface

FEW, MANY = 300, 25_000


@pytest.fixture
def scan():
    return generate_surface((128, 128), seed=0).scan


def places(count, seed=0):
    return np.random.default_rng(seed).uniform(0, 128, (count, 2))


def keypoints(count):
    return Keypoints(places(count), np.ones(count), "drawn")


def test_many_points_are_drawn_without_wide_edges_and_a_least_size(make_napari_viewer_proxy, scan):
    assert is_crowd(MANY)
    assert not is_crowd(FEW)
    viewer = make_napari_viewer_proxy()
    data, options, _ = empty_layers(scan)[0]
    layer = viewer.add_points(data, **options)
    few = layer.antialiasing, layer.canvas_size_limits[0]
    update_layer(layer, keypoint_layer(scan, keypoints(MANY)))
    assert len(layer.data) == MANY
    assert layer.antialiasing < few[0]
    assert layer.canvas_size_limits[0] < few[1]
    update_layer(layer, keypoint_layer(scan, keypoints(FEW)))
    assert (layer.antialiasing, layer.canvas_size_limits[0]) == few


def test_a_layer_that_is_filled_looks_as_one_that_is_made(make_napari_viewer_proxy, scan):
    viewer = make_napari_viewer_proxy()
    colors = np.random.default_rng(0).random((FEW, 4))
    for made in (
        keypoint_layer(scan, keypoints(FEW)),
        keypoint_layer(scan, keypoints(FEW), keypoints(FEW // 2)),
        type_layer(scan, places(FEW), colors, colors[:, 3] > 0.5),
    ):
        name = made[1]["name"]
        empty = next(each for each in empty_layers(scan) if each[1]["name"] == name)
        new, filled = (viewer.add_points(data, **options) for data, options, _ in (made, empty))
        update_layer(filled, made)
        for part in ("data", "size", "face_color", "border_color", "border_width", "shown"):
            np.testing.assert_allclose(
                np.asarray(getattr(filled, part), float),
                np.asarray(getattr(new, part), float),
                atol=1e-6,
                err_msg=f"{part} of {name}",
            )


def test_a_colour_that_a_person_gave_to_the_borders_stays(make_napari_viewer_proxy, scan):
    viewer = make_napari_viewer_proxy()
    made = keypoint_layer(scan, keypoints(FEW))
    layer = viewer.add_points(made[0], **made[1])
    layer.border_color = "red"
    update_layer(layer, made)
    np.testing.assert_allclose(layer.border_color, np.tile([1, 0, 0, 1], (FEW, 1)))


def test_key_points_that_are_new_are_of_another_colour():
    scan = generate_surface((64, 64), seed=0).scan
    known = keypoints(FEW)
    more = Keypoints(np.vstack([places(5, seed=1), known.yx_px]), np.ones(FEW + 5), "drawn")
    _, options, _ = keypoint_layer(scan, more, known)
    face = options["face_color"]
    assert len({tuple(row) for row in face[5:]}) == 1
    assert {tuple(row) for row in face[:5]}.isdisjoint({tuple(face[5])})


def test_other_colours_are_uploaded_once(make_napari_viewer, scan):
    viewer = make_napari_viewer(show=True)
    data, options, _ = type_layer(scan, places(FEW), np.tile(rgba("#0072B2"), (FEW, 1)))
    layer = viewer.add_points(data, **options)
    markers = viewer.window._qt_viewer.canvas.layer_to_visual[layer].node.points_markers
    uploads = []
    markers.events.data_updated.connect(uploads.append)
    recolor(layer, np.tile(rgba("#D55E00"), (FEW, 1)))
    assert len(uploads) == 1
    shown = markers._data["a_bg_color"]
    np.testing.assert_allclose(shown[0], rgba("#D55E00"), atol=1e-6)


def test_layers_are_put_in_order_at_once(make_napari_viewer_proxy, scan):
    viewer = make_napari_viewer_proxy()
    for data, options, kind in empty_layers(scan):
        getattr(viewer, f"add_{kind}")(data, **options)
    viewer.layers.reverse()
    image = viewer.add_image(scan.channel(), name="later")
    moves, rng = [], np.random.default_rng(0)
    viewer.layers.events.reordered.connect(moves.append)
    for _ in range(10):
        put_in_order(viewer)
        assert [layer.name for layer in viewer.layers] == ["later", *STACK]
        for layer in rng.permutation(np.array(list(viewer.layers), object)):
            viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))
        before = [layer.name for layer in viewer.layers]
        del moves[:]
        raise_ours(viewer, image)
        names = [layer.name for layer in viewer.layers]
        at = before.index("later")
        assert names == ["later", *before[at + 1 :], *before[:at]]
        assert len(moves) <= 1


def test_full_collections_pass_over_what_is_loaded_while_the_window_is_open(explorer, qtbot):
    qtbot.waitUntil(lambda: gc.get_freeze_count() > 100_000, timeout=30_000)
    explorer.disconnect_viewer()
    assert gc.get_freeze_count() == 0


def test_what_the_canvas_takes_to_draw_is_told_apart(make_napari_viewer, qtbot, scan):
    from benchmarks.heartbeat import CanvasDrawing, Heartbeat

    viewer = make_napari_viewer(show=True)
    drawing = CanvasDrawing(viewer)
    with Heartbeat(drawing) as beats:
        viewer.add_image(scan.channel())
        qtbot.waitUntil(lambda: drawing.thread_s > 0, timeout=30_000)
        qtbot.wait(50)
    assert 0 < beats.longest_window_cpu_ms <= beats.longest_cpu_ms
