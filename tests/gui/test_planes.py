"""Types that candidates make together: two planes, two colourings, and points between two types."""

import numpy as np
import pytest

from corescout.gui.canvas.layer_data import TYPES
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.model.candidate_view import CONSENSUS, WINNER
from corescout.gui.steps.types.type_list import POINTS
from corescout.runs import write_run

pytestmark = pytest.mark.gui


@pytest.fixture
def window(explorer, add_scan, qtbot, consensus_result, tmp_path):
    """The explorer with a run whose types candidates make together."""
    add_scan(write_run(consensus_result, tmp_path / "together.corescout"))
    qtbot.waitUntil(lambda: explorer.result is not None)
    qtbot.waitUntil(lambda: not explorer.busy)
    return explorer


def axis(panel, side):
    return panel.plot.getPlotItem().getAxis(side).labelText


def offered(box):
    return [box.itemText(i) for i in range(box.count())]


def test_the_plane_of_the_winner_and_that_of_all_are_offered(window, consensus_result, qtbot):
    panel, result = window.latent_panel, consensus_result
    whose = result.winner.in_nm(result.analysis_pitch_m)
    count = f"{len(result.votes.consensus.voters)} candidates"
    assert offered(panel.plane.planes) == [whose, count]
    assert axis(panel, "bottom") == f"z1 of {whose}"
    np.testing.assert_allclose(panel.plot.shown_codes(), result.fit.codes)
    assert len(panel.plot._ellipses) == result.winner_mixture.n_components

    panel.plane.planes.setCurrentIndex(1)
    assert axis(panel, "bottom") == f"c1 of {count}"
    assert axis(panel, "left") == "c2"
    assert offered(panel.plane.axes[0]) == [f"c{k}" for k in range(1, 7)]
    np.testing.assert_allclose(panel.plot.shown_codes(), result.codes[:, :2])
    assert len(panel.plot._ellipses) == result.mixture.n_components
    panel.plane.axes[1].setCurrentIndex(4)
    np.testing.assert_allclose(panel.plot.shown_codes(), result.codes[:, [0, 4]])
    assert not panel.grid.isEnabled()  # the decoder is the winner's

    panel.plane.planes.setCurrentIndex(0)
    np.testing.assert_allclose(panel.plot.shown_codes(), result.fit.codes)
    assert axis(panel, "left") == "z2"
    assert panel.grid.isEnabled()


def test_a_selection_holds_in_both_planes(window):
    panel = window.latent_panel
    panel.show_plane(CONSENSUS)
    low, high = panel.plot.shown_codes().min(axis=0), panel.plot.shown_codes().max(axis=0)
    middle = (low[0] + high[0]) / 2
    panel.select_inside(
        np.array([[low[0] - 1, low[1] - 1], [middle, low[1] - 1], [middle, high[1] + 1],
                  [low[0] - 1, high[1] + 1]])
    )  # fmt: skip
    rows = panel.selection.rows
    assert 0 < len(rows) < len(window.result.codes)
    assert (window.result.codes[rows, 0] < middle).all()
    panel.show_plane(WINNER)
    np.testing.assert_array_equal(panel.selection.rows, rows)
    np.testing.assert_allclose(panel.plot.ringed_codes(), window.result.fit.codes[rows])


def test_an_edit_keeps_the_plane_that_is_shown(window):
    panel = window.latent_panel
    panel.show_plane(CONSENSUS)
    first, second = window.result.types.numbers[:2]
    window.types_step.list.select_numbers([first, second])
    window.types_step.merge_button.click()
    assert window.result.types.numbers.count(second) == 0
    np.testing.assert_allclose(panel.plot.shown_codes(), window.result.codes[:, :2])
    window.undo_stack.undo()
    np.testing.assert_allclose(panel.plot.shown_codes(), window.result.codes[:, :2])
    assert second in window.result.types.numbers


def test_a_point_between_two_types_is_pale_here_and_there_and_said(window):
    panel, typed = window.latent_panel, window.result.typed
    between = ~typed.likely
    assert 0 < between.sum() < len(between)
    alpha = np.asarray(find_layer(window.viewer, TYPES).face_color)[:, 3]
    assert alpha[between].max() < 0.5 < alpha[~between].min()
    in_plot = panel.plot._points
    np.testing.assert_allclose(in_plot.palette[in_plot.index, 3], alpha)
    row = int(np.flatnonzero(between)[0])
    panel.show_point(row)
    assert typed.type_in_words(row) in panel.text.text()
    assert "between" in panel.text.text()


def test_the_list_says_what_lies_between_and_how_many_motifs_a_type_has(window):
    typed, types = window.result.typed, window.result.types
    told = {n: window.types_step.list.item_of(n).toolTip(POINTS) for n in types.numbers}
    for number, words in told.items():
        between = int((~typed.likely[types.rows(number)]).sum())
        assert (f"{between} between two types" in words) == (between > 0)
        motifs = int((typed.type_of_component == number).sum())
        assert (f"{motifs} motifs" in words) == (motifs > 1)
    assert any("between" in words for words in told.values())
    assert any("motifs" in words for words in told.values())


def test_motifs_and_probabilities_are_colourings_of_both_planes(window):
    panel, typed = window.latent_panel, window.result.typed
    for plane in (WINNER, CONSENSUS):
        panel.show_plane(plane)
        panel.color_by("motif")
        colors = np.array(panel.plot.shown_colors())
        for motif in np.unique(typed.motif):
            assert len(set(colors[typed.motif == motif])) == 1
        assert len(set(colors)) == len(np.unique(typed.motif))
        assert not panel.plot._core.isVisible()  # it would hide what was asked for
        panel.color_by("probability")
        assert panel.scale.text()
        panel.color_by("type")
        assert panel.plot._core.isVisible()
