"""Core points: of each type, the points nearest to the centre of their component."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import CorePoints, Mixture, TypedPoints


def find_core_points(points: TypedPoints, share: float, *, clear: bool = True) -> CorePoints:
    """Return the `share` of each component's points with the least Mahalanobis distance.

    At least one point of each component that has any is core. Points between two types are none,
    unless a component has no others; without `clear` they are not asked about.
    """
    component = points.component
    chosen: list[NDArray[np.int64]] = []
    for k in range(points.mixture.n_components):
        members = np.flatnonzero(component == k)
        count = max(1, round(share * len(members))) if len(members) else 0
        likely = members[points.likely[members]]
        members = likely if clear and len(likely) else members
        nearest = np.argsort(points.mahalanobis2[members], kind="stable")
        chosen.append(members[nearest[:count]])
    index = np.sort(np.concatenate(chosen))
    return CorePoints(
        index=index,
        type=points.type_of_component[component[index]],
        typicality=points.typicality[index],
        type_names=points.type_names,
    )


def typed_by_size(mixture: Mixture, z: NDArray[np.float64]) -> TypedPoints:
    """Return points (N, L) that are typed by their components: 1 has the most points, and so on."""
    component = mixture.component_of(z)
    return TypedPoints(z, mixture, numbered_by_size(component, np.arange(mixture.n_components)))


def numbered_by_size(
    group_of_point: NDArray[np.int64], group: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number the groups (K,) of components from 1, that of the most points first."""
    counts = np.bincount(group_of_point, minlength=int(group.max()) + 1)
    number = np.empty(len(counts), dtype=np.int64)
    number[np.argsort(-counts, kind="stable")] = np.arange(1, len(counts) + 1)
    return np.asarray(number[group])
