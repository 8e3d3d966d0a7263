"""Mixtures judged where they were not fitted: cross-validation over spatial blocks with a gap."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from corescout.mixtures.gaussian import fit_mixtures
from corescout.plan import MixturePlan

N_FOLDS = 5


def held_out_nats(
    z: NDArray[np.float64],
    kept: NDArray[np.bool_],
    center_yx_px: NDArray[np.float64],
    block: NDArray[np.int64],
    window_px: int,
    plan: MixturePlan,
    seed: int,
    stop: threading.Event | None = None,
) -> dict[int, NDArray[np.float64]]:
    """Return for each K the log density (N,) of each kept code under mixtures that did not see it.

    Blocks are joined to at most five folds. The mixtures of a fold are fitted on the other folds'
    points, without those whose window shares pixels with one of the fold. NaN for points that the
    density filter dropped and for folds that leave too few to fit K components.
    """
    found: dict[int, NDArray[np.float64]] = {}
    if len(block) != len(z) or len(np.unique(block)) < 2:
        return found
    folds = block % min(N_FOLDS, int(block.max()) + 1)
    tests = [(folds == f) & kept for f in np.unique(folds)]
    trains = [kept & (folds != f) for f in np.unique(folds)]
    trains = [
        train & ~_touches(center_yx_px, test, window_px)
        for train, test in zip(trains, tests, strict=True)
    ]
    able = [i for i, t in enumerate(trains) if t.sum() > z.shape[1] + 2 and tests[i].any()]
    fitted = fit_mixtures(
        [z] * len(able), [trains[i] for i in able], plan, [seed] * len(able), stop
    )
    for i, mixtures in zip(able, fitted, strict=True):
        for k, mixture in mixtures.items():
            row = found.setdefault(k, np.full(len(z), np.nan))
            row[tests[i]] = mixture.log_density(z[tests[i]])
    # A K that not every fold could fit would be judged on other points than the rest.
    complete = np.isfinite(found[1]) if 1 in found else np.zeros(len(z), bool)
    return {k: v for k, v in sorted(found.items()) if np.isfinite(v[complete]).all()}


def _touches(
    center_yx_px: NDArray[np.float64], test: NDArray[np.bool_], window_px: int
) -> NDArray[np.bool_]:
    """Points (N,) whose window shares pixels with the window of a test point."""
    from scipy.spatial import cKDTree

    near = cKDTree(center_yx_px[test])
    distance, _ = near.query(center_yx_px, p=np.inf, distance_upper_bound=window_px)
    return np.asarray(distance < window_px)
