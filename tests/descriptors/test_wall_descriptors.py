"""Wall descriptors: of known lines, and unchanged when the scan is turned, mirrored or cut."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Keypoints, ScanFrame, WallProfiles
from corescout.descriptors import DESCRIPTORS, SceneOfWalls, describe
from corescout.descriptors.wall_lines import wall_lines
from corescout.keypoints import find_wall_lines
from corescout.keypoints.profiles import profiles_of
from corescout.plan import KeypointPlan
from corescout.wall_descriptors import wall_descriptors

PITCH_M = 10e-9
SIDE = 160
DIRECTIONS = {"fast_axis_angle_rad", "orientation_rad"}


def line(start, end):
    count = int(np.hypot(*np.subtract(end, start))) * 3
    return np.unique(np.rint(np.linspace(start, end, count)).astype(int), axis=0).astype(float)


def scene(*lines, image=None, **more):
    image = np.zeros((SIDE, SIDE)) if image is None else image
    return SceneOfWalls(
        image, PITCH_M, np.concatenate(lines) if lines else np.zeros((0, 2)), **more
    )


def turned(vector, angle_deg):
    a = np.radians(angle_deg)
    dy, dx = vector
    return np.array([80 + dy * np.cos(a) - dx * np.sin(a), 80 + dy * np.sin(a) + dx * np.cos(a)])


@pytest.mark.parametrize("angle_deg", [0, 17, 30, 45, 90])
def test_parallel_walls_have_their_spacing_and_density_at_every_angle(angle_deg):
    walls = [
        line(turned((d, -55), angle_deg), turned((d, 55), angle_deg)) for d in (-30, -15, 0, 15)
    ]
    found = describe(np.array([[80.0, 80.0]]), scene(*walls)).columns
    assert found["spacing_m"][0] == pytest.approx(150e-9, rel=0.06)
    assert found["wall_distance_m"][0] == pytest.approx(150e-9, rel=0.06)
    assert found["tip_distance_m"][0] == pytest.approx(550e-9, rel=0.06)
    assert np.isnan(found["junction_distance_m"][0])
    assert found["wall_density_100nm_per_m"][0] == pytest.approx(
        2 * 0.1 / (np.pi * 0.01) * 1e6, rel=0.1
    )
    assert found["tortuosity_500nm"][0] == pytest.approx(1.0, abs=0.01)
    assert abs(found["curvature_500nm_per_m"][0]) < 1e5  # a radius above 10 um


@pytest.mark.parametrize("radius_px", [30.0, 60.0])
def test_an_arc_has_the_curvature_of_its_circle(radius_px):
    t = np.linspace(0, np.pi, 2000)
    arc = np.column_stack([110 - radius_px * np.sin(t), 80 + radius_px * np.cos(t)])
    arc = np.unique(np.rint(arc), axis=0)
    found = describe(np.array([[110 - radius_px, 80.0]]), scene(arc)).columns
    assert found["curvature_200nm_per_m"][0] == pytest.approx(1e8 / radius_px, rel=0.1)
    half = 0.2e-6 / PITCH_M / radius_px
    assert found["tortuosity_200nm"][0] == pytest.approx(half / np.sin(half), abs=0.02)


def test_walls_meet_where_they_meet_and_end_where_they_end():
    trunk, arm = line((80, 20), (80, 140)), line((80, 80), (130, 80))
    places = np.array([[80.0, 40.0], [125.0, 80.0]])
    found = describe(places, scene(trunk, arm)).columns
    np.testing.assert_allclose(found["junction_distance_m"], [400e-9, 450e-9], atol=15e-9)
    np.testing.assert_allclose(found["tip_distance_m"], [200e-9, 50e-9], atol=15e-9)
    assert np.isnan(found["tortuosity_500nm"]).all()  # the wall forks or ends before


def test_a_wall_that_leaves_the_scan_has_no_tip_there():
    known = np.ones((SIDE, SIDE), bool)
    assert len(wall_lines(line((80, 0), (80, 159)), known).tips_yx) == 0
    known[:, 100:] = False
    assert len(wall_lines(line((80, 0), (80, 99)), known).tips_yx) == 0


def test_what_is_not_defined_is_missing():
    place = np.array([[80.0, 80.0]])
    assert set(describe(place, scene()).names) == set(DESCRIPTORS)
    of_no_wall = describe(place, scene()).columns
    assert np.isnan(of_no_wall["spacing_m"][0])
    assert of_no_wall["wall_density_500nm_per_m"][0] == 0
    corner = describe(np.array([[1.0, 1.0]]), scene(line((80, 0), (80, 159)))).columns
    assert np.isnan(corner["wall_density_500nm_per_m"][0])  # most of its ring is off the scan
    bare = describe(place, replace(scene(line((80, 0), (80, 159))), pitch_m=None)).columns
    assert all(np.isnan(v).all() for n, v in bare.items() if n.endswith(("_m", "_per_m")))


def turn(image, yx, change):
    """An image (H, W) and places on it, both turned by 90 degrees or mirrored."""
    side = image.shape[0] - 1
    if change == "turned":
        return np.ascontiguousarray(np.rot90(image)), np.column_stack([side - yx[:, 1], yx[:, 0]])
    return np.ascontiguousarray(image[:, ::-1]), np.column_stack([yx[:, 0], side - yx[:, 1]])


def described(image, yx, lines):
    points = Keypoints(yx, np.ones(len(yx)), "canny")
    profiles = profiles_of(points, image, KeypointPlan().smoothing_px).profiles
    return describe(yx, SceneOfWalls(image, PITCH_M, lines), profiles).columns


@pytest.mark.parametrize("change", ["turned", "mirrored"])
@pytest.mark.parametrize(("found_anew", "alike"), [(False, 0.97), (True, 0.75)])
def test_turning_or_mirroring_the_scan_changes_no_descriptor(surface, change, found_anew, alike):
    """Of the same lines hardly at all; thinned anew, a few of them meet or end elsewhere."""
    image = np.asarray(surface.scan.channel("Amplitude"))
    lines = find_wall_lines(image, KeypointPlan())
    yx = lines[::7]
    other, places = turn(image, yx, change)
    after_lines = (
        find_wall_lines(other, KeypointPlan()) if found_anew else turn(image, lines, change)[1]
    )
    before, after = described(image, yx, lines), described(other, places, after_lines)
    for name in set(DESCRIPTORS) - DIRECTIONS:
        a, b = before[name], after[name]
        both = np.isfinite(a) & np.isfinite(b)
        assert (np.isfinite(a) == np.isfinite(b)).mean() > 0.85, name
        if both.sum() > 20:
            assert np.corrcoef(rank(a[both]), rank(b[both]))[0, 1] > alike, name
            assert np.median(np.abs(a[both] - b[both])) <= 0.05 * np.ptp(a[both]), name


def rank(values):
    return np.argsort(np.argsort(values)).astype(float)


def test_directions_are_those_of_the_sample():
    profiles = WallProfiles(
        np.ones(2, int), *np.full((3, 2), 1.0), direction_rad=np.array([0.3, np.pi - 0.3])
    )
    found = describe(np.full((2, 2), 80.0), scene(frame_angle_rad=0.1), profiles).columns
    np.testing.assert_allclose(found["fast_axis_angle_rad"], 0.3)
    np.testing.assert_allclose(found["orientation_rad"], [0.2, np.pi - 0.4])
    # as the frame itself says it
    frame = ScanFrame((SIDE, SIDE), (PITCH_M, PITCH_M), angle_rad=0.1)
    ends = frame.to_m(np.array([[80.0, 80.0], [80 - 10 * np.sin(0.3), 80 + 10 * np.cos(0.3)]]))
    dx, dy = ends[1] - ends[0]
    assert np.mod(np.arctan2(dy, dx), np.pi) == pytest.approx(0.2)


def test_a_result_has_them_for_every_patch(typed_result):
    found = wall_descriptors(typed_result)
    assert len(found) == len(typed_result.patches)
    assert found is wall_descriptors(typed_result)
    known = {n: np.isfinite(v).mean() for n, v in found.columns.items()}
    for name in ("wall_density_100nm_per_m", "junction_distance_m", "width_m", "lower_side",
                 "wall_distance_m", "height_m"):  # fmt: skip
        assert known[name] > 0.6, name
    assert known["frequency_shift_hz"] == 0  # no such channel
    assert (found.columns["higher_side"] >= found.columns["lower_side"])[
        np.isfinite(found.columns["lower_side"])
    ].all()
