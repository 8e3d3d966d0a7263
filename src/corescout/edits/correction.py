"""A few points named by hand refine the assignment of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corescout.data import InputError, Result, TypedPoints, Types
from corescout.edits.components import Components, fitted
from corescout.edits.follow import with_types
from corescout.edits.looks import look_of
from corescout.edits.regroup import checked_rows

_SHARE = 0.5  # weight of a type's corrected points beside its others, together
_MOST = 30.0  # times that one corrected point counts at most
_ITERATIONS = 60
_TOLERANCE = 1e-5  # nats per point


def correct(result: Result, rows: ArrayLike, number: int) -> Result:
    """Say of some points which type they are; the mixture is fitted anew with these held there.

    Expectation-maximisation goes on from the present components. A point named by hand, now or
    before, belongs to components of its type alone, and counts for more than one of the others:
    a handful among a thousand would else change nothing (EM-lambda of Nigam et al., 2000). Points
    that nobody named then go to the most probable type.

    Raises
    ------
    InputError
        If there is no such type or no point.
    """
    look_of(result.types, number)
    z = result.codes
    chosen = checked_rows(rows, len(z))
    if len(chosen) == 0:
        raise InputError("points to correct", "none", "select some on the scan or in the plot")
    of_point, by_hand = np.array(result.types.of_point), np.array(result.types.by_hand)
    of_point[chosen], by_hand[chosen] = number, True
    held = replace(result.types, of_point=of_point, by_hand=by_hand, looks=result.types.looks)
    components, converged = _refitted(Components.of(result), z, held)
    mixture = components.mixture(z, converged=converged)
    refitted = TypedPoints(z, mixture, components.type_of_component, neighbours=result.neighbours)
    kinds = refitted.types.of_point
    of_point = np.where(by_hand, of_point, kinds)
    looks = {n: look for n, look in held.looks.items() if (of_point == n).any()}
    keep = np.isin(components.type_of_component, sorted(looks))
    if not keep.all():
        components = _without(components, keep)
    types = replace(held, of_point=of_point, looks=looks)
    return with_types(result, components.typed(z, types, converged=converged))


def _refitted(start: Components, z: NDArray[np.float64], held: Types) -> tuple[Components, bool]:
    """EM from `start`, the points by hand held in their types."""
    seen = np.union1d(start.seen, np.flatnonzero(held.by_hand))
    codes, named, kinds = z[seen], held.by_hand[seen], held.of_point[seen]
    allowed = ~named[:, None] | (start.type_of_component[None] == kinds[:, None])
    weight = _weights(named, kinds)
    now, level = replace(start, seen=seen), -np.inf
    for _ in range(_ITERATIONS):
        joint = np.where(allowed, now.mixture(z).log_joint(codes), -np.inf)
        total = np.logaddexp.reduce(joint, axis=1)
        tau = weight[:, None] * np.exp(joint - total[:, None])
        parts = [
            fitted(codes, tau[:, k], prior) for k, prior in enumerate(np.asarray(start.covariances))
        ]
        shares = np.array([share for share, _, _ in parts])
        now = replace(
            now,
            weights=shares / shares.sum(),
            means=np.stack([mean for _, mean, _ in parts]),
            covariances=np.stack([covariance for _, _, covariance in parts]),
        )
        likelihood = float(weight @ total / weight.sum())
        if likelihood - level < _TOLERANCE:
            return now, True
        level = likelihood
    return now, False


def _weights(named: NDArray[np.bool_], kinds: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much each point counts: 1, and those by hand of a type together a share of the rest."""
    weight = np.ones(len(named))
    for kind in np.unique(kinds[named]):
        mine = named & (kinds == kind)
        others = np.count_nonzero(~named & (kinds == kind))
        weight[mine] = np.clip(_SHARE * others / np.count_nonzero(mine), 1.0, _MOST)
    return weight


def _without(components: Components, keep: NDArray[np.bool_]) -> Components:
    weights = components.weights[keep]
    return replace(
        components,
        weights=weights / weights.sum(),
        means=components.means[keep],
        covariances=components.covariances[keep],
        type_of_component=components.type_of_component[keep],
    )
