"""Scans not worth a decision are named as such, with the reason; good ones are left alone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import corescout
from corescout.data import Scan
from corescout.quality import assess, correlation_of_neighbours

GOOD = ["PZT_final0001.h5", "PTO_Funakubo0004.h5", "PTO_Funakubo0005.h5", "PZT_thick0009.h5"]
# A disturbed band; lines that jump and one that is lost.
DOUBTED = {"scan_0001.ibw": "line jumps", "PMN28Pt0000.h5": "line jumps"}


@pytest.mark.parametrize("name", GOOD)
def test_no_doubt_about_a_good_scan(scan_file, name):
    assert assess(corescout.read_scan(scan_file(name))) == ()


@pytest.mark.parametrize("name", DOUBTED)
def test_what_the_lines_of_a_scan_do_is_said(scan_file, name):
    (found,) = assess(corescout.read_scan(scan_file(name)))
    assert found.kind == DOUBTED[name]
    assert 0 < found.share < 0.8
    assert found.lines


def test_a_scan_without_contrast_is_warned_about(scan_file):
    found = {f.kind: f.message for f in assess(corescout.read_scan(scan_file("image_ibw.ibw")))}
    assert "noise" in found["no contrast"]
    assert "phase is noise" in found["contradiction"]


@pytest.fixture
def image(rng) -> np.ndarray:
    return gaussian_filter(rng.normal(size=(96, 96)), 3) * 10


def kinds(image, **more):
    return [f.kind for f in assess(Scan(uid="a", channels={"a": image}), **more)]


def test_a_smooth_image_is_fine(image):
    assert kinds(image) == []


def test_lost_lines(image):
    image[40:44] = np.nan
    assert kinds(image) == ["lost lines"]
    image[40:44] = 5.0
    assert "lost lines" in kinds(image)


def test_saturation(image):
    assert kinds(np.minimum(image, np.percentile(image, 90))) == ["saturation"]


def test_drift(image):
    assert kinds(image + 3 * np.std(image) * np.linspace(0, 1, 96)[:, None]) == ["drift"]


def test_noise_and_nothing(rng):
    assert kinds(rng.normal(size=(96, 96))) == ["no contrast"]
    assert kinds(np.full((96, 96), 3.0)) == ["no contrast"]


@pytest.mark.parametrize("tip_px", [0.7, 1.2])
def test_walls_a_few_pixels_apart_are_no_noise(rng, tip_px):
    """A labyrinth of 180-degree walls 8 px apart: neighbours correlate by 0.6 to 0.75 only."""
    ky, kx = np.fft.fftfreq(192)[:, None], np.fft.fftfreq(192)[None]
    ring = np.abs(np.hypot(ky, kx) - 1 / 16) < 0.015
    domains = np.sign(np.fft.ifft2(np.fft.fft2(rng.normal(size=(192, 192))) * ring).real)
    amplitude = np.abs(gaussian_filter(domains, tip_px) + 0.03 * rng.normal(size=(192, 192)))
    assert correlation_of_neighbours(amplitude) < 0.8
    assert "no contrast" not in kinds(amplitude)
    noisy = np.abs(gaussian_filter(domains, tip_px) + 0.6 * rng.normal(size=(192, 192)))
    assert "no contrast" in kinds(noisy)


def test_scattered_wrong_pixels_are_noise(rng):
    """Nineteen of twenty pixels tell nothing here."""
    assert "no contrast" in kinds(np.where(rng.random((96, 96)) < 0.05, 1.0, 0.0))


def test_an_image_of_two_values_is_judged(rng):
    """Its contrast is the same in every band: no trend, and no warning of scipy."""
    assert "fading" not in kinds((rng.random((64, 64)) < 0.5).astype(float))


def test_few_key_points(image):
    assert kinds(image, n_keypoints=20) == ["few walls"]


def test_an_amplitude_that_is_topography(image):
    scan = Scan(
        uid="a",
        channels={"Amplitude": image, "Height": 2 * image},
        roles={"Amplitude": "amplitude", "Height": "topography"},
    )
    assert [f.kind for f in assess(scan)] == ["cross-talk"]


def test_phase_jumps_where_the_amplitude_is_high(surface):
    scan = surface.scan
    name = scan.default_channel
    assert [f.kind for f in assess(scan) if f.kind == "contradiction"] == []
    upside_down = {**scan.channels, name: scan.channels[name].max() - scan.channels[name]}
    assert "contradiction" in [f.kind for f in assess(replace(scan, channels=upside_down))]


def test_doubts_stand_in_the_notes_of_a_result(scan_file):
    from corescout.plan import Plan
    from corescout.preparation import prepare

    prepared = prepare(corescout.read_scan(scan_file("PMN28Pt0000.h5")), Plan.preset("live"))
    assert any(note.startswith("line jumps") for note in prepared.notes)


def test_lines_that_are_still_to_come_are_no_doubt(image):
    partial = image.copy()
    partial[70:] = np.nan
    scan = Scan(uid="a", channels={"a": partial}, rows_done=70)
    assert [f.kind for f in assess(scan)] == kinds(image)


def test_flat_lines_do_not_make_the_others_jump(image):
    lost = image.copy()
    lost[:60] = 0.0
    (found,) = [f for f in assess(Scan("a", {"a": lost})) if f.kind == "lost lines"]
    assert 60 <= float(found.message.split("%")[0]) <= 68  # of 62.5


@pytest.mark.parametrize("shape", [(2, 2), (3, 200), (200, 3)])
def test_a_few_pixels_are_no_base_for_a_judgement(rng, shape):
    (found,) = assess(Scan("a", {"a": rng.random(shape)}))
    assert "too few" in found.message


def test_a_channel_without_values():
    (found,) = assess(Scan("a", {"a": np.full((20, 20), np.nan)}))
    assert "no values" in found.message
