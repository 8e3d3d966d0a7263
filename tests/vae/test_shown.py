"""With a cap on the steps more key points cost no more of them."""

import numpy as np
import pytest

from corescout.plan import TrainingPlan
from corescout.vae import epochs_of, patches_of, shown

CAPPED = TrainingPlan(epochs=50, max_steps=600, batch_size=64)


def steps(n_patches):
    return epochs_of(CAPPED, n_patches) * max(1, n_patches // CAPPED.batch_size)


@pytest.mark.parametrize("n_patches", [50, 615, 3725, 9600])
def test_all_of_few_patches_are_shown(n_patches):
    assert patches_of(CAPPED, n_patches) == n_patches
    assert steps(n_patches) <= 600


@pytest.mark.parametrize("n_patches", [9601, 12_000, 19_200, 25_000, 38_400, 60_000, 200_000])
def test_many_patches_fill_the_steps_and_no_more(n_patches):
    count = patches_of(CAPPED, n_patches)
    assert 9_000 <= count <= min(n_patches, 38_400)
    assert 590 <= steps(count) <= 600


def test_without_a_cap_all_are_shown():
    plan = TrainingPlan(epochs=50, max_steps=None)
    assert patches_of(plan, 200_000) == 200_000
    assert epochs_of(plan, 200_000) == 50


def test_those_that_are_shown_are_of_the_whole_scan_each_once():
    patches = np.arange(30_000, dtype=np.float32)[:, None]
    some = shown(patches, CAPPED)
    assert len(some) == patches_of(CAPPED, 30_000) < 30_000
    assert (np.diff(some[:, 0]) > 0).all()
    share = np.histogram(some, 10, (0, 30_000))[0] / len(some)
    np.testing.assert_allclose(share, 0.1, atol=0.01)
    assert shown(patches, CAPPED).tobytes() == some.tobytes()
