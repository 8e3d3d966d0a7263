"""A person changes types: what moves, what follows, what stays."""

import html
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import InputError
from corescout.edits import correct, merge, recolor, rename, set_hidden, split
from corescout.pipeline import apply
from corescout.report.html import report_html
from corescout.runs import read_run, write_run


def is_consistent(result):
    """Core points and targets are of the types of their points; each type has a component."""
    types = result.types
    assert set(types.numbers) == set(np.unique(types.of_point))
    assert set(np.unique(result.type_of_component)) == set(types.numbers)
    np.testing.assert_array_equal(result.core_points.type, types.of_point[result.core_points.index])
    places = dict(zip(map(tuple, result.patches.center_yx_px), types.of_point, strict=True))
    for target in result.targets:
        assert places[target.yx_px] == target.type
    shown = set(types.numbers) - types.hidden
    assert {t.type for t in result.targets} <= shown
    return True


def some_of(result, number, count):
    """Points of a type, those with the largest first code."""
    rows = result.types.rows(number)
    return rows[np.argsort(-result.fit.latents.mean[rows, 0])[:count]]


def test_the_types_of_a_fresh_result_are_the_mixtures(typed_result):
    assert typed_result.edited_types is None
    component = typed_result.mixture.assign(typed_result.fit.latents.mean).argmax(axis=1)
    np.testing.assert_array_equal(
        typed_result.types.of_point, typed_result.type_of_component[component]
    )
    assert typed_result.types.numbers == (1, 2, 3)
    assert is_consistent(typed_result)


def test_a_name_is_a_name_and_no_point_moves(typed_result):
    named = rename(typed_result, 2, "  needle   walls ")
    assert named.types.name(2) == "needle walls"
    assert named.core_points.type_names[1] == "needle walls"
    np.testing.assert_array_equal(named.types.of_point, typed_result.types.of_point)
    assert named.targets == typed_result.targets
    assert typed_result.types.name(2) == "type 2", "the result from before is as it was"


@pytest.mark.parametrize("name", ["", "  ", "type 1"])
def test_an_empty_or_taken_name_is_refused(typed_result, name):
    with pytest.raises(InputError, match="no other type has"):
        rename(typed_result, 2, name)


def test_another_colour_computes_nothing_of_the_points_anew(typed_result):
    known = ("probabilities", "likely", "component", "mahalanobis2")
    before = {name: getattr(typed_result.typed, name) for name in known}
    red = recolor(typed_result, 1, "#ff0000")
    fresh = replace(typed_result, edited_types=red.types)
    for name, values in before.items():
        assert getattr(red.typed, name) is values
        np.testing.assert_array_equal(getattr(fresh.typed, name), values)
    np.testing.assert_array_equal(red.in_latent_space.component, fresh.in_latent_space.component)


def test_a_colour_is_kept_and_given_back(typed_result):
    red = recolor(typed_result, 1, "#ff0000")
    assert red.types.colors == {1: "#ff0000"}
    assert recolor(red, 1, None).types.colors == {}
    with pytest.raises(InputError, match="#rrggbb"):
        recolor(typed_result, 1, "red")


def test_a_hidden_type_gets_no_targets(typed_result):
    assert any(t.type == 1 for t in typed_result.targets)
    hidden = set_hidden(typed_result, 1, True)
    assert is_consistent(hidden)
    assert not any(t.type == 1 for t in hidden.targets)
    assert hidden.targets, "the others keep theirs"
    assert set_hidden(hidden, 1, False).targets == typed_result.targets


def test_merged_types_are_one_with_the_number_of_the_first(typed_result):
    merged = merge(typed_result, 1, [3])
    assert merged.types.numbers == (1, 2)
    assert merged.n_types == 2
    assert merged.types.count(1) == typed_result.types.count(1) + typed_result.types.count(3)
    assert list(merged.type_of_component).count(1) == 2, "both components stay"
    assert is_consistent(merged)
    with pytest.raises(InputError, match="two types"):
        merge(typed_result, 1, [1])


def test_merging_the_lowest_number_away_leaves_a_gap(typed_result):
    merged = merge(typed_result, 3, [1])
    assert merged.types.numbers == (2, 3)
    assert is_consistent(merged)


def test_split_takes_exactly_the_points_that_were_drawn_around(typed_result):
    rows = some_of(typed_result, 1, 15)
    parted = split(typed_result, rows, "bright ones")
    assert parted.types.name(4) == "bright ones"
    np.testing.assert_array_equal(parted.types.rows(4), np.sort(rows))
    others = np.setdiff1d(np.arange(len(parted.patches)), rows)
    np.testing.assert_array_equal(
        parted.types.of_point[others], typed_result.types.of_point[others]
    )
    assert is_consistent(parted)
    assert set(parted.core_points.type) == {1, 2, 3, 4}


