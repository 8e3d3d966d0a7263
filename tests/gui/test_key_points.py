"""Key points by hand: drawn, moved, deleted, kept to a region, with mouse and keyboard."""

import numpy as np
import pytest
from hands import Hands
from qtpy.QtCore import Qt

from corescout.data import Keypoints
from corescout.gui.model.keypoint_edits import KeypointEdits, Outline
from corescout.gui.model.workflow import StepState

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SQUARE = np.array([[20.0, 20], [20, 80], [80, 80], [80, 20]])


@pytest.mark.gui
class TestInTheWindow:
    """One window for all of it: what is done is undone before the next."""

    def test_the_preview_follows_a_slider_that_goes_on_moving(self, surface_explorer, qtbot):
        step = surface_explorer.key_points_step
        seen = []
        step.workspace.key_points.changed.connect(
            lambda: seen.append(len(step.workspace.key_points.keypoints))
        )
        for turn in range(2000):  # every 20 ms, without a rest
            step.spacing.setValue(4.0 + 0.5 * (turn % 8))
            qtbot.wait(20)
            if len(seen) >= 3 and len(set(seen)) >= 2:
                break
        else:
            pytest.fail("nothing is previewed while the slider moves")
        step.spacing.setValue(5.0)
        qtbot.waitUntil(lambda: not surface_explorer.busy)

    def test_every_tool_and_its_undo(self, surface_explorer, qtbot):
        explorer = surface_explorer
        step, stack, hands = explorer.key_points_step, explorer.undo_stack, Hands(explorer, qtbot)
        layer = explorer.viewer.layers["key points"]
        start = np.array(layer.data)

        # A line, with the keyboard's tool and the mouse.
        hands.key(Qt.Key.Key_D, SHIFT)
        hands.click((60, 40))
        hands.click((60, 90))
        hands.double_click((100, 90))
        qtbot.waitUntil(lambda: stack.undoText() == "key points along a line")
        outlines = explorer.viewer.layers["paths and regions"]
        assert len(outlines.data) == 1
        drawn = np.asarray(step.workspace.key_points.edits.outlines[0].vertices_px)
        np.testing.assert_allclose(drawn[[0, -1]], [[60, 40], [100, 90]], atol=1.0)
        along = KeypointEdits(outlines=step.workspace.key_points.edits.outlines)
        expected = along.apply(Keypoints(np.zeros((0, 2)), np.zeros(0), "none"), 5).yx_px
        shown = {tuple(p) for p in np.round(layer.data, 6)}
        assert {tuple(p) for p in np.round(expected, 6)} <= shown
        assert "1 line" in step.count.text()
        assert layer.scale.tolist() == explorer.canvas.image_layer().scale.tolist()
        assert outlines.units == explorer.canvas.image_layer().units

        hands.key(Qt.Key.Key_Z, CTRL)
        np.testing.assert_array_equal(layer.data, start)
        assert len(outlines.data) == 0
        hands.key(Qt.Key.Key_Z, CTRL | SHIFT)
        assert len(outlines.data) == 1
        hands.key(Qt.Key.Key_Z, CTRL)

        # A region that is excluded, with the button.
        qtbot.mouseClick(step.tools["exclude"], Qt.MouseButton.LeftButton)
        for place in ((30, 30), (30, 120), (120, 120)):
            hands.click(place)
        hands.double_click((120, 30))
        qtbot.waitUntil(lambda: stack.undoText() == "exclude a region")
        inside = ((layer.data > 33) & (layer.data < 117)).all(axis=1)
        assert inside.sum() == 0
        assert ((start > 33) & (start < 117)).all(axis=1).sum() > 10
        hands.key(Qt.Key.Key_Z, CTRL)
        np.testing.assert_array_equal(layer.data, start)

        # One point added, one dragged, one deleted.
        free = _free_place(start)
        hands.key(Qt.Key.Key_K, SHIFT)
        hands.click(free)
        qtbot.waitUntil(lambda: stack.undoText() == "add a key point")
        assert len(layer.data) == len(start) + 1
        hands.key(Qt.Key.Key_S, SHIFT)
        hands.drag(free, free + 6)
        qtbot.waitUntil(lambda: stack.undoText() == "move key points")
        np.testing.assert_allclose(step.workspace.key_points.edits.added, [free + 6], atol=1.0)
        hands.click(free + 6)
        hands.key(Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda: stack.undoText() == "delete a key point")
        np.testing.assert_array_equal(layer.data, start)
        for _ in range(3):
            hands.key(Qt.Key.Key_Z, CTRL)
        assert not step.workspace.key_points.edits
        np.testing.assert_array_equal(layer.data, start)

        # A slider: previewed soon, undone by its name.
        step.spacing.setValue(8)
        qtbot.waitUntil(lambda: len(layer.data) < 0.8 * len(start))
        assert explorer.session_bar.undo_button.text() == "Undo: spacing to 8"
        qtbot.mouseClick(explorer.session_bar.undo_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: np.array_equal(layer.data, start))

    def test_only_what_is_drawn_says_how_many_are_needed(self, surface_explorer, qtbot):
        step = surface_explorer.key_points_step
        step.detector.setCurrentIndex(step.detector.findData("none"))
        qtbot.waitUntil(lambda: "at least 50" in step.count.text())
        assert step.workspace.workflow.state("key_points") is StepState.PROBLEM
        line = Outline("along", np.array([[20.0, 20], [20, 140], [140, 140]]))
        step.workspace.key_points.push(
            step.workspace.key_points.edits.with_outlines([line]), "a line"
        )
        step.spacing.setValue(3)
        qtbot.waitUntil(lambda: step.count.text().startswith("81 key points"))
        assert step.workspace.workflow.state("key_points") is StepState.DONE
        assert len(surface_explorer.viewer.layers["paths and regions"].data) == 1


def _free_place(places):
    """A place in the middle of the scan that no key point is near."""
    y, x = np.mgrid[50:110:2, 50:110:2]
    candidates = np.stack([y, x], -1).reshape(-1, 2).astype(float)
    gaps = np.linalg.norm(candidates[:, None] - places[None], axis=2).min(axis=1)
    also = np.linalg.norm(candidates[:, None] + 6 - places[None], axis=2).min(axis=1)
    return candidates[np.argmax(np.minimum(gaps, also))]
