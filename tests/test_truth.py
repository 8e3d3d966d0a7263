"""`corescout bench truth` in small: the statements of the paper that a small surface can show."""

import numpy as np
import pytest

from benchmarks.truth import truth
from benchmarks.truth.decision import REWARDS


@pytest.fixture(scope="module")
def values():
    return truth.run(quick=True).values


def test_a_larger_window_loses_more(values):
    assert values["loss_with_window_spearman"] == pytest.approx(1.0)


def test_the_likelihood_takes_more_components_than_icl(values):
    assert values["log_likelihood_components"] >= 6
    assert 2 <= values["icl_components_r_rt"] < values["log_likelihood_components"]


def test_no_invariance_takes_more_components(values):
    assert values["icl_components_none_minus_r_rt"] > 0


def test_every_common_type_has_a_component_and_noise_has_none(values):
    assert values["coverage"] >= 0.9
    assert values["core_majority"] > 0.6
    assert values["clouds_claimed"] == 0


def test_every_reward_is_held_against_the_truth(values):
    found = [values[f"rank_correlation_{name}"] for name in REWARDS]
    assert np.all(np.abs(found) <= 1)
    assert values["ami_best"] >= max(values["ami_default"], values["ami_random"])
