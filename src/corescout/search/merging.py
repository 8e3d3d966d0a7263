"""From the components of a mixture to types: those that belong together are merged.

BIC takes as many Gaussians as the shape of the codes needs, so one type has several. Which belong
together is said by the codes, or by the sample: components that overlap (Baudry et al., 2010), or
components that are met in the same places, as the edges and the tips of one pattern are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from corescout.cores import numbered_by_size
from corescout.data import BayesianMixture, Mixture, Reward
from corescout.plan import DecisionPlan
from corescout.rewards import BAYESIAN
from corescout.search.places import PlaceAgreement, Places

_SAME_PLACES = 0.3  # correlation at a distance from which on two types are one pattern
# Fewer types are taken where they tell this share of the most that any number tells.
_AS_MUCH = 0.97

Floats = NDArray[np.float64]
Affinity = Callable[[Floats, Places], Floats]


def types_of_codes(
    mixtures: Mapping[int, Mixture],
    rewards: Mapping[str, Reward],
    z: Floats,
    places: Places,
    plan: DecisionPlan,
    bayesian: BayesianMixture | None = None,
    *,
    join: bool = True,
) -> tuple[Mixture, NDArray[np.int64]]:
    """Return a mixture and the type (K,) of each of its components, type 1 with the most points.

    Without merging each component of the mixture that the deciding reward, or the gain, likes best
    is a type; where a reward of the Bayesian mixture decides, each of its effective components is.
    With merging the components of the BIC's mixture are merged two by two, and `merged_types`
    are left. Where that is not set, the fewest that make a point tell as much about points at a
    distance as any number does, within 3 %: of the mean of c_i . c_j, with c = tau - mean tau. It
    falls with types that are lumped, as there is less to tell, and with types that are split, as
    the parts are met together. Of these, types that are met in the same places are one, unless
    `join` is False: that costs the types of scattering more than it gains them.
    """
    if plan.merging == "none":
        mixture = _best_mixture(mixtures, rewards, plan, bayesian)
        group = np.arange(mixture.n_components)
    else:
        mixture = mixtures[_k_of(rewards["bic"])]
        tau = mixture.assign(z)
        group = merged(tau, places, plan)
        if plan.merged_types is None and join:
            group = _without_neighbours(tau, places, group)
    return mixture, numbered_by_size(group[mixture.component_of(z)], group)


def agreement_of(
    mixtures: Mapping[int, Mixture],
    rewards: Mapping[str, Reward],
    z: Floats,
    places: Places,
    plan: DecisionPlan,
    *,
    tested: bool = True,
) -> PlaceAgreement:
    """How far components that were merged by their places agree at a distance.

    What is claimed is asked of these, whatever way of merging the types are shown by.

    Parameters
    ----------
    tested : bool
        Whether against chance, too.
    """
    by_places = plan.model_copy(update={"merging": "places", "merged_types": None})
    mixture, types = types_of_codes(mixtures, rewards, z, places, by_places)
    return places.agreement(grouped(mixture.assign(z), types - 1), tested=tested)


def _best_mixture(
    mixtures: Mapping[int, Mixture],
    rewards: Mapping[str, Reward],
    plan: DecisionPlan,
    bayesian: BayesianMixture | None,
) -> Mixture:
    deciding = plan.reward_names[0] if len(plan.reward_names) == 1 else "gain"
    if deciding in BAYESIAN and bayesian is not None:
        return bayesian.effective_mixture()
    reward = rewards.get(deciding)
    if reward is None or round(reward.parts.get("n_components", 0.0)) not in mixtures:
        reward = rewards["gain"]
    return mixtures[_k_of(reward)]


def grouped(tau: Floats, group: NDArray[np.int64]) -> Floats:
    """Add up the responsibilities tau (N, K) of the components of each group (K,)."""
    return np.asarray(tau @ np.eye(int(group.max()) + 1)[group])


def merging_steps(tau: Floats, places: Places, affinity: Affinity) -> list[NDArray[np.int64]]:
    """Return the groups (K,) of K, K - 1, ..., 2 types: each time the two most akin are merged."""
    group = np.arange(tau.shape[1])
    steps = [group]
    while group.max() > 1:
        _, group = _most_akin(tau, places, affinity, group)
        steps.append(group)
    return steps


def _most_akin(
    tau: Floats, places: Places, affinity: Affinity, group: NDArray[np.int64]
) -> tuple[float, NDArray[np.int64]]:
    """Return how akin the two most akin groups (K,) are, and the groups with these merged."""
    kinship = affinity(grouped(tau, group), places)
    kinship[np.triu_indices(len(kinship))] = -np.inf
    later, earlier = np.unravel_index(int(kinship.argmax()), kinship.shape)
    merged = np.where(group == later, earlier, group)
    return float(kinship.max()), np.where(merged > later, merged - 1, merged)


def overlap(tau: Floats, places: Places) -> Floats:
    """How much classification entropy (K, K) goes when two components become one."""
    own = _entropy(tau)
    pairs = [[_entropy(tau[:, [i]] + tau[:, [j]])[0] for j in range(len(own))]
             for i in range(len(own))]  # fmt: skip
    return np.asarray(own[:, None] + own[None, :] - np.array(pairs))


def neighbourhood(tau: Floats, places: Places) -> Floats:
    """How far two components (K, K) are met in the same places: correlation at a distance."""
    cross = places.cross(tau)
    scale = np.sqrt(np.maximum(np.diag(cross), 1e-9))
    return np.asarray(cross / np.outer(scale, scale))


AFFINITIES: dict[str, Affinity] = {"entropy": overlap, "places": neighbourhood}


def merged(tau: Floats, places: Places, plan: DecisionPlan) -> NDArray[np.int64]:
    """Return the group (K,) that each component with the posteriors tau (N, K) belongs to.

    As `types_of_codes` says; without merging each component is a group.
    """
    if plan.merging == "none":
        return np.arange(tau.shape[1])
    if tau.shape[1] == 1 or plan.merged_types == 1:
        return np.zeros(tau.shape[1], np.int64)
    steps = merging_steps(tau, places, AFFINITIES[plan.merging])
    if plan.merged_types is not None:
        return next(g for g in steps if g.max() < max(2, plan.merged_types))
    told = np.array([np.trace(places.cross(grouped(tau, group))) for group in steps])
    enough = told >= told.max() - (1 - _AS_MUCH) * abs(told.max())
    return steps[int(np.flatnonzero(enough)[-1])]


def _without_neighbours(tau: Floats, places: Places, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Merge types (K,) that are met in the same places: they are parts of one pattern."""
    while group.max() > 1:
        correlation, merged = _most_akin(tau, places, neighbourhood, group)
        if correlation < _SAME_PLACES:
            break
        group = merged
    return group


