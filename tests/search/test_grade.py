"""What one image can say: the grade, the drift, the size of a scan that would decide."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from benchmarks.truth.zones import PLAN
from corescout.data import Evidence
from corescout.pipeline import explore
from corescout.plan import DecisionPlan, Plan
from corescout.preparation import prepare
from corescout.rewards.stability import adjusted_rand
from corescout.search.grade import CODE_TREND, code_trend, grade_in_words, graded, steady_shares
from corescout.surfaces import Imaging
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import measure
from corescout.surfaces.nulls import null_surface

ASKED = DecisionPlan()
CLAIMED = Evidence(0.05, 3.0, (0.0,) * 19, True, "evidence", 0.4, 0.1, True)
APART = replace(CLAIMED, has_types=False)
ALIKE = replace(APART, keeps_to_places=False)


@pytest.fixture(scope="module")
def prepared(surface):
    return prepare(surface.scan, Plan.preset("live"))


def with_context(prepared, context):
    return replace(prepared, context=np.asarray(context, float))


def steady(prepared, rng):
    yx = np.asarray(prepared.keypoints.yx_px)
    slopes = rng.normal(size=(2, 4)) / np.ptp(yx, axis=0)[:, None]
    return yx @ slopes + 0.1 * rng.normal(size=(len(yx), 4))


def patchy(prepared, rng):
    cell = (np.asarray(prepared.keypoints.yx_px) // 40).astype(int)
    return rng.normal(size=(20, 20, 4))[cell[:, 0], cell[:, 1]]


def after_a_line(prepared, rng, share=0.12):
    """All descriptors are others from a row on, as after a change of the tip."""
    y = np.asarray(prepared.keypoints.yx_px)[:, 0]
    late = y > np.quantile(y, share)
    return 3.0 * late[:, None] + rng.normal(size=(len(y), 4))


def there_and_back(prepared, rng):
    y = np.asarray(prepared.keypoints.yx_px)[:, 0]
    bands = np.cos(4 * np.pi * (y - y.min()) / np.ptp(y))
    return 3.0 * bands[:, None] + rng.normal(size=(len(y), 4))


def test_a_plane_explains_what_changes_steadily_and_not_patches(prepared, rng):
    yx = np.asarray(prepared.keypoints.yx_px)
    assert steady_shares(steady(prepared, rng), yx)[0] > 0.9
    assert max(steady_shares(patchy(prepared, rng), yx)) < 0.5
    assert np.isnan(steady_shares(np.zeros((5, 4)), yx[:5])).all()


def test_a_trend_over_the_rows_explains_what_changes_at_a_line(prepared, rng):
    yx = np.asarray(prepared.keypoints.yx_px)
    plane, trend = steady_shares(after_a_line(prepared, rng), yx)
    assert plane < 0.5 < trend
    assert max(steady_shares(there_and_back(prepared, rng), yx)) < 0.5
    across = steady_shares(after_a_line(prepared, rng), yx[:, ::-1])
    assert across[1] < 0.5, "columns are no time"


def test_a_change_of_the_tip_at_a_line_is_no_claim(prepared, rng):
    found = graded(CLAIMED, with_context(prepared, after_a_line(prepared, rng)), ASKED)
    assert found.grade == "drift"
    assert not found.has_types
    assert f"a trend from row to row explains {found.trend_share:.0%}" in grade_in_words(
        found, 1e-6
    )


def test_a_drift_is_no_claim_whatever_the_tests_say(prepared, rng):
    found = graded(CLAIMED, with_context(prepared, steady(prepared, rng)), ASKED)
    assert found.grade == "drift"
    assert not found.has_types
    assert not found.p_value <= ASKED.significance
    assert found.reason.startswith("no evidence of separate types beyond a drift")


@pytest.mark.parametrize(
    ("evidence", "grade"),
    [(CLAIMED, "distinct"), (APART, "possible zones"), (ALIKE, "one pattern")],
)
def test_each_outcome_has_its_grade(prepared, rng, evidence, grade):
    found = graded(evidence, with_context(prepared, patchy(prepared, rng)), ASKED)
    assert found.grade == grade
    assert found.has_types == evidence.has_types
    assert found.correlation_lengths > 5


def test_one_pattern_does_not_drift_away_from_nothing(prepared, rng):
    found = graded(ALIKE, with_context(prepared, steady(prepared, rng)), ASKED)
    assert found.grade == "one pattern"


def test_where_no_evidence_is_asked_there_is_no_grade(prepared):
    paper = Plan.preset("paper").decision
    found = graded(CLAIMED, prepared, paper)
    assert found == CLAIMED
    assert grade_in_words(found, 1e-6) == ""


def test_the_size_that_would_decide_is_a_number_to_act_on():
    small = replace(APART, grade="possible zones", correlation_lengths=8.0)
    text = grade_in_words(small, 2e-6)
    assert "8 correlation lengths" in text
    assert "2.5 times the side (5 µm)" in text
    assert "um" not in grade_in_words(small, None)
    wide = grade_in_words(replace(small, correlation_lengths=25.0), 2e-6)
    assert "25 correlation lengths" in wide
    assert "too few" not in wide


def codes_of(prepared, rng, what, share):
    """Codes of six dimensions, one of which holds a share of its variance in something."""
    z = rng.normal(size=(len(prepared.keypoints), 6))
    z[:, 2] = np.sqrt(share) * (what - what.mean()) / what.std() + np.sqrt(1 - share) * z[:, 2]
    return z @ rng.normal(size=(6, 6))  # in no direction of its own


def test_a_direction_of_the_codes_that_tells_the_row_is_time_and_zones_are_not(prepared, rng):
    yx = np.asarray(prepared.keypoints.yx_px)
    change_of_tip = (yx[:, 0] > np.quantile(yx[:, 0], 0.7)).astype(float)
    told = {
        "tip": code_trend(codes_of(prepared, rng, change_of_tip, 0.8), yx),
        "blunting": code_trend(codes_of(prepared, rng, yx[:, 0], 0.7), yx),
        "columns": code_trend(codes_of(prepared, rng, yx[:, 1], 0.7), yx),
        "diagonal": code_trend(codes_of(prepared, rng, yx.sum(axis=1), 0.7), yx),
        "patches": code_trend(codes_of(prepared, rng, patchy(prepared, rng)[:, 0], 0.8), yx),
    }
    assert min(told["tip"], told["blunting"]) > CODE_TREND
    assert max(told["columns"], told["diagonal"], told["patches"]) < 0.75 * CODE_TREND
    assert np.isnan(code_trend(np.zeros((5, 2)), yx[:5]))


def test_codes_that_tell_the_row_are_no_claim(prepared, rng):
    yx = np.asarray(prepared.keypoints.yx_px)
    changed = with_context(prepared, patchy(prepared, rng))
    told = codes_of(prepared, rng, yx[:, 0], 0.8)
    found = graded(CLAIMED, changed, ASKED, told, yx)
    assert found.grade == "drift"
    assert not found.has_types
    assert f"codes follow the row {found.code_trend:.0%} more than the column" in grade_in_words(
        found, 1e-6
    )
    assert graded(CLAIMED, changed, ASKED, told[:, ::-1], yx[:, ::-1]).grade == "distinct"
    assert graded(ALIKE, changed, ASKED, told, yx).grade == "one pattern"


def test_types_that_part_at_a_jump_of_the_rows_are_a_drift_at_most():
    """One labyrinth whose tip and level change at one row: a jump is masked there."""
    surface = null_surface("labyrinth", 902, (256, 256), imaging=Imaging(noise=0.01))
    response = np.asarray(surface.response, float)
    later = 1.6 * gaussian_filter(response, 2.5)
    jumped = np.where(np.arange(256)[:, None] < 170, response, later)
    scan = measure(
        Domains(jumped, np.zeros(jumped.shape)), Imaging(noise=0.01), 8e-9, 1,
        np.random.default_rng(1),
    )  # fmt: skip
    result = explore(scan, PLAN, workers=1)
    assert result.line_faults.masked[168:173].any()
    upper = np.asarray(result.patches.center_yx_px)[:, 0] < 170
    kinds = result.types.of_point
    assert result.n_types > 1
    assert adjusted_rand(kinds, upper.astype(np.int64)) > 0.3, "they part there"
    assert result.evidence.grade == "drift"
    assert not result.evidence.has_types
