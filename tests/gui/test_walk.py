"""The window, walked as an operator would: real clicks, real windows, what is drawn compared.

The short walk is on a generated surface with a search of seconds, the long one (-m slow) on a real
scan with the search that the window starts with. What stands in the way of a walk of one window, a
crash or an instrument, has tests of its own. `FINDINGS` names those of each thing that went wrong,
`EXCELLENT` of what was good, `TASKS` of what must take few clicks.
"""

import ast
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hands import WAIT_S, Hands, canvas_picture, search_quickly, wait_for_preview
from napari.layers import Points
from qtpy.QtCore import Qt

from corescout.data import RunnerUp
from corescout.gui.canvas.layer_data import CORE, KEYPOINTS, OURS, TARGETS, TYPES, scan_layers
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.contributions import get_reader, write_layers
from corescout.gui.explorer import Explorer
from corescout.gui.model.workflow import StepState
from corescout.gui.steps.scan.information import ScanInformation

pytestmark = pytest.mark.gui
LONGEST = 5_400_000  # ms: a search at the settings of the window
SIZE = (1280, 720)

FINDINGS = {
    "A1": "results_kept::a_search_that_cannot_begin_changes_nothing",
    "A2": "results_kept::a_close_that_napari_calls_off_leaves_the_dock_alive",
    "A3": "results_kept::discard_beside_restore_can_be_taken_back",
    "B1": "safety::what_is_typed_is_shown_and_sent_in_any_language",
    "B2": "safety::nothing_is_measured_on_the_sample_of_another_scan",
    "B3": "safety::a_policy_is_signed_on_a_sheet_shown_in_the_strip_and_taken_back_by_esc",
    "B3 refused": "policy::a_plan_that_the_policy_refuses_waits_and_says_why",
    "B4": "safety::esc_stops_under_a_menu_a_dialog_and_another_window",
    "B5": "safety::closing_during_a_run_asks_in_the_words_of_the_instrument",
    "B5 dock": "safety::the_x_of_the_dock_asks_during_a_run_and_hiding_leaves_the_strip",
    "B6": "controller::a_stop_that_did_not_arrive_is_said_large_and_again_at_the_close",
    "B7": "safety::targets_are_told_by_their_numbers",
    "B8": "instrument::without_an_instrument_there_is_no_stop_and_nothing_to_approve",
    "B8 limits": "policy::three_clicks_and_the_name_sign_what_runs_by_itself_and_is_counted",
    "B8 controller": "controller::what_is_set_at_the_controller_is_shown_and_cannot_be_typed",
    "B8 profiles": "panels::a_profile_that_is_written_while_the_window_is_open_is_offered",
    "B9": "safety::the_wheel_changes_nothing_without_focus",
    "C1": "one_scan::points_of_a_hidden_type_are_not_drawn",
    "C2": "walk::no_two_of_nine_types_look_alike",
    "C3": "one_scan::an_image_with_a_scale_is_explored_at_its_place",
    "C4": "one_scan::of_a_pyramid_the_finest_level_is_explored",
    "C5": "walk::the_walk",
    "C6": "types::a_type_is_kept_and_found_on_the_chosen_scan",
    "C7": "point_and_know::what_is_wrong_with_the_windows_is_said_in_words",
    "C8": "one_scan::targets_that_are_hidden_in_the_list_become_others_without_a_word",
    "C9": "one_scan::a_file_that_comes_during_a_search_does_not_take_its_place",
    "C10": "one_scan::what_was_found_on_a_scan_is_seen_with_that_scan_alone",
    "C11": "one_scan::our_layers_lie_as_explore_draws_them_in_whatever_order_they_come",
    "C12": "walk::the_walk",
    "C13": "targets::a_target_has_one_number_everywhere_and_keeps_it_when_it_is_dragged",
    "C14": "window_session::exports_diagnostic_and_the_question_at_the_end",
    "C15": "walk::the_walk",
    "C16": "doubted_lines::a_scan_with_jumps_shows_them_and_a_clean_one_does_not",
    "E9": "panels::a_problem_goes_when_what_it_came_from_is_mended",
    "E9 export": "panels::what_came_of_an_export_is_not_said_for_good",
    "E11": "panels::the_time_that_is_left_never_grows",
}
EXCELLENT = {  # what was good at the first walk, and stays
    "one file, one button": "explorer::from_a_real_file_to_an_exported_run",
    "candidates looked into meanwhile":
        "explore_step::a_candidate_is_looked_into_before_the_winner_is_known_and_stop_works_while_paused",
    "undo, named and exact": "parameters::parameters_are_undone_with_their_name_and_merged",
    "a setting undone is done again": "explore_step::what_is_set_is_the_plan_and_can_be_undone",
    "lines, loops, points by hand": "explorer::key_points_edited_by_hand_are_used",
    "split with a name": "types::what_is_drawn_around_is_split_off",
    "these are": "types::points_are_corrected_by_hand",
    "patches, wall length": "types::decoded_patches_behind_the_points_maps_and_walls",
    "STOP, HOLD, release": "instrument::esc_stops_within_a_second_and_the_hold_is_released",
    "a change voids an approval": "instrument::a_changed_plan_is_refused_until_a_new_dry_run",
    "the session after a kill": "window_session::a_killed_process_leaves_its_session_behind",
    "edits and result after a crash": "window_session::edits_and_result_come_back_after_a_crash",
    "run folder by drop": "explorer::a_run_folder_opens_and_shows_the_same",
    "script bit-equal": "window_session::the_script_repeats_the_run",
    "a full disk": "kept_search::a_disk_without_room_keeps_no_search_from_its_end",
    "live says what it set aside": "watch_folder::a_night_of_real_files",
    "zoom and survey": "live::a_new_place_is_looked_at_and_a_zoom_stays_in_its_survey",
    "layers come back, 3-D": "one_scan::our_layers_come_back_and_three_dimensions_do_no_harm",
    "any image, in words": "one_scan::images_of_any_kind_are_answered_in_words",
    "palette, preferences": "window::menus_and_palette_do_what_the_dock_does",
    "saved with units": "plugin::layers_are_saved_and_opened_again_without_loss",
    "true place in µm": "plugin::a_turned_non_square_scan_lies_where_the_instrument_has_it",
    "two scans of one sample": "plugin::a_zoom_lies_on_its_survey",
    "nothing is left": "window::opening_and_closing_twenty_times_leaves_nothing",
}  # fmt: skip
TASKS = {  # at most so many clicks
    "first decision, 1": "walk::the_walk",
    "the simpler tied candidate, 1": "walk::the_walk",
    "the type of a wall, 3 and 2 s": "walk::the_walk",
    "STOP, 1, and nothing is sent":
        "policy::one_click_on_stop_ends_run_and_policy_and_nothing_is_sent_after",
    "STOP at a controller, 1":
        "controller::one_click_on_stop_and_the_controller_is_told_nothing_more",
    "sign a policy, 3 and the name":
        "policy::three_clicks_and_the_name_sign_what_runs_by_itself_and_is_counted",
    "ten targets, 4": "instrument::ten_targets_are_approved_and_run_with_four_clicks",
}  # fmt: skip


