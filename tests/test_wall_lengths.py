"""Length of wall: of known lines, and its split among types."""

from dataclasses import replace

import numpy as np
import pytest
from skimage.draw import circle_perimeter, line
from skimage.morphology import skeletonize

from corescout.data import Keypoints
from corescout.edits import merge
from corescout.wall_lengths import line_length_px, wall_lengths


def pixels(rows, columns, size=220):
    mask = np.zeros((size, size), bool)
    mask[rows, columns] = True
    return np.argwhere(skeletonize(mask)).astype(float)


@pytest.mark.parametrize("angle_deg", [0, 15, 22.5, 30, 45, 70, 90])
def test_a_straight_line_is_as_long_as_it_is(angle_deg):
    end = np.rint(150 * np.array([np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg))]))
    yx = pixels(*line(20, 20, 20 + int(end[0]), 20 + int(end[1])))
    assert line_length_px(yx).sum() == pytest.approx(np.hypot(*end), rel=0.06)


def test_a_circle_is_as_long_as_it_is():
    yx = pixels(*circle_perimeter(110, 110, 80))
    assert line_length_px(yx).sum() == pytest.approx(2 * np.pi * 80, rel=0.02)


def test_types_share_the_walls(typed_result):
    lengths = wall_lengths(typed_result)
    types = typed_result.types
    parts = [lengths.of_type_px(types, n) for n in types.numbers]
    assert all(part > 0 for part in parts)
    assert sum(parts) == pytest.approx(lengths.of_point_px.sum())
    # Key points about 5 px apart along the walls.
    assert 4 < lengths.of_point_px.sum() / len(typed_result.patches) < 9
    merged = merge(typed_result, 1, [2]).types
    assert lengths.of_type_m(merged, 1) == pytest.approx(
        (parts[0] + parts[1]) * typed_result.analysis_pitch_m
    )


def test_drawn_key_points_count_their_half_ways(typed_result):
    places = np.column_stack([np.full(20, 50.0), 10 + 5.0 * np.arange(20)])
    some = np.arange(20)
    drawn = replace(
        typed_result,
        keypoints=Keypoints(places, np.ones(20), "drawn"),
        patches=replace(
            typed_result.patches,
            values=typed_result.patches.values[some],
            index=some,
            center_yx_px=places,
        ),
    )
    assert wall_lengths(drawn).of_point_px.sum() == pytest.approx(100, rel=0.1)


def test_points_on_a_grid_have_no_walls(typed_result):
    gridded = replace(typed_result, keypoints=replace(typed_result.keypoints, source="grid"))
    assert wall_lengths(gridded) is None
