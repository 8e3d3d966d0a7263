"""A reward: how round the cloud of codes is."""

import numpy as np

from corescout import Fit, Reward


def roundness(fit: Fit) -> Reward:
    """Smallest over largest axis of the latent cloud; higher is rounder."""
    axes = np.linalg.eigvalsh(np.cov(np.asarray(fit.latents.mean).T))
    return Reward("roundness", float(axes[0] / axes[-1]), "higher")
