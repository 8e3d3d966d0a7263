"""Nothing found is lost: results are a list that a search only adds to."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hands import WAIT_S, Hands, canvas_picture, close_until, wait_for_preview, when_modal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from corescout.choosing import choose_candidate
from corescout.gui.canvas.layer_data import scan_layers
from corescout.gui.kept.autosave import Autosave, kept_sessions, run_name
from corescout.gui.kept.window_session import Offer
from corescout.gui.model.held_result import HeldResult
from corescout.gui.model.result_edits import remove_result
from corescout.gui.model.workflow import StepState
from corescout.runs import read_run, write_run


@pytest.fixture
def found(found, qtbot):
    """One of its types is named."""
    assert found.types_step.edits.rename(1, "needles")
    qtbot.waitUntil(lambda: not found.busy)
    return found


def click(qtbot, widget):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_a_candidate_that_is_chosen_by_hand_has_the_codes_that_were_looked_at(quick_result):
    number = next(
        t.number for t in quick_result.trials
        if t.candidate != quick_result.winner and t.number in quick_result.mixture_by_trial
    )  # fmt: skip
    chosen = choose_candidate(quick_result, number, workers=1)
    codes = quick_result.latents_by_trial[number]
    np.testing.assert_array_equal(chosen.fit.latents.mean, codes)
    assert chosen.winner == quick_result.trials[number].candidate
    assert f"the search had decided on {quick_result.winner.label}" in chosen.why
    assert len(chosen.trials) == len(quick_result.trials)
    assert len(chosen.patches) == len(codes)
    assert chosen.patches.window_px == chosen.winner.window_px


@pytest.mark.gui
def test_a_search_that_cannot_begin_changes_nothing(found, qtbot):
    before, picture = found.result, canvas_picture(found, qtbot)
    step = found.key_points_step
    step.detector.setCurrentIndex(step.detector.findData("none"))
    state = found.workspace.workflow.state
    qtbot.waitUntil(lambda: state("key_points") is StepState.PROBLEM)
    assert not found.run_bar.explore_button.isEnabled()
    found.start()  # the palette has no button that is grey
    qtbot.waitUntil(lambda: not found.running)
    assert "50 key points" in found.column.notice.text()
    assert found.column.notice.isVisible()
    assert found.result is before
    assert found.verdict.text() == before.verdict.summary
    found.undo_stack.undo()  # the detector
    qtbot.waitUntil(lambda: state("key_points") is StepState.DONE)
    np.testing.assert_array_equal(canvas_picture(found, qtbot), picture)
    click(qtbot, found.session_bar.undo_button)
    assert found.result.types.name(1) == "type 1"


@pytest.mark.gui
def test_a_search_that_is_stopped_changes_nothing_and_says_so(found, qtbot):
    before, picture = found.result, canvas_picture(found, qtbot)
    click(qtbot, found.run_bar.explore_button)
    qtbot.waitUntil(lambda: found.candidate_panel.table.rowCount() >= 1)
    assert found.result is before
    click(qtbot, found.run_bar.stop_button)
    qtbot.waitUntil(lambda: not found.running)
    assert found.result is before
    assert "Stopped" in found.column.notice.text()
    assert found.workspace.workflow.state("explore") is StepState.DONE
    qtbot.waitUntil(lambda: not found.busy)
    np.testing.assert_array_equal(canvas_picture(found, qtbot), picture)


@pytest.mark.gui
def test_another_candidate_is_used_at_a_click_and_both_results_stay(found, qtbot):
    first, panel = found.result, found.candidate_panel
    number = next(
        t.number for t in first.trials
        if t.candidate != first.winner and t.number in first.mixture_by_trial
    )  # fmt: skip
    assert not panel.use_button.isVisible()
    panel.plot.picked.emit(number)
    assert panel.use_button.isVisible()
    label = first.trials[number].candidate.in_nm(first.analysis_pitch_m)
    assert label in panel.looked_at.text()
    click(qtbot, panel.use_button)
    qtbot.waitUntil(lambda: not found.running)
    second = found.result
    assert second.winner == first.trials[number].candidate, found.column.notice.text()
    np.testing.assert_array_equal(second.fit.latents.mean, first.latents_by_trial[number])

    bar = found.run_bar.results
    assert bar.isVisible()
    assert bar.choice.count() == 2
    assert bar.choice.currentText().startswith(label)
    bar.choice.setFocus()
    qtbot.keyClick(bar.choice, Qt.Key.Key_Down)
    assert found.result is first
    assert found.result.types.name(1) == "needles"
    click(qtbot, bar.remove_button)
    assert found.result is second
    assert not bar.isVisible()
    click(qtbot, found.session_bar.undo_button)
    assert found.result is first
    qtbot.waitUntil(lambda: not found.busy)


@pytest.mark.gui
def test_discard_beside_restore_can_be_taken_back(
    sessions, quick_result, make_napari_viewer_proxy, qtbot
):
    from corescout.gui.explorer import Explorer

    store = Autosave(sessions)
    other = replace(quick_result, fit=replace(quick_result.fit))
    about = [{"key": k, "origin": "search", "at_s": 0.0} for k in (1, 2)]
    values = {"title": "a.ibw", "shown": 2, "results": about}
    store.save(values, {1: HeldResult(other), 2: HeldResult(quick_result)})
    store.close(keep=True)
    viewer = make_napari_viewer_proxy(show=True)
    explorer = Explorer(viewer)
    viewer.window.add_dock_widget(explorer, name="Corescout", area="right")
    offer = explorer.findChild(Offer)
    click(qtbot, offer.discard_button)
    qtbot.waitUntil(offer.isVisible)
    assert "Discarded when this window closes" in offer.text.text()
    assert len(kept_sessions(sessions)) == 1
    click(qtbot, offer.restore_button)
    assert len(explorer.workspace.results) == 2
    assert explorer.result.why == quick_result.why
    qtbot.waitUntil(lambda: not explorer.busy)
    explorer.workspace.mark_exported()
    explorer.disconnect_viewer()
    explorer.wait_for_jobs(WAIT_S)


@pytest.mark.gui
def test_a_close_that_napari_calls_off_leaves_the_dock_alive(found, qtbot, monkeypatch):
    from napari.settings import get_settings

    monkeypatch.setattr(get_settings().application, "confirm_close_window", True)
    window, asked = found.window(), []

    def discard(box):
        asked.append(box.text())
        when_modal(cancel)
        next(b for b in box.buttons() if b.text() == "Discard").click()

    def cancel(dialog):
        if isinstance(dialog, QMessageBox):  # ours, which is about to close
            when_modal(cancel)
            return
        asked.append(dialog.windowTitle())
        dialog.reject()

    when_modal(discard)
    close_until(qtbot, window, lambda: len(asked) == 2)
    qtbot.wait(300)
    assert window.isVisible()
    assert not found.closed
    assert found.bottom.isVisible()
    assert found.session.unsaved
    assert found.result.types.name(1) == "needles"
    hands = Hands(found, qtbot)
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert found.result.types.name(1) == "type 1"


@pytest.mark.gui
def test_ten_results_take_the_memory_of_one_and_come_back_from_disk(
    explorer, quick_result, sessions, qtbot, tmp_path
):
    run = write_run(quick_result, tmp_path / "run")
    for data, options, _ in scan_layers(quick_result.scan):
        explorer.viewer.add_image(data, **options)
    wait_for_preview(explorer, qtbot)
    workspace, kept = explorer.workspace, []
    for number in range(10):
        found = read_run(run)  # each with arrays of its own, as a search has them
        found = replace(found, scan=quick_result.scan, why=f"search {number}")
        kept.append(weakref.ref(found.patches))
        workspace.begin_search(found.scan)
        workspace.finish_search(found)
        del found
    entries = list(workspace.results)
    qtbot.waitUntil(lambda: not any(e.held.in_memory for e in entries[:-1]))
    qtbot.waitUntil(lambda: not explorer.busy)
    gc.collect()
    assert [reference() is None for reference in kept] == [True] * 9 + [False]
    folders = {path.name for path in next(sessions.iterdir()).glob("*.corescout")}
    assert len(folders) == 10

    workspace.take_up(entries[3].key)
    assert explorer.result.why == "search 3"
    assert explorer.result.scan is quick_result.scan
    np.testing.assert_array_equal(explorer.result.codes, quick_result.codes)
    remove_result(workspace, entries[5].key)
    gone = next(sessions.iterdir()) / run_name(entries[5].key)
    qtbot.waitUntil(lambda: not gone.exists())
    explorer.undo_stack.undo()
    workspace.take_up(entries[5].key)
    assert explorer.result.why == "search 5"
    qtbot.waitUntil(lambda: not explorer.busy)
