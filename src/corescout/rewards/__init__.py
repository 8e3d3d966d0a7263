"""Rewards: one function per equation, `Fit -> Reward`, in the paper's sign with a direction."""

from corescout.rewards.table import REWARDS, load_reward, score

__all__ = ["REWARDS", "load_reward", "score"]
