"""Rewards: one function per equation, `Fit -> Reward`, in the paper's sign with a direction."""

from corescout.rewards.table import BAYESIAN, HELD_OUT, REWARDS, applicable, load_reward, score

__all__ = ["BAYESIAN", "HELD_OUT", "REWARDS", "applicable", "load_reward", "score"]