def test_a_split_type_is_found_again_by_its_component(typed_result, rng):
    plant = planted(typed_result, rng)
    rows = np.flatnonzero(plant.truth == 2)
    parted = split(plant.result, rows)
    by_mixture = parted.type_of_component[parted.mixture.component_of(parted.codes)]
    assert np.mean(by_mixture[rows] == 3) > 0.9
    assert np.isclose(parted.mixture.weights.sum(), 1)


def test_a_whole_type_split_off_leaves_no_empty_type(typed_result):
    rows = typed_result.types.rows(3)
    assert split(typed_result, rows).types.numbers == (1, 2, 4)


@pytest.mark.parametrize("rows", [[], "all", [99_999]])
def test_a_split_of_nothing_or_everything_is_refused(typed_result, rows):
    with pytest.raises(InputError):
        split(typed_result, np.arange(len(typed_result.patches)) if rows == "all" else rows)


def test_three_points_on_a_line_still_make_a_type(typed_result):
    parted = split(typed_result, some_of(typed_result, 2, 3))
    assert np.all(np.linalg.eigvalsh(parted.mixture.covariances) > 0)
    assert is_consistent(parted)


def test_a_corrected_point_is_what_it_was_called_and_stays_it(typed_result):
    wrong = some_of(typed_result, 1, 4)
    once = correct(typed_result, wrong, 2)
    assert (once.types.of_point[wrong] == 2).all()
    twice = correct(once, some_of(once, 3, 2), 1)
    assert (twice.types.of_point[wrong] == 2).all()
    assert twice.types.by_hand.sum() == 6
    assert is_consistent(twice)


def test_a_few_corrections_move_the_others_towards_the_truth(rng, typed_result):
    """Two clusters cut at the wrong place by the mixture; six points of 400 are corrected."""
    result = planted(typed_result, rng)
    truth = result.truth
    before = np.mean(result.result.types.of_point == truth)
    wrong = np.flatnonzero(result.result.types.of_point != truth)
    chosen = rng.choice(wrong, 6, replace=False)
    better = correct(result.result, chosen, 1)
    rest = np.setdiff1d(np.arange(len(truth)), chosen)
    after = np.mean(better.types.of_point[rest] == truth[rest])
    assert before < 0.8
    assert after > 0.95


class planted:  # noqa: N801
    def __init__(self, base, rng):
        n = len(base.patches)
        self.truth = np.where(np.arange(n) < n * 0.6, 1, 2)
        centre = np.where(self.truth[:, None] == 1, [-2.0, 0.0], [2.0, 0.0])
        z = centre + rng.normal(size=(n, 2)) * [0.8, 1.0]
        fit = replace(base.fit, latents=replace(base.fit.latents, mean=z))
        mixture = replace(
            base.mixture,
            weights=np.array([0.3, 0.7]),
            means=np.array([[-3.2, 0.0], [0.5, 0.0]]),
            covariances=np.stack([np.eye(2) * 0.5, np.diag([4.0, 1.0])]),
            responsibilities=np.full((n, 2), 0.5),
            seen=np.arange(n),
        )
        self.result = replace(
            base, fit=fit, mixture=mixture, type_of_component=np.array([1, 2]), edited_types=None
        )


def test_edited_types_come_back_from_the_run_folder(typed_result, tmp_path):
    edited = set_hidden(
        recolor(rename(split(typed_result, [0, 1, 2, 9]), 4, "Ω"), 2, "#123456"), 3, True
    )
    back = read_run(write_run(edited, tmp_path / "run"))
    assert back.types.looks == edited.types.looks
    np.testing.assert_array_equal(back.types.of_point, edited.types.of_point)
    np.testing.assert_array_equal(back.types.by_hand, edited.types.by_hand)
    assert read_run(write_run(typed_result, tmp_path / "plain")).edited_types is None


def test_the_report_shows_the_names_and_colours_that_were_chosen(typed_result):
    edited = recolor(rename(merge(typed_result, 3, [1]), 3, "Ω"), 2, "#123456")
    page = report_html(edited)
    assert "Ω" in page
    assert "#123456" in page
    for note in edited.notes:  # what the search said of its own types, by number
        page = page.replace(html.escape(note), "")
    assert "type 1" not in page


def test_edited_types_go_with_the_representation_to_another_scan(typed_result, surface):
    edited = rename(merge(typed_result, 2, [1]), 2, "stripes")
    there = apply(edited, surface.scan)
    assert there.types.looks == edited.types.looks
    assert "stripes" in there.why
    assert not there.types.by_hand.any()
    assert is_consistent(there)
