"""What a large scan fills the memory with: per pixel while it is prepared, per point of a fit."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Normalisation
from corescout.keypoints import find_keypoints
from corescout.plan import KeypointPlan, Plan
from corescout.preparation import prepare
from corescout.quality import correlation_of_neighbours
from corescout.search.tasks import Task, run_task


def peak_bytes(work):
    """Most that was allocated at a time while `work` ran, beyond what was there before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def image():
    """A pattern of walls on more rows than are taken at once."""
    y, x = np.mgrid[:1536, :512]
    wave = np.sin(x / 9 + 3 * np.sin(y / 40)) + np.sin(y / 13)
    noise = np.random.default_rng(0).normal(0, 0.05, y.shape)
    return (wave + noise).astype(np.float32)


def test_key_points_take_a_few_single_precision_images_at_a_time(image):
    plan = KeypointPlan(spacing_px=8)
    find_keypoints(image[:64, :64], plan, 11)  # what is loaded on the way does not count
    assert peak_bytes(lambda: find_keypoints(image, plan, 11)) / image.size < 60


def test_grey_levels_and_a_correlation_take_next_to_nothing_beside_their_result(image):
    levels = Normalisation(("Amplitude",), np.array([-1.0]), np.array([1.0]))
    assert peak_bytes(lambda: levels.grey(image[None])) / image.size < 8
    double = image.astype(np.float64)
    assert peak_bytes(lambda: correlation_of_neighbours(double)) / image.size < 12


def test_correlation_by_rows_is_that_of_the_whole(image):
    holed = np.where(np.random.default_rng(1).random(image.shape) < 0.2, np.nan, image)
    left, right = holed[:, :-1].astype(float), holed[:, 1:].astype(float)
    both = np.isfinite(left) & np.isfinite(right)
    expected = np.corrcoef(left[both], right[both])[0, 1]
    assert correlation_of_neighbours(holed.astype(float)) == pytest.approx(expected, rel=1e-12)


@pytest.fixture(scope="module")
def prepared(image):
    from corescout.data import Scan

    scan = Scan(uid="walls", channels={"Amplitude": image[:300, :300]}, roles={})
    return prepare(scan, Plan.preset("live", windows_px=(5, 7)))


def test_fits_of_a_scan_share_what_is_the_same_for_all_of_them(prepared):
    training = {"epochs": 1}
    plan = Plan.preset("live", windows_px=(5,), invariances=("none", "r"), training=training)
    data = prepared.trial_data
    candidates = plan.candidates(data.channels)[:2]
    fits = [run_task(data, Task(plan, (candidate,)))[0].fit for candidate in candidates]
    for name in ("context", "block", "walls"):
        one, other = (getattr(fit, name) for fit in fits)
        assert np.shares_memory(one, other), name


def test_trials_of_one_window_at_a_time_have_the_same_patches(prepared):
    data = prepared.trial_data
    first = data.patches(5)
    assert data.patches(5) is first
    assert data.patches(7) is not first
    alone = replace(data).patches(5)
    assert alone is not first
    np.testing.assert_array_equal(alone.values, first.values)
