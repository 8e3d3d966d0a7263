"""The paper's recipe for mixtures: scikit-learn, full covariances, on the codes as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import Mixture
from corescout.plan import MixturePlan


def fit_sklearn(
    z: NDArray[np.float64], kept: NDArray[np.bool_], plan: MixturePlan, seed: int
) -> dict[int, Mixture]:
    """Fit K = 1..max_components to the kept rows of codes z (N, L)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    points, result = z[kept], {}
    for k in range(1, min(plan.max_components, len(points) // (z.shape[1] + 2)) + 1):
        model = GaussianMixture(
            k, n_init=plan.starts, max_iter=plan.max_iterations, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # kept in Mixture.converged
            model.fit(points)
        result[k] = Mixture(
            weights=model.weights_,
            means=model.means_,
            covariances=model.covariances_,
            responsibilities=model.predict_proba(points),
            seen=np.flatnonzero(kept),
            log_likelihood_nats=float(model.score(points)) * len(points),
            converged=bool(model.converged_),
        )
    return result
