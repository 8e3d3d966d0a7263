"""A next scan: kinds, types that stay, novelty that is calibrated, and scans that do not fit."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree
from sklearn.metrics import adjusted_mutual_info_score

from corescout.data import ScanFrame
from corescout.live.reading.advice import advise, pattern_period_px, zoom_targets
from corescout.live.reading.identity import types_of_points
from corescout.live.reading.kinds import kind_of
from corescout.live.reading.next_scan import understand, unusable
from corescout.live.reading.novelty import novelty
from corescout.surfaces import generate_surface


def agreement(first, second):
    """AMI of the types at the places that both have a key point at, to a neighbouring pixel."""
    places = [r.scan.frame.to_m(np.asarray(r.patches.center_yx_px)) for r in (first, second)]
    far, near = cKDTree(places[0]).query(places[1])
    both = far < 1.1 * first.scan.frame.pitch_m[0]
    assert both.sum() > 60
    return adjusted_mutual_info_score(
        types_of_points(first)[near[both]], types_of_points(second)[both]
    )


def crop(scan, top, left, side):
    channels = {n: v[top : top + side, left : left + side] for n, v in scan.channels.items()}
    center = scan.frame.to_m((top + (side - 1) / 2, left + (side - 1) / 2))
    frame = replace(scan.frame, shape_px=(side, side), center_m=tuple(map(float, center)))
    return replace(scan, uid=f"crop-{top}-{left}", channels=channels, frame=frame)


@pytest.mark.parametrize("corner", [(0, 0), (40, 60), (64, 0)])
def test_crops_keep_their_types(typed, typed_surface, corner):
    part = understand(typed, crop(typed_surface.scan, *corner, 128))
    assert part.does_not_fit is None
    assert agreement(typed.result, part.result) >= 0.8


def test_repeats_keep_their_types_and_are_not_new(typed, look):
    again = understand(typed, look(seed=5))
    assert again.does_not_fit is None
    assert agreement(typed.result, again.result) >= 0.8
    assert again.novelty.share < 0.15
    assert len(again.result.targets) > 0


def test_places_that_were_written_on_are_left_out(typed, typed_surface, look):
    whole = understand(typed, look(seed=5))
    places = whole.scan.frame.to_m(np.asarray(whole.result.patches.center_yx_px))
    written = [tuple(map(float, p)) for p in places[::40]]
    left = understand(typed, look(seed=5, written_xy_m=written), (), written)
    kept = left.scan.frame.to_m(np.asarray(left.result.patches.center_yx_px))
    assert cKDTree(written).query(kept)[0].min() > 50e-9
    assert len(kept) > 0.5 * len(places)
    careless = understand(typed, look(seed=5, written_xy_m=written))
    assert left.novelty.share <= careless.novelty.share
    assert left.does_not_fit is None


def test_p_values_are_those_of_held_out_points(typed):
    found = novelty(typed.result, typed.calibration)
    assert typed.calibration.held_out
    assert len(typed.calibration.misfit) == len(typed.result.patches)
    assert found.p.min() > 0
    assert found.p.max() <= 1
    assert np.mean(found.p_misfit <= 0.05) < 0.1
    worst = found.p_misfit.argmin()
    misfit = -typed.result.fit.log_likelihood_per_px - typed.result.fit.target_entropy_per_px
    above = np.sum(np.asarray(typed.calibration.misfit) >= misfit[worst])
    assert found.p_misfit[worst] == pytest.approx((1 + above) / (1 + len(misfit)))


def test_a_blunt_tip_and_another_scale_do_not_fit(typed, look):
    blunt = understand(typed, look(tip_px=4.0))
    assert blunt.does_not_fit.what == "material"
    assert blunt.novelty.share > 0.4
    scan = look()
    coarse = replace(scan, frame=replace(scan.frame, pitch_m=(2e-8, 2e-8)))
    assert understand(typed, coarse).does_not_fit.what == "scale"
    tiny = replace(scan, frame=replace(scan.frame, pitch_m=(2e-10, 2e-10)))
    assert understand(typed, tiny).does_not_fit.what == "scale"


def test_a_missing_channel_does_not_fit(typed, look):
    scan = look()
    kept = {"Topography": scan.channels["Topography"]}
    found = understand(typed, replace(scan, channels=kept))
    assert found.result is None
    assert found.does_not_fit.what == "channel"
    assert "Amplitude" in found.does_not_fit.reason


def test_the_material_makes_itself_known_by_its_grey_levels(typed, look):
    scan = look()
    weak = {**scan.channels, "Amplitude": 0.05 * scan.channels["Amplitude"]}
    found = understand(typed, replace(scan, channels=weak))
    assert found.does_not_fit.what == "material"


def test_kinds_are_told_by_the_frames(look):
    first = look()
    assert kind_of(first, []).kind == "first"
    again = look(center_px=(3.0, -4.0), seed=2)
    assert kind_of(again, [first]) == kind_of(again, [first, look(zoom=2.0)])
    assert kind_of(again, [first]).kind == "same frame"
    zoom = look(center_px=(20.0, 20.0), shape=(96, 96), zoom=2.0)
    found = kind_of(zoom, [first])
    assert (found.kind, found.of, found.overlap) == ("zoom", first.uid, 1.0)
    assert kind_of(first, [zoom]).kind == "wider"
    beside = replace(first, uid="b", frame=replace(first.frame, center_m=(1.0e-6, 0.0)))
    partly = kind_of(beside, [first])
    assert partly.kind == "new area"
    assert 0.2 < partly.overlap < 0.5
    assert f"of it lie on {first.uid}" in str(partly)
    turned = replace(first, frame=replace(first.frame, angle_rad=0.5))
    assert kind_of(turned, [first]).kind == "new area"
    assumed = ScanFrame(first.shape_px, first.frame.pitch_m, assumed=("centre 0, angle 0",))
    assert kind_of(replace(first, frame=assumed), [first]).kind == "unknown"
    assert kind_of(replace(first, frame=None), [first]).kind == "unknown"


def test_bad_scans_are_named(look):
    scan = look()
    assert unusable(scan) is None
    noise = np.random.default_rng(0).standard_normal(scan.shape_px).astype(np.float32)
    assert "noise" in unusable(replace(scan, channels={**scan.channels, "Amplitude": noise}))
    lost = np.array(scan.channels["Amplitude"])
    lost[:60] = np.nan
    assert "31%" in unusable(replace(scan, channels={**scan.channels, "Amplitude": lost}))
    assert "50 of 192 lines" in unusable(replace(scan, rows_done=50))


@pytest.mark.parametrize("period", [4, 8, 12, 20])
def test_the_period_of_a_pattern(period, rng):
    x = np.indices((256, 256))[1]
    stripes = np.sin(2 * np.pi * x / period) + 0.3 * rng.standard_normal(x.shape)
    assert pattern_period_px(stripes) == pytest.approx(period, rel=0.1)
    assert pattern_period_px(rng.standard_normal((256, 256))) is None


def test_advice_says_whether_a_zoom_helps(typed, look):
    fine = generate_surface((192, 192), seed=1, patterns=("needles",)).scan
    assert not advise(fine, "Amplitude").zoom_helps
    x = np.indices((128, 128))[1]
    narrow = replace(
        fine, channels={"Amplitude": np.sin(2 * np.pi * x / 4.0)}, frame=None, roles={}
    )
    found = advise(narrow, "Amplitude")
    assert found.zoom_helps
    assert "zoom in" in found.text
    frames = zoom_targets(typed.result, advise(look(), "Amplitude"))
    assert {t.type for t in frames} == set(range(1, typed.result.n_types + 1))
    size = typed.result.scan.frame.size_m[0]
    for target in frames:
        half = target.settings["size_m"] / 2
        assert max(map(abs, target.xy_m)) + half <= size / 2 + 1e-12
