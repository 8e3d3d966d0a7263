"""Key points by hand: what an edit makes of the detector's points."""

import numpy as np
import pytest

from corescout.data import Keypoints
from corescout.gui.model.keypoint_edits import KeypointEdits, Outline

SQUARE = np.array([[20.0, 20], [20, 80], [80, 80], [80, 20]])


@pytest.fixture
def grid():
    places = np.stack(np.meshgrid(np.arange(5.0, 100, 5), np.arange(5.0, 100, 5)), -1)
    return Keypoints(places.reshape(-1, 2), np.ones(361), "grid")


def test_without_edits_the_detectors_points_are_the_key_points(grid):
    assert KeypointEdits().apply(grid, 5) is grid
    assert not KeypointEdits()


def test_a_line_has_points_at_the_spacing_and_the_detected_ones_give_way(grid):
    edits = KeypointEdits(outlines=(Outline("along", np.array([[22.0, 10], [22, 90]])),))
    found = np.asarray(edits.apply(grid, 5).yx_px)
    on_line = found[found[:, 0] == 22]
    np.testing.assert_allclose(np.diff(on_line[:, 1]), 5)
    others = found[found[:, 0] != 22]
    gaps = np.linalg.norm(others[:, None] - on_line[None], axis=2)
    assert gaps.min() > 0.75 * 5


def test_a_loop_is_closed_and_has_no_point_twice():
    nothing = Keypoints(np.zeros((0, 2)), np.zeros(0), "none")
    edits = KeypointEdits(outlines=(Outline("along", SQUARE, closed=True),))
    found = np.asarray(edits.apply(nothing, 5).yx_px)
    assert len(found) == 48
    assert len(np.unique(found.round(6), axis=0)) == 48


def test_regions_keep_and_drop_and_a_point_set_by_hand_stays(grid):
    edits = KeypointEdits(
        added=np.array([[50.0, 50]]),
        outlines=(Outline("include", SQUARE, True), Outline("exclude", SQUARE / 2 + 25, True)),
    )
    found = np.asarray(edits.apply(grid, 5).yx_px)
    assert [50.0, 50.0] in found.tolist()
    inside = (found > 35).all(axis=1) & (found < 65).all(axis=1)
    assert inside.sum() == 1
    assert ((found >= 20) & (found <= 80)).all()


def test_a_removed_point_stays_away_when_the_detector_moves_it_a_little(grid):
    edits = KeypointEdits().moved(np.asarray(grid.yx_px), np.asarray(grid.yx_px)[1:])
    shifted = Keypoints(np.asarray(grid.yx_px) + 1, grid.score, "grid")
    assert len(edits.apply(shifted, 5)) == 360


def test_moving_a_point_that_was_added_removes_nothing_detected(grid):
    before = np.concatenate([grid.yx_px, [[52.0, 52]]])
    edits = KeypointEdits(added=np.array([[52.0, 52]]))
    after = np.concatenate([grid.yx_px, [[53.0, 52]]])
    moved = edits.moved(before, after)
    assert len(moved.removed) == 0
    np.testing.assert_array_equal(moved.added, [[53.0, 52]])
    assert edits.moved(before, before[::-1]) is edits
