"""Generated surfaces: known walls of every type, nothing else random, and their surrogates."""

import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from corescout.data import StoppedError
from corescout.surfaces import generate_surface, phase_randomised


@pytest.mark.parametrize("seed", range(5))
def test_every_type_has_walls(seed):
    surface = generate_surface(seed=seed)
    shares = np.bincount(surface.wall_type[surface.wall_type > 0], minlength=4)[1:]
    assert (shares / shares.sum()).min() > 0.03
    assert surface.type_names == ("stripes", "needles", "walls")
    assert surface.scan.default_channel == "Amplitude"


def test_the_same_seed_gives_the_same_surface():
    one, other, third = (generate_surface((64, 64), seed=s) for s in (1, 1, 2))
    assert one.scan.content_sha256 == other.scan.content_sha256 != third.scan.content_sha256


def test_amplitude_is_null_at_a_180_degree_wall():
    surface = generate_surface((128, 128), patterns=("walls",), noise=0.0, row_noise=0.0)
    amplitude = surface.scan.channels["Amplitude"]
    assert amplitude[surface.wall_type > 0].mean() < 0.5 * np.median(amplitude)


def test_a_surrogate_keeps_grey_levels_and_spectrum_and_loses_the_pattern(surface):
    image = np.asarray(surface.scan.channel())
    surrogate = phase_randomised(image, 0)
    strength = [np.abs(np.fft.rfft2(a - a.mean())).ravel() for a in (image, surrogate)]
    assert np.corrcoef(*strength)[0, 1] > 0.7
    np.testing.assert_allclose(np.median(surrogate), np.median(image), rtol=0.1)
    assert abs(np.corrcoef(image.ravel(), surrogate.ravel())[0, 1]) < 0.2


@pytest.fixture(scope="module")
def large():
    """More than 1024 x 1024 pixels: stripes on a slope, whose edges do not meet, and noise."""
    y, x = np.mgrid[:1030, :1040].astype(np.float32)
    noise = gaussian_filter(np.random.default_rng(0).standard_normal(y.shape), 2).astype(np.float32)
    return np.sign(np.sin((x + 2 * y) / 9)) + 2 * noise + y / 300


def test_a_surrogate_of_a_large_image_keeps_grey_levels_and_spectrum(large):
    surrogate = phase_randomised(large, 0)
    levels = [np.sort(a, axis=None) for a in (large, surrogate)]
    assert np.abs(levels[0] - levels[1]).max() < 2e-3 * np.ptp(large)
    assert abs(np.corrcoef(large.ravel(), surrogate.ravel())[0, 1]) < 0.1
    # Away from the axes, where the edges of the image leave a cross in its own spectrum.
    inner = [np.abs(np.fft.rfft2(a))[3:-3, 3:] for a in (large, surrogate)]
    rings = [a[:240, :240].reshape(24, 10, 24, 10).mean(axis=(1, 3)) for a in inner]
    assert np.corrcoef(*np.log(rings).reshape(2, -1))[0, 1] > 0.98


def test_a_large_surrogate_has_no_cross_where_the_edges_of_the_image_do_not_meet(large):
    smooth = phase_randomised(large, 0)
    jump = np.abs(smooth[0] - smooth[-1]).mean() / np.abs(smooth[0] - smooth[1]).mean()
    of_image = np.abs(large[0] - large[-1]).mean() / np.abs(large[0] - large[1]).mean()
    assert jump < 1.5  # its edges meet as its neighbouring rows do
    assert of_image > 2


def test_a_large_surrogate_is_its_seed_alone(large):
    one, again, other = (phase_randomised(large, seed) for seed in (1, 1, 2))
    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != other.tobytes()


def test_a_large_surrogate_takes_little_memory(large):
    phase_randomised(large, 0)  # what is imported is not counted
    tracemalloc.start()
    phase_randomised(large, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * large.size * 4  # eight images of single precision


@pytest.mark.parametrize("turn", [1, 4, 10])
def test_a_stop_ends_a_surface_under_way(large, pressed_at_look, turn):
    """It is looked at ten times in one surface, and nothing is done after it was seen."""
    stop = pressed_at_look(turn)
    with pytest.raises(StoppedError, match="surface without types"):
        phase_randomised(large, 0, stop=stop)
    assert stop.looks == turn
