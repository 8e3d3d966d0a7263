"""The targets in a real viewer: chosen anew, dragged, added, deleted, undone, written."""

import csv
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hands import when_modal
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import Qt

from corescout.colors import type_color
from corescout.gui.canvas.layer_data import DASHES, ROUTE, TARGETS, result_layers
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.model.workflow import StepState
from reading_arcmd import arcmd_places_m

pytestmark = pytest.mark.gui


@pytest.fixture
def step(explorer, quick_result, qtbot):
    """The step with a result in the window."""
    for data, options, kind in result_layers(quick_result):
        getattr(explorer.viewer, f"add_{kind}")(data, **options)
    qtbot.waitUntil(lambda: explorer.result is not None and not explorer.busy)
    made = explorer.targets_step
    made.set_expanded(True)
    made.explorer = explorer  # the rest of the window, for the tests
    return made


def layer_of(step):
    return find_layer(step.explorer.viewer, TARGETS)


def targets_of(step):
    return step.workspace.targets.ordered


def settled(step, qtbot):
    qtbot.waitUntil(lambda: not step.explorer.busy)


def same_everywhere(step):
    """Layer, table and result hold the same targets, the route goes through them in order."""
    layer, places = layer_of(step), [t.yx_px for t in targets_of(step)]
    np.testing.assert_allclose(layer.data, np.reshape(places, (-1, 2)))
    uids = [{t.uid: t for t in ts} for ts in (step.explorer.result.targets, targets_of(step))]
    assert uids[0] == uids[1]
    assert step.table.rowCount() == len(targets_of(step))
    route = find_layer(step.explorer.viewer, ROUTE)
    np.testing.assert_allclose(route.data[::DASHES, 0], layer.data[:-1], atol=1e-4)
    np.testing.assert_allclose(route.data[DASHES - 1 :: DASHES].sum(1), layer.data[1:], atol=1e-4)
    colors = [f"#{''.join(f'{round(255 * c):02x}' for c in rgba[:3])}" for rgba in layer.face_color]
    assert colors == [type_color(t.type).lower() for t in targets_of(step)]
    return True


def drag(step, row, to_yx):
    """Press on a target, move, let go: napari's own select mode does the rest."""
    step.modes["select"].click()
    layer = layer_of(step)

    def event(kind, yx):
        made = SimpleNamespace(
            type=kind, position=tuple(layer.data_to_world(yx)), modifiers=(), dims_displayed=[0, 1],
            view_direction=None, pos=(0, 0), handled=False, is_dragging=kind == "mouse_move",
        )  # fmt: skip
        return ReadOnlyWrapper(made, exceptions=("handled",))

    mouse_press_callbacks(layer, event("mouse_press", layer.data[row]))
    for share in (0.5, 1.0):
        place = (1 - share) * layer.data[row] + share * np.asarray(to_yx)
        mouse_move_callbacks(layer, event("mouse_move", place))
    mouse_release_callbacks(layer, event("mouse_release", to_yx))


def test_targets_stand_in_the_order_of_their_visits_with_their_own_numbers(step):
    assert same_everywhere(step)
    assert list(layer_of(step).features["number"]) == [t.number for t in targets_of(step)]
    assert "µm" in step.route.text()
    states = [step.workspace.workflow.state(n) for n in ("explore", "types", "targets")]
    assert set(states) == {StepState.DONE}


def test_a_dragged_target_is_another_one_and_comes_back(step, qtbot):
    before = targets_of(step)
    place = step.explorer.result.patches.center_yx_px[0] + 0.25
    drag(step, 0, place)
    settled(step, qtbot)
    assert same_everywhere(step)
    moved = next(t for t in targets_of(step) if t not in before)
    assert moved.yx_px == pytest.approx(tuple(place), abs=1e-4)
    frame = step.explorer.result.scan.frame
    assert moved.xy_m == pytest.approx(tuple(frame.to_m(moved.yx_px)))
    assert moved.type > 0
    assert step.explorer.undo_stack.undoText() == "move target"
    step.explorer.undo_stack.undo()
    settled(step, qtbot)
    assert targets_of(step) == before
    assert same_everywhere(step)
    step.explorer.undo_stack.redo()
    settled(step, qtbot)
    assert moved in targets_of(step)
    assert same_everywhere(step)


