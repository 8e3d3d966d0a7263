"""Types of two images at a distance: zones agree, parts of one pattern and time do not."""

import numpy as np
import pytest

from corescout.further_scans.placed import Placed, cross_agreement, near_px

NEAR = 20.0


def points(rng, side=300.0, count=900):
    return rng.uniform(0, side, (count, 2))


def of_two(second):
    second = np.asarray(second, float)
    return np.column_stack([1 - second, second])


def zone(yx):
    """Squares of 75 px, dealt as on a board."""
    cell = (yx // 75).astype(int)
    return cell.sum(axis=1) % 2


def part(yx):
    """Stripes of 6 px: two parts of one pattern."""
    return (yx[:, 1] // 6).astype(int) % 2


def test_zones_agree_at_a_distance_in_two_images(rng):
    one, other = points(rng), points(rng)
    found = cross_agreement(
        Placed(one, of_two(zone(one))), Placed(other, of_two(zone(other))), NEAR
    )
    assert found.value - found.standard_error > 0.08
    assert found.p_value <= 0.05
    far = 300**2 - np.pi * (3 * NEAR) ** 2
    assert found.cells == pytest.approx(far / NEAR**2, rel=0.05)


def test_one_pattern_does_not_agree_however_well_it_repeats(rng):
    yx = points(rng)
    same = Placed(yx, of_two(part(yx)))
    found = cross_agreement(same, same, NEAR)
    assert abs(found.value) < 0.08


def test_the_agreement_of_one_pattern_is_significant_as_often_as_by_chance():
    """200 fields of correlation length 8 px, cut at their median: a perfect repeat of each."""
    from scipy.ndimage import gaussian_filter

    claimed, least = 0, 1.0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        field = gaussian_filter(rng.standard_normal((300, 300)), 5.6, mode="wrap")
        yx = points(rng, 299, 600)
        row, column = np.rint(yx).astype(int).T
        same = Placed(yx, of_two(field[row, column] > 0))
        found = cross_agreement(same, same, NEAR)
        claimed += found.value - found.standard_error > 0.08 and found.p_value <= 0.05
        least = min(least, found.p_value)
    assert claimed <= 5
    assert least >= 1 / (1 + 300**2 / NEAR**2) - 1e-3


def test_what_lies_the_other_way_round_disagrees(rng):
    yx = points(rng)
    early = yx[:, 0] < 150
    found = cross_agreement(Placed(yx, of_two(early)), Placed(yx, of_two(~early)), NEAR)
    assert found.value < -0.08
    assert found.p_value > 0.5


def test_one_type_there_says_nothing(rng):
    yx = points(rng)
    ones = np.column_stack([np.ones(len(yx)), np.zeros(len(yx))])
    assert cross_agreement(Placed(yx, of_two(zone(yx))), Placed(yx, ones), NEAR) is None


def test_the_error_is_that_of_blocks(rng):
    """More zones of the same size make the error smaller."""
    errors = []
    for side in (225.0, 600.0):
        yx = points(rng, side, int(side**2 / 100))
        found = cross_agreement(Placed(yx, of_two(zone(yx))), Placed(yx, of_two(zone(yx))), NEAR)
        errors.append(found.standard_error)
    assert errors[1] < errors[0]


@pytest.mark.parametrize(
    ("window_px", "length_px", "expected"), [(9, 3.0, 14.0), (21, 3.0, 26.25), (9, 16.0, 32.0)]
)
def test_points_are_compared_beyond_windows_and_correlation(window_px, length_px, expected):
    assert near_px(window_px, length_px) == expected
