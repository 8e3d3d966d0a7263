"""What is drawn is of the scan that is chosen, at its place; what is hidden is not drawn."""

from dataclasses import replace

import numpy as np
import pytest
from hands import Hands, canvas_picture, wait_for_preview
from napari.components import ViewerModel

from corescout.gui.canvas.layer_data import (
    CORE,
    DASHES,
    KEYPOINTS,
    OURS,
    ROUTE,
    STACK,
    TARGETS,
    TYPES,
    found_layers,
    keypoint_layer,
    scan_layers,
    target_layers,
    type_layer,
)
from corescout.gui.canvas.layer_queue import LayerQueue
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.model.target_list import in_order
from corescout.gui.model.workflow import StepState
from corescout.pipeline import save
from corescout.surfaces import generate_surface

pytestmark = pytest.mark.gui


def colored(picture, hands, places):
    """Return the share of places whose pixel is not grey."""
    at = [hands.at(place) for place in places]
    rgb = np.array([picture[p.y(), p.x()] for p in at], int)
    return float(np.mean(np.ptp(rgb, axis=1) > 30))


def test_points_of_a_hidden_type_are_not_drawn(found, qtbot):
    viewer, result, hands = found.viewer, found.result, Hands(found, qtbot)
    for layer in viewer.layers:  # what lies over them
        if layer.metadata.get(OURS) in (TARGETS, "route", KEYPOINTS):
            layer.visible = False
    kind = result.types.of_point
    places = np.asarray(result.patches.center_yx_px)
    apart = np.array([
        np.hypot(*(places[kind != 2] - place).T).min() > 6 for place in places
    ])  # fmt: skip
    alone = places[(kind == 2) & apart]
    assert len(alone) > 5
    assert colored(canvas_picture(found, qtbot), hands, alone) > 0.9
    assert found.types_step.edits.set_hidden(2, True)
    for layer in viewer.layers:
        if layer.metadata.get(OURS) in (TARGETS, "route", KEYPOINTS):
            layer.visible = False
    assert colored(canvas_picture(found, qtbot), hands, alone) == 0.0
    found.undo_stack.undo()
    assert colored(canvas_picture(found, qtbot), hands, alone) > 0.9


def test_an_image_with_a_scale_is_explored_at_its_place(explorer, qtbot, surface):
    image = surface.scan.channel()
    layer = explorer.viewer.add_image(
        image, scale=(0.01, 0.02), translate=(3, 5), units=("um", "um"), name="other reader"
    )
    wait_for_preview(explorer, qtbot)
    points = find_layer(explorer.viewer, KEYPOINTS)
    for place in ((0, 0), (100, 40)):
        np.testing.assert_allclose(points.data_to_world(place), layer.data_to_world(place))
    pitch = explorer.workspace.chosen.scan.frame.pitch_m
    np.testing.assert_allclose(pitch, (20e-9, 10e-9))
    assert {str(unit) for unit in points.units} == {str(unit) for unit in layer.units}
    assert "nm" in explorer.explore_step.sizes.text()


def test_of_a_pyramid_the_finest_level_is_explored(explorer, qtbot, surface):
    image = surface.scan.channel()
    explorer.viewer.add_image([image, image[::2, ::2]], multiscale=True, name="pyramid")
    wait_for_preview(explorer, qtbot)
    assert explorer.workspace.chosen.scan.shape_px == image.shape
    assert np.ptp(find_layer(explorer.viewer, KEYPOINTS).data[:, 0]) > image.shape[0] / 2


def test_an_image_that_cannot_be_explored_says_why(explorer):
    viewer, stack = explorer.viewer, np.zeros((3, 20, 20))
    for add, word in (
        (lambda: viewer.add_image(stack, name="stack"), "3 dimensions"),
        (lambda: viewer.add_image(np.zeros((20, 20, 3)), rgb=True, name="photo"), "colour picture"),
        (lambda: viewer.add_labels(np.zeros((20, 20), int), name="cells"), "holds labels"),
        (lambda: viewer.add_image(np.eye(20), scale=(2, 2), name="bare"), "without a unit"),
    ):
        add()
        assert word in explorer.verdict.text()
        viewer.layers.clear()
    assert "Drop a scan here" in explorer.verdict.text()