def each_in_its_places(
    tau: Floats, places: Places, group: NDArray[np.int64], largest_agreement: float
) -> NDArray[np.int64]:
    """Share out the types (K,) that keep to no places of their own, until two are left.

    The ends of needles and the borders of regions are parted by gaps from what lies between, and
    are met beside every type. Each type is asked what all together are asked for a claim: its
    agreement at a distance, less a standard error, above what the parts of one pattern may have.
    The one that agrees least goes first; each of its components joins the type that it is most
    met with.

    Parameters
    ----------
    tau : (N, K)
        Posteriors of the components.
    places : Places
    group : (K,)
        Type of each component, from 0.
    largest_agreement : float
        Agreement at a distance that the parts of one pattern may have.
    """
    while group.max() > 1:
        own = [places.agreement(one[:, None]) for one in grouped(tau, group).T]
        least = np.array([one.value - one.standard_error for one in own])
        if least.min() > largest_agreement:
            break
        group = _shared_out(tau, places, group, int(least.argmin()))
    return group


def _shared_out(
    tau: Floats, places: Places, group: NDArray[np.int64], gone: int
) -> NDArray[np.int64]:
    """Give each component of one type (K,) to the other type that it is most met with."""
    types = grouped(tau, group)
    shared = group.copy()
    for k in np.flatnonzero(group == gone):
        met = neighbourhood(np.column_stack([tau[:, k], types]), places)[0, 1:]
        met[gone] = -np.inf
        shared[k] = int(met.argmax())
    return np.where(shared > gone, shared - 1, shared)


def _entropy(tau: Floats) -> Floats:
    """-sum_i tau log tau of each column."""
    return np.asarray(-(tau * np.log(np.where(tau > 0, tau, 1.0))).sum(axis=0))


def _k_of(reward: Reward) -> int:
    return max(1, round(reward.parts.get("n_components", 1.0)))
