"""Key points: on the walls, apart from each other, away from edges and missing pixels."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

import corescout
from corescout.keypoints import find_keypoints
from corescout.plan import KeypointPlan
from corescout.surfaces import generate_surface

DETECTORS = ("canny", "sato", "grid", "orb", "sift")


@pytest.fixture(scope="module")
def image(surface):
    return np.asarray(surface.scan.channel())


@pytest.mark.parametrize("detector", DETECTORS)
def test_spacing_margin_and_repeatability(image, detector):
    plan = KeypointPlan(detector=detector)
    found = find_keypoints(image, plan, 11)
    assert len(found) >= 50
    assert found.source == detector
    yx = found.yx_px
    assert yx.min() >= 11
    assert (yx <= np.array(image.shape) - 1 - 11).all()
    distance, _ = cKDTree(yx).query(yx, k=2)
    assert distance[:, 1].min() >= plan.spacing_px - 1e-9
    np.testing.assert_array_equal(yx, find_keypoints(image.copy(), plan, 11).yx_px)


@pytest.mark.parametrize("detector", ["canny", "sato"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_walls_are_found_where_they_are(detector, seed):
    surface = generate_surface(seed=seed)
    found = find_keypoints(surface.scan.channel(), KeypointPlan(detector=detector), 11)
    on_wall = surface.type_at(found.yx_px, 3.0) > 0
    assert on_wall.mean() > 0.85


@pytest.mark.parametrize("detector", DETECTORS)
def test_the_unit_does_not_matter(image, detector):
    plan = KeypointPlan(detector=detector)
    one = find_keypoints(image, plan, 11)
    other = find_keypoints(image.astype(np.float64) * 1e10, plan, 11)
    assert len(one) == pytest.approx(len(other), abs=2)


@pytest.mark.parametrize("detector", DETECTORS)
def test_nothing_near_missing_pixels(image, detector):
    holed = image.copy()
    holed[60:64] = np.nan
    holed[100, 100] = np.nan
    found = find_keypoints(holed, KeypointPlan(detector=detector), 11)
    missing = np.argwhere(np.isnan(holed))
    distance = np.abs(found.yx_px[:, None] - missing[None]).max(axis=2)
    assert len(found) > 0
    assert distance.min() >= 11


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("value", [0.0, 1e-9, np.nan])
def test_an_image_without_contrast_has_none(detector, value):
    flat = np.full((64, 64), value)
    assert detector == "grid" or len(find_keypoints(flat, KeypointPlan(detector=detector), 5)) == 0


def test_real_scans_have_enough(scan_file):
    for name in ("scan_0001.ibw", "PZT_final0001.h5"):
        scan = corescout.read_scan(scan_file(name))
        assert len(find_keypoints(scan.channel(), KeypointPlan(), 11)) > 300
