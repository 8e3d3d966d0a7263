"""Faults of lines are told from what a tip sees, masked, mended, and said."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter

from corescout.data import Scan
from corescout.lines import find_line_faults, mend, without_masked
from corescout.lines.finding import row_medians
from corescout.plan import CleaningPlan, Plan
from corescout.preparation import KeypointFinder, prepare
from corescout.surfaces import Imaging, generate_family
from corescout.surfaces.line_faults import planted_faults

SHAPE = (192, 192)


def seen(response, tip_px=1.2, noise=0.03, gain=None, seed=0):
    rng = np.random.default_rng(seed)
    image = gaussian_filter(np.asarray(response, float), tip_px)
    image = np.hypot(image + noise * rng.standard_normal(SHAPE), noise * rng.standard_normal(SHAPE))
    return image if gain is None else image * gain[:, None]


def gains(share, seed=0):
    return planted_faults(Imaging(jump_share=share), SHAPE[0], seed)


def texture(seed=0):
    field = gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 6)
    return np.where(field > 0, 1.0, 0.4)


@pytest.mark.parametrize("share", [0.05, 0.15, 0.4])
def test_planted_jumps_are_found_and_little_else(share):
    planted = gains(share)
    faults = find_line_faults(seen(texture(), gain=planted.gain), signed=False)
    assert faults.masked.sum() <= 1.5 * planted.jump.sum()
    assert (faults.masked & planted.jump).sum() >= 0.7 * planted.jump.sum()
    assert faults.error_after < 0.5 * faults.error_before
    assert f"{faults.masked.sum()} of {SHAPE[0]} lines" in faults.in_words


def test_a_clean_scan_has_no_masked_line():
    faults = find_line_faults(seen(texture()), signed=False)
    assert not faults.masked.any()


def test_bands_across_the_scan_keep_their_level():
    """The sample's row mean truly varies by 30 %: in waves, and in bands with sharp edges."""
    rows = np.arange(SHAPE[0])
    for profile in (1 + 0.15 * np.sin(rows / 7.0), np.where(rows % 48 < 24, 1.0, 0.7)):
        image = seen(texture() * profile[:, None])
        mended = mend(image, find_line_faults(image, signed=False))
        ratio = mended.mean(axis=1) / image.mean(axis=1)
        assert np.abs(ratio / np.median(ratio) - 1).max() <= 0.05


@pytest.mark.parametrize("second", [0.35, -1.0])
@pytest.mark.parametrize("tip_px", [0.8, 1.2, 1.8])
def test_a_wall_across_the_whole_scan_is_no_jump(second, tip_px):
    """A step, and a 180-degree wall, along the fast axis from edge to edge."""
    response = np.ones(SHAPE)
    response[96:] = second
    image = seen(response, tip_px)
    faults = find_line_faults(image, signed=False)
    assert not faults.masked.any()
    mended = without_masked(mend(image, faults), faults)
    np.testing.assert_allclose(np.median(mended, axis=1), np.median(image, axis=1), atol=0.05)


def test_a_lost_line_is_filled_and_a_line_apart_is_masked():
    image = seen(texture())
    image[50], image[90], image[130] = 0.0, np.nan, image[130] * 1.5
    faults = find_line_faults(image, signed=False)
    assert np.flatnonzero(faults.lost).tolist() == [50, 90]
    assert np.flatnonzero(faults.masked).tolist() == [50, 90, 130]
    assert not faults.jump.any()
    mended = mend(image, faults)
    np.testing.assert_allclose(mended[50], (mended[49] + mended[51]) / 2, rtol=1e-5)
    assert np.median(mended[130]) == pytest.approx(np.median(mended[129]), rel=0.1)


def test_many_lost_lines_side_by_side_are_missing():
    image = seen(texture())
    image[60:72] = 0.0
    mended = mend(image, find_line_faults(image, signed=False))
    assert np.isnan(mended[60:72]).all()
    assert np.isfinite(np.delete(mended, np.s_[60:72], axis=0)).all()