def test_images_of_any_kind_are_answered_in_words(explorer, qtbot, surface):
    import dask.array as da

    image, step = surface.scan.channel(), explorer.key_points_step
    gap = image.copy()
    gap[40:60, 40:60] = np.nan
    for name, data, found in (
        ("dask", da.from_array(image, chunks=50), True),
        ("with a gap", gap, True),
        ("bool", image > np.median(image), True),
        ("constant", np.ones((80, 80)), False),
        ("tiny", image[:5, :5], False),
    ):
        step.count.setText("")
        explorer.viewer.add_image(data, name=name)
        qtbot.waitUntil(lambda: bool(step.count.text()) and not explorer.busy)
        state = explorer.workspace.workflow.state("key_points")
        assert (state is StepState.DONE) is found, (name, step.count.text())
        assert explorer.run_bar.explore_button.isEnabled() is found
        said = f"{step.count.text()} {explorer.verdict.text()}"
        assert not any(word in said for word in ("Error", "Traceback", "--", "bug")), said
        explorer.viewer.layers.clear()


def test_our_layers_come_back_and_three_dimensions_do_no_harm(found, qtbot):
    viewer, number = found.viewer, found.result.types.numbers[0]
    before = canvas_picture(found, qtbot)
    viewer.dims.ndisplay = 3
    qtbot.wait(200)
    viewer.dims.ndisplay = 2
    viewer.reset_view()
    assert found.types_step.edits.rename(number, "needles")
    found.undo_stack.undo()
    qtbot.waitUntil(lambda: not found.busy)
    assert canvas_picture(found, qtbot).shape == before.shape
    for name in (TYPES, CORE, TARGETS):
        viewer.layers.remove(find_layer(viewer, name))
    assert found.types_step.edits.merge(list(found.result.types.numbers[:2]))
    qtbot.waitUntil(lambda: not found.busy)
    assert all(find_layer(viewer, name) is not None for name in (TYPES, CORE, TARGETS))


def test_a_file_that_comes_during_a_search_does_not_take_its_place(found, qtbot):
    chosen = found.workspace.chosen
    found.start()
    qtbot.waitUntil(lambda: found.candidate_panel.table.rowCount() >= 1)
    data, options, _ = scan_layers(generate_surface((90, 90), seed=5).scan)[-1]
    layer = found.viewer.add_image(data, **(options | {"name": "dropped"}))
    assert found.workspace.chosen is chosen
    assert found.scan_step.channel.currentText() == chosen.name
    layers = found.viewer.layers
    assert layers.index(layer) < layers.index(found.canvas.image_layer())
    found.stop()
    qtbot.waitUntil(lambda: not found.running)
    assert found.workspace.chosen is chosen


def test_what_was_found_on_a_scan_is_seen_with_that_scan_alone(found, qtbot, typed_result):
    viewer, first = found.viewer, found.scan_step.channel.currentText()
    before = viewer.scene.camera.center
    other = generate_surface((120, 120), seed=5).scan
    other = replace(other, frame=replace(other.frame, center_m=(9e-6, 7e-6)))
    data, options, _ = scan_layers(other)[-1]
    viewer.add_image(data, **(options | {"name": "the other"}))
    assert found.workspace.chosen.scan.uid == other.uid
    names = (CORE, TARGETS, TYPES)
    assert not any(find_layer(viewer, name).visible for name in names)
    center = np.array(viewer.scene.camera.center)[-2:]
    np.testing.assert_allclose(center, (-7.0, 9.0), atol=0.05), before
    wait_for_preview(found, qtbot)
    found.scan_step.channel.setCurrentText(first)
    found.scan_step.channel.activated.emit(0)
    assert found.workspace.chosen.scan.uid == typed_result.scan.uid
    # The same, or what was read again from the disk, where results that are not shown are kept.
    np.testing.assert_array_equal(found.result.fit.codes, typed_result.fit.codes)
    assert found.result.n_types == typed_result.n_types
    assert all(find_layer(viewer, name).visible for name in names)


