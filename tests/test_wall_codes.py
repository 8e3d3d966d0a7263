"""Codes from wall descriptors: what turns, what is undefined, and a search that they win."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate, Keypoints
from corescout.pipeline import explore
from corescout.plan import KeypointPlan, Plan
from corescout.preparation import prepare
from corescout.runs import read_run, write_run
from corescout.search.tasks import Task
from corescout.transfer import transfer
from corescout.wall_codes import FEATURES, encode_wall_codes, fit_wall_codes, wall_features

LENGTHS = {name for name in FEATURES if name.endswith(("_m", "_per_m"))}
ALONE = Plan.preset(
    "live", invariances=(), baselines=("descriptors",), windows_px=(9, 13),
    decision={"seeds": 1, "finalists": 1, "null_surrogates": 2},
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared(surface):
    return prepare(surface.scan, ALONE)


@pytest.fixture(scope="module")
def result(surface):
    return explore(surface.scan, ALONE, workers=1)


def test_a_turned_scan_has_the_same_codes(prepared):
    """But for the points where walls that are thinned anew meet or end elsewhere."""
    image, places = prepared.images[0], np.asarray(prepared.keypoints.yx_px)
    found = wall_features(image, prepared.keypoints, 10e-9, KeypointPlan())
    last = image.shape[1] - 1
    turned_places = np.stack([last - places[:, 1], places[:, 0]], axis=1)
    turned = Keypoints(turned_places, np.zeros(len(places)), prepared.keypoints.source)
    weights = fit_wall_codes(found, 2)
    again = wall_features(np.rot90(image).copy(), turned, 10e-9, KeypointPlan())
    here, there = encode_wall_codes(found, weights), encode_wall_codes(again, weights)
    for k in range(2):
        assert np.corrcoef(here[:, k], there[:, k])[0, 1] > 0.85
        assert np.median(np.abs(here[:, k] - there[:, k])) < 0.1


def test_codes_have_unit_variance_and_what_is_undefined_counts_as_the_median(prepared):
    found = wall_features(prepared.images[0], prepared.keypoints, 10e-9, KeypointPlan())
    assert np.isnan(found).any()
    weights = fit_wall_codes(found, 3)
    z = encode_wall_codes(found, weights)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-4)
    assert np.abs(np.corrcoef(z, rowvar=False) - np.eye(3)).max() < 1e-3
    column = FEATURES.index("width_m")
    unknown, middle = found.copy(), found.copy()
    unknown[:, column], middle[:, column] = np.nan, np.nanmedian(found[:, column])
    np.testing.assert_allclose(
        encode_wall_codes(unknown, weights), encode_wall_codes(middle, weights), atol=1e-4
    )


def test_without_a_scale_no_length_counts(prepared):
    found = wall_features(prepared.images[0], prepared.keypoints, None, KeypointPlan())
    weights = fit_wall_codes(found, 2)
    lengths = [FEATURES.index(name) for name in sorted(LENGTHS)]
    assert (weights["components"][:, lengths] == 0).all()
    assert np.isfinite(encode_wall_codes(found, weights)).all()
    assert np.ptp(encode_wall_codes(found, weights)[:, 0]) > 1


def test_points_of_which_nothing_is_known_collapse():
    nothing = np.full((80, len(FEATURES)), np.nan)
    assert (encode_wall_codes(nothing, fit_wall_codes(nothing, 2)) == 0).all()


def test_there_is_one_candidate_for_each_number_of_dimensions():
    plan = Plan.preset("live", windows_px=(7, 13, 31), latent_dims=(2, 3),
                       baselines=("descriptors", "pca"))  # fmt: skip
    found = [c for c in plan.candidates(("a",)) if c.kind == "descriptors"]
    assert [(c.window_px, c.latent_dim) for c in found] == [(13, 2), (13, 3)]
    assert "wall descriptors" in found[0].label


def test_the_name_of_a_trial_says_how_walls_are_found():
    other = ALONE.changed("keypoints.smoothing_px", 2.5)
    for kind, differ in (("descriptors", True), ("pca", False)):
        candidate = Candidate(13, channels=("a",), kind=kind)
        keys = {Task(plan, (candidate,)).key("of the data") for plan in (ALONE, other)}
        assert (len(keys) == 2) == differ


def test_the_pitch_is_part_of_the_data(prepared):
    data = prepared.trial_data
    assert data.pitch_m == pytest.approx(prepared.grid.pitch_m)
    assert type(data).from_bytes(data.to_bytes()).digest == data.digest
    assert replace(data, pitch_m=1e-9).digest != data.digest


def test_they_win_alone_are_tested_and_read_again(result, tmp_path, surface):
    assert result.winner.kind == "descriptors"
    assert len(result.evidence.null_gains) in (0, 2)  # none where the places settle it
    write_run(result, tmp_path / "a.corescout")
    known = read_run(tmp_path / "a.corescout")
    np.testing.assert_array_equal(known.fit.latents.mean, result.fit.latents.mean)
    there = transfer(known.representation, surface.scan)
    np.testing.assert_allclose(there.fit.latents.mean, result.fit.latents.mean, atol=1e-5)
    np.testing.assert_allclose(there.z, result.codes, atol=1e-5)
