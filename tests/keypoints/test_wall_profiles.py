"""What a cut across the wall shows: kind, contrast, width, phase step, direction, place."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from corescout.data import Scan, WallProfiles
from corescout.data.keypoints import NO_PHASE_STEP, PHASE_NOT_GIVEN, WALL_180
from corescout.keypoints import find_keypoints
from corescout.plan import KeypointPlan, Plan
from corescout.preparation import prepare

TIP_PX = 1.2
SIDE_PX = 192


def lines(width_px, *, angle_rad=0.4, apart_px=22.0, bright=False, seed=0):
    """Parallel lines seen through a tip, and the distance (H, W) to the nearest centre."""
    rng = np.random.default_rng(seed)
    fine = 4
    y, x = (np.indices((SIDE_PX * fine,) * 2) - (fine - 1) / 2) / fine
    across = y * np.cos(angle_rad) - x * np.sin(angle_rad)
    off = np.abs(np.mod(across, apart_px) - apart_px / 2)
    level = np.where(off < width_px / 2, 0.2, 1.0)
    seen = gaussian_filter(level, TIP_PX * fine)
    blocks = (SIDE_PX, fine, SIDE_PX, fine)
    seen, off = seen.reshape(blocks).mean((1, 3)), off.reshape(blocks).min((1, 3))
    seen = seen + 0.03 * rng.standard_normal(seen.shape)
    return (1.2 - seen if bright else seen), off


@pytest.mark.parametrize("bright", [False, True])
@pytest.mark.parametrize("width_px", [1, 2, 3, 4])
def test_a_line_has_one_row_of_points_on_its_centre(width_px, bright):
    image, off = lines(width_px, bright=bright)
    found = find_keypoints(image, KeypointPlan(), 6)
    y, x = np.rint(found.yx_px).astype(int).T
    assert np.median(off[y, x]) <= 0.7
    assert np.mean(off[y, x] > 2) <= 0.05
    wanted = "bright line" if bright else "dark line"
    assert found.profiles.kind_names.count(wanted) >= 0.95 * len(found)
    every = find_keypoints(image, KeypointPlan(spacing_px=1), 6)
    centre = np.argwhere(off < 0.3)
    centre = centre[((centre > 8) & (centre < SIDE_PX - 9)).all(axis=1)]
    assert np.mean(cKDTree(every.yx_px).query(centre)[0] <= 1.5) >= 0.9


def test_a_broad_domain_keeps_its_two_walls():
    image, off = lines(10)
    found = find_keypoints(image, KeypointPlan(), 6)
    y, x = np.rint(found.yx_px).astype(int).T
    assert np.median(np.abs(off[y, x] - 5)) <= 0.7
    assert found.profiles.kind_names.count("step") >= 0.95 * len(found)


def scan_with_phase(response, noise=0.02, offset_deg=30.0):
    rng = np.random.default_rng(1)
    noisy = response + noise * (
        rng.standard_normal(response.shape) + 1j * rng.standard_normal(response.shape)
    )
    noisy = noisy * np.exp(1j * np.deg2rad(offset_deg))
    amplitude, phase = 1e-10 * np.abs(noisy), np.rad2deg(np.angle(noisy))
    return Scan(
        uid="walls",
        channels={"A": amplitude.astype(np.float32), "P": phase.astype(np.float32)},
        units={"A": "m", "P": "deg"},
        roles={"A": "amplitude", "P": "phase"},
    )


def test_only_where_the_phase_turns_is_a_dark_line_a_180_degree_wall():
    """On the left the response changes its sign, on the right it is a narrow weak domain."""
    across = np.arange(SIDE_PX) % 32 - 15.5
    turned = np.where(np.arange(SIDE_PX) % 64 < 32, np.sign(across), -np.sign(across))
    weak = np.where(np.abs(across) < 1.5, 0.2, 1.0)
    response = np.repeat(turned[:, None], SIDE_PX, axis=1)
    response[:, SIDE_PX // 2 :] = weak[:, None]
    scan = scan_with_phase(gaussian_filter(response, TIP_PX))
    found = prepare(scan, Plan(windows_px=(9,))).keypoints
    names = np.array(found.profiles.phase_names)
    left = found.yx_px[:, 1] < SIDE_PX / 2 - 8
    right = found.yx_px[:, 1] > SIDE_PX / 2 + 8
    assert left.sum() > 40
    assert right.sum() > 40
    assert np.mean(names[left] == WALL_180) > 0.95
    assert np.mean(names[right] == NO_PHASE_STEP) > 0.95
    # The place is the zero of the signed response, and the walls run along the fast axis.
    off = np.abs(found.yx_px[left, 0] % 32 - 15.5)
    assert np.median(off) < 0.3
    along = np.cos(2 * found.profiles.direction_rad[left])
    assert np.median(along) > 0.98


def test_without_a_phase_it_is_not_given(surface):
    scan = Scan(uid="bare", channels={"A": surface.scan.channel()}, roles={"A": "amplitude"})
    found = prepare(scan, Plan(windows_px=(9,))).keypoints
    assert set(found.profiles.phase_names) == {PHASE_NOT_GIVEN}


def test_contrast_is_in_the_unit_of_the_channel_and_width_that_of_the_tip():
    """A step of 40 pm seen through a tip of 1.6 px."""
    tip = 1.6
    level = np.where(np.arange(SIDE_PX) % 40 < 20, 60e-12, 100e-12)
    image = gaussian_filter(np.repeat(level[None], SIDE_PX, axis=0), tip)
    rng = np.random.default_rng(0)
    image = image + 1e-12 * rng.standard_normal(image.shape)
    scan = Scan(uid="steps", channels={"A": image.astype(np.float32)}, roles={"A": "amplitude"})
    found = prepare(scan, Plan(windows_px=(9,))).keypoints.profiles
    assert np.median(found.contrast) == pytest.approx(40e-12, rel=0.1)
    assert np.median(found.width_px) == pytest.approx(2.355 * tip, rel=0.2)
    assert np.median(np.abs(np.cos(found.direction_rad))) < 0.05


def test_a_choice_of_points_keeps_its_profiles():
    image, _ = lines(2)
    found = find_keypoints(image, KeypointPlan(), 6)
    some = found.take(np.arange(0, len(found), 3))
    np.testing.assert_array_equal(some.profiles.kind, found.profiles.kind[::3])
    assert len(WallProfiles.unknown(4).phase_names) == 4
