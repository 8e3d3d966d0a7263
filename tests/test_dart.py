"""DART: a planted oscillator comes back, by the equations of Gannepalli et al. as well."""

import numpy as np
import pytest

import corescout
from corescout.dart import dart_channels, solve_oscillator
from corescout.derived import derived_channels, with_derived
from corescout.plan import Plan
from corescout.preparation import prepare


def planted(rng, sense=1):
    """Drive, resonance and Q (H, W), and what a lock-in sees at two frequencies."""
    shape = (12, 15)
    f0 = 380e3 + 2e3 * rng.standard_normal(shape)
    quality = rng.uniform(30, 200, shape)
    up = rng.random(shape) > 0.5
    drive = rng.uniform(5e-12, 40e-12, shape) * np.exp(1j * np.where(up, 0.3, 0.3 + np.pi))
    f1, f2 = f0 - rng.uniform(1e3, 6e3, shape), f0 + rng.uniform(1e3, 6e3, shape)
    seen = [f0**2 * drive / (f0**2 - f**2 + 1j * f * f0 / quality) for f in (f1, f2)]
    amplitudes = tuple(np.abs(r) for r in seen)
    phases = tuple(sense * np.rad2deg(np.angle(r)) for r in seen)
    return drive, f0, quality, amplitudes, phases, (f1, f2)


@pytest.mark.parametrize("sense", [1, -1])
def test_a_planted_oscillator_comes_back(rng, sense):
    drive, f0, quality, amplitudes, phases, frequencies = planted(rng, sense)
    found = solve_oscillator(amplitudes, phases, frequencies)
    np.testing.assert_allclose(found.amplitude, np.abs(drive), rtol=1e-6)
    np.testing.assert_allclose(found.frequency_hz, f0, rtol=1e-9)
    np.testing.assert_allclose(found.quality, quality, rtol=1e-6)
    off = np.exp(1j * np.deg2rad(found.phase_deg)) / np.exp(1j * sense * np.angle(drive))
    np.testing.assert_allclose(off, 1, atol=1e-6)


def gannepalli(a1, a2, phi1, phi2, f1, f2):
    """Equations of the paper, in its letters: Omega, Phi, X1, X2, then f0, Q and the drive."""
    w1, w2 = 2 * np.pi * f1, 2 * np.pi * f2
    phi, omega = np.tan(np.deg2rad(phi2 - phi1)), w1 * a1 / (w2 * a2)
    root = np.sign(phi) * np.sqrt(1 + phi**2)
    x1, x2 = -(1 - root / omega) / phi, (1 - root * omega) / phi
    top, bottom = w2 * x1 - w1 * x2, w1 * x1 - w2 * x2
    w0 = np.sqrt(w1 * w2 * top / bottom)
    quality = np.sqrt(w1 * w2 * top * bottom) / (w2**2 - w1**2)
    gain = np.sqrt((w0**2 - w1**2) ** 2 + (w0 * w1 / quality) ** 2) / w0**2
    return a1 * gain, w0 / 2 / np.pi, quality


def test_the_published_closed_form_gives_the_same(rng):
    _, _, _, (a1, a2), (p1, p2), (f1, f2) = planted(rng, -1)  # the paper counts the lag upwards
    found = solve_oscillator((a1, a2), (p1, p2), (f1, f2))
    amplitude, f0, quality = gannepalli(a1, a2, p1, p2, f1, f2)
    np.testing.assert_allclose(found.amplitude, amplitude, rtol=1e-6)
    np.testing.assert_allclose(found.frequency_hz, f0, rtol=1e-9)
    np.testing.assert_allclose(found.quality, quality, rtol=1e-6)


def test_a_real_dart_scan_has_a_corrected_amplitude(scan_file):
    scan = corescout.read_scan(scan_file("scan_0001.ibw"))
    (name,) = dart_channels(scan)
    assert name == "SHOAmplitudeRetrace"
    assert "FrequencyRetrace" in derived_channels(scan)[name]
    found = with_derived(scan, [name])
    values = found.channels[name]
    assert np.isfinite(values).mean() > 0.9
    # Q of 30 to 70: the resonance's gain is gone
    gain = np.nanmedian(scan.channels["Amplitude1Retrace"]) / np.nanmedian(values)
    assert 10 < gain < 80
    assert found.units[name] == "m"
    assert any("middle of drives 10000 Hz apart" in text for text in found.warnings)


def test_without_the_width_of_the_drives_nothing_is_derived(scan_file):
    from dataclasses import replace

    scan = corescout.read_scan(scan_file("scan_0001.ibw"))
    without = replace(scan, metadata={})
    assert dart_channels(without) == {}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("ACosPhase", "ACosPhase1Retrace"), ("ACosPhase2", "ACosPhase2Retrace"),
     ("SHOAmplitude", "SHOAmplitudeRetrace"), ("Height", "HeightRetrace")],
)  # fmt: skip
def test_a_channel_may_be_asked_for_by_its_short_name(scan_file, asked, meant):
    scan = corescout.read_scan(scan_file("scan_0001.ibw"))
    assert prepare(scan, Plan.preset("live", channels=(asked,))).channels == (meant,)


def test_the_error_for_a_channel_lists_the_derived_ones(scan_file):
    scan = corescout.read_scan(scan_file("scan_0001.ibw"))
    with pytest.raises(
        corescout.InputError, match=r"'HeightRetrace'.*derived.*'ACosPhase1Retrace'"
    ):
        prepare(scan, Plan.preset("live", channels=("Loudness",)))
