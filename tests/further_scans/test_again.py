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
from corescout.surfaces import generate_family
from corescout.surfaces.nulls import null_surface


@pytest.fixture(scope="module")
def wide():
    """A response of several types, twice as wide as a scan."""
    shape = (SIDE_PX, 2 * SIDE_PX)
    return np.asarray(generate_family("voronoi", 7204, shape, imaging=CLEAN).response, float)


@pytest.fixture(scope="module")
def here(wide):
    return wide[:, :SIDE_PX]


@pytest.fixture(scope="module")
def found(here):
    return explore(scanned(here, CLEAN, 1), PLAN, workers=1)


@pytest.fixture(scope="module")
def repeat(here):
    scan = scanned(here, CLEAN, 2)
    return FurtherScan(replace(scan, uid="again", source="again.ibw"))


def test_a_repeat_raises_the_grade_and_taking_it_away_brings_it_back(found, repeat, tmp_path):
    told = []
    raised = with_further(found, [repeat], on_scan=lambda i, each: told.append((i, each.source)))
    assert told == [(0, "again.ibw")]
    assert (found.evidence.grade, raised.evidence.grade) == ("possible zones", "zones")
    assert raised.verdict.found
    assert "Zones: the types keep to their own places" in raised.why
    assert "Possible zones" not in raised.why
    assert "no evidence of separate types in this scan" not in raised.why
    assert raised.evidence.alone == found.evidence
    read = read_run(write_run(raised, tmp_path / "run")).evidence
    assert repr(read) == repr(raised.evidence)  # NaN is not equal to itself
    assert without_further(raised, "another.ibw").evidence == raised.evidence
    back = without_further(raised, "again.ibw")
    assert back.evidence == found.evidence
    assert back.why == found.why
    assert back.types is not None
    np.testing.assert_array_equal(back.types.of_point, found.types.of_point)


def test_the_same_scan_counts_once_and_a_person_says_what_it_is(found, repeat):
    twice = with_further(with_further(found, [repeat]), [replace(repeat, way="reversed")])
    (check,) = twice.evidence.checks
    assert (check.kind, check.found) == ("reversed", True)
    assert "time" in check.excludes


def test_what_a_person_calls_another_area_is_looked_at_by_itself(found, wide):
    beside = scanned(wide[:, SIDE_PX:], CLEAN, 3)  # its file says the same place
    area = FurtherScan(replace(beside, uid="beside"), "area")
    (check,) = with_further(found, [area]).evidence.checks
    assert (check.kind, check.found) == ("area", True)


def test_a_denial_withdraws_the_claim(found, repeat):
    raised = with_further(found, [repeat])
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


def test_it_stops_between_scans_and_refuses_one_type(found, repeat):
    stop = threading.Event()

    def stop_at_once(number, each):
        stop.set()

    with pytest.raises(StoppedError):
        with_further(found, [repeat, repeat], on_scan=stop_at_once, stop=stop)
    alone = replace(found, type_of_component=np.ones_like(found.type_of_component))
    with pytest.raises(InputError, match="one type"):
        with_further(alone, [repeat])


def test_the_scan_that_would_settle_it_is_named(found, repeat):
    first = wanted_scan(found)
    assert first is not None
    assert (first.way, first.size_m) == ("repeat", found.scan.frame.size_m)
    narrow = replace(found, evidence=replace(found.evidence, correlation_lengths=10.0))
    wider = wanted_scan(narrow)
    side_um = 2 * found.scan.frame.size_m[0] * 1e6
    assert wider.way == "area"
    assert f"{side_um:.3g} × {side_um:.3g} µm" in str(wider)
    assert wanted_scan(with_further(found, [repeat])) is None


def test_a_drift_asks_for_the_slow_axis_reversed_first():
    surface = null_surface("labyrinth", 902, (SIDE_PX, SIDE_PX), imaging=CLEAN)
    result = explore(scanned(np.asarray(surface.response, float), FADING, 1), PLAN, workers=1)
    assert result.evidence.grade == "drift"
    assert wanted_scan(result).way == "reversed"
    check = EvidenceCheck("reversed", "r", True, 0.3, 0.01, 0.01, 40.0)
    evidence = replace(result.evidence, grade="possible zones", checks=(check,))
    after = replace(result, evidence=replace(evidence, alone=result.evidence))
    assert wanted_scan(after) is None or wanted_scan(after).way != "reversed"
