"""Held-out rewards: what a mixture says of places on the scan that it was not fitted on.

Patches 5 px apart share most of their pixels (76 % at 21 px), so the n of BIC counts the same thing
several times, and more so the larger the window. Here each point is judged by mixtures that were
fitted on other spatial blocks and on no point whose window touches its own.
"""

from __future__ import annotations

import numpy as np

from corescout.data import Fit, Reward

_WHY = "no mixture was fitted without its spatial blocks"


def held_out_log_likelihood(fit: Fit) -> Reward:
    """max_K mean_i log p_(-b(i))(z_i | K), nats per point; higher is better.

    p_(-b) is the mixture of K Gaussians fitted without block b and the points within a window of
    it, b(i) the block of point i (cross-validated likelihood; Smyth, 2000). In latent units, so it
    favours small latent spaces as the log-likelihood does; `held_out_gain` does not.
    """
    return _best("held_out_log_likelihood", fit, relative=False)


def held_out_gain(fit: Fit) -> Reward:
    """max_K mean_i [log p_(-b(i))(z_i | K) - log p_(-b(i))(z_i | 1)], nats per point; higher.

    What several components predict better than one does, on places that neither saw. The latent
    scale cancels, so it can be compared between candidates.
    """
    return _best("held_out_gain", fit, relative=True)


def _best(name: str, fit: Fit, *, relative: bool) -> Reward:
    known = {k: np.asarray(v) for k, v in fit.held_out_nats.items() if np.isfinite(v).any()}
    if 1 not in known or not len(fit.block):
        return Reward(name, float("nan"), "higher", void_because=_WHY)
    base = known[1] if relative else np.zeros_like(known[1])
    gains = {k: v - base for k, v in known.items()}
    means = {k: float(np.nanmean(g)) for k, g in gains.items()}
    best = max(means, key=lambda k: (means[k], -k))
    blocks = np.asarray(fit.block)
    finite = np.isfinite(gains[best])
    each = [gains[best][finite & (blocks == b)].mean() for b in np.unique(blocks[finite])]
    error = float(np.std(each, ddof=1) / np.sqrt(len(each))) if len(each) > 1 else float("nan")
    parts = {"n_components": float(best), "standard_error": error, "n_blocks": float(len(each))}
    return Reward(name, means[best], "higher", parts)
