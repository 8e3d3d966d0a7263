"""Key points: on the walls, apart from each other, away from edges and missing pixels."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree

import corescout
from benchmarks.truth.keypoints import cuts_across_nulls, score_of
from corescout.keypoints import find_keypoints
from corescout.keypoints.ridges import connected
from corescout.keypoints.thinning import thin
from corescout.plan import KeypointPlan
from corescout.surfaces import Imaging, generate_family, generate_surface

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


@pytest.mark.parametrize("detector", ["canny", "sato"])
def test_planted_walls_are_found_with_one_line_across_a_null(detector):
    """`corescout bench keypoints` in small; grains and thin needles are the hardest."""
    surfaces = [generate_family("voronoi", seed, (192, 192), imaging=Imaging()) for seed in (2, 3)]
    score = score_of(surfaces, detector)
    assert score.recall >= 0.9
    assert score.precision >= 0.9
    assert score.cuts > 500
    assert score.one_across >= 0.9
    for name, count in score.walls.items():
        assert score.found[name] / count >= 0.85, name


def test_two_flanks_would_be_noticed():
    """The cut across a null counts both flanks where they are not merged."""
    surface = generate_surface((128, 128), patterns=("walls",))
    inner, outer = (binary_dilation(surface.wall, iterations=n) for n in (2, 3))
    edges = np.argwhere(outer & ~inner)
    single, cuts = cuts_across_nulls(surface, edges.astype(float))
    assert cuts > 200
    assert single < 0.1 * cuts
    single, cuts = cuts_across_nulls(surface, np.argwhere(surface.wall).astype(float))
    assert single > 0.95 * cuts


def test_thinning_is_greedy_in_the_order_of_the_cells(rng):
    """Against the plain loop over all that were chosen before."""
    yx, score, spacing = rng.uniform(-3, 40, (300, 2)), rng.uniform(size=300), 5.0
    cells = np.floor(yx / (spacing / np.sqrt(2)))
    chosen: list[int] = []
    for i in np.lexsort((-score, cells[:, 1], cells[:, 0])):
        if all(np.hypot(*(yx[i] - yx[j])) >= spacing for j in chosen):
            chosen.append(int(i))
    assert thin(yx, score, spacing).tolist() == sorted(chosen)


def test_weak_edges_count_where_they_hang_on_a_strong_one():
    from skimage.filters import apply_hysteresis_threshold

    image = np.random.default_rng(0).random((60, 50))
    np.testing.assert_array_equal(
        connected(image > 0.6, image > 0.95), apply_hysteresis_threshold(image, 0.6, 0.95)
    )
