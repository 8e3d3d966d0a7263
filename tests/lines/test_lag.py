"""Trace and retrace: a planted lag is measured, and places are the mean of both ways."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from corescout.data import Scan, ScanFrame
from corescout.description import describe
from corescout.lines import at_mean_places, find_lag
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.surfaces import generate_surface


def shifted(image, by_px):
    """An image (H, W) whose features lie by_px (H,) further to the right."""
    rows, columns = np.indices(image.shape).astype(float)
    return map_coordinates(image, [rows, columns - by_px[:, None]], order=3, mode="reflect")


def both_ways(amplitude, lag_px, rng, noise=0.03, **more):
    """A scan whose trace and retrace show an amplitude lag_px (H,) apart, each with its noise."""

    def seen(by_px):
        clean = shifted(amplitude, by_px)
        return (clean + noise * amplitude.std() * rng.standard_normal(clean.shape)).astype("f4")

    channels = {"AmplitudeTrace": seen(lag_px / 2), "AmplitudeRetrace": seen(-lag_px / 2)}
    return Scan(
        "s",
        channels,
        {"AmplitudeTrace": "m", "AmplitudeRetrace": "m"},
        ScanFrame(amplitude.shape, (10e-9, 10e-9)),
        roles=dict.fromkeys(channels, "amplitude"),
        directions={"AmplitudeTrace": "trace", "AmplitudeRetrace": "retrace"},
        **more,
    )


@pytest.fixture(scope="module")
def amplitude():
    return np.asarray(generate_surface((160, 160), seed=3).scan.channel(), np.float64)


@pytest.mark.parametrize("size", [-3.3, 1.4, 6.0])
def test_a_planted_lag_is_measured(amplitude, rng, size):
    scan = both_ways(amplitude, np.full(160, size), rng)
    assert find_lag(scan, "AmplitudeTrace").median_px == pytest.approx(size, abs=0.1)
    assert find_lag(scan, "AmplitudeRetrace").median_px == pytest.approx(size, abs=0.1)


def test_a_lag_that_changes_over_the_scan_is_followed_block_by_block(amplitude, rng):
    lag = np.linspace(1.0, 5.0, 160)
    found = find_lag(both_ways(amplitude, lag, rng), "AmplitudeTrace")
    assert np.abs(found.px - lag)[20:140].max() < 0.5


def test_both_ways_of_noise_have_no_lag(rng):
    images = rng.random((2, 128, 128)).astype("f4")
    names = ("AmplitudeTrace", "AmplitudeRetrace")
    scan = Scan(
        "s", dict(zip(names, images, strict=True)), roles=dict.fromkeys(names, "amplitude"),
        directions={names[0]: "trace", names[1]: "retrace"},
    )  # fmt: skip
    assert find_lag(scan, names[0]) is None
    assert at_mean_places(scan, names[:1]) == (scan, ())


def test_channels_are_moved_to_the_mean_of_both_ways(amplitude, rng):
    scan = both_ways(amplitude, np.full(160, 4.0), rng)
    moved, lags = at_mean_places(scan, ["AmplitudeTrace"])
    (lag,) = lags
    assert lag.median_px == pytest.approx(4, abs=0.1)
    inner = np.s_[:, 8:-8]
    before = np.corrcoef(scan.channels["AmplitudeTrace"][inner].ravel(), amplitude[inner].ravel())
    after = np.corrcoef(moved.channels["AmplitudeTrace"][inner].ravel(), amplitude[inner].ravel())
    assert after[0, 1] > 0.99 > before[0, 1]
    assert at_mean_places(moved, ["AmplitudeTrace"]) == (moved, ())  # it is there


def test_a_phase_moves_with_its_amplitude_as_an_angle(amplitude, rng):
    lag = np.full(160, 4.0)
    scan = both_ways(amplitude, lag, rng)
    angle = np.where(gaussian_filter(rng.standard_normal((160, 160)), 9) > 0, 175.0, -175.0)
    phases = dict.fromkeys(("PhaseTrace", "PhaseRetrace"), angle.astype("f4"))
    scan = Scan(
        "s", {**scan.channels, **phases}, frame=scan.frame,
        roles={**scan.roles, **dict.fromkeys(phases, "phase")},
        directions={**scan.directions, "PhaseTrace": "trace", "PhaseRetrace": "retrace"},
    )  # fmt: skip
    moved, _ = at_mean_places(scan, ["PhaseTrace"])
    was = phases["PhaseTrace"]
    assert np.allclose(moved.channels["PhaseTrace"][:, :-2], was[:, 2:], atol=1.0)
    seen = moved.channels["PhaseTrace"]
    assert np.nanmin(np.abs(seen)) > 170  # never through 0, as a mean of the numbers would


def test_key_points_lie_on_the_walls_of_the_sample_and_not_of_one_way(amplitude, rng):
    scan = both_ways(amplitude, np.full(160, 5.0), rng, noise=0.01)
    truth = Scan("t", {"A": amplitude.astype("f4")}, roles={"A": "amplitude"}, frame=scan.frame)

    def off(plan):
        found = np.asarray(prepare(scan, plan).keypoints.yx_px)
        near = found[:, None] - np.asarray(prepare(truth, Plan()).keypoints.yx_px)[None]
        nearest = np.hypot(*np.moveaxis(near, -1, 0)).argmin(axis=1)
        return np.median(near[np.arange(len(found)), nearest, 1])

    plan = Plan(channels=("AmplitudeTrace",))
    assert abs(off(plan)) < 0.3
    assert off(plan.changed("cleaning.mean_places", False)) > 1.0
    assert any("mean of both" in note for note in prepare(scan, plan).notes)


def test_what_one_way_leaves_open_is_said_with_a_figure(amplitude, rng):
    scan = both_ways(amplitude, np.full(160, 4.0), rng, metadata={"ScanSpeed": "5e-06"})
    assert " nm (4.0 px) apart" in dict(describe(scan, "AmplitudeTrace")["Place"])["fast axis"]
    one = Scan(
        "s", {"AmplitudeTrace": scan.channels["AmplitudeTrace"]}, frame=scan.frame,
        roles={"AmplitudeTrace": "amplitude"}, directions={"AmplitudeTrace": "trace"},
        metadata=scan.metadata,
    )  # fmt: skip
    said = dict(describe(one, "AmplitudeTrace")["Place"])["fast axis"]
    assert "trace only" in said
    assert "5 nm" in said