def test_a_fitted_scan_fills_a_canvas_that_becomes_another_until_the_view_is_moved(found, qtbot):
    viewer, hands = found.viewer, Hands(found, qtbot)

    def share():
        """Of the canvas that the scan takes, on the side where it takes more."""
        corners = [hands.at((0, 0)), hands.at(found.result.scan.shape_px)]
        across = (corners[1].x() - corners[0].x()) / hands.canvas.width()
        return max(across, (corners[1].y() - corners[0].y()) / hands.canvas.height())

    def resized_to(width, height):
        before = hands.canvas.size()
        viewer.window.resize(width, height)
        qtbot.waitUntil(lambda: hands.canvas.size() != before)
        qtbot.waitUntil(
            lambda: tuple(viewer.canvas.size) == (hands.canvas.height(), hands.canvas.width())
        )

    found.canvas.fit()
    for size in ((1900, 1060), (1280, 720), (1600, 900)):
        resized_to(*size)
        assert share() == pytest.approx(0.95, abs=0.02)
    viewer.scene.camera.zoom *= 3  # as a turn of the wheel
    zoom = viewer.scene.camera.zoom
    resized_to(1280, 720)
    assert viewer.scene.camera.zoom == zoom


def test_the_route_is_seen_on_dark_and_on_bright_domains(found, qtbot):
    found.viewer.window.resize(1600, 1000)
    for layer in found.viewer.layers:  # what may lie over it
        if layer.metadata.get(OURS) in (KEYPOINTS, TYPES, CORE, TARGETS):
            layer.visible = False
    hands = Hands(found, qtbot)
    route = find_layer(found.viewer, ROUTE).data.reshape(-1, DASHES, 2, 2)
    middle = route[:, 3:5, 0] + route[:, 3:5, 1] / 2  # of two dashes of each leg
    for value in (0.0, 1.0):
        image = found.canvas.image_layer()
        image.data = np.full_like(image.data, value)
        image.contrast_limits = (-1e-3, 1.001)
        picture = canvas_picture(found, qtbot).astype(int)
        at = [[hands.at(place) for place in leg] for leg in middle]
        seen = [np.ptp([picture[p.y(), p.x()].mean() for p in leg]) for leg in at]
        assert np.mean(np.array(seen) > 60) > 0.8, (value, seen)


def test_a_run_folder_dropped_on_its_open_scan_adds_no_layer(found, qtbot, tmp_path, typed_result):
    from corescout.gui.contributions import read

    run = save(typed_result, tmp_path / "yesterday.corescout")
    layers, results = list(found.viewer.layers), len(found.workspace.results)
    assert read(str(run)) == [(None,)]
    qtbot.waitUntil(lambda: not found.busy)
    assert list(found.viewer.layers) == layers
    assert len(found.workspace.results) == results + 1
    assert found.result.types.numbers == typed_result.types.numbers
    found.viewer.layers.clear()
    assert len(read(str(run))) > 3, "without its scan it brings it"


def test_our_layers_lie_as_explore_draws_them_in_whatever_order_they_come(typed_result):
    viewer = ViewerModel()
    queue, scan = LayerQueue(viewer), typed_result.scan
    places = np.asarray(typed_result.patches.center_yx_px)
    queue.put(found_layers(typed_result, in_order(scan, typed_result.targets)))
    queue.put([type_layer(scan, places, "red"), keypoint_layer(scan, typed_result.keypoints)])
    while queue:
        queue.show_next()
    ours = [layer.metadata[OURS] for layer in viewer.layers]
    assert ours == list(STACK)
    for data, options, _ in scan_layers(scan)[-1:]:
        viewer.add_image(data, **options)
    queue.put([type_layer(scan, places + 1, "red")])
    while queue:
        queue.show_next()
    ours = [layer.metadata.get(OURS) for layer in viewer.layers]
    assert ours == [None, *STACK]


def test_targets_that_are_hidden_in_the_list_become_others_without_a_word(typed_result):
    viewer = ViewerModel()
    queue, scan = LayerQueue(viewer), typed_result.scan
    queue.put(target_layers(scan, typed_result.targets))
    while queue:
        queue.show_next()
    layer = find_layer(viewer, TARGETS)
    layer.visible = False
    queue.put(target_layers(scan, typed_result.targets[:2]))
    while queue:
        queue.show_next()
    assert len(layer.data) == 2
    assert not layer.visible
