"""A cos(phase), A sin(phase): offset and background are found, and the stored channels kept."""

import numpy as np
import pytest

import corescout
from corescout.cleaning import clean
from corescout.data import Scan
from corescout.plan import CleaningPlan, Plan
from corescout.preparation import prepare
from corescout.response import derivable, fit_response, with_response


def domains(rng, offset_deg, background):
    up = np.repeat(rng.random((30, 1)) > 0.4, 40, axis=1)
    response = np.where(up, 1.0, -1.0) * np.exp(1j * np.deg2rad(offset_deg)) + background
    response = response + 0.02 * (rng.normal(size=up.shape) + 1j * rng.normal(size=up.shape))
    return up, np.abs(response), np.rad2deg(np.angle(response))


@pytest.mark.parametrize("offset_deg", [-80.0, -30.0, 0.0, 45.0, 85.0])
@pytest.mark.parametrize("across", [-0.3, 0.0, 0.4])
def test_a_known_offset_and_background_are_found(rng, offset_deg, across):
    background = 1j * across * np.exp(1j * np.deg2rad(offset_deg))
    _, amplitude, phase = domains(rng, offset_deg, background)
    fit = fit_response(amplitude, phase)
    assert fit.offset_deg == pytest.approx(offset_deg, abs=1)
    assert fit.background == pytest.approx(background, abs=0.01)


def test_up_and_down_differ_in_sign_and_the_quadrature_is_noise(rng):
    up, amplitude, phase = domains(rng, 70.0, 0.3j)
    scan = Scan(
        uid="a",
        channels={"Amplitude": amplitude, "Phase": phase},
        units={"Amplitude": "m", "Phase": "deg"},
        roles={"Amplitude": "amplitude", "Phase": "phase"},
    )
    derived = with_response(scan)
    cos, sin = derived.channels["ACosPhase"], derived.channels["ASinPhase"]
    assert abs(np.mean((cos > 0) == up) - 0.5) > 0.49  # up to the sign of the axis
    assert np.std(sin) < 0.05
    assert derived.units["ACosPhase"] == "m"
    assert "ACosPhase phase offset (deg)" in derived.metadata
    np.testing.assert_array_equal(derived.channels["Amplitude"], scan.channels["Amplitude"])
    raw = with_response(scan, offset=False, background=False)
    expected = amplitude * np.cos(np.deg2rad(phase))
    np.testing.assert_allclose(raw.channels["ACosPhase"], expected, atol=1e-6)


def test_both_pairs_of_a_dart_scan(scan_file):
    scan = corescout.read_scan(scan_file("scan_0001.ibw"))
    assert derivable(scan)["ACosPhase2Retrace"] == ("Amplitude2Retrace", "Phase2Retrace")
    derived = with_response(scan)
    for k in "12":
        response = derived.channels[f"ACosPhase{k}Retrace"]
        assert np.std(response) > 5 * np.std(derived.channels[f"ASinPhase{k}Retrace"])


def test_a_derived_channel_can_be_explored(scan_file):
    scan = corescout.read_scan(scan_file("scan_0001.ibw"))
    plan = Plan.preset("live", channels=("ACosPhase1Retrace",))
    assert prepare(scan, plan).channels == ("ACosPhase1Retrace",)
    assert "ACosPhase1Retrace" not in scan.channels


def test_topography_is_levelled_and_an_amplitude_is_not(rng):
    image = rng.normal(size=(40, 40)) + np.arange(40.0) + 5 * rng.random((40, 1))
    plan = CleaningPlan()
    np.testing.assert_array_equal(clean(image, plan, "amplitude"), image.astype(np.float32))
    assert np.std(clean(image, plan, "topography")) < 0.2 * np.std(image)
    off = CleaningPlan(plane=False, row_median=False, scars=False)
    np.testing.assert_array_equal(clean(image, off, "topography"), image.astype(np.float32))
