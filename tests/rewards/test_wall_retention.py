"""The reward of the walls: what codes tell of kind, contrast and width at their key points."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate, Fit, Latents
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.rewards import applicable, score
from corescout.rewards.context import spatial_blocks
from corescout.surfaces import generate_surface


@pytest.fixture
def fit(rng):
    """Codes of 300 points: the first says the kind of wall, the second its width."""
    z, places = rng.standard_normal((300, 2)), rng.uniform(0, 200, (300, 2))
    kind = 1.0 + (z[:, 0] > 0)
    nothing = np.full(300, np.nan)
    contrast = np.exp(0.02 * rng.standard_normal(300) + z[:, 1])
    walls = np.column_stack([kind, contrast, np.exp(z[:, 1]), nothing, nothing])
    return Fit(
        candidate=Candidate(9), latents=Latents(z, np.full_like(z, 0.1)),
        log_likelihood_per_px=np.zeros(300), target_entropy_per_px=np.zeros(300),
        kl_nats=np.zeros(300), kept=np.ones(300, bool), mixtures={}, center_yx_px=places,
        context=np.zeros((300, 0)), block=spatial_blocks(places, 40.0), walls=walls,
    )  # fmt: skip


def reward_of(fit):
    return score(fit, ["wall_retention"])["wall_retention"]


def test_codes_that_tell_the_walls_have_a_high_r2_and_others_none(fit, rng):
    told = reward_of(fit)
    assert told.direction == "higher"
    assert told.value > 0.7
    other = Latents(rng.standard_normal((300, 2)), fit.latents.std)
    assert reward_of(replace(fit, latents=other)).value < 0.05


def test_points_whose_wall_cannot_be_read_are_left_out(fit):
    walls = np.array(fit.walls)
    walls[::3, 2] = np.nan
    assert reward_of(replace(fit, walls=walls)).value > 0.7


def test_it_is_void_without_walls_and_asked_for_by_name_alone(fit):
    assert "no wall" in reward_of(replace(fit, walls=None)).void_because
    assert "wall_retention" not in applicable(fit)


def test_a_plan_asks_for_it_and_the_walls_are_those_of_the_key_points():
    plan = Plan.preset(
        "live", windows_px=(9,), invariances=("r",), decision={"seeds": 1, "null_surrogates": 0}
    ).changed("extra_rewards", ("wall_retention",))
    result = explore(generate_surface((128, 128), seed=3).scan, plan)
    reward = result.trials[0].rewards["wall_retention"]
    assert np.isfinite(reward.value)
    assert reward.void_because is None
    shown = result.keypoints.profiles.array
    np.testing.assert_array_equal(result.fit.walls, shown)
