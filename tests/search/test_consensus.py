"""Types that several candidates make together: in a search, on another scan, back from disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corescout.cores import find_core_points
from corescout.data import (
    Candidate,
    InputError,
    Keypoints,
    Mixture,
    Neighbours,
    ShownPlaces,
    TypedPoints,
)
from corescout.data.typed_points import LIKELY
from corescout.edits import correct, merge
from corescout.library import Library, find_like_type, library_type
from corescout.live.reading.analyst import with_types_of
from corescout.live.reading.novelty import calibrate, novelty
from corescout.mixtures import averaged, fit_mixtures
from corescout.pipeline import apply, explore, save
from corescout.plan import MixturePlan, Plan
from corescout.reading import read_places
from corescout.rewards.stability import adjusted_rand
from corescout.runs import read_run
from corescout.runs.key_points import key_point_table, meaning_of
from corescout.search.consensus import agreed


@pytest.fixture(scope="module")
def together(consensus_result):
    return consensus_result


def test_finalists_and_scattering_vote_and_the_winner_stays(together):
    whose = [v.candidate for v in together.votes.consensus.voters]
    assert [c.kind for c in whose].count("scattering") == 1
    assert together.winner in [replace(c, seed=together.winner.seed) for c in whose]
    assert 2 <= len(whose) <= together.plan["decision"]["finalists"] + 1
    assert together.codes.shape == (len(together.patches), 6)
    assert together.fit.codes.shape == (len(together.patches), 2)
    assert together.winner_mixture.means.shape[1] == 2
    assert f"{len(whose)} candidates together" in together.why


def test_the_same_seed_gives_the_same_types(together, surface):
    again = explore(surface.scan, Plan.model_validate(together.plan), workers=1)
    np.testing.assert_array_equal(again.types.of_point, together.types.of_point)
    np.testing.assert_array_equal(again.codes, together.codes)


def test_the_latent_plane_shows_the_same_types(together):
    shown = together.in_latent_space
    np.testing.assert_array_equal(shown.z, together.fit.codes)
    np.testing.assert_array_equal(shown.types.of_point, together.types.of_point)
    component = shown.mixture.component_of(shown.z)
    for k in np.unique(component):
        kinds = np.asarray(together.types.of_point)[component == k]
        assert shown.type_of_component[k] == np.bincount(kinds).argmax()


def test_a_run_is_read_back_as_it_was(together, tmp_path):
    shown = ShownPlaces(0.3, 0.1, 0.002, True, (16.25, 32.5))
    kept = replace(together, evidence=replace(together.evidence, shown=shown))
    found = read_run(save(kept, tmp_path / "run"))
    assert found.evidence.shown == shown
    np.testing.assert_array_equal(found.types.of_point, together.types.of_point)
    np.testing.assert_allclose(found.typed.probabilities, together.typed.probabilities)
    assert found.votes.consensus.in_words == together.votes.consensus.in_words
    assert found.weights.keys() == together.weights.keys()
    for mine, theirs in zip(
        found.votes.consensus.voters, together.votes.consensus.voters, strict=True
    ):
        assert mine.weights.keys() == theirs.weights.keys()
    there, here = apply(found, together.scan), apply(together, together.scan)
    np.testing.assert_array_equal(there.types.of_point, here.types.of_point)


def test_the_scan_itself_is_read_as_it_was_explored(together):
    there = apply(together, together.scan, keypoints=together.keypoints)
    np.testing.assert_allclose(there.codes, together.codes, atol=0.02)
    assert np.mean(there.types.of_point == together.types.of_point) > 0.99


def test_points_have_the_same_votes_where_another_part_of_the_scan_is_darker(together):
    """Scattering subtracts the grey level of the scan that it was fitted on."""
    scan = together.scan
    darker = np.array(scan.channel())
    darker[:, :40] = darker.min()
    other = replace(scan, channels={**scan.channels, scan.default_channel: darker})
    at = np.asarray(together.keypoints.yx_px)
    far = at[at[:, 1] > 90]
    assert len(far) > 20
    points = Keypoints(far, np.zeros(len(far)), "drawn")
    here = apply(together, scan, keypoints=points).codes
    there = apply(together, other, keypoints=points).codes
    assert np.median(np.abs(here - there)) < 0.01


def test_scattering_of_an_earlier_version_is_refused(together):
    voters = [
        replace(v, weights={k: w for k, w in v.weights.items() if k != "centre"})
        for v in together.votes.consensus.voters
    ]
    votes = replace(
        together.votes, consensus=replace(together.votes.consensus, voters=tuple(voters))
    )
    with pytest.raises(InputError, match=r"expected weights of scattering .*explore the scan"):
        apply(replace(together, votes=votes), together.scan)


def test_the_library_finds_a_type_again(together, tmp_path):
    entry = library_type(together, 1, name="walls")
    Library(tmp_path).add(entry)
    known = Library(tmp_path).get("walls")
    found = find_like_type(known, together.scan, together.keypoints)
    kinds = np.asarray(together.types.of_point)
    assert found.likeness[kinds == 1].mean() > 2 * found.likeness[kinds != 1].mean()


def test_edits_go_on_in_the_space_that_types_are_made_in(together):
    first, second = together.types.numbers[:2]
    merged = merge(together, first, [second])
    assert merged.types.count(first) == together.types.count(first) + together.types.count(second)
    rows = together.types.rows(second)[:5]
    corrected = correct(together, rows, first)
    assert (np.asarray(corrected.types.of_point)[rows] == first).all()
    assert corrected.mixture.means.shape[1] == 6
    adopted = with_types_of(merged, together)
    assert np.mean(adopted.types.of_point == merged.types.of_point) > 0.95


def test_novelty_looks_at_the_winner_alone(together):
    new = novelty(apply(together, together.scan), calibrate(together))
    assert new.share < 0.5


def test_places_are_read_by_the_consensus(together):
    at = np.asarray(together.patches.center_yx_px)
    read = read_places(together, together.scan, at)
    assert adjusted_rand(read.type, np.asarray(together.types.of_point)) > 0.3


def test_the_table_has_the_codes_of_both_planes_and_the_motif(together):
    table = key_point_table(together)
    assert "z2" in table
    assert "z3" not in table
    codes = np.column_stack([table[f"c{k + 1}"] for k in range(6)])
    np.testing.assert_array_equal(codes, together.codes)
    assert meaning_of("c6") == meaning_of("c1") != meaning_of("z1")
    np.testing.assert_array_equal(table["motif"], together.mixture.component_of(together.codes) + 1)


def test_the_paper_keeps_the_winner():
    assert Plan.preset("paper").decision.types == "winner"


def test_an_outlier_among_neighbours_is_of_their_type(points_in_two_halves):
    alone, smoothed = points_in_two_halves
    odd = np.flatnonzero(alone.types.of_point != smoothed.types.of_point)
    np.testing.assert_array_equal(odd, [5])
    assert smoothed.motif[5] == alone.motif[5]
    np.testing.assert_allclose(smoothed.probabilities.sum(axis=1), 1)


def test_a_point_between_two_types_is_said_and_is_no_core_point(points_in_two_halves):
    _, smoothed = points_in_two_halves
    z = np.array(smoothed.z)
    z[14:26] = z[[0, 39] * 6]  # in the middle kinds take turns
    smoothed = replace(smoothed, z=z)
    assert smoothed.likely[:10].all()
    doubted = np.flatnonzero(~smoothed.likely)
    np.testing.assert_array_equal(doubted, np.flatnonzero(smoothed.probability < LIKELY))
    assert len(doubted) > 0
    words = smoothed.type_in_words(int(doubted[0]))
    assert words in ("between type 1 and type 2", "between type 2 and type 1")
    assert smoothed.type_in_words(0) == smoothed.types.name(int(smoothed.types.of_point[0]))
    core = find_core_points(smoothed, 0.9)
    assert not set(doubted.tolist()) & set(core.index.tolist())


def test_three_sigmas_of_a_plane_are_as_rare_in_more_dimensions(rng):
    for dims in (1, 2, 6):
        mixture = Mixture(
            np.ones(1), np.zeros((1, dims)), np.eye(dims)[None], np.zeros((0, 1)), np.zeros(0), 0.0
        )
        far = mixture.beyond(rng.standard_normal((20_000, dims)), 3.0)
        assert far.mean() == pytest.approx(np.exp(-4.5), abs=0.003)
    plane = np.array([[2.99, 0.0], [3.01, 0.0]])
    flat = Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None], np.zeros((0, 1)), np.zeros(0), 0)
    np.testing.assert_array_equal(flat.beyond(plane, 3.0), [False, True])


def test_a_point_without_neighbours_keeps_its_own(rng):
    tau = rng.dirichlet([1, 1, 1], 4)
    apart = np.array([[0.0, 0.0], [0.0, 5.0], [5.0, 0.0], [99.0, 99.0]])
    found = Neighbours(apart, 10.0, 0.8).smoothed(tau)
    np.testing.assert_array_equal(found[3], tau[3])
    weight = np.exp(-np.array([25.0, 25.0]) / 50)
    expected = 0.2 * tau[0] + 0.8 * weight @ tau[1:3] / weight.sum()
    np.testing.assert_allclose(found[0], expected)


@pytest.fixture
def points_in_two_halves(rng):
    """Two types, left and right; one point of the left has a code of the right."""
    x = np.arange(40.0) * 5
    yx = np.column_stack([np.zeros(40), x])
    z = np.where(x < 100, -2.0, 2.0)[:, None] + rng.normal(0, 0.2, (40, 2))
    z[5] += 4.0
    mixture = fit_mixtures([z], [np.ones(40, bool)], MixturePlan(max_components=2), [0])[0][2]
    alone = TypedPoints(z, mixture, np.array([1, 2]))
    return alone, replace(alone, neighbours=Neighbours(yx, 18.0, 0.8))


def test_the_average_of_fits_is_a_mixture_whatever_the_order_of_components(rng):
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    z = np.repeat(centres, 60, axis=0) + rng.normal(0, 0.5, (180, 2))
    fits = [fit_mixtures([z], [np.ones(180, bool)], MixturePlan(), [s])[0][3] for s in range(3)]
    turned = [
        replace(
            m, weights=m.weights[p], means=m.means[p], covariances=m.covariances[p],
            responsibilities=m.responsibilities[:, p],
        )
        for m, p in zip(fits, ([0, 1, 2], [2, 0, 1], [1, 2, 0]), strict=True)
    ]  # fmt: skip
    found = averaged(turned, z)
    assert adjusted_rand(found.component_of(z), np.repeat(np.arange(3), 60)) > 0.98
    np.testing.assert_allclose(found.weights.sum(), 1)
    with pytest.raises(ValueError, match="one K"):
        averaged([fits[0], fit_mixtures([z], [np.ones(180, bool)], MixturePlan(), [0])[0][2]], z)


def test_voters_of_one_scale_each_see_together_what_none_sees_alone(rng, outcome_of_codes):
    """Three types; one candidate tells the first from the others, the other one the last."""
    kinds = np.repeat([0, 1, 2], 80)
    yx = np.column_stack([np.repeat([0.0, 200.0, 400.0], 80), np.tile(np.arange(80) * 7.0, 3)])
    one = np.column_stack([4.0 * (kinds == 0), np.zeros(240)]) + rng.normal(0, 0.5, (240, 2))
    other = np.column_stack([4.0 * (kinds == 2), np.zeros(240)]) + rng.normal(0, 0.5, (240, 2))
    voters = [outcome_of_codes(9, one, yx), outcome_of_codes(13, other, yx)]
    mixture = voters[0].fit.mixtures[2]
    found = agreed(voters, yx, 13, mixture, Plan())
    assert adjusted_rand(np.asarray(found.typed.types.of_point), kinds) > 0.9
    alone = adjusted_rand(mixture.component_of(one), kinds)
    assert alone < 0.7


@pytest.fixture
def outcome_of_codes():
    from corescout.data import Fit, Latents
    from corescout.trial import Outcome

    def make(window_px, z, yx):
        nothing, kept = np.zeros(len(z)), np.ones(len(z), bool)
        mixtures = fit_mixtures([z], [kept], MixturePlan(), [0])[0]
        candidate = Candidate(window_px, "r")
        fit = Fit(
            candidate, Latents(z, np.zeros_like(z)), nothing, nothing, nothing, kept, mixtures, yx,
            np.zeros((len(z), 0)),
        )  # fmt: skip
        return Outcome(candidate, fit, {}, {}, None, 0, 0.0)

    return make
