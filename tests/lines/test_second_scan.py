"""Gains of the lines of a second scan, as the first scan of the place tells them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from corescout.data import LineFaults
from corescout.lines import find_line_faults, gains_told_by_first

SHAPE = (160, 192)


def place(seed):
    """Domains of two amplitudes, with bands across the slow axis."""
    rng = np.random.default_rng(seed)
    domains = np.where(gaussian_filter(rng.standard_normal(SHAPE), 6) > 0, 1.0, 0.4)
    return gaussian_filter(domains * (1 + 0.3 * np.sin(np.arange(SHAPE[0]) / 9))[:, None], 1.2)


def scanned(sample, seed, gain=1.0):
    noise = 0.03 * np.random.default_rng(seed).standard_normal(SHAPE)
    return np.abs(sample + noise) * np.broadcast_to(gain, SHAPE[0])[:, None]


def jumping(seed):
    """A gain that jumps on every seventh line, and stays until the next."""
    rng = np.random.default_rng(seed)
    return np.exp(np.repeat(rng.uniform(-0.5, 0.5, 23), 7)[: SHAPE[0]])


def centred(values):
    return values - np.median(values)


@pytest.mark.parametrize("seed", range(3))
def test_gains_that_stay_come_back(seed):
    gain, sample = jumping(seed), place(seed)
    second = scanned(sample, 2, gain)
    own = find_line_faults(second, signed=False)
    told = gains_told_by_first(second, scanned(sample, 1), own)
    assert told.told_by_first
    off = centred(np.asarray(told.level) - np.log(gain))
    assert np.abs(off).max() < 0.04
    assert np.abs(centred(np.asarray(own.level) - np.log(gain))).max() > 0.1
    np.testing.assert_array_equal(told.masked, own.masked)


def test_a_part_of_a_line_that_switched_is_no_gain():
    sample = place(4)
    second = scanned(sample, 2, jumping(4))
    second[30:60, 40:80] *= 2.0
    told = gains_told_by_first(second, scanned(sample, 1), LineFaults.none(SHAPE[0]))
    assert told.told_by_first
    assert np.abs(centred(np.asarray(told.level) - np.log(jumping(4)))).max() < 0.15


@pytest.mark.parametrize("seed", range(3))
def test_another_place_tells_nothing(seed):
    second = scanned(place(10 + seed), 2)
    own = find_line_faults(second, signed=False)
    assert gains_told_by_first(second, scanned(place(20 + seed), 1), own) is own
    nowhere = np.full(SHAPE, np.nan)
    assert gains_told_by_first(second, nowhere, own) is own


def test_lines_that_are_lost_or_beyond_the_first_scan_keep_their_own():
    gain, sample = jumping(7), place(7)
    second, first = scanned(sample, 2, gain), scanned(sample, 1)
    second[50], first[:8] = 0.0, np.nan
    own = find_line_faults(second, signed=False)
    told = gains_told_by_first(second, first, own)
    assert told.told_by_first
    assert told.level[50] == 0
    np.testing.assert_array_equal(told.level[:8], own.level[:8])
