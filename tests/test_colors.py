"""Colours of types: told apart by all readers."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from corescout.colors import (
    TYPE_COLORS,
    UNASSIGNED_COLOR,
    motif_colors,
    type_color,
    type_shape,
)
from corescout.data import TypeLook, Types
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


def test_types_beyond_twelve_have_another_shape(quick_result):
    """A colour that comes again has another shape, on the scan and in the report, as is seen."""
    looks = {(type_color(n), type_shape(n)) for n in range(1, 4 * len(TYPE_COLORS) + 1)}
    assert len(looks) == 4 * len(TYPE_COLORS)
    seen = [core_points_drawn(quick_result, number) for number in (1, 13, 25, 37)]
    assert min(int((image < 0.95).sum()) for image in seen) > 50, "they are drawn"
    for one, other in combinations(seen, 2):
        assert (np.abs(one - other) > 0.2).sum() > 20


def core_points_drawn(result, number):
    """Pixels (H, W, 3) of the core points as the report draws them, all of one type."""
    from corescout.report.drawing import draw_places, new_figure

    points = result.patches.center_yx_px
    types = Types(
        np.full(len(points), number), np.zeros(len(points), bool), {number: TypeLook("a type")}
    )
    core = replace(result.core_points, type=np.full(len(result.core_points), number))
    figure = new_figure(3.0, 3.0)
    draw_places(figure.add_subplot(), replace(result, edited_types=types, core_points=core))
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255


def test_layers_of_the_window_have_these_shapes(quick_result):
    from corescout.gui.canvas.layer_data import core_layer

    core = replace(quick_result.core_points, type=np.arange(len(quick_result.core_points)) % 40 + 1)
    places = np.asarray(quick_result.patches.center_yx_px)[core.index]
    _, options, _ = core_layer(quick_result.scan, places, core)
    assert options["symbol"][:13] == ["disc"] * 12 + ["square"]
    assert set(options["symbol"]) == {"disc", "square", "triangle_up", "diamond"}
