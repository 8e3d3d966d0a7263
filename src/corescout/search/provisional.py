"""The first answer: types from scattering, and what became of them when the search was done."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.cores import find_core_points, numbered_by_size
from corescout.data import Neighbours, Provisional, TypedPoints
from corescout.plan import DecisionPlan, Plan
from corescout.preparation import Prepared
from corescout.rewards.stability import adjusted_rand
from corescout.search.merging import each_in_its_places, types_of_codes
from corescout.search.places import Places
from corescout.targets import choose_targets
from corescout.trial import Outcome

_SAME = 0.5  # shared points over all points of two types that are one
_CONFIRMED = 0.8  # adjusted Rand index


def provisional_types(
    number: int, outcome: Outcome, prepared: Prepared, plan: Plan, seconds: float
) -> Provisional:
    """Return the types of a candidate as an exploration would show them if it had won."""
    fit = outcome.fit
    typed = typed_outcome(outcome, plan.decision)
    cores = find_core_points(typed, plan.decision.core_share, clear=plan.decision.clear_cores)
    yx_px = prepared.grid.to_scan_px(np.asarray(fit.center_yx_px))
    targets = choose_targets(prepared.scan, yx_px, typed, cores, plan.targets)
    return Provisional(number, yx_px, typed, cores, targets, seconds)


def typed_outcome(outcome: Outcome, plan: DecisionPlan) -> TypedPoints:
    """Return the patches with the types that the components of a candidate become."""
    fit = outcome.fit
    places = Places.of(np.asarray(fit.center_yx_px), outcome.candidate.window_px)
    mixture, types = types_of_codes(
        fit.mixtures, outcome.rewards, fit.codes, places, plan, fit.bayesian,
        join=outcome.candidate.kind != "scattering",
    )  # fmt: skip
    around = Neighbours.around(np.asarray(fit.center_yx_px))
    return TypedPoints(fit.codes, mixture, types, near=around)


def kept_outcome(outcome: Outcome, plan: DecisionPlan) -> TypedPoints:
    """Return the patches with the types of a candidate that decides alone, as gaps part its codes.

    Each type keeps to places of its own, unless that is not asked of types at all or the plan says
    how components become types.
    """
    typed = typed_outcome(outcome, plan)
    most = plan.largest_agreement
    if most is None or plan.merging == "none" or plan.merged_types is not None:
        return typed
    places = Places.of(np.asarray(outcome.fit.center_yx_px), outcome.candidate.window_px)
    tau = typed.mixture.assign(outcome.fit.codes)
    group = each_in_its_places(tau, places, np.asarray(typed.type_of_component) - 1, most)
    types = numbered_by_size(group[typed.component], group)
    return replace(typed, type_of_component=types)


@dataclass(frozen=True, eq=False)
class Followed:
    """The types of a result, numbered after the provisional ones.

    Attributes
    ----------
    type_of_component : (K,) int64
    words : str
        Which types are confirmed, new or gone; a sentence without a full stop.
    """

    type_of_component: NDArray[np.int64]
    words: str


def follow(
    before: NDArray[np.int64], component: NDArray[np.int64], type_of_component: NDArray[np.int64]
) -> Followed:
    """Give types the numbers, and so the colours, of the provisional types that they are.

    Two types are one where the points that they share are more than half of all points of either:
    no type is one with two others. Numbers beyond the count of the types are not kept, as types of
    a result are numbered without a gap.

    Parameters
    ----------
    before : (N,)
        Provisional type of each point.
    component : (N,)
        Component of each point in the result's mixture.
    type_of_component : (K,)
        Types of the result, from 1.
    """
    now = type_of_component[component]
    count = int(type_of_component.max())
    same = {
        n: p
        for n in range(1, count + 1)
        for p in np.unique(before).tolist()
        if np.sum((now == n) & (before == p)) > _SAME * np.sum((now == n) | (before == p))
    }
    kept = {n: p for n, p in same.items() if p <= count}
    free = iter(sorted(set(range(1, count + 1)) - set(kept.values())))
    number = {n: kept[n] if n in kept else next(free) for n in range(1, count + 1)}
    renamed = {number[n]: p for n, p in same.items()}
    return Followed(
        np.array([number[int(n)] for n in type_of_component], dtype=np.int64),
        _words(renamed, count, np.unique(before).tolist(), adjusted_rand(before, now)),
    )


def _words(same: dict[int, int], count: int, before: list[int], agreement: float) -> str:
    new = [n for n in range(1, count + 1) if n not in same]
    gone = [p for p in before if p not in same.values()]
    moved = [f"{p} is now {n}" for n, p in sorted(same.items()) if n != p]
    if not new and not gone and agreement >= _CONFIRMED:
        text = "the search confirms the provisional types"
    elif same:
        text = f"of the provisional types the search keeps {_list(sorted(same.values()))}"
    else:
        text = "the search replaces all provisional types"
    if moved:
        text += f"; type {', type '.join(moved)}"
    if new and same:
        text += f"; new: {_list(new)}"
    if gone and same:
        text += f"; gone: {_list(gone)}"
    return text


def _list(numbers: list[int]) -> str:
    return ("type " if len(numbers) == 1 else "types ") + ", ".join(map(str, numbers))
