"""The place of a result scanned again: gain and sharpness of the microscope taken off."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from corescout.data import Keypoints
from corescout.pipeline import apply
from corescout.readers import read_scan
from corescout.same_place import (
    FirstScan,
    found_there,
    instrument_change,
    mixture_seen_blunter,
)
from corescout.surfaces import Imaging, generate_surface
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import measure

FIRST = Imaging(tip_px=1.2, noise=0.03, row_noise=0.02)


@pytest.fixture(scope="module")
def again(surface):
    """The sample of the quick result, scanned once more."""

    def scanned(**changes):
        domains = Domains(np.asarray(surface.response, float), np.zeros(surface.scan.shape_px))
        domains = replace(domains, height=np.asarray(surface.scan.channel("Topography")) * 1e9)
        imaging = replace(FIRST, **changes)
        return measure(domains, imaging, 8e-9, 11, np.random.default_rng(11))

    return scanned


def agreement(result, scan, **options):
    places = np.asarray(result.patches.center_yx_px)
    points = Keypoints(places, np.ones(len(places)), "drawn")
    applied = apply(result, scan, keypoints=points, **options)
    assert len(applied.patches) == len(places)
    return adjusted_mutual_info_score(result.types.of_point, applied.types.of_point), applied


def test_types_repeat_through_a_blunter_tip_as_they_do_through_the_same(typed_result, again):
    same, unchanged = agreement(typed_result, again())
    blunt = again(tip_px=1.6)
    frozen, _ = agreement(typed_result, blunt, match_instrument=False)
    matched, applied = agreement(typed_result, blunt)
    assert frozen < 0.8 * same
    assert matched > max(0.85 * same, frozen + 0.1)
    assert any("blunter by" in note for note in applied.notes)
    assert not any("blunter by" in note for note in unchanged.notes)
    assert applied.n_types == typed_result.n_types


def test_types_repeat_through_a_sharper_tip(typed_result, again):
    frozen, _ = agreement(typed_result, again(tip_px=0.7), match_instrument=False)
    matched, applied = agreement(typed_result, again(tip_px=0.7))
    assert matched > frozen
    assert any("sharper by" in note for note in applied.notes)
    assert applied.mixture is typed_result.mixture


@pytest.mark.parametrize("gain", [0.55, 1.8])
def test_another_gain_moves_the_grey_levels(typed_result, again, gain):
    _, before = agreement(typed_result, again())
    frozen, _ = agreement(typed_result, again(gain=gain), match_instrument=False)
    matched, applied = agreement(typed_result, again(gain=gain))
    assert matched > frozen + 0.2
    levels = typed_result.patches.normalisation.high
    assert applied.patches.normalisation.high == pytest.approx(gain * levels, rel=0.05)
    assert before.patches.normalisation.high == pytest.approx(levels)


def test_types_repeat_where_the_gain_of_lines_jumps(typed_result, again):
    same, _ = agreement(typed_result, again())
    jumps = again(jump_share=0.3)
    frozen, _ = agreement(typed_result, jumps, match_instrument=False)
    matched, applied = agreement(typed_result, jumps)
    assert frozen < 0.8 * same
    assert matched > 0.9 * same
    assert applied.line_faults.told_by_first
    assert any("first scan of the place, which told the gains" in note for note in applied.notes)
    np.testing.assert_array_equal(
        applied.scan.channel("Amplitude"), jumps.channel("Amplitude")
    )  # values stay as measured


@pytest.mark.parametrize("tip_px", [0.7, 1.6, 2.2])
def test_a_tip_is_not_taken_for_a_gain(typed_result, again, tip_px):
    """Through a blunt tip fine walls are fainter; the gain here is 1.3."""
    change = instrument_change(FirstScan(typed_result), again(tip_px=tip_px, gain=1.3))
    assert change.gains[0] == pytest.approx(1.3, rel=0.025)


def test_of_another_place_nothing_is_taken_for_the_microscope(typed_result):
    other = generate_surface((160, 160), seed=8, imaging=replace(FIRST, tip_px=1.8, gain=2)).scan
    change = instrument_change(FirstScan(typed_result), other)
    assert change.blunter_px == 0
    assert change.gains == (1.0,)
    assert change.in_words == ()


def test_of_a_scan_without_a_scale_or_elsewhere_nothing_is_said(typed_result, again):
    scan = again(tip_px=1.8, gain=2)
    away = replace(scan.frame, center_m=(1e-6, 0.0))
    for other in (replace(scan, frame=None), replace(scan, frame=away), None):
        assert instrument_change(FirstScan(typed_result), other).in_words == ()


def test_components_stay_where_nothing_is_blunted(typed_result):
    """One M step of what EM ended at is what it ended at."""
    mixture = mixture_seen_blunter(FirstScan(typed_result), 0.0)
    np.testing.assert_allclose(mixture.means, typed_result.mixture.means, atol=0.02)
    moved = mixture_seen_blunter(FirstScan(typed_result), 1.2)
    assert np.abs(moved.means - typed_result.mixture.means).max() > 0.1
    assert moved.weights is typed_result.mixture.weights


@pytest.mark.parametrize("blunter_px", [2.5, -2.5])
def test_a_tip_that_does_not_make_codes_likelier_is_not_reckoned_with(
    typed_result, again, blunter_px
):
    """An estimate that is off, as of a microscope that blurs in another way, does no harm."""
    scan = again(tip_px=1.3)
    change = replace(instrument_change(FirstScan(typed_result), scan), blunter_px=blunter_px)
    first = FirstScan(typed_result)
    found, typed, taken = found_there(first, change, scan, None)
    assert not taken.taken
    assert any("no likelier" in note for note in taken.in_words)
    frozen, own, _ = found_there(first, replace(change, blunter_px=0.0), scan, None)
    np.testing.assert_array_equal(found.z, frozen.z)
    np.testing.assert_array_equal(typed.types.of_point, own.types.of_point)


def test_training_that_went_on_has_seen_points_of_other_scans(typed_result):
    own = typed_result.mixture
    later = np.asarray(own.seen) + len(typed_result.codes)
    known = replace(typed_result, mixture=replace(own, seen=later))
    assert np.isfinite(mixture_seen_blunter(FirstScan(known), 0.8).means).all()


@pytest.mark.parametrize(("now", "told"), [("712090", True), ("363000 Hz", False), ("", False)])
def test_another_resonance_is_told(typed_result, again, now, told):
    first = replace(typed_result.scan, metadata={"DriveFrequency": "357810"})
    second = replace(again(), metadata={"DriveFrequency": now})
    words = instrument_change(FirstScan(replace(typed_result, scan=first)), second).in_words
    assert any("712 kHz" in note and "358 kHz" in note for note in words) == told


def test_the_real_pair_is_of_two_resonances(typed_result, scan_file):
    """Its gain is one over the other from either side, and so is what its tips differ by."""
    pair = [read_scan(scan_file(f"PMN28Pt000{n}.h5")) for n in (1, 2)]
    found = []
    for first, second in (pair, pair[::-1]):
        known = replace(
            typed_result,
            scan=first,
            channels=("AmplitudeRetrace",),
            analysis_pitch_m=first.frame.pitch_m[0],
        )
        found.append(instrument_change(FirstScan(known), second))
        assert any("kHz" in note for note in found[-1].in_words)
    assert found[0].gains[0] * found[1].gains[0] == pytest.approx(1, abs=0.1)
    assert found[0].gains[0] < 0.7
    assert found[0].blunter_px == pytest.approx(-found[1].blunter_px)


def test_what_was_kept_of_the_first_scan_gives_the_same_bytes(typed_result, again):
    """Of scan after scan: the first one is not blunted, or looked at, once more for each."""
    kept = FirstScan(typed_result)
    for tip_px in (1.6, 0.7, 1.6):
        scan = again(tip_px=tip_px)
        one, other = apply(typed_result, scan, first=kept), apply(typed_result, scan)
        assert one.codes.tobytes() == other.codes.tobytes()
        assert one.mixture.means.tobytes() == other.mixture.means.tobytes()
        assert one.mixture.covariances.tobytes() == other.mixture.covariances.tobytes()
        np.testing.assert_array_equal(one.types.of_point, other.types.of_point)
        assert one.notes == other.notes
    blunter_px = instrument_change(kept, again(tip_px=1.6)).blunter_px
    assert kept.codes_blunter(blunter_px) is kept.codes_blunter(blunter_px)
    assert kept.seen is kept.seen


def test_what_was_kept_of_another_result_is_not_used(typed_result, again):
    other = replace(typed_result, scan=replace(typed_result.scan, frame=None))
    applied = apply(typed_result, again(tip_px=1.6), first=FirstScan(other))
    assert any("blunter by" in note for note in applied.notes)
