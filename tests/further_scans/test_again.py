"""Further scans that come after the result: the grade follows, and goes back when they go."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.truth.zones import CLEAN, FADING, PLAN, SIDE_PX, scanned
from corescout.data import EvidenceCheck, InputError, StoppedError
from corescout.data.wanted_scan import wanted_scan
from corescout.further_scans import FurtherScan, with_further, without_further
from corescout.pipeline import explore
from corescout.runs import read_run, write_run
from corescout.surfaces.nulls import null_surface


@pytest.fixture(scope="module")
def repeat(left_half):
    scan = scanned(left_half, CLEAN, 2)
    return FurtherScan(replace(scan, uid="again", source="again.ibw"))


def test_a_repeat_raises_the_grade_and_taking_it_away_brings_it_back(half_result, repeat, tmp_path):
    told = []
    raised = with_further(
        half_result, [repeat], on_scan=lambda i, each: told.append((i, each.source))
    )
    assert told == [(0, "again.ibw")]
    assert (half_result.evidence.grade, raised.evidence.grade) == ("possible zones", "zones")
    assert raised.verdict.found
    assert "Zones: the types keep to their own places" in raised.why
    assert "Possible zones" not in raised.why
    assert "no evidence of separate types in this scan" not in raised.why
    assert raised.evidence.alone == half_result.evidence
    read = read_run(write_run(raised, tmp_path / "run")).evidence
    assert repr(read) == repr(raised.evidence)  # NaN is not equal to itself
    assert without_further(raised, "another.ibw").evidence == raised.evidence
    back = without_further(raised, "again.ibw")
    assert back.evidence == half_result.evidence
    assert back.why == half_result.why
    assert back.types is not None
    np.testing.assert_array_equal(back.types.of_point, half_result.types.of_point)


def test_the_same_scan_counts_once_and_a_person_says_what_it_is(half_result, repeat):
    twice = with_further(with_further(half_result, [repeat]), [replace(repeat, way="reversed")])
    (check,) = twice.evidence.checks
    assert (check.kind, check.found) == ("reversed", True)
    assert "time" in check.excludes


def test_what_a_person_calls_another_area_is_looked_at_by_itself(half_result, wide_sample):
    beside = scanned(wide_sample[:, SIDE_PX:], CLEAN, 3)  # its file says the same place
    area = FurtherScan(replace(beside, uid="beside"), "area")
    (check,) = with_further(half_result, [area]).evidence.checks
    assert (check.kind, check.found) == ("area", True)


def test_a_denial_withdraws_the_claim(half_result, repeat):
    raised = with_further(half_result, [repeat])
    other = null_surface("noise", 3, (SIDE_PX, SIDE_PX), imaging=CLEAN)
    denying = FurtherScan(
        replace(scanned(np.asarray(other.response, float), CLEAN, 9), uid="denies", source=""),
        "repeat",
    )
    denied = with_further(raised, [denying])
    assert [c.found for c in denied.evidence.checks] == [True, False]
    assert not denied.evidence.has_types
    assert denied.evidence.grade == "possible zones"
    assert "does not show them at these places" in denied.why
    assert wanted_scan(denied) is None
    assert without_further(denied, "denies").evidence.grade == "zones"


def test_it_stops_between_scans_and_refuses_one_type(half_result, repeat):
    stop = threading.Event()

    def stop_at_once(number, each):
        stop.set()

    with pytest.raises(StoppedError):
        with_further(half_result, [repeat, repeat], on_scan=stop_at_once, stop=stop)
    alone = replace(half_result, type_of_component=np.ones_like(half_result.type_of_component))
    with pytest.raises(InputError, match="one type"):
        with_further(alone, [repeat])


def test_the_scan_that_would_settle_it_is_named(half_result, repeat):
    first = wanted_scan(half_result)
    assert first is not None
    assert (first.way, first.size_m) == ("repeat", half_result.scan.frame.size_m)
    narrow = replace(half_result, evidence=replace(half_result.evidence, correlation_lengths=10.0))
    wider = wanted_scan(narrow)
    side_um = 2 * half_result.scan.frame.size_m[0] * 1e6
    assert wider.way == "area"
    assert f"{side_um:.3g} × {side_um:.3g} µm" in str(wider)
    assert wanted_scan(with_further(half_result, [repeat])) is None


def test_a_drift_asks_for_the_slow_axis_reversed_first():
    surface = null_surface("labyrinth", 902, (SIDE_PX, SIDE_PX), imaging=CLEAN)
    result = explore(scanned(np.asarray(surface.response, float), FADING, 1), PLAN, workers=1)
    assert result.evidence.grade == "drift"
    assert wanted_scan(result).way == "reversed"
    check = EvidenceCheck("reversed", "r", True, 0.3, 0.01, 0.01, 40.0)
    evidence = replace(result.evidence, grade="possible zones", checks=(check,))
    after = replace(result, evidence=replace(evidence, alone=result.evidence))
    assert wanted_scan(after) is None or wanted_scan(after).way != "reversed"
