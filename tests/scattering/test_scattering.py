"""Scattering against a convolution written out in space, and what it must not see."""

import sys
import threading

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from corescout.data import StoppedError
from corescout.scattering import (
    centre_of,
    encode_scattering,
    fit_scattering,
    scattering_features,
)
from corescout.scattering.filters import N_ANGLES, centre_per_px, width_per_px

transform = sys.modules["corescout.scattering.transform"]
REACH = 24


@pytest.fixture(scope="module")
def image():
    noise = np.random.default_rng(0).standard_normal((96, 96))
    smooth = gaussian_filter(noise, 2.0)
    return ((smooth - smooth.min()) / np.ptp(smooth)).astype(np.float32)


@pytest.fixture(scope="module")
def places():
    return np.random.default_rng(1).integers(30, 66, (12, 2)).astype(float)


def kernel(scale, angle):
    """The wavelet in space: 2 pi s^2 exp(-2 pi^2 s^2 |x|^2) exp(2 pi i xi . x)."""
    y, x = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1].astype(float)
    turn, s, xi = np.pi * angle / N_ANGLES, width_per_px(scale), centre_per_px(scale)
    envelope = 2 * np.pi * s**2 * np.exp(-2 * np.pi**2 * s**2 * (x**2 + y**2))
    return envelope * np.exp(2j * np.pi * xi * (x * np.cos(turn) + y * np.sin(turn)))


def at(image, yx):
    smooth = gaussian_filter(image, 5.0, mode="nearest")
    y, x = yx.astype(int).T
    return smooth[REACH + y, REACH + x]


def test_both_orders_are_those_of_a_convolution_in_space(image, places):
    padded = np.pad(image - image.mean(), REACH, mode="symmetric").astype(float)
    fine, coarse, r = 1, 2, 1
    along = [np.abs(fftconvolve(padded, kernel(fine, a), mode="same")) for a in range(N_ANGLES)]
    mean = np.mean([at(u, places) for u in along], axis=0)
    found = scattering_features(image[None], places)
    np.testing.assert_allclose(found[:, fine], np.log(mean + 1e-4), atol=0.02)

    def again(a, turn):
        coarser = kernel(coarse, (a + turn) % N_ANGLES)
        return at(np.abs(fftconvolve(along[a], coarser, mode="same")), places)

    apart = [again(a, turn) for a in range(N_ANGLES) for turn in (r, N_ANGLES - r)]
    pair = 8 + 4 * 3 + r  # (0,1), (0,2), (0,3) stand before (1,2)
    np.testing.assert_allclose(found[:, pair], np.log(np.mean(apart, axis=0) + 1e-4), atol=0.05)


def test_a_turn_of_the_scan_changes_nothing(image, places):
    turned = np.rot90(image).copy()
    there = np.stack([95 - places[:, 1], places[:, 0]], axis=1)
    here = scattering_features(image[None], places)
    np.testing.assert_allclose(scattering_features(turned[None], there), here, atol=0.02)


def test_a_direction_is_not_seen_and_a_spacing_is():
    y, x = np.mgrid[:96, :96]
    middle = np.array([[48.0, 48.0]])

    def of(period, angle):
        u = x * np.cos(angle) + y * np.sin(angle)
        wave = (0.5 + 0.4 * np.cos(2 * np.pi * u / period)).astype(np.float32)
        return scattering_features(wave[None], middle)[0, :8]

    same, other = of(8, 0.0) - of(8, np.pi / 3), of(8, 0.0) - of(14, 0.0)
    assert np.abs(same).max() < 0.05
    assert np.abs(other).max() > 0.5


def test_each_channel_has_its_features(image, places):
    both = scattering_features(np.stack([image, 1 - image**2]), places)
    np.testing.assert_array_equal(both[:, :35], scattering_features(image[None], places))
    np.testing.assert_array_equal(both[:, 35:], scattering_features((1 - image**2)[None], places))


def test_missing_pixels_are_no_contrast(image, places):
    holes = image.copy()
    holes[:, 80:] = np.nan
    found = scattering_features(holes[None], places)
    far = places[:, 1] < 45
    here = scattering_features(image[None], places)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[far][:, :8], here[far][:, :8], atol=0.05)
    beside = np.array([[48.0, 79.0]])
    bright = np.where(np.isnan(holes), 1.0, image).astype(np.float32)
    truth = scattering_features(image[None], beside)[0, -2]
    assert abs(scattering_features(holes[None], beside)[0, -2] - truth) < 0.05
    assert abs(scattering_features(bright[None], beside)[0, -2] - truth) > 0.1


def test_codes_are_the_principal_components(image, places):
    from sklearn.decomposition import PCA

    features = scattering_features(image[None], np.random.default_rng(2).uniform(10, 86, (80, 2)))
    z = encode_scattering(features, fit_scattering(features, 3))
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    theirs = PCA(3).fit_transform(standard)
    for i in range(3):
        assert abs(np.corrcoef(z[:, i], theirs[:, i])[0, 1]) > 0.9999


def test_a_part_of_a_scan_has_the_same_coefficients_with_the_same_centre(image):
    """The left third is dark: the part that leaves it out has another mean."""
    whole = np.hstack([0.2 * image, image, image[:, ::-1]])
    part = whole[:, 96:]
    at = np.random.default_rng(3).uniform(36, 60, (40, 2))
    there = at + np.array([0.0, 96.0])
    truth = scattering_features(whole[None], there)
    spread = scattering_features(whole[None], np.argwhere(whole > -1)[::97].astype(float)).std(0)
    kept = scattering_features(part[None], at, centre_of(whole[None]))
    own = scattering_features(part[None], at)
    off = [np.median(np.abs(found - truth) / spread) for found in (kept, own)]
    assert off[0] < 0.02
    assert off[1] > 5 * off[0]


def test_parts_of_a_large_image_say_what_the_whole_says(monkeypatch):
    noise = np.random.default_rng(0).standard_normal((300, 341))
    image = gaussian_filter(noise, 1.5).astype(np.float32)[None]
    image[0, 100:140, 100:120] = np.nan
    yx = np.random.default_rng(1).uniform(0, [299, 340], (400, 2))
    whole = scattering_features(image, yx)
    monkeypatch.setattr(transform, "_MOST_AT_ONCE_PX", 1)
    monkeypatch.setattr(transform, "_PART_PX", 128)
    parts = scattering_features(image, yx)
    assert [(p.seen, p.end) for p in transform._parts(300)] == [
        (slice(0, 196), 100), (slice(52, 248), 200), (slice(104, 300), 300),
    ]  # fmt: skip
    assert (np.abs(parts - whole).max(axis=0) < 0.05 * whole.std(axis=0)).all()


def test_a_stop_ends_it(image, places):
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError, match="scattering"):
        scattering_features(image[None], places, stop=stop)
