"""A lost resonance is masked where it is longer than a wall; nulls of the sample are kept."""

import numpy as np
import pytest

from corescout.data import Scan, ScanFrame
from corescout.lines import analysed_channel
from corescout.lines.tracking import tracking_lost
from corescout.plan import CleaningPlan, Plan
from corescout.preparation import prepare
from corescout.quality import assess
from corescout.surfaces import generate_surface

SIDE = 160


def dart_scan(rng, wall="vertical"):
    """Amplitude, phase and tracked frequency of up and down domains with straight walls."""
    y, x = np.indices((SIDE, SIDE)).astype(float)
    across = np.sin(2 * np.pi * (x if wall == "vertical" else y) / 53.0)
    signed = np.tanh(across / 0.15)
    frequency = 380e3 + 500 * rng.standard_normal((SIDE, SIDE))
    null = np.abs(signed) < 0.35
    frequency[null] += 15e3 * rng.standard_normal(null.sum())  # it strays where nothing answers
    channels = {
        "Amplitude": np.abs(signed) * 1e-11 + 3e-13 * rng.random((SIDE, SIDE)),
        "Phase": np.where(signed > 0, 90.0, -90.0),
        "Frequency": np.clip(frequency, 330e3, 430e3),
    }
    channels = {name: values.astype("f4") for name, values in channels.items()}
    roles = {name: name.lower() for name in channels}
    return Scan(
        "s",
        channels,
        frame=ScanFrame((SIDE, SIDE), (1e-8, 1e-8)),
        roles=roles,
        directions=dict.fromkeys(channels, "trace"),
    )


def with_loss(scan, rows, columns):
    """The same scan with its frequency at the rail, and next to no response, in a part."""
    channels = {name: np.array(values) for name, values in scan.channels.items()}
    channels["Frequency"][rows, columns] = channels["Frequency"].max()
    channels["Amplitude"][rows, columns] *= 0.1
    return Scan(
        "s", channels, frame=scan.frame, roles=scan.roles, directions=scan.directions
    )  # fmt: skip


@pytest.mark.parametrize("wall", ["vertical", "horizontal"])
def test_a_scan_that_kept_its_resonance_has_no_loss(rng, wall):
    assert not tracking_lost(dart_scan(rng, wall), "Amplitude").any()


@pytest.mark.parametrize("wall", ["vertical", "horizontal"])
def test_a_planted_loss_is_masked_and_said_with_its_place(rng, wall):
    scan = with_loss(dart_scan(rng, wall), slice(60, 75), slice(20, 90))
    lost = tracking_lost(scan, "Amplitude")
    planted = np.zeros_like(lost)
    planted[60:75, 20:90] = True
    assert lost[planted].mean() > 0.95
    assert lost[~planted].mean() < 0.005
    (finding,) = [f for f in assess(scan, "Amplitude") if f.kind == "tracking loss"]
    assert set(range(60, 75)) <= set(finding.lines)
    seen = analysed_channel(scan, "Amplitude", CleaningPlan())
    assert np.isnan(seen.sought[planted]).mean() > 0.95
    assert np.isfinite(seen.raw).all()
    assert np.isfinite(analysed_channel(scan, "Amplitude", CleaningPlan(lines="off")).sought).all()


def test_a_null_along_the_fast_axis_is_a_wall_even_where_the_frequency_is_at_its_end(rng):
    scan = dart_scan(rng, "horizontal")
    channels = {name: np.array(values) for name, values in scan.channels.items()}
    rows = np.flatnonzero(channels["Amplitude"].mean(axis=1) < 4e-12)
    channels["Frequency"][rows[(rows > 5) & (rows < SIDE - 5)]] = 430e3
    walls = Scan("s", channels, frame=scan.frame, roles=scan.roles, directions=scan.directions)
    assert not tracking_lost(walls, "Amplitude").any()


def test_no_key_point_touches_a_loss(rng):
    surface = generate_surface((SIDE, SIDE), seed=2).scan
    frequency = 380e3 + 500 * rng.standard_normal((SIDE, SIDE))
    frequency[50:90, 40:120] = 390e3
    scan = Scan(
        "s",
        {"Amplitude": surface.channel(), "Frequency": frequency.astype("f4")},
        roles={"Amplitude": "amplitude", "Frequency": "frequency"},
        directions={"Amplitude": "trace", "Frequency": "trace"},
    )
    found = np.asarray(prepare(scan, Plan(windows_px=(9,))).keypoints.yx_px)
    y, x = found.T
    assert len(found) > 100
    assert not ((y > 50) & (y < 89) & (x > 40) & (x < 119)).any()
