"""Generated surfaces: known walls of every type, nothing else random, and their surrogates."""

import numpy as np
import pytest

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