def test_a_click_in_add_mode_adds_and_delete_takes_it_away(step, qtbot):
    before = targets_of(step)
    step.modes["add"].click()
    layer = layer_of(step)
    assert str(layer.mode) == "add"
    assert step.explorer.viewer.layers.selection.active.name == layer.name
    layer.add((3.0, 4.0))
    layer.add((7.0, 9.0))  # before the first is shown
    settled(step, qtbot)
    assert same_everywhere(step)
    by_hand = [t for t in targets_of(step) if t not in before]
    assert sorted(t.yx_px for t in by_hand) == [(3.0, 4.0), (7.0, 9.0)]
    row = targets_of(step).index(by_hand[0])
    step.table.selectRow(row)
    assert layer.selected_data == {row}
    qtbot.keyClick(step.table, Qt.Key.Key_Delete)
    settled(step, qtbot)
    assert by_hand[0] not in targets_of(step)
    assert same_everywhere(step)
    for _ in range(3):
        step.explorer.undo_stack.undo()
    settled(step, qtbot)
    assert targets_of(step) == before


def test_points_removed_on_the_scan_leave_the_table(step, qtbot):
    before = targets_of(step)
    layer = layer_of(step)
    layer.selected_data = {1}
    assert step.table.rows() == {1}
    layer.remove_selected()
    settled(step, qtbot)
    assert [t.uid for t in targets_of(step)] != [t.uid for t in before]
    assert {t.uid for t in before} - {t.uid for t in targets_of(step)} == {before[1].uid}
    numbers = {t.uid: t.number for t in before}
    assert all(t.number == numbers[t.uid] for t in targets_of(step))  # the others keep theirs


def test_settings_choose_anew_and_everything_is_undone(step, qtbot):
    before = targets_of(step)
    workflow, scan = step.workspace.workflow, step.explorer.result.scan
    step.per_type.setValue(2)
    step.spacing.setValue(100)
    step.margin.setValue(80)
    step.choice.setValue(1)
    assert workflow.state("targets") is StepState.OUT_OF_DATE
    step.workspace.targets.measured_xy_m.append(before[0].xy_m)
    step.avoid.setValue(200)
    step.choose_button.click()
    settled(step, qtbot)
    assert workflow.state("targets") is StepState.DONE
    assert same_everywhere(step)
    kinds = [t.type for t in targets_of(step)]
    assert max(kinds.count(k) for k in set(kinds)) <= 2
    places = np.array([t.xy_m for t in targets_of(step)])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert apart[np.triu_indices(len(places), 1)].min() >= 100e-9
    assert np.linalg.norm(places - before[0].xy_m, axis=1).min() >= 200e-9
    pixels = np.array([t.yx_px for t in targets_of(step)])
    last = np.array(scan.shape_px) - 1
    assert np.minimum(pixels, last - pixels).min() * min(scan.frame.pitch_m) >= 80e-9 - 1e-15
    while step.explorer.undo_stack.canUndo():
        step.explorer.undo_stack.undo()
    settled(step, qtbot)
    assert targets_of(step) == before
    assert step.per_type.value() == 5


def test_targets_are_written_in_three_formats(step, tmp_path):
    for name in ("a.csv", "a.json", "a.arcmd"):
        step.export(tmp_path / name)
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [float(r["x_m"]) for r in rows] == pytest.approx([t.xy_m[0] for t in targets_of(step)])
    table = json.loads((tmp_path / "a.json").read_text())
    assert [t["uid"] for t in table["targets"]] == [t.uid for t in targets_of(step)]
    assert len(arcmd_places_m((tmp_path / "a.arcmd").read_text())) == len(targets_of(step))
    step.export(tmp_path / "a.txt")
    assert "Not written" in step.route.text()


