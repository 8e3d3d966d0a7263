"""Further images of surfaces whose types are known: what raises the grade, and what must not.

The surfaces come from the bench that measures the same on many of them; types are those of
scattering, so that nothing is trained.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.truth.zones import CLEAN, FADING, PITCH_M, PLAN, SIDE_PX, scanned
from corescout.cli.app import _run
from corescout.data import Evidence, EvidenceCheck
from corescout.exports.nsid import write_nsid
from corescout.exports.script import write_script
from corescout.further_scans import FurtherScan, checks_of
from corescout.interactive.calls import explore as explore_anything
from corescout.pipeline import explore
from corescout.runs import read_run, write_run
from corescout.search.excluded import with_checks
from corescout.surfaces.nulls import null_surface


def asked(result, *further, plan=PLAN):
    return with_checks(result.evidence, checks_of(result, further, plan))


def test_zones_come_from_a_repeat_of_a_wide_scan(half_result, left_half):
    assert half_result.evidence.grade == "possible zones"
    evidence = asked(half_result, FurtherScan(scanned(left_half, CLEAN, 2)))
    assert (evidence.grade, evidence.has_types) == ("zones", True)
    (check,) = evidence.checks
    assert (check.kind, check.found) == ("repeat", True)
    assert evidence.p_value == check.p_value <= 0.05
    assert check.p_value >= 1 / (1 + check.cells)


def test_a_narrow_scan_needs_an_area_beyond(half_result, left_half, wide_sample):
    """Of few correlation lengths a repeat cannot tell zones from one coarse pattern."""
    narrow = replace(half_result, evidence=replace(half_result.evidence, correlation_lengths=9.0))
    repeat = FurtherScan(scanned(left_half, CLEAN, 2))
    beside = FurtherScan(scanned(wide_sample[:, SIDE_PX:], CLEAN, 3, at_px=SIDE_PX))
    assert asked(narrow, repeat).grade == "possible zones"
    evidence = asked(narrow, beside)
    assert [c.kind for c in evidence.checks] == ["area"]
    assert evidence.grade == "zones"


def test_the_result_says_what_was_excluded_and_its_run_keeps_it(left_half, tmp_path):
    further = [
        FurtherScan(scanned(left_half, CLEAN, 2)),
        FurtherScan(scanned(left_half, CLEAN, 4), "reversed"),
    ]
    result = explore(scanned(left_half, CLEAN, 1), PLAN, workers=1, further=further)
    assert [c.kind for c in result.evidence.checks] == ["repeat", "reversed"]
    assert result.worth == "types (zones)"
    assert result.verdict.found
    assert "Zones: the types keep to their own places" in result.why
    assert "not noise, chance or time" in result.why
    read = read_run(write_run(result, tmp_path / "run")).evidence
    assert repr(read) == repr(result.evidence)  # NaN is not equal to itself


NULL_KINDS = ("noise", "labyrinth", "stripes", "phase_randomised")


def claims_of_one_pattern(kind, seeds):
    """On how many surfaces of one pattern a perfect repeat makes a claim."""
    claimed = 0
    for seed in seeds:
        surface = null_surface(kind, seed, (SIDE_PX, SIDE_PX), imaging=CLEAN)
        here = np.asarray(surface.response, float)
        result = explore(scanned(here, CLEAN, 1), PLAN, workers=1)
        evidence = asked(result, FurtherScan(scanned(here, CLEAN, 2)))
        assert evidence.has_types == (evidence.grade in ("zones", "distinct"))
        claimed += evidence.has_types
    return claimed


def test_one_pattern_that_repeats_perfectly_is_no_zones():
    assert sum(claims_of_one_pattern(kind, [910]) for kind in NULL_KINDS) == 0


@pytest.mark.slow
def test_a_perfect_repeat_of_one_pattern_makes_few_claims():
    assert sum(claims_of_one_pattern(kind, range(900, 920)) for kind in NULL_KINDS) <= 4


def test_a_contrast_that_fades_is_found_out_by_the_reversed_repeat():
    surface = null_surface("labyrinth", 902, (SIDE_PX, SIDE_PX), imaging=CLEAN)
    here = np.asarray(surface.response, float)
    result = explore(scanned(here, FADING, 1), PLAN, workers=1)
    assert result.evidence.grade == "drift"
    same = asked(result, FurtherScan(scanned(here, FADING, 2)))
    assert same.grade == "drift"
    assert not same.has_types
    back = FurtherScan(scanned(here, FADING, 3, is_reversed=True), "reversed")
    evidence = asked(result, back)
    assert evidence.grade == "drift"
    (check,) = evidence.checks
    assert (check.kind, check.found) == ("reversed", False)
    assert "does not show them at these places" in check.in_words


def test_the_way_back_is_looked_at_by_itself_and_excludes_noise_alone(left_half):
    both = scanned(left_half, CLEAN, 1)
    back = scanned(left_half, CLEAN, 2)
    scan = replace(
        both,
        channels={
            "AmplitudeTrace": both.channels["Amplitude"],
            "AmplitudeRetrace": back.channels["Amplitude"],
        },
        units={},
        roles={"AmplitudeTrace": "amplitude", "AmplitudeRetrace": "amplitude"},
        directions={"AmplitudeTrace": "trace", "AmplitudeRetrace": "retrace"},
    )
    result = explore(scan, PLAN, workers=1)
    (check,) = result.evidence.checks
    assert (check.kind, check.source, check.found) == ("retrace", "AmplitudeRetrace", True)
    assert check.excludes == ("noise",)
    assert result.evidence.grade == "possible zones"
    assert "Not excluded: chance, a change with time (tip, drift), one coarse pattern" in result.why
    noise = np.random.default_rng(0).normal(size=scan.shape_px)
    lost = {**scan.channels, "AmplitudeRetrace": 1e-10 * np.abs(noise).astype(np.float32)}
    denied = explore(replace(scan, channels=lost), PLAN, workers=1).evidence
    assert denied.checks[0].found is not True
    assert not denied.has_types


def test_a_second_channel_excludes_noise_where_it_shows_the_types(left_half):
    scan = scanned(left_half, CLEAN, 1)
    unlike = np.random.default_rng(0).normal(size=scan.shape_px).astype(np.float32)
    other = {
        "Amplitude": scan.channels["Amplitude"],
        "Lateral": scanned(left_half, CLEAN, 5).channels["Amplitude"],
        "Noise": unlike,
    }
    scan = replace(scan, channels=other, units={}, roles={"Amplitude": "amplitude"})
    plan = PLAN.changed("decision.second_channels", ("Lateral", "Noise"))
    checks = {c.source: c for c in explore(scan, plan, workers=1).evidence.checks}
    assert checks["Lateral"].found
    assert checks["Lateral"].excludes == ("noise",)
    assert not checks["Noise"].found


def test_what_cannot_be_read_is_said(half_result, left_half):
    again = scanned(left_half, CLEAN, 2)
    nowhere = replace(again, frame=None)
    flat = replace(again, channels={"Other": again.channels["Amplitude"]}, roles={}, units={})
    checks = checks_of(half_result, [FurtherScan(nowhere), FurtherScan(flat)], PLAN)
    assert [c.found for c in checks] == [None, None]
    assert "scale" in checks[0].reason
    assert "'Amplitude'" in checks[1].reason
    assert asked(half_result, FurtherScan(nowhere)).grade == half_result.evidence.grade


def test_a_check_without_figures_comes_back_from_a_run(half_result, left_half, tmp_path):
    nowhere = FurtherScan(replace(scanned(left_half, CLEAN, 2), frame=None))
    said = replace(half_result, evidence=asked(half_result, nowhere))
    (check,) = read_run(write_run(said, tmp_path / "run")).evidence.checks
    assert check.found is None
    assert np.isnan([check.agreement, check.p_value]).all()
    assert check.reason == said.evidence.checks[0].reason
    assert check.excludes == ()


def test_a_turned_frame_excludes_time(half_result, left_half):
    """The frame is turned by 90 degrees clockwise: its image is the sample turned back."""
    turned = scanned(np.rot90(left_half), CLEAN, 6)
    frame = replace(turned.frame, angle_rad=np.pi / 2)
    (check,) = checks_of(half_result, [FurtherScan(replace(turned, frame=frame))], PLAN)
    assert (check.kind, check.found) == ("turned", True)
    wrong = replace(turned, frame=replace(frame, angle_rad=-np.pi / 2))
    (check,) = checks_of(half_result, [FurtherScan(wrong)], PLAN)
    assert check.found is not True


def test_a_wider_scan_is_a_repeat_and_an_area(half_result, wide_sample):
    wide = scanned(wide_sample, CLEAN, 7)
    frame = replace(wide.frame, center_m=(SIDE_PX / 2 * PITCH_M, 0.0))
    checks = checks_of(half_result, [FurtherScan(replace(wide, frame=frame))], PLAN)
    assert [c.kind for c in checks] == ["repeat", "area"]
    assert all(c.found for c in checks)


IMAGE = Evidence(
    0.05, 3.0, (0.0,) * 19, True, "evidence", 0.4, 0.1, True, "distinct", 0.1, 0.1, 9.0
)  # fmt: skip
FOUND = EvidenceCheck("repeat", "b.ibw", True, 0.3, 0.1, 0.02, 80.0)
DENIED = replace(FOUND, found=False)


def test_a_claim_of_one_image_that_a_repeat_denies_is_withdrawn():
    evidence = with_checks(IMAGE, [DENIED])
    assert (evidence.grade, evidence.has_types) == ("possible zones", False)
    assert not evidence.p_value <= 0.05
    assert evidence.reason.startswith("no evidence of separate types, as a repeat (b.ibw)")
    back = with_checks(IMAGE, [FOUND, replace(DENIED, kind="reversed")])
    assert (back.grade, back.has_types) == ("drift", False)


@pytest.mark.parametrize(
    ("grade", "kinds", "expected"),
    [
        ("distinct", ["repeat"], "distinct"),
        ("one pattern", ["repeat", "area"], "one pattern"),
        ("possible zones", ["retrace", "channel"], "possible zones"),
        ("possible zones", ["repeat"], "possible zones"),
        ("possible zones", ["area"], "zones"),
        ("drift", ["repeat", "area"], "drift"),
        ("drift", ["reversed"], "possible zones"),
        ("drift", ["turned", "area"], "zones"),
    ],
)
def test_the_grade_follows_from_what_is_excluded(grade, kinds, expected):
    image = replace(IMAGE, grade=grade, has_types=grade == "distinct")
    evidence = with_checks(image, [replace(FOUND, kind=kind) for kind in kinds])
    assert evidence.grade == expected
    assert evidence.has_types == (expected in ("zones", "distinct"))


def test_a_script_takes_further_scans(left_half):
    given = explore_anything(
        scanned(left_half, CLEAN, 1), PLAN, workers=1, progress=False,
        repeats=[scanned(left_half, CLEAN, 2)], reversed_repeats=[scanned(left_half, CLEAN, 3)],
    )  # fmt: skip
    assert [c.kind for c in given.evidence.checks] == ["repeat", "reversed"]


def test_the_command_line_takes_further_scans(left_half, tmp_path, capsys):
    files = []
    for seed, name in enumerate(("first", "again", "back")):
        files.append(str(write_nsid(scanned(left_half, CLEAN, seed), tmp_path / f"{name}.h5")))
    plan = tmp_path / "plan.json"
    plan.write_text(PLAN.model_dump_json(), "utf-8")
    code = _run(
        ["explore", files[0], "--plan", str(plan), "--repeat", files[1], "--reversed-repeat",
         files[2], "--out", str(tmp_path / "run"), "--channel", "Amplitude"],
    )  # fmt: skip
    assert code == 0
    assert "A repeat (again.h5) shows them at the same places" in capsys.readouterr().out
    table = json.loads((tmp_path / "run" / "decision.json").read_text("utf-8"))
    assert [c["kind"] for c in table["evidence"]["checks"]] == ["repeat", "reversed"]
    script = write_script(read_run(tmp_path / "run"), tmp_path / "again.py").read_text("utf-8")
    assert f"repeats=[{files[1]!r}], reversed_repeats=[{files[2]!r}]" in script
