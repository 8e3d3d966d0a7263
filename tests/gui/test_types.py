"""Types in the window: the latent panel and the list, driven as a person does."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hands import Hands
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit

from corescout.edits import merge
from corescout.gui.canvas import layer_data as shown
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.model.candidates import show_candidate, show_winner
from corescout.gui.steps.types.type_list import EYE, NAME, POINTS, WALL
from corescout.library import Library, library_type
from corescout.pipeline import apply
from corescout.runs import write_run
from corescout.wall_lengths import wall_lengths

pytestmark = pytest.mark.gui


@pytest.fixture
def window(explorer, add_scan, qtbot, typed_result, tmp_path):
    """The explorer with a run of three types, step 4 open."""
    add_scan(write_run(typed_result, tmp_path / "typed.corescout"))
    qtbot.waitUntil(lambda: explorer.result is not None)
    qtbot.waitUntil(lambda: not explorer.busy)
    explorer.types_step.set_expanded(True)
    wait_for_layout(explorer.latent_panel.plot, qtbot)
    return explorer


def wait_for_layout(plot, qtbot):
    """Wait until places in the plot lie where they will stay."""
    before = None
    for _ in range(50):
        qtbot.wait(100)
        now = [plot.box.mapViewToScene(QPointF(*p)) for p in ((0.0, 0.0), (1.0, 1.0))]
        if now == before:
            return
        before = now


def layer_of(window, name):
    return find_layer(window.viewer, name)


def move(plot, point):
    """Move the mouse to a point of the plot, no button pressed."""
    viewport, none = plot.viewport(), Qt.MouseButton.NoButton
    at = QPointF(viewport.mapToGlobal(point))
    kind = QEvent.Type.MouseMove
    modifiers = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(viewport, QMouseEvent(kind, QPointF(point), at, none, none, modifiers))


def drag(plot, places, modifiers=Qt.KeyboardModifier.NoModifier):
    """Press the left button at the first of places in latent units, move through, release."""
    viewport = plot.viewport()
    points = [plot.mapFromScene(plot.box.mapViewToScene(QPointF(*p))) for p in places]
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind, point, button, buttons):
        at = QPointF(point)
        event = QMouseEvent(
            kind, at, QPointF(viewport.mapToGlobal(point)), button, buttons, modifiers
        )
        QApplication.sendEvent(viewport, event)
        QApplication.processEvents()

    send(QEvent.Type.MouseButtonPress, points[0], left, left)
    for one, other in pairwise(points):
        for share in (0.25, 0.5, 0.75, 1.0):
            step = one + QPoint(*(round(share * d) for d in ((other - one).x(), (other - one).y())))
            QTest.qWait(15)  # the plot drops moves that come faster than 100 a second
            send(QEvent.Type.MouseMove, step, none, left)
    send(QEvent.Type.MouseButtonRelease, points[-1], left, none)


def around(codes, margin=0.05):
    """A box around codes (n, 2) as a path."""
    (x0, y0), (x1, y1) = codes.min(axis=0) - margin, codes.max(axis=0) + margin
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def inside(codes, path):
    xs, ys = zip(*path, strict=True)
    return np.flatnonzero(
        (codes[:, 0] > min(xs)) & (codes[:, 0] < max(xs))
        & (codes[:, 1] > min(ys)) & (codes[:, 1] < max(ys))
    )  # fmt: skip


def test_a_lasso_in_the_plot_is_ringed_on_the_scan(window, typed_result):
    panel = window.latent_panel
    codes = np.asarray(typed_result.fit.latents.mean)
    path = around(codes[typed_result.types.rows(3)])
    drag(panel.plot, [*path, path[0]])
    wanted = inside(codes, path)
    assert len(wanted) > 5
    assert set(wanted) - set(panel.selection.rows) <= set(_on_the_edge(panel.plot, codes, path))
    places = typed_result.patches.center_yx_px[panel.selection.rows]
    np.testing.assert_allclose(layer_of(window, shown.SELECTED).data, places)
    np.testing.assert_allclose(panel.plot.ringed_codes(), codes[panel.selection.rows])
    assert "selected" in panel.text.text()


def _on_the_edge(plot, codes, path):
    """A drag goes by whole pixels: points this close to it may be on either side."""
    pixel = plot.box.viewPixelSize()
    near = np.zeros(len(codes), bool)
    for column, ends in enumerate(zip(*path, strict=True)):
        for end in (min(ends), max(ends)):
            near |= np.abs(codes[:, column] - end) < 1.5 * pixel[column]
    return np.flatnonzero(near)


def test_a_rectangle_adds_with_shift_and_takes_away_with_control(window, typed_result, qtbot):
    panel = window.latent_panel
    codes = np.asarray(typed_result.fit.latents.mean)
    qtbot.mouseClick(panel.tools["rectangle"], Qt.MouseButton.LeftButton)
    first, second = (around(codes[typed_result.types.rows(n)]) for n in (2, 3))
    drag(panel.plot, [first[0], first[2]])
    once = set(panel.selection.rows)
    drag(panel.plot, [second[0], second[2]], Qt.KeyboardModifier.ShiftModifier)
    both = set(panel.selection.rows)
    assert once < both
    drag(panel.plot, [first[0], first[2]], Qt.KeyboardModifier.ControlModifier)
    assert set(panel.selection.rows) == both - once
    corner, size = np.array(panel.plot.box.viewRange()).T[0], np.ptp(panel.plot.box.viewRange(), 1)
    empty = corner + 0.01 * size  # in view, where no code lies
    assert not ((codes > corner) & (codes < corner + 0.03 * size)).all(axis=1).any()
    drag(panel.plot, [empty, empty + 0.01 * size])
    assert len(panel.selection.rows) == 0
    assert len(layer_of(window, shown.SELECTED).data) == 0

    # The pan tool moves the plot and selects nothing.
    panel.use_tool("pan")
    before = panel.plot.box.viewRange()
    drag(panel.plot, [corner + 0.4 * size, corner + 0.6 * size])
    assert panel.plot.box.viewRange() != before
    assert len(panel.selection.rows) == 0


def test_what_is_selected_on_the_scan_is_ringed_in_the_plot(window, typed_result, qtbot):
    codes = np.asarray(typed_result.fit.latents.mean)
    some = np.array([0, 3, 5])
    rows_of = {
        shown.TYPES: some,
        shown.CORE: typed_result.core_points.index[some],
        shown.KEYPOINTS: np.flatnonzero(np.isin(typed_result.patches.index, some)),
    }
    for name, rows in rows_of.items():
        layer = layer_of(window, name)
        layer.selected_data = set(some.tolist())
        np.testing.assert_allclose(window.latent_panel.plot.ringed_codes(), codes[rows])
        layer.selected_data = set()
        assert len(window.latent_panel.plot.ringed_codes()) == 0

    # The points of the types are no key points: what is deleted there comes back.
    types = layer_of(window, shown.TYPES)
    types.selected_data = {1, 2}
    types.remove_selected()
    qtbot.waitUntil(lambda: len(types.data) == len(typed_result.patches))
    np.testing.assert_array_equal(types.data, typed_result.patches.center_yx_px)


def test_a_drag_on_the_scan_selects_key_points(window, typed_result, qtbot):
    hands = Hands(window, qtbot)
    window.viewer.reset_view()
    window.key_points_step.use("select")
    qtbot.wait(100)
    places = np.asarray(typed_result.keypoints.yx_px)
    empty = np.array([[y, x] for y in range(8, 70, 3) for x in range(8, 70, 3)], float)
    apart = np.hypot(*(empty[:, None] - places[None]).transpose(2, 0, 1)).min(axis=1)
    first = empty[apart.argmax()]  # a box begins where no point is
    last = first + 60.5
    hands.drag(first, last)
    inside = ((places > first) & (places < last)).all(axis=1)
    layer = layer_of(window, shown.KEYPOINTS)
    edge = (np.abs(places - first) < 1.5).any(axis=1) | (np.abs(places - last) < 1.5).any(axis=1)
    found = np.isin(np.arange(len(places)), list(layer.selected_data))
    assert inside.sum() > 10
    np.testing.assert_array_equal(found[~edge], inside[~edge])
    rows = np.flatnonzero(np.isin(typed_result.patches.index, np.flatnonzero(found)))
    np.testing.assert_array_equal(window.latent_panel.selection.rows, rows)


def test_the_mouse_over_a_point_shows_its_patch_in_the_plot_and_on_the_scan(
    window, typed_result, qtbot
):
    panel = window.latent_panel
    codes = np.asarray(typed_result.fit.latents.mean)
    alone = int(np.argmax(np.linalg.norm(codes - codes.mean(axis=0), axis=1)))
    point = panel.plot.mapFromScene(panel.plot.box.mapViewToScene(QPointF(*codes[alone])))
    move(panel.plot, point + QPoint(20, -20))
    qtbot.wait(50)  # pyqtgraph passes on at most a hundred moves a second
    move(panel.plot, point)
    qtbot.waitUntil(lambda: panel.text.text().startswith(f"No. {alone} "))
    triple = panel.decoder.patch(alone)
    np.testing.assert_array_equal(triple.measured, typed_result.patches.values[alone])
    assert triple.rebuilt is not None
    assert np.abs(triple.rebuilt - triple.measured).mean() < 0.25
    pictures = [p.pixmap().toImage() for p in panel.strip.pictures.values()]
    assert pictures[0] != pictures[2]

    # and over the scan
    layer = layer_of(window, shown.TYPES)

    class Event:
        position = tuple(layer.data_to_world(typed_result.patches.center_yx_px[12]))

    for callback in window.viewer.mouse_move_callbacks:
        callback(window.viewer, Event)
    assert window.latent_panel.text.text().startswith("No. 12 ")


def test_a_type_is_renamed_by_keys_and_the_name_is_undone(window, qtbot, qtlog):
    types = window.types_step.list
    item = types.item_of(2)
    types.setCurrentItem(item)
    types.setFocus()
    qtbot.keyClick(types, Qt.Key.Key_F2)
    editor = types.findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, "needles")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.result.types.name(2) == "needles")
    assert types.item_of(2).text(NAME) == "needles"
    assert not [r.message for r in qtlog.records if "editing failed" in r.message]
    assert window.undo_stack.undoText() == "rename type 2 to needles"
    window.undo_stack.undo()
    assert types.item_of(2).text(NAME) == "type 2"
    window.undo_stack.redo()
    assert types.item_of(2).text(NAME) == "needles"

    # A name that is taken is refused in words.
    step = window.types_step
    types.item_of(2).setText(NAME, "type 1")
    qtbot.waitUntil(lambda: step.note.isVisibleTo(step))
    assert "no other type has" in step.note.text()
    assert types.item_of(2).text(NAME) == "needles"
    assert window.undo_stack.count() == 1


def test_two_types_are_merged_and_come_apart_again(window, qtbot, typed_result):
    step = window.types_step
    assert not step.merge_button.isEnabled()
    step.list.select_numbers([2, 3])
    qtbot.mouseClick(step.merge_button, Qt.MouseButton.LeftButton)
    largest = max((2, 3), key=typed_result.types.count)
    assert window.result.types.numbers == (1, largest)
    assert step.list.topLevelItemCount() == 2
    qtbot.waitUntil(lambda: not window.busy)
    kinds = layer_of(window, shown.CORE).features["type"]
    assert set(kinds) == {1, largest}
    assert {t.type for t in window.result.targets} == {1, largest}
    assert window.undo_stack.undoText() == "merge type 2 and type 3"
    window.undo_stack.undo()
    assert window.result is not None
    assert window.result.types.numbers == (1, 2, 3)
    assert step.list.topLevelItemCount() == 3


def test_what_is_drawn_around_is_split_off(window, qtbot, typed_result):
    step, panel = window.types_step, window.latent_panel
    assert not step.split_button.isEnabled()
    codes = np.asarray(typed_result.fit.latents.mean)
    path = around(codes[typed_result.types.rows(3)])
    drag(panel.plot, [*path, path[0]])
    rows = panel.selection.rows
    assert step.split_button.text() == f"Split off {len(rows)}"
    qtbot.mouseClick(step.split_button, Qt.MouseButton.LeftButton)
    np.testing.assert_array_equal(window.result.types.rows(4), rows)
    assert step.list.item_of(4).text(POINTS) == str(len(rows))
    colors = panel.plot.shown_colors()
    assert {colors[r] for r in rows} == {"#cc79a7"}
    assert window.undo_stack.undoText() == f"split off {len(rows)} points"
    window.undo_stack.undo()
    np.testing.assert_array_equal(window.result.types.of_point, typed_result.types.of_point)
    assert panel.plot.shown_colors() != colors


def test_the_eye_hides_a_type_everywhere_and_takes_its_targets(window, qtbot, typed_result):
    step, panel = window.types_step, window.latent_panel
    item = step.list.item_of(1)
    step.list.setCurrentItem(item)
    step.list.setFocus()
    qtbot.keyClick(step.list, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.result.types.hidden == {1})
    qtbot.waitUntil(lambda: not window.busy)
    seen = typed_result.types.of_point != 1
    assert len(panel.plot.shown_codes()) == seen.sum()
    np.testing.assert_array_equal(layer_of(window, shown.TYPES).shown, seen)
    core = layer_of(window, shown.CORE)
    np.testing.assert_array_equal(core.shown, typed_result.core_points.type != 1)
    assert not any(t.type == 1 for t in window.result.targets)
    window.undo_stack.undo()
    qtbot.waitUntil(lambda: not window.busy)
    assert layer_of(window, shown.TYPES).shown.all()
    assert step.list.item_of(1).checkState(EYE) == Qt.CheckState.Checked


def choose(button, text):
    """Open the menu of a button and choose an entry, without its window on the screen."""
    menu = button.menu()
    menu.aboutToShow.emit()
    action = next(a for a in menu.actions() if a.text().startswith(text))
    action.trigger()


def test_another_colour_is_everywhere_and_undone(window, qtbot, typed_result):
    step, panel = window.types_step, window.latent_panel
    step.list.select_numbers([1])
    choose(step.color_button, "#0072B2")
    rows = typed_result.types.rows(1)
    assert {panel.plot.shown_colors()[r] for r in rows} == {"#0072b2"}
    face = layer_of(window, shown.TYPES).face_color[rows]
    np.testing.assert_allclose(face[:, :3], np.tile([0, 0x72 / 255, 0xB2 / 255], (len(rows), 1)))
    qtbot.waitUntil(lambda: not window.busy)
    core = layer_of(window, shown.CORE)
    np.testing.assert_allclose(core.face_color[core.features["type"] == 1][:, 1], 0x72 / 255)
    window.undo_stack.undo()
    assert {panel.plot.shown_colors()[r] for r in rows} == {"#e69f00"}


def test_points_are_corrected_by_hand(window, typed_result):
    step, panel = window.types_step, window.latent_panel
    rows = typed_result.types.rows(1)[:3]
    panel.selection.set(rows)
    assert step.correct_button.text() == "These 3 are …"
    choose(step.correct_button, "type 2")
    assert (window.result.types.of_point[rows] == 2).all()
    assert window.undo_stack.undoText() == "3 points are type 2"
    window.undo_stack.undo()
    np.testing.assert_array_equal(window.result.types.of_point, typed_result.types.of_point)


def test_an_edit_of_an_older_exploration_is_undone_where_it_is_seen(window):
    older = window.result
    window.types_step.edits.rename(1, "old")
    newer = replace(merge(older, 1, [2]), fit=replace(older.fit))
    window.workspace.set_result(newer)
    window.undo_stack.undo()
    assert window.result.fit is older.fit
    assert window.result.types.name(1) == "type 1"
    assert [entry.result.fit for entry in window.workspace.results][1] is newer.fit


def test_the_layers_and_features_of_the_user_are_not_touched(window, qtbot):
    mine = window.viewer.add_points(
        np.random.default_rng(0).random((10, 2)) * 100,
        name="types", face_color="red", features=pd.DataFrame({"note": range(10)}),
    )  # fmt: skip
    mine.selected_data = {2}
    before = (mine.data.copy(), mine.face_color.copy(), mine.features.copy())
    window.types_step.edits.merge([1, 2])
    window.latent_panel.selection.set(np.arange(5))
    window.latent_panel.color_by("density")
    qtbot.waitUntil(lambda: not window.busy)
    np.testing.assert_array_equal(mine.data, before[0])
    np.testing.assert_array_equal(mine.face_color, before[1])
    pd.testing.assert_frame_equal(mine.features, before[2])
    assert set(mine.selected_data) == {2}


def test_every_choice_of_colour_is_on_the_plot_and_on_the_scan(window, qtbot):
    panel = window.latent_panel
    panel.color_by("descriptor:junction_distance_m")  # the descriptors are computed now
    qtbot.waitUntil(lambda: "computed" not in panel.scale.text())
    keys = [panel.colors.itemData(i) for i in range(panel.colors.count())]
    assert {"type", "density", "misfit", "kl", "channel:Amplitude"} <= set(keys)
    seen = set()
    for key in keys:
        panel.color_by(key)
        face = layer_of(window, shown.TYPES).face_color
        names = [f"#{''.join(f'{round(255 * c):02x}' for c in row[:3])}" for row in face]
        assert names == panel.plot.shown_colors(), key
        seen.add(tuple(names))
    assert len(seen) == len(keys) - 1  # of the winner alone a type is a motif here


def test_decoded_patches_behind_the_points_maps_and_walls(window, qtbot, typed_result):
    panel = window.latent_panel
    panel.grid.setChecked(True)
    image = panel.plot._grid.image
    side = 13 * typed_result.winner.window_px
    assert image.shape == (side, side)
    assert image.std() > 0.02
    panel.grid.setChecked(False)
    assert panel.plot._grid.image is None

    # Maps are layers of their own, and none that could be explored.
    count = window.scan_step.channel.count()
    panel.maps.trigger()
    qtbot.waitUntil(lambda: not window.busy)
    assert "map of z1" in window.viewer.layers
    assert window.scan_step.channel.count() == count
    if window.result.fit.latents.angle_rad is not None:
        assert window.viewer.layers["map of angle"].contrast_limits == [0, 360]

    lengths = wall_lengths(typed_result)
    text = window.types_step.list.item_of(1).text(WALL)
    assert text == f"{lengths.of_type_m(typed_result.types, 1) * 1e6:.2f}"


def test_a_type_is_kept_and_found_on_the_chosen_scan(window, qtbot, tmp_path):
    window.types_step.finder.folder = tmp_path / "library"
    step = window.types_step
    step.list.select_numbers([1])
    qtbot.mouseClick(step.keep_button, Qt.MouseButton.LeftButton)
    assert "is in the library" in step.note.text()
    qtbot.mouseClick(step.keep_button, Qt.MouseButton.LeftButton)
    assert "is in the library already" in step.note.text()
    step.list.select_numbers([])
    choose(step.find_button, "type 1")
    qtbot.waitUntil(lambda: not window.busy)
    like = layer_of(window, "like type 1")
    assert len(like.data) > 5
    assert (np.diff(like.features["likeness"]) <= 0).all()


def test_a_type_of_the_library_is_renamed_deleted_and_brought_back(
    window, qtbot, tmp_path, typed_result
):
    window.types_step.finder.folder = tmp_path
    shelf = Library(tmp_path)
    for number, name in ((1, "needles"), (2, "stripes")):
        shelf.add(replace(library_type(typed_result, number), name=name))
    window.types_step.finder.show_library()
    view = window.types_step.finder.library

    def names():
        return [view.list.item(i).text() for i in range(view.list.count())]

    assert names() == ["needles", "stripes"]
    view.list.setCurrentRow(0)
    qtbot.mouseClick(view.rename_button, Qt.MouseButton.LeftButton)
    line = view.list.findChild(QLineEdit)
    line.clear()
    qtbot.keyClicks(line, "a-walls")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [e.name for e in shelf.entries()] == ["a-walls", "stripes"])
    view.list.setCurrentRow(1)
    qtbot.mouseClick(view.delete_button, Qt.MouseButton.LeftButton)
    assert [e.name for e in shelf.entries()] == ["a-walls"]
    window.undo_stack.undo()
    window.undo_stack.undo()
    assert [e.name for e in shelf.entries()] == ["needles", "stripes"]
    assert names() == ["needles", "stripes"]

    view.list.item(0).setText("Stripes")
    qtbot.waitUntil(lambda: "already" in view.note.text())
    assert names() == ["needles", "stripes"]
    view.close()


def types_by_place(result):
    places = map(tuple, result.patches.center_yx_px.tolist())
    return dict(zip(places, result.types.of_point.tolist(), strict=True))


def test_two_scans_are_compared_side_by_side(window, qtbot, tmp_path, typed_result, surface):
    other = replace(surface.scan, uid="other", source="next.ibw")
    data, options, _ = shown.channel_layer(other, other.default_channel, visible=False)
    window.viewer.add_image(data, **options)
    step = window.types_step
    choose(step.compare_button, "next.ibw (analysed with these types)")
    qtbot.waitUntil(lambda: not window.busy)
    view = step.comparer.view
    assert view.isVisible()
    assert "each row is one type" in view.words.text()
    assert "agree by" in view.words.text()
    assert view.picture.pixmap().width() > 600
    counts = {n: typed_result.types.count(n) for n in typed_result.types.numbers}
    assert [view.table.item(row, 1).text() for row in range(3)] == [
        f"{count:,}" for count in counts.values()
    ]
    # The winner's window alone is kept from the edge there, not the largest: points lie otherwise.
    again = apply(typed_result, other)
    assert [view.table.item(row, 2).text() for row in range(3)] == [
        f"{again.types.count(n):,}" for n in counts
    ]
    before, after = types_by_place(typed_result), types_by_place(again)
    same = before.keys() & after.keys()
    assert len(same) > 0.8 * len(before)
    assert all(before[place] == after[place] for place in same), "it is the same surface"
    qtbot.mouseClick(view.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().startswith("type\tpoints left\tpoints right")

    step.comparer.compare_with_run(write_run(typed_result, tmp_path / "again.corescout"))
    qtbot.waitUntil(lambda: not window.busy)
    assert "again" in step.comparer.view.windowTitle()
    step.comparer.view.close()


def test_a_candidate_that_did_not_win_is_shown_with_its_own_types(window, qtbot, typed_result):
    number = next(
        t.number for t in typed_result.trials
        if t.candidate != typed_result.winner and t.number in typed_result.mixture_by_trial
    )  # fmt: skip
    show_candidate(window.workspace, number)
    qtbot.waitUntil(lambda: not window.busy)
    panel = window.latent_panel
    np.testing.assert_allclose(panel.plot.shown_codes(), typed_result.latents_by_trial[number])
    panel.show_point(3)
    assert panel.text.text().startswith("No. 3 ")
    show_winner(window.workspace)
    np.testing.assert_allclose(panel.plot.shown_codes(), typed_result.fit.latents.mean)
