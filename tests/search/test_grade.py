"""What one image can say: the grade, the drift, the size of a scan that would decide."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Evidence
from corescout.plan import DecisionPlan, Plan
from corescout.preparation import prepare
from corescout.search.grade import grade_in_words, graded, steady_shares

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
