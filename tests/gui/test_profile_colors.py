"""Points are coloured by line or step, direction, contrast, width and phase step."""

import numpy as np
import pytest

from corescout.gui.look import rgba
from corescout.gui.model.candidate_view import winner_view
from corescout.gui.plots.point_colors import color_choices, color_points
from corescout.gui.plots.profile_colors import DIRECTION, KIND, KIND_COLORS, profile_values
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.surfaces.needles import Needles, needle_surface

ANGLES = (0.3, 1.8)
NEEDLES = Needles(ANGLES, (3.0, 3.0), (0.3, 0.3), 17.0, 0.2)


@pytest.fixture(scope="module")
def view():
    plan = Plan.preset(
        "live",
        windows_px=(9,),
        invariances=("r",),
        decision={"seeds": 1, "null_surrogates": 0},
        training={"epochs": 4},
    )
    return winner_view(explore(needle_surface(NEEDLES, 1, (128, 128)).scan, plan))


def test_all_profiles_are_offered_the_direction_too_where_rotation_is_taken_off(view):
    labels = [choice.label for choice in color_choices(view)]
    for wanted in ("step or line", "direction of the wall", "contrast (m)", "width (nm)"):
        assert wanted in labels


def test_motifs_are_components_each_in_a_colour_of_its_own(view):
    assert "motif (of the patch alone)" in [choice.label for choice in color_choices(view)]
    typed = view.result.typed
    colors = color_points(view, "motif")
    np.testing.assert_array_equal(colors.index, typed.mixture.component_of(typed.z))
    assert len(np.unique(colors.palette, axis=0)) == typed.mixture.n_components


def test_dark_lines_have_their_colour(view):
    colors = color_points(view, KIND)
    dark = np.asarray(rgba(KIND_COLORS[3]))
    assert np.mean((colors.rgba == dark).all(axis=1)) > 0.8
    assert "dark line" in colors.low


def test_the_direction_is_that_of_the_needles(view):
    direction, _ = profile_values(view, DIRECTION)
    # Angles of the pattern count with rows downwards, directions as the scan is shown.
    off = [np.abs(np.mod(direction + a + np.pi / 2, np.pi) - np.pi / 2) for a in ANGLES]
    assert np.mean(np.min(off, axis=0) < 0.15) > 0.8
    ends = color_points(view, DIRECTION)
    assert (ends.low, ends.high) == ("0°", "180°")


def test_the_width_is_in_nanometres(view):
    width, unit = profile_values(view, "profile:width")
    assert unit == "nm"
    assert 25 < np.nanmedian(width) < 60  # needles of 30 nm through a tip of 28 nm
    assert color_points(view, "profile:contrast").high.endswith("pm")