def test_offsets_are_mended_where_the_channel_is_signed():
    rng = np.random.default_rng(2)
    response = np.where(texture() > 0.5, 1.0, -1.0)
    clean = gaussian_filter(response, 1.2) + 0.03 * rng.standard_normal(SHAPE)
    offset = np.zeros(SHAPE[0])
    offset[80:], offset[120] = 0.5, -0.4
    faults = find_line_faults(clean + offset[:, None], signed=True)
    assert np.flatnonzero(faults.masked).tolist() == [80, 120]
    mended = mend(clean + offset[:, None], faults)
    error = np.median(mended - clean, axis=1)
    assert np.abs(error - np.median(error)).max() < 0.05
    assert "offset of" in faults.in_words


@pytest.mark.parametrize("share", [0.05, 0.15, 0.4])
def test_jumps_are_no_walls(share):
    """`corescout bench keypoints` in small: few false points, and the walls are still found."""
    clean, faulty = [], []
    for seed in (0, 1):
        imaging = Imaging(jump_share=share, fade=0.3)
        surface = generate_family("voronoi", seed, SHAPE, imaging=imaging)
        planted = planted_faults(imaging, SHAPE[0], seed)
        found = _points(surface.scan, 5.0)
        y, x = np.rint(found).astype(int).T
        off = distance_transform_edt(~surface.wall)[y, x]
        near = np.abs(found[:, :1] - np.flatnonzero(planted.jump)[None]).min(axis=1) <= 1
        assert np.mean((off > 2) & near) <= 0.03
        whole = generate_family("voronoi", seed, SHAPE, imaging=replace(imaging, jump_share=0.0))
        clean.append(_recall(whole))
        faulty.append(_recall(surface))
    assert np.mean(faulty) >= np.mean(clean) - (0.05 if share <= 0.15 else 0.3)


def _points(scan, spacing_px):
    keypoints = Plan().keypoints.model_copy(update={"spacing_px": spacing_px, "margin_px": 4.0})
    plan = Plan(windows_px=(3,), keypoints=keypoints)
    return np.asarray(KeypointFinder(scan).find(plan, least=0).yx_px)


def _recall(surface):
    mark = np.ones(SHAPE, bool)
    mark[tuple(np.rint(_points(surface.scan, 1.0)).astype(int).T)] = False
    wall = surface.wall.copy()
    wall[:6] = wall[-6:] = wall[:, :6] = wall[:, -6:] = False
    return float(np.mean(distance_transform_edt(mark)[wall] <= 2))


def test_what_was_masked_is_kept_and_can_be_undone():
    planted = gains(0.1)
    image = seen(texture(), gain=planted.gain).astype(np.float32)
    scan = Scan(uid="jumps", channels={"A": image}, roles={"A": "amplitude"})
    plan = Plan(windows_px=(9,))
    prepared = prepare(scan, plan)
    assert any("lines of 'A'" in note and "masked" in note for note in prepared.notes)
    assert prepared.line_faults.masked.any()
    # The scan itself is as it was read.
    np.testing.assert_array_equal(prepared.scan.channels["A"], image)
    off = prepare(scan, plan.model_copy(update={"cleaning": CleaningPlan(lines="off")}))
    assert not off.line_faults
    assert not any("lines of" in note for note in off.notes)
    only = prepare(scan, plan.model_copy(update={"cleaning": CleaningPlan(lines="mask")}))
    assert only.line_faults.masked.any()
    assert not only.line_faults.mended.any()


def test_medians_of_rows_leave_out_what_is_missing():
    values = np.random.default_rng(0).standard_normal((40, 31))
    values[np.random.default_rng(1).random(values.shape) < 0.4] = np.nan
    np.testing.assert_array_equal(row_medians(values), np.nanmedian(values, axis=1))
