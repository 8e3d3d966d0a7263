"""Extremes around pixels and percentiles: what scipy and numpy give."""

import numpy as np
import pytest
from scipy.ndimage import binary_opening, laplace, maximum_filter, minimum_filter

from corescout.keypoints.neighbourhoods import largest_around, opened, percentile, smallest_around
from corescout.keypoints.walls import _laplacian


@pytest.fixture
def image():
    return np.random.default_rng(0).random((41, 57)).astype(np.float32)


@pytest.mark.parametrize("size_px", [3, 9, 13])
def test_extremes_are_those_of_scipy_up_to_the_edge(image, size_px):
    bright = image > 0.97
    np.testing.assert_array_equal(smallest_around(image, size_px), minimum_filter(image, size_px))
    np.testing.assert_array_equal(largest_around(bright, size_px), maximum_filter(bright, size_px))


def test_an_opening_keeps_squares_of_three_pixels(image):
    mask = image > 0.1
    expected = binary_opening(mask, np.ones((3, 3), bool))
    assert 0 < expected.sum() < mask.sum()
    np.testing.assert_array_equal(opened(mask), expected)


@pytest.mark.parametrize("percent", [0, 1, 37.3, 50, 99, 100])
@pytest.mark.parametrize("count", [1, 2, 1000, 2337])
def test_a_percentile_is_that_of_numpy_within_a_rounding(image, percent, count):
    """To the last digit with the newest numpy; older ones round once where this does twice."""
    values = image.ravel()[:count]
    of_numpy = float(np.percentile(values, percent))
    assert percentile(values, percent) == pytest.approx(of_numpy, rel=2**-22, abs=0)
    in_double = np.percentile(values, [percent])[0]
    assert percentile(values, percent, double=True) == in_double


def test_the_laplacian_of_some_pixels_is_that_of_the_whole_image(image):
    y, x = (places.ravel() for places in np.indices(image.shape))
    np.testing.assert_array_equal(_laplacian(image, y, x), laplace(image).ravel())
