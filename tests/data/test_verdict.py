"""One verdict for window, command line, report, library and notebook."""

from dataclasses import replace

import pytest

from corescout.data import EvidenceCheck, ShownPlaces
from corescout.data.wanted_scan import wanted_scan
from corescout.interactive.views import result_html, summary
from corescout.report.html import report_html


@pytest.fixture
def claimed(typed_result):
    return replace(typed_result, evidence=replace(typed_result.evidence, has_types=True))


@pytest.fixture
def possible(typed_result):
    unclaimed = replace(typed_result.evidence, has_types=False, grade="possible zones")
    return replace(typed_result, evidence=unclaimed)


def test_types_that_are_claimed_are_counted(claimed):
    verdict = claimed.verdict
    assert verdict.headline == f"{len(claimed.types.numbers)} types"
    assert verdict.next_action.startswith("measure at the targets")
    assert verdict.found


def test_possible_types_ask_for_a_few_measurements(possible):
    verdict = possible.verdict
    assert verdict.summary == (
        f"{len(possible.types.numbers)} possible types, shown at their places;"
        " measure a few of each to confirm."
    )
    assert not verdict.found


def test_what_may_be_the_microscope_asks_for_a_reversed_scan(possible):
    drifting = replace(possible, evidence=replace(possible.evidence, grade="drift"))
    assert "or a drift of the microscope" in drifting.verdict.headline
    assert "slow axis reversed" in drifting.verdict.next_action
    assert not drifting.verdict.found
    assert drifting.worth == "possible types (drift)"


def test_types_that_another_image_denies_are_not_to_be_measured_as_such(possible):
    check = EvidenceCheck("repeat", "again.ibw", False, 0.0, 0.0, 1.0, 40.0)
    denied = replace(possible, evidence=replace(possible.evidence, checks=(check,)))
    assert "which another image does not show at these places" in denied.verdict.headline
    assert "confirm" not in denied.verdict.next_action
    assert denied.worth == "possible types (possible zones, denied)"
    assert wanted_scan(denied) is None


def test_no_further_scan_is_wanted_of_types_that_do_not_keep_to_places(possible):
    kept = ShownPlaces(0.3, 0.05, 0.002, True, (26.0, 52.0))
    asked = replace(possible.evidence, correlation_lengths=30.0, shown=kept)
    assert wanted_scan(replace(possible, evidence=asked)).way == "repeat"
    spread = replace(asked, shown=replace(kept, agreement=0.0, keep_to_places=False))
    assert wanted_scan(replace(possible, evidence=spread)) is None


def test_figures_stand_under_why(claimed, possible):
    for result in (claimed, possible):
        text = str(result.verdict)
        assert text.splitlines()[1] == f"Why: {result.why}"
        assert "ARI" not in text.splitlines()[0]


def test_an_applied_result_says_where_its_types_are_from(quick_result, surface):
    from corescout.pipeline import apply

    verdict = apply(quick_result, surface.scan).verdict
    assert "an earlier exploration" in verdict.headline
    assert "explore this scan by itself" in verdict.next_action


def test_a_person_who_merges_types_changes_the_headline(claimed):
    from corescout.edits import merge

    before = claimed.types.numbers
    merged = merge(claimed, before[0], before[1:2])
    assert merged.verdict.headline == f"{len(before) - 1} types"


def test_every_reader_shows_the_same(possible, monkeypatch):
    monkeypatch.setattr("corescout.report.html.FIGURES", {})
    verdict = possible.verdict
    for page in (report_html(possible), result_html(possible)):
        assert f"<b>{verdict.headline}.</b> Next: {verdict.next_action}." in page
    assert summary(possible).startswith(str(verdict))
