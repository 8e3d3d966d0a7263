"""Which points a Gaussian mixture sees: dense regions, not the haze between them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from corescout.mixtures.whitening import whiten, whitening
from corescout.plan import DensityFilterPlan


def keep_dense(
    z: NDArray[np.float64], plan: DensityFilterPlan, *, seed: int = 0
) -> NDArray[np.bool_]:
    """Return which codes z (N, L) are kept (N,).

    "densest" keeps the same share for every candidate, ranked by the distance to the
    sqrt(N)-th neighbour. "relative" keeps points whose kernel density is above a share of the
    maximum (the paper's filter). Both on whitened codes, so that a distance means the same
    in every latent space. With `plan.max_points` no more than so many are kept: of more codes a
    random subset is taken before "densest" ranks them, and after "relative", so that n is the same
    for every candidate whatever the filter keeps.
    """
    most = enough_codes(plan)
    if most is not None and len(z) > most:
        rows = np.random.default_rng(seed).choice(len(z), most, replace=False)
        kept = np.zeros(len(z), dtype=bool)
        kept[rows] = _dense(z[rows], plan)
        return kept
    kept = _dense(z, plan)
    if plan.max_points is not None and kept.sum() > plan.max_points:
        rows = np.random.default_rng(seed).choice(
            np.flatnonzero(kept), plan.max_points, replace=False
        )
        kept = np.zeros(len(z), dtype=bool)
        kept[rows] = True
    return kept


def enough_codes(plan: DensityFilterPlan) -> int | None:
    """Return how many codes it takes to keep `plan.max_points`; None where that is not known."""
    if plan.max_points is None or plan.kind == "relative":
        return None
    return math.ceil(plan.max_points / (plan.share if plan.kind == "densest" else 1.0))


def _dense(z: NDArray[np.float64], plan: DensityFilterPlan) -> NDArray[np.bool_]:
    if plan.kind == "none" or len(z) < 3:
        return np.ones(len(z), dtype=bool)
    whitened = whiten(z, *whitening(z))
    if plan.kind == "relative":
        density = _kernel_density(whitened, plan.bandwidth)
        return np.asarray(density >= plan.threshold * density.max())
    return _densest(whitened, plan.share)


def _densest(z: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    from scipy.spatial import cKDTree

    k = max(2, round(len(z) ** 0.5))
    distance = cKDTree(z).query(z, k=[k])[0][:, 0]
    n_kept = max(2, round(share * len(z)))
    kept = np.zeros(len(z), dtype=bool)
    kept[np.argsort(distance, kind="stable")[:n_kept]] = True
    return kept


def _kernel_density(z: NDArray[np.float64], bandwidth: float) -> NDArray[np.float64]:
    from sklearn.neighbors import KernelDensity

    kde = KernelDensity(bandwidth=bandwidth, rtol=1e-4).fit(z)
    return np.asarray(np.exp(kde.score_samples(z)))
