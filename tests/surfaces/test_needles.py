"""Surfaces of needles: one kind or two, and what differs between them."""

import numpy as np
import pytest

from corescout.surfaces.needles import needle_surface, needles_at_random

SHAPE = (160, 160)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_kind_has_one_width_and_one_polarity_in_several_directions(seed):
    needles = needles_at_random(seed)
    surface = needle_surface(needles, seed, SHAPE)
    assert needles.kinds == 1
    assert set(np.unique(surface.wall_type)) == {0, 1}
    assert surface.type_names == ("needles",)


def test_two_kinds_differ_in_what_was_asked_for():
    width = needles_at_random(3, "width")
    assert width.kinds == 2
    assert width.widths_px[1] > 1.5 * width.widths_px[0]
    assert width.responses[0] == width.responses[1]
    polarity = needles_at_random(3, "polarity")
    assert polarity.widths_px[0] == polarity.widths_px[1]
    image = np.asarray(needle_surface(polarity, 3, SHAPE).scan.channel())
    truth = needle_surface(polarity, 3, SHAPE).wall_type
    assert image[truth == 2].mean() > 1.5 * image[truth == 1].mean()


def test_the_same_seed_gives_the_same_scan():
    one, other = (needle_surface(needles_at_random(5), 5, SHAPE).scan.channel() for _ in range(2))
    assert np.array_equal(one, other)