def test_a_scan_without_a_scale_shows_pixels(explorer, quick_result, qtbot):
    scan = replace(quick_result.scan, frame=None)
    targets = tuple(replace(t, xy_m=None) for t in quick_result.targets)
    explorer.workspace.set_result(replace(quick_result, scan=scan, targets=targets), drawn=True)
    step = explorer.targets_step
    assert "px" in step.table.item(0, 2).text()
    assert "no scale" in step.route.text()


def numbers_by_place(step, tmp_path):
    """The number of each target by its place, as everything that a person reads has it."""
    step.export(tmp_path / "t.csv")
    step.export(tmp_path / "t.json")
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    table, layer = json.loads((tmp_path / "t.json").read_text()), layer_of(step)
    cells = [[step.table.item(r, c).text() for c in range(4)] for r in range(len(layer.data))]
    result = step.explorer.result
    return {
        "table": {(x, y): int(n) for n, _, x, y in cells},
        "scan": {_um(result.scan.frame.to_m(at)): int(label)
                 for at, label in zip(layer.data, layer.features["label"], strict=True)},
        "csv": {_um((r["x_m"], r["y_m"])): int(r["number"]) for r in rows},
        "json": {_um((t["x_m"], t["y_m"])): t["number"] for t in table["targets"]},
        "result": {_um(t.xy_m): t.number for t in result.targets},
    }  # fmt: skip


def _um(xy_m):
    return tuple(f"{float(v) * 1e6:+.4f}" for v in xy_m)


def test_a_target_has_one_number_everywhere_and_keeps_it_when_it_is_dragged(step, qtbot, tmp_path):
    found = numbers_by_place(step, tmp_path)
    before = found["result"]
    assert all(numbers == before for numbers in found.values())
    row = len(targets_of(step)) // 2
    moved = targets_of(step)[row]
    drag(step, row, np.array(step.explorer.result.scan.shape_px) - 4.0)  # the route is another
    settled(step, qtbot)
    found = numbers_by_place(step, tmp_path)
    after = found["result"]
    assert all(numbers == after for numbers in found.values())
    assert sorted(after.values()) == sorted(before.values())
    stayed = {place: n for place, n in before.items() if place != _um(moved.xy_m)}
    assert stayed.items() <= after.items()
    assert [t.number for t in targets_of(step)] != sorted(
        after.values()
    )  # the order is the route's


def test_names_of_types_are_written(step, tmp_path):
    step.explorer.types_step.edits.rename(1, "closure domains")
    step.export(tmp_path / "t.csv")
    rows = csv.DictReader((tmp_path / "t.csv").read_text().splitlines())
    names = {r["type"]: r["type_name"] for r in rows}
    assert names["1"] == "closure domains"


@pytest.mark.parametrize("checked", [True, False])
def test_igors_commands_of_a_turned_scan_ask_for_the_marker_check(
    explorer, quick_result, qtbot, tmp_path, checked
):
    frame = replace(quick_result.scan.frame, angle_rad=np.pi / 2)
    scan = replace(quick_result.scan, frame=frame)
    targets = tuple(
        replace(t, xy_m=tuple(map(float, frame.to_m(t.yx_px)))) for t in quick_result.targets
    )
    explorer.workspace.set_result(replace(quick_result, scan=scan, targets=targets), drawn=True)
    asked = []

    def answer(dialog):
        asked.append(dialog.text())
        button = dialog.StandardButton.Yes if checked else dialog.StandardButton.No
        qtbot.mouseClick(dialog.button(button), Qt.MouseButton.LeftButton)

    when_modal(answer)
    explorer.targets_step.export(tmp_path / "t.arcmd")
    assert "turned by 90°" in asked[0]
    assert (tmp_path / "t.arcmd").exists() is checked
    assert ("marker check" in explorer.targets_step.route.text()) is not checked


def test_the_spacing_that_is_not_set_is_said_in_nm(step):
    pitch_nm = 1e9 * min(step.explorer.result.scan.frame.pitch_m)
    assert step.spacing.text() == f"{10 * pitch_nm:.0f} nm"
