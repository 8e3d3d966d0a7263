"""Measured places are tied to the nearest key point within three pixels, the first to each."""

import numpy as np

from corescout.tied import tied_rows, values_at

POINTS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def test_the_nearest_within_the_radius_and_no_other():
    places = np.array([[0.5, 0.5], [9.0, 0.0], [5.0, 5.0], [np.nan, 0.0]])
    assert tied_rows(places, POINTS, 3.0).tolist() == [0, 1, -1, -1]


def test_the_first_value_at_a_point_counts():
    places = np.array([[0.1, 0.0], [0.0, 0.1], [5.0, 5.0], [0.0, 12.9]])
    found = values_at(places, np.array([1.0, 2.0, 3.0, 4.0]), POINTS)
    np.testing.assert_array_equal(found, [1.0, np.nan, 4.0])
