"""The reward of a measured property: what codes tell of it, in blocks that were left out."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate, Fit, Latents
from corescout.rewards import score
from corescout.rewards.context import spatial_blocks


@pytest.fixture
def fit(rng):
    """Codes and places of 200 points; every third was measured, and follows the first code."""
    z, places = rng.standard_normal((200, 2)), rng.uniform(0, 200, (200, 2))
    measured = np.where(np.arange(200) % 3 == 0, np.tanh(z[:, 0]), np.nan)
    return Fit(
        candidate=Candidate(9), latents=Latents(z, np.full_like(z, 0.1)),
        log_likelihood_per_px=np.zeros(200), target_entropy_per_px=np.zeros(200),
        kl_nats=np.zeros(200), kept=np.ones(200, bool), mixtures={}, center_yx_px=places,
        context=np.zeros((200, 0)), block=spatial_blocks(places, 40.0), measured=measured,
    )  # fmt: skip


def reward_of(fit):
    return score(fit, ["property"])["property"]


def test_codes_that_tell_it_have_a_high_r2_and_others_none(fit, rng):
    told = reward_of(fit)
    assert told.direction == "higher"
    assert told.value > 0.9
    assert told.parts["predicts"] == 1
    assert told.parts["measured"] == 67
    untold = reward_of(
        replace(fit, latents=Latents(rng.standard_normal((200, 2)), fit.latents.std))
    )
    assert untold.value < 0.2
    assert untold.parts["predicts"] == 0


def test_the_blocks_add_up_to_it_and_the_unit_of_the_codes_does_not_count(fit):
    told = reward_of(fit)
    assert sum(told.per_block) == pytest.approx(told.value)
    assert len(told.per_block) == len(np.unique(fit.block))
    larger = replace(fit, latents=Latents(50 * np.asarray(fit.codes), fit.latents.std))
    assert reward_of(larger).value == pytest.approx(told.value, abs=1e-6)


@pytest.mark.parametrize(
    ("measured", "why"),
    [
        (None, "give --measurements"),
        (np.where(np.arange(200) < 19, np.arange(200.0), np.nan), "19 measured key points; 20"),
        (np.ones(200), "of different values"),
    ],
)
def test_it_is_void_where_too_little_was_measured(fit, measured, why):
    reward = reward_of(replace(fit, measured=measured))
    assert why in reward.void_because
    assert reward.utility == -np.inf


def test_it_is_void_where_all_was_measured_in_one_corner(fit):
    corner = np.where(np.isin(fit.block, fit.block[:1]), 1.0 * np.arange(200), np.nan)
    few = replace(fit, measured=corner)
    many = replace(few, block=np.zeros(200, np.int64))
    for one in (few, replace(many, measured=np.arange(200.0))):
        assert reward_of(one).void_because
