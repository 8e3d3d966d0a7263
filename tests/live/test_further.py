"""A watch takes later scans as evidence of its types by itself, and says what came of it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.truth.zones import CLEAN, PLAN, SIDE_PX, scanned
from corescout.data import EvidenceCheck
from corescout.gui.steps.instrument.live_rows import row_words
from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import ListSource
from corescout.live.reading.analyst import Analyst
from corescout.live.reading.further import evidence_of, open_kinds, wanted_in_words
from corescout.live.reading.next_scan import trained
from corescout.surfaces.nulls import null_surface
from corescout.whole import read_journal


@pytest.fixture(scope="module")
def known(half_result):
    return trained(half_result)


def named(scan, name):
    return replace(scan, uid=name, source=name)


def test_each_kind_is_asked_until_it_can_tell_and_no_more(known, left_half):
    result = known.result
    assert open_kinds(result.evidence) == {"repeat", "reversed", "turned", "area"}
    found = evidence_of(result, named(scanned(left_half, CLEAN, 2), "again"))
    assert "possible zones becomes zones" in found.words
    assert "not noise or chance" in found.words
    assert found.result.evidence.grade == "zones"
    once_more = evidence_of(found.result, named(scanned(left_half, CLEAN, 3), "and again"))
    assert (once_more.words, once_more.result) == ("", found.result)
    unsure = [EvidenceCheck("area", str(i), None, reason="too few") for i in range(2)]
    tried = replace(result.evidence, checks=tuple(unsure))
    assert "area" not in open_kinds(tried)
    assert "area" in open_kinds(replace(tried, checks=tuple(unsure[:1])))
    assert not open_kinds(replace(result.evidence, grade="one pattern"))


def test_a_scan_without_a_place_or_the_same_scan_is_not_asked(known, left_half):
    result = known.result
    assert evidence_of(result, result.scan).words == ""
    nowhere = replace(scanned(left_half, CLEAN, 2), uid="nowhere")
    assumed = replace(nowhere.frame, assumed=("centre 0: the file has none",))
    assert evidence_of(result, replace(nowhere, frame=assumed)).words == ""


def test_a_scan_that_denies_the_types_withdraws_the_claim(known, left_half):
    claimed = evidence_of(known.result, named(scanned(left_half, CLEAN, 2), "again")).result
    noise = null_surface("noise", 3, (SIDE_PX, SIDE_PX), imaging=CLEAN)
    other = scanned(np.asarray(noise.response, float), CLEAN, 9)
    turned = replace(other, frame=replace(other.frame, angle_rad=np.pi / 2))
    found = evidence_of(claimed, named(turned, "denies"))
    assert "does not show them at these places" in found.words
    assert not found.result.evidence.has_types
    assert wanted_in_words(found.result) == ""


def test_a_watch_says_what_a_repeat_excludes_and_which_scan_would_settle_it(
    known, left_half, tmp_path
):
    narrow = replace(known.result.evidence, correlation_lengths=10.0)
    first = replace(known, result=replace(known.result, evidence=narrow))
    day, said = Day(tmp_path / "day", synced=False), []
    source = ListSource([named(scanned(left_half, CLEAN, 2), "again")])
    runner = Runner(source, day, Analyst(PLAN, first, workers=1))
    runner.signals.said.connect(said.append)
    runner.start()
    assert runner.wait(120.0)
    shown = runner.snapshot
    day.close()
    (record,) = shown.records
    assert "a repeat (again) shows them at the same places" in record.evidence
    assert "the grade stays possible zones" in record.evidence
    side_um = 2e6 * known.result.scan.frame.size_m[0]
    assert f"scan {side_um:.3g} × {side_um:.3g} µm about the same centre" in record.wanted
    assert record.worth == "possible types (possible zones)"
    assert [c.kind for c in shown.result.evidence.checks] == ["repeat"]
    entries = read_journal(day.folder / "journal.jsonl")
    (outcome,) = [e for e in entries if e["what"] == "scan outcome"]
    page = (day.folder / "day.html").read_text("utf-8")
    for words in (record.evidence, record.wanted):
        assert words in str(outcome)
        assert words in page.replace("&#43;", "+")
        assert any(words in line for line in said)
    assert record.evidence in row_words(record)
