"""Points are coloured by the descriptors of the wall around them, computed when asked for."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.gui.model.candidate_view import winner_view
from corescout.gui.plots.descriptor_colors import (
    DESCRIPTOR,
    descriptor_choices,
    descriptor_values,
    start_descriptors,
)
from corescout.gui.plots.point_colors import color_choices, color_points
from corescout.wall_descriptors import wall_descriptors

JUNCTION = DESCRIPTOR + "junction_distance_m"


@pytest.fixture
def view(typed_result):
    """Of a result that nobody asked for its descriptors before."""
    return winner_view(replace(typed_result, seconds=1.0))


def test_they_are_offered_in_words_and_computed_only_when_asked_for(view):
    labels = [choice.label for choice in color_choices(view)]
    for wanted in (
        "junction distance",
        "spacing",
        "curvature 200nm",
        "wall density 100nm",
        "slope",
    ):
        assert wanted in labels
    assert "orientation" not in labels  # offered as the direction of the wall
    assert descriptor_values(view, JUNCTION) is None
    before = color_points(view, JUNCTION)
    assert (before.high, set(before.index)) == ("is computed", {0})
    start_descriptors(view.result).wait()
    values, unit = descriptor_values(view, JUNCTION)
    assert unit == "m"
    np.testing.assert_array_equal(
        values, wall_descriptors(view.result).columns["junction_distance_m"]
    )
    after = color_points(view, JUNCTION)
    assert after.high.endswith(("nm", "µm"))
    far = np.nanargmax(values)
    assert after.index[far] == after.index.max() > after.index[np.nanargmin(values)]


def test_what_is_not_defined_on_the_scan_is_offered_no_more_once_that_is_known(view):
    wall_descriptors(view.result)
    offered = {key.removeprefix(DESCRIPTOR) for key, _ in descriptor_choices(view)}
    columns = wall_descriptors(view.result).columns
    assert all(np.isfinite(columns[name]).any() for name in offered)
    assert "frequency_shift_hz" not in offered  # the surface has no such channel
    density, unit = descriptor_values(view, DESCRIPTOR + "wall_density_100nm_per_m")
    assert unit == "1/µm"
    assert 0.1 < np.nanmedian(density) < 100


@pytest.mark.gui
def test_the_panel_colours_the_points_when_they_are_there(found, qtbot):
    panel = found.latent_panel
    panel.color_by(JUNCTION)
    qtbot.waitUntil(lambda: panel.scale.text() != "" and "computed" not in panel.scale.text())
    assert panel.colors.currentData() == JUNCTION
    values, _ = descriptor_values(panel._view, JUNCTION)
    index = color_points(panel._view, JUNCTION).index
    known = np.isfinite(values)
    assert np.corrcoef(index[known], np.argsort(np.argsort(values[known])))[0, 1] > 0.8
    assert "descriptor:frequency_shift_hz" not in [
        panel.colors.itemData(i) for i in range(panel.colors.count())
    ]
