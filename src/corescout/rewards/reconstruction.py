"""Rewards of the autoencoder itself: how well it rebuilds, and how much of z it uses."""

from __future__ import annotations

import numpy as np

from corescout.data import Fit, Reward
from corescout.data.latents import ACTIVE_VARIANCE


def reconstruction(fit: Fit) -> Reward:
    """E_q[log p(x | z)] / D, mean over patches (eq. 1); higher is better.

    For grey targets its floor moves with the window: compare `bce_minus_entropy` across windows.
    """
    return Reward("reconstruction", float(np.mean(fit.log_likelihood_per_px)), "higher")


def bce_minus_entropy(fit: Fit) -> Reward:
    """BCE - H(x) per pixel: what the decoder misses above the floor of grey targets; lower."""
    bce = -float(np.mean(fit.log_likelihood_per_px))
    floor = float(np.mean(fit.target_entropy_per_px))
    return Reward("bce_minus_entropy", bce - floor, "lower", {"bce": bce, "target_entropy": floor})


def variance_product(fit: Fit) -> Reward:
    """prod_i Var(z_i) (eq. 2); higher is better. Falls to 0 when any dimension collapses.

    z is what the encoder says of the patch as it lies, not the mean over its turns.
    """
    variances = np.var(fit.latents.encoder_mean, axis=0)
    return Reward("variance_product", float(np.prod(variances)), "higher", _parts(fit))


def total_variance(fit: Fit) -> Reward:
    """sum_i Var(z_i); higher is better, about L without collapse.

    z is what the encoder says of the patch as it lies, not the mean over its turns.
    """
    variances = np.var(fit.latents.encoder_mean, axis=0)
    return Reward("total_variance", float(np.sum(variances)), "higher", _parts(fit))


def _parts(fit: Fit) -> dict[str, float]:
    variances = np.var(fit.latents.encoder_mean, axis=0)
    parts = {f"variance_z{i + 1}": float(v) for i, v in enumerate(variances)}
    return {**parts, "active_units": float(np.sum(variances > ACTIVE_VARIANCE))}
