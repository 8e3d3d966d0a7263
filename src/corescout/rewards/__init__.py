"""Rewards: one function per equation, `Fit -> Reward`, in the paper's sign with a direction."""

from corescout.rewards.table import (
    BAYESIAN,
    HELD_OUT,
    MEASURED,
    REWARDS,
    applicable,
    load_reward,
    look_in_current_folder,
    own_rewards,
    score,
)

__all__ = [
    "BAYESIAN",
    "HELD_OUT",
    "MEASURED",
    "REWARDS",
    "applicable",
    "load_reward",
    "look_in_current_folder",
    "own_rewards",
    "score",
]
