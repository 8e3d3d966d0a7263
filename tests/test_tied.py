"""Measured places are tied to the nearest key point within three pixels, the first to each."""

import numpy as np
import pytest

from corescout.data import InputError, ScanFrame
from corescout.plan_groups import MeasuredPlan
from corescout.tied import tied_rows, tied_words, values_at

POINTS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def test_the_nearest_within_the_radius_and_no_other():
    places = np.array([[0.5, 0.5], [9.0, 0.0], [5.0, 5.0], [np.nan, 0.0]])
    assert tied_rows(places, POINTS, 3.0).tolist() == [0, 1, -1, -1]


def test_the_first_value_at_a_point_counts():
    frame = ScanFrame((64, 64), (1e-8, 1e-8))
    places = frame.to_m(np.array([[0.1, 0.0], [0.0, 0.1], [5.0, 5.0], [0.0, 12.9]]))
    measured = MeasuredPlan(name="a", xy_m=tuple(map(tuple, places)), value=(1.0, 2.0, 3.0, 4.0))
    found = values_at(measured, frame, POINTS)
    np.testing.assert_array_equal(found, [1.0, np.nan, 4.0])
    assert tied_words(measured, found) == ("2 of 4 values of a are at key points",)


def test_without_a_scale_nothing_is_tied():
    measured = MeasuredPlan(name="a", xy_m=((0.0, 0.0),), value=(1.0,))
    with pytest.raises(InputError, match="--pixel-size"):
        values_at(measured, None, POINTS)
    assert values_at(None, None, POINTS) is None
