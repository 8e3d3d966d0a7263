"""Colours of types: told apart by all readers."""

from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from corescout.colors import TYPE_COLORS, UNASSIGNED_COLOR, motif_colors, type_color
from corescout.plan import MixturePlan

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SEEN = {
    "all": np.eye(3),
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                     [-0.003882, -0.048116, 1.051998]],
    "no green cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                       [-0.011820, 0.042940, 0.968881]],
}  # fmt: skip


def lab(color: str, by: str) -> np.ndarray:
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(SEEN[by]) @ linear, 0, 1)
    return rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("by", SEEN)
def test_twelve_types_are_told_apart(by):
    assert len(TYPE_COLORS) == 12
    added = [(color, UNASSIGNED_COLOR) for color in TYPE_COLORS[7:]]
    for one, other in (*combinations(TYPE_COLORS, 2), *added):
        assert deltaE_ciede2000(lab(one, by), lab(other, by)) > 11, (one, other)


def test_every_type_of_an_exploration_has_a_colour_of_its_own():
    numbers = range(1, MixturePlan().max_components + 1)
    assert len({type_color(n) for n in numbers}) == len(numbers)


def test_motifs_are_shades_of_their_types_and_no_two_alike():
    found = motif_colors([1, 2, 1, 1, 2, 1], {2: "#123456"})
    assert found[0] == type_color(1)
    assert found[1] == "#123456"
    assert len(set(found)) == 6
    light = [lab(color, "all")[0] for color in found]
    assert light[2] > light[0] > light[3]  # lighter and darker in turn
    assert light[4] > light[1]
    assert light[5] > light[2]
