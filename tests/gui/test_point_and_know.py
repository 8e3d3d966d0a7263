"""A place, a drawn wall and a new scan are read with the types at hand, without a search."""

from dataclasses import replace

import numpy as np
import pytest
from hands import Hands
from qtpy.QtCore import Qt

from corescout.gui.canvas.layer_data import scan_layers
from corescout.gui.model.keypoint_edits import Outline
from corescout.gui.model.reasons import in_window_words, reason_of
from corescout.gui.model.settings import SearchSettings, Settings
from corescout.gui.model.workflow import StepState
from corescout.reading import read_places
from corescout.surfaces import generate_surface


def test_places_are_read_as_the_search_read_them(typed_result):
    places = np.asarray(typed_result.patches.center_yx_px)
    reading = read_places(typed_result, typed_result.scan, places)
    assert len(reading.type) == len(places)
    assert np.mean(reading.type == typed_result.types.of_point) > 0.97
    assert ((reading.probability > 1 / 3 - 1e-9) & (reading.probability <= 1 + 1e-9)).all()
    at = np.array([t.yx_px for t in typed_result.targets])
    own = read_places(typed_result, typed_result.scan, at)
    same = np.mean(own.target == np.arange(len(at)))
    assert same > 0.9, "a target is most like itself"


@pytest.mark.parametrize("windows", ["9,13,300", "1", "9,255"])
def test_what_is_wrong_with_the_windows_is_said_in_words(windows):
    settings = Settings(explore=SearchSettings(windows=windows))
    try:
        settings.plan(None)
    except ValueError as error:
        said = reason_of(error)
        assert "pydantic" not in said
        assert "step 3" in said
        assert "\n" not in said
    else:
        pytest.skip("such windows are a plan; the scan refuses them")


def test_options_of_the_command_line_are_steps_here():
    assert in_window_words("choose smaller windows with --windows") == (
        "choose smaller windows in step 3"
    )
    assert "--" not in in_window_words("or choose another with --channel")


@pytest.mark.gui
def test_a_click_and_a_drawn_wall_are_told_at_once_and_nothing_is_out_of_date(found, qtbot):
    note, result, hands = found.session_bar.note, found.result, Hands(found, qtbot)
    row = int(result.core_points.index[0])
    name = result.types.name(int(result.types.of_point[row]))
    found.types_step.set_expanded(True)
    qtbot.mouseClick(found.types_step.point_button, Qt.MouseButton.LeftButton)
    hands.click(np.asarray(result.patches.center_yx_px)[row])
    qtbot.waitUntil(lambda: note.text().startswith("Here: "))
    assert name in note.text()
    assert "like target" in note.text()
    editor = found.workspace.key_points
    line = Outline("along", np.array([[40.0, 30], [40, 120]]))
    editor.push(editor.edits.with_outlines([line]), "a line")
    qtbot.waitUntil(lambda: note.text().startswith("This wall: "))
    assert "of the types that were found" in note.text()
    states = [found.workspace.workflow.state(s) for s in ("explore", "types", "targets")]
    assert states == [StepState.DONE] * 3
    assert found.result is result


@pytest.mark.gui
def test_a_new_scan_is_read_with_the_types_at_hand(found, qtbot, typed_result):
    first = found.scan_step.channel.currentText()
    other = replace(generate_surface((120, 120), seed=5).scan, uid="another")
    data, options, _ = scan_layers(other)[-1]
    found.viewer.add_image(data, **(options | {"name": "the other"}))
    qtbot.waitUntil(lambda: found.result is not typed_result)
    assert found.result.scan.uid == "another"
    assert "of an earlier exploration" in found.verdict.text()
    assert found.workspace.workflow.state("types") is StepState.DONE
    qtbot.waitUntil(lambda: not found.busy)
    found.scan_step.channel.setCurrentText(first)
    # It may have been kept on the disk meanwhile: the same by its codes.
    uid = typed_result.scan.uid
    qtbot.waitUntil(lambda: found.result.scan.uid == uid)
    np.testing.assert_array_equal(found.result.codes, typed_result.codes)
    assert len(found.workspace.results) == 2
