"""Core points: of each type, the points nearest to the centre of their component."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import CorePoints, Mixture


def find_core_points(
    z: NDArray[np.float64],
    mixture: Mixture,
    type_of_component: NDArray[np.int64],
    share: float,
    type_names: tuple[str, ...] | None = None,
    type_of_point: NDArray[np.int64] | None = None,
) -> CorePoints:
    """Return the `share` of each component's points with the least Mahalanobis distance.

    Parameters
    ----------
    z : (N, L)
        Codes of all points; a point belongs to its most probable component.
    type_of_component : (K,)
        Types from 1.
    type_of_point : (N,), optional
        Types as edited; a point then belongs to the most probable component of its type.

    Notes
    -----
    Typicality is the chi-square tail P(chi2_L > d^2): 1 at the centre, 0.05 at the edge that
    holds 95 % of a Gaussian. At least one point of each component that has any is core.
    """
    from scipy.stats import chi2

    component = component_of(z, mixture, type_of_component, type_of_point)
    distance2 = np.take_along_axis(mixture.mahalanobis2(z), component[:, None], axis=1)[:, 0]
    chosen: list[NDArray[np.int64]] = []
    for k in range(mixture.n_components):
        members = np.flatnonzero(component == k)
        count = max(1, round(share * len(members))) if len(members) else 0
        chosen.append(members[np.argsort(distance2[members], kind="stable")[:count]])
    index = np.sort(np.concatenate(chosen))
    n_types = int(type_of_component.max())
    return CorePoints(
        index=index,
        type=type_of_component[component[index]],
        typicality=chi2.sf(distance2[index], z.shape[1]),
        type_names=type_names or tuple(f"type {t}" for t in range(1, n_types + 1)),
    )


def component_of(
    z: NDArray[np.float64],
    mixture: Mixture,
    type_of_component: NDArray[np.int64],
    type_of_point: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return the component (N,) of each point: the most probable, among those of its type."""
    tau = mixture.log_joint(z)
    if type_of_point is not None:
        tau = np.where(type_of_component[None] == type_of_point[:, None], tau, -np.inf)
    return np.asarray(tau.argmax(axis=1))


def order_by_size(mixture: Mixture, z: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the type (K,) of each component: 1 has the most points, then 2, and so on."""
    counts = np.bincount(mixture.assign(z).argmax(axis=1), minlength=mixture.n_components)
    types = np.empty(mixture.n_components, dtype=np.int64)
    types[np.argsort(-counts, kind="stable")] = np.arange(1, mixture.n_components + 1)
    return types
