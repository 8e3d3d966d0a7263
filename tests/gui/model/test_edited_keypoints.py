"""Key points: edits survive a slider, another scan and an undo."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.gui.model.keypoint_edits import KeypointEdits, Outline

LINE = Outline("along", np.array([[2.0, 2], [2, 60]]))


@pytest.fixture
def drawn(chosen, scan, points):
    """Key points of the chosen scan with a line drawn."""
    chosen.key_points.set_detected(scan, points)
    chosen.key_points.push(KeypointEdits().with_outlines([LINE]), "a line")
    return chosen


def test_an_edit_is_undone_and_done_again(drawn, points):
    key_points = drawn.key_points
    assert key_points.keypoints.source == "drawn"
    drawn.undo_stack.undo()
    assert key_points.keypoints is points
    drawn.undo_stack.redo()
    assert key_points.edits.outlines == (LINE,)


def test_edits_wait_while_another_scan_is_shown(drawn, scan, points):
    key_points, other = drawn.key_points, replace(scan, uid="other")
    key_points.set_detected(other, points)
    assert not key_points.edits
    assert key_points.edited_of(scan) is None
    drawn.undo_stack.undo()  # of the first scan: nothing changes on this one
    assert not key_points.edits
    drawn.undo_stack.redo()
    key_points.set_detected(scan, points)
    assert key_points.edits.outlines == (LINE,)
    assert key_points.edited_of(scan) is key_points.keypoints


def test_outlines_are_drawn_again_only_where_they_are_others(drawn, scan, points):
    heard = []
    drawn.key_points.edits_changed.connect(lambda: heard.append("edits"))
    drawn.key_points.changed.connect(lambda: heard.append("points"))
    drawn.key_points.set_detected(scan, points)  # a slider moved
    assert heard == ["points"]
    drawn.key_points.clear()
    assert heard == ["points", "edits", "points"]


def test_a_result_shows_its_points_only_where_none_are_known(chosen, scan, points):
    key_points = chosen.key_points
    key_points.show_used(scan, points)
    assert key_points.keypoints is points
    key_points.push(KeypointEdits().with_outlines([LINE]), "a line")
    edited = key_points.keypoints
    key_points.show_used(scan, points)
    assert key_points.keypoints is edited


def test_the_spacing_of_the_form_is_that_of_a_line(chosen, scan, points):
    from corescout.gui.model.settings import KeypointSettings

    chosen.set_settings("key_points", KeypointSettings(spacing_px=2.0))
    nothing = points.__class__(np.zeros((0, 2)), np.zeros(0), "none")
    chosen.key_points.set_detected(scan, nothing)
    chosen.key_points.push(KeypointEdits().with_outlines([LINE]), "a line")
    apart = np.diff(np.asarray(chosen.key_points.keypoints.yx_px)[:, 1])
    np.testing.assert_allclose(apart, 2.0, atol=0.2)


def test_moved_points_among_many_are_those_alone():
    """All pairs of so many would not fit into memory."""
    rng = np.random.default_rng(0)
    before = rng.uniform(0, 2048, (60_000, 2))
    edits = KeypointEdits()
    assert edits.moved(before, before.copy()) is edits
    after = np.concatenate([before[5:] + 1e-12, [[3.0, 4.0], [-0.0, 7.0]]])[::-1]
    moved = edits.moved(before, after)
    assert set(map(tuple, moved.removed)) == set(map(tuple, before[:5]))
    assert set(map(tuple, moved.added)) == {(3.0, 4.0), (0.0, 7.0)}
    back = moved.moved(after, before)
    assert len(back.added) == 5  # they are back, set by hand