@pytest.mark.parametrize("table", [FINDINGS, EXCELLENT, TASKS])
def test_all_that_was_walked_once_is_walked(table):
    folder = Path(__file__).parent
    for what, where in table.items():
        file, _, name = where.partition("::")
        tree = ast.parse((folder / f"test_{file}.py").read_text("utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert f"test_{name}" in names, what


class Walk:
    """What the operator does, with a count of clicks."""

    def __init__(self, explorer, qtbot):
        self.explorer, self.qtbot, self.clicks = explorer, qtbot, 0
        self.hands, self.timed = Hands(explorer, qtbot), False

    def click(self, widget):
        self.explorer.column.ensureWidgetVisible(widget)
        self.qtbot.waitUntil(lambda: widget.isVisible() and widget.isEnabled())
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.clicks += 1

    @contextmanager
    def task(self, name, most_clicks):
        before = self.clicks
        yield
        assert self.clicks - before <= most_clicks, name

    def settle(self):
        explorer = self.explorer
        self.qtbot.waitUntil(lambda: not (explorer.running or explorer.busy), timeout=LONGEST)
        self.qtbot.wait(200)

    def open_only(self, name):
        for step in self.explorer.steps.values():
            step.set_expanded(step.name == name)
        self.qtbot.wait(100)

    def picture(self):
        return canvas_picture(self.explorer, self.qtbot)


@pytest.fixture(
    params=["short", pytest.param("long", marks=[pytest.mark.slow, pytest.mark.timeout(7200)])]
)
def walk(request, explorer, qtbot, surface):
    """A window with a dropped scan, and nothing found yet."""
    if request.param == "long":
        path = str(request.getfixturevalue("scan_file")("PZT_final0001.h5"))
        layers = get_reader(path)(path)
        for name, value in (("windows", ""), ("seeds", 0), ("options", "")):
            explorer.workspace.parameters.get("explore", name).set(value)
    else:
        search_quickly(explorer)
        layers = scan_layers(surface.scan)
    for data, options, _ in layers:
        explorer.viewer.add_image(data, **options)
    wait_for_preview(explorer, qtbot)
    made = Walk(explorer, qtbot)
    made.timed = request.param == "long"
    return made


def test_the_walk(walk, qtbot, typed_result, tmp_path):
    decide(walk)
    explorer = walk.explorer
    if len(explorer.result.types.numbers) < 2:  # the rest needs types: those of a like surface
        show_types(walk, typed_result)
    name_and_count(walk)
    read_a_wall(walk)
    take_the_simpler(walk)
    stop_a_search(walk)
    move_a_target(walk)
    hover(walk)
    undo_in_a_field(walk)
    stay_in_size(walk)
    open_twice(walk)
    save_and_open(walk, tmp_path)


def decide(walk):
    with walk.task("first decision", 1):
        walk.click(walk.explorer.run_bar.explore_button)
        walk.settle()
    explorer = walk.explorer
    assert explorer.result is not None, explorer.verdict.text()
    states = [explorer.workspace.workflow.state(n) for n in ("explore", "types", "targets")]
    assert set(states) == {StepState.DONE}
    assert explorer.viewer.canvas.overlays.scale_bar.visible
    assert " nm" in explorer.workspace.workflow.text("explore")


def show_types(walk, typed_result):
    workspace = walk.explorer.workspace
    workspace.set_result(replace(typed_result, scan=workspace.chosen.scan))
    walk.settle()


def name_and_count(walk):
    """A name is seen at once in every place; a merge changes the verdict and step 4 alike."""
    explorer, edits = walk.explorer, walk.explorer.types_step.edits
    first, count = explorer.result.types.numbers[0], len(explorer.result.types.numbers)
    walk.open_only("types")
    before = walk.picture()
    assert edits.rename(first, "needles")
    assert edits.merge(list(explorer.result.types.numbers[:2]))
    walk.settle()
    assert f"{count - 1} " in explorer.workspace.workflow.text("types")
    said = explorer.verdict.text()
    assert said.startswith(f"{count - 1} ") or count == 2, said
    assert not np.array_equal(walk.picture(), before)
    for _ in range(2):
        walk.click(explorer.session_bar.undo_button)
    walk.settle()
    np.testing.assert_array_equal(walk.picture(), before)


def read_a_wall(walk):
    explorer, note = walk.explorer, walk.explorer.session_bar.note
    height, width = explorer.result.scan.shape_px
    walk.open_only("key_points")
    with walk.task("the type of a wall", 3):
        walk.click(explorer.key_points_step.tools["line"])
        assert explorer.key_points_step.tools["line"].isChecked()
        assert "double click" in explorer.key_points_step.hint.text()
        walk.hands.click((0.4 * height, 0.3 * width))
        walk.hands.double_click((0.6 * height, 0.6 * width))
        walk.clicks += 2
        worked_s = time.process_time()  # of this process: what else runs here does not count
        walk.qtbot.waitUntil(lambda: note.text().startswith("This wall"))
        if walk.timed:
            assert time.process_time() - worked_s <= 2.0
    assert "of the types that were found; novelty p" in note.text()
    assert explorer.workspace.workflow.state("types") is StepState.DONE
    faces = np.asarray(find_layer(explorer.viewer, KEYPOINTS).face_color)
    assert len(np.unique(faces, axis=0)) == 2  # the new points are told from those of the result
    walk.click(explorer.key_points_step.tools["rest"])
    assert not explorer.key_points_step.tools["line"].isChecked()
    assert explorer.key_points_step.hint.isHidden()
    walk.click(explorer.session_bar.undo_button)
    walk.settle()


def take_the_simpler(walk):
    """Another candidate that does as well: looked at, left, and taken at one click."""
    explorer = walk.explorer
    result = explorer.result
    others = [t for t in result.trials if t.number in result.mixture_by_trial
              and t.candidate != result.winner and t.candidate.kind == "vae"]  # fmt: skip
    tied = (RunnerUp(others[0].candidate, 0.0, "as good"),)
    explorer.workspace.set_result(replace(result, tied=tied))
    walk.settle()
    panel = explorer.candidate_panel
    panel.plot.picked.emit(others[0].number)
    assert panel.looked_at.isVisible()
    assert others[0].candidate.in_nm(result.analysis_pitch_m) in panel.looked_at.text()
    walk.click(panel.winner_button)
    assert not panel.looked_at.isVisible()
    with walk.task("the simpler candidate", 1):
        walk.click(explorer.column.reasons.use_button)
        walk.settle()
    assert explorer.result.winner == others[0].candidate, explorer.column.notice.text()
    assert len(explorer.workspace.results) == 2
    walk.click(explorer.session_bar.undo_button)  # shows the first again
    walk.settle()
    assert explorer.result.winner == result.winner


def stop_a_search(walk):
    explorer = walk.explorer
    before, picture = explorer.result, walk.picture()
    walk.click(explorer.run_bar.explore_button)
    walk.click(explorer.run_bar.pause_button)
    assert explorer.workspace.workflow.state("explore") is StepState.PAUSED
    with walk.task("stop", 1):
        walk.click(explorer.run_bar.stop_button)
        walk.settle()
    assert explorer.result is before
    np.testing.assert_array_equal(walk.picture(), picture)


def move_a_target(walk):
    explorer, step = walk.explorer, walk.explorer.targets_step
    walk.open_only("targets")
    for box in (step.per_type, step.spacing):  # what is typed and shown is seen whole
        line = box.lineEdit()
        needed = line.fontMetrics().horizontalAdvance(box.text())
        assert needed <= line.width(), box.text()
    numbers = {t.uid: t.number for t in explorer.workspace.targets.ordered}
    moved = explorer.workspace.targets.ordered[-1]
    walk.click(step.modes["select"])
    height, width = explorer.result.scan.shape_px
    walk.hands.drag(moved.yx_px, (0.5 * height, 0.5 * width))
    walk.settle()
    after = {t.uid: t.number for t in explorer.workspace.targets.ordered}
    assert moved.uid not in after, "nothing was dragged"
    assert {u: n for u, n in after.items() if u in numbers}.items() <= numbers.items()
    assert sorted(after.values()) == sorted(numbers.values())
    walk.click(step.modes["pan_zoom"])
    walk.click(explorer.session_bar.undo_button)
    walk.settle()


def hover(walk):
    """The point under the mouse has a ring on the scan and in the plot."""
    explorer, plot = walk.explorer, walk.explorer.latent_panel.plot
    row = int(explorer.result.core_points.index[0])
    place = explorer.result.patches.center_yx_px[row]
    scan, latent = walk.picture(), plot.grab().toImage()
    walk.qtbot.mouseMove(walk.hands.canvas, walk.hands.at(place))
    walk.qtbot.wait(200)
    assert plot.grab().toImage() != latent
    seen = np.asarray(explorer.viewer.screenshot(canvas_only=True, flash=False))[..., :3]
    at = walk.hands.at(place)
    near = np.s_[max(0, at.y() - 20) : at.y() + 20, max(0, at.x() - 20) : at.x() + 20]
    assert (seen[near] != scan[near]).any()
    walk.qtbot.mouseMove(walk.hands.canvas, walk.hands.canvas.rect().topLeft())


def undo_in_a_field(walk):
    """Ctrl+Z takes the last edit back where the setting was typed."""
    explorer, box = walk.explorer, walk.explorer.targets_step.per_type
    walk.open_only("targets")
    before = box.value()
    box.setFocus()
    box.selectAll()
    walk.qtbot.keyClicks(box, "7")
    assert box.value() == 7
    walk.qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert box.value() == before
    walk.qtbot.keyClick(
        box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert box.value() == 7
    explorer.undo_stack.undo()


def stay_in_size(walk):
    """Labels, and the information on the scan, make nothing larger or narrower."""
    explorer, viewer = walk.explorer, walk.explorer.viewer
    width = explorer.width()
    labels = viewer.add_labels(np.zeros((20, 20), int), name="cells")
    walk.qtbot.wait(300)
    window = explorer.window()
    assert (window.width(), window.height()) == SIZE
    viewer.layers.remove(labels)
    dock = viewer.window.add_dock_widget(ScanInformation(viewer), name="information", area="right")
    walk.qtbot.wait(300)
    viewer.window.remove_dock_widget(dock)
    walk.qtbot.wait(300)
    assert explorer.isVisible()
    assert abs(explorer.width() - width) <= 2
    assert (window.width(), window.height()) == SIZE


def open_twice(walk):
    """A second dock on the same layers gives way to the first."""
    explorer, viewer = walk.explorer, walk.explorer.viewer
    second = Explorer(viewer)
    viewer.window.add_dock_widget(second, name="Corescout (Corescout)", area="right")
    walk.qtbot.waitUntil(lambda: second.closed)
    second.wait_for_jobs(WAIT_S)
    walk.settle()
    docked = [w for w in viewer.window.dock_widgets.values() if isinstance(w, Explorer)]
    assert docked == [explorer]
    assert explorer.isVisible()
    assert explorer.bottom.isVisible()
    walk.hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)  # its keys work on


def save_and_open(walk, tmp_path):
    """Layers that were saved come back as ours, numbers and all, and not twice."""
    explorer, viewer = walk.explorer, walk.explorer.viewer
    numbers = list(find_layer(viewer, TARGETS).features["number"])
    data = [layer.as_layer_data_tuple() for layer in viewer.layers]
    (path,) = write_layers(str(tmp_path / "saved.h5"), data)
    viewer.layers.clear()
    walk.settle()
    assert explorer.latent_panel.plot.isVisible()
    assert "Drop a scan here" in explorer.verdict.text()
    for data, options, kind in get_reader(path)(path):
        getattr(viewer, f"add_{kind}")(data, **options)
    walk.settle()
    names = [layer.metadata.get(OURS) for layer in viewer.layers if isinstance(layer, Points)]
    for name in (TYPES, CORE, TARGETS):
        assert names.count(name) == 1, names
    layer = find_layer(viewer, TARGETS)
    assert list(layer.text.values) == [str(n) for n in numbers]


def test_no_two_of_nine_types_look_alike():
    from corescout.colors import type_color

    colors = [type_color(n) for n in range(1, 10)]
    assert len(set(colors)) == 9
