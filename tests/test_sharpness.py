"""How much blunter one tip was than another, told from two scans of one place."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.response import response_on
from corescout.sharpness import LEAST_PX, Shown, blunter_by_px
from corescout.surfaces import Imaging, generate_family

FIRST = Imaging(tip_px=1.2, noise=0.03, row_noise=0.02)


def shown(family, seed, imaging, noise_seed=None):
    """A surface, scanned; the same sample with the noise of another scan."""
    surface = generate_family(family, seed, (160, 160), imaging=Imaging(noise=0, row_noise=0))
    scan = surface.scan
    if noise_seed is not None:
        from corescout.surfaces.domains import Domains
        from corescout.surfaces.imaging import measure

        domains = Domains(np.asarray(surface.response, float), np.zeros(scan.shape_px))
        scan = measure(domains, imaging, 8e-9, noise_seed, np.random.default_rng(noise_seed))
    return Shown(np.array(scan.channel("Amplitude")), response_on(scan, "Amplitude"))


@pytest.mark.parametrize("family", ["voronoi", "level_set", "alternating"])
@pytest.mark.parametrize("planted_px", [0.7, 1.2])
def test_a_planted_blur_is_found_both_ways(family, planted_px):
    first = shown(family, 4, FIRST, 1)
    blunter = replace(FIRST, tip_px=float(np.hypot(1.2, planted_px)), gain=1.4, noise=0.04)
    second = shown(family, 4, blunter, 2)
    found = blunter_by_px(first, second)
    assert found == pytest.approx(planted_px, abs=0.2)
    assert blunter_by_px(second, first) == pytest.approx(-found)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_noise_and_gain_are_no_blur(seed):
    first = shown("voronoi", seed, FIRST, 1)
    second = shown("voronoi", seed, replace(FIRST, gain=0.6, row_noise=0.04), 2)
    assert blunter_by_px(first, second) == 0


def test_nothing_is_said_of_noise_alone_and_of_small_or_missing_images(rng):
    first = shown("voronoi", 1, FIRST, 1)
    noise = Shown(rng.normal(1, 0.1, (160, 160)).astype(np.float32))
    small = Shown(first.image[:60])
    missing = np.array(first.image)
    missing[::20] = np.nan
    for other in (noise, small, Shown(missing)):
        assert blunter_by_px(first, other) == 0
        assert blunter_by_px(other, first) == 0


def test_the_null_of_a_wall_stays_dark_through_a_blunter_tip():
    side = np.where(np.arange(80) < 40, -1.0, 1.0) * np.ones((80, 1))
    image = np.abs(side).astype(np.float32)
    with_phase = Shown(image, side + 0j).blunted(2.0).image
    assert with_phase[40, 39:41].max() < 0.3  # erf(0.5 / (2 sqrt 2)) = 0.2
    assert Shown(image).blunted(2.0).image.min() == pytest.approx(1)  # nothing says there is a wall


def test_what_is_missing_stays_missing_and_spoils_nothing_beside_it():
    image = np.ones((40, 40), np.float32)
    image[10:14, 20] = np.nan
    seen = Shown(image).blunted(1.5).image
    np.testing.assert_array_equal(np.isnan(seen), np.isnan(image))
    assert seen[np.isfinite(seen)] == pytest.approx(1, abs=1e-5)
    assert Shown(image).blunted(0.0).image is image
    assert LEAST_PX < 1


@pytest.mark.parametrize("noise", [0.03, 0.05])
def test_a_blunter_tip_leaves_the_noise(noise):
    """Of the scan it is told from its spectrum: 0.1 nm times the planted share."""
    scan = shown("voronoi", 3, replace(FIRST, noise=noise, row_noise=0), 1)
    assert scan.noise == pytest.approx(noise * 1e-10, rel=0.15)
    assert scan.blunted(1.0).noise < 0.5 * scan.noise
    through = scan.through_tip(1.0)
    assert through.noise == pytest.approx(scan.noise, rel=0.1)
    np.testing.assert_array_equal(through.image, scan.through_tip(1.0).image)
    assert blunter_by_px(scan, through) == pytest.approx(1.0, abs=0.15)
    assert scan.through_tip(0.0) is scan
